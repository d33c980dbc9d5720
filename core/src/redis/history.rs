//! Messages as they were taken in, found by the days in which their ids were made.

use super::layout::day_of;
use super::record::Record;
use super::store::{BATCH_MAX, RedisStore};
use super::{Connection, Request, Value, scripts};
use crate::id::MessageId;
use crate::store::{HistoryQuery, Recorded, StoreError};

impl<C: Connection> RedisStore<C> {
    pub(super) async fn read_history(&self, query: &HistoryQuery) -> Result<Vec<Recorded>, StoreError> {
        let ids = self.ids_between(query).await?;
        let requests = ids.chunks(BATCH_MAX).map(|ids| {
            let args = ids.iter().map(|id| super::layout::short(*id).into()).collect();
            Request::script(&scripts::HISTORY, self.tenant_key(&query.tenant), args)
        });
        let mut page = Vec::with_capacity(ids.len());
        let answers = self.ask_all(requests.collect()).await?;
        for (ids, values) in ids.chunks(BATCH_MAX).zip(answers) {
            for (id, values) in ids.iter().zip(values.as_chunks::<3>().0) {
                page.extend(Record::recorded(&query.tenant, *id, values)?);
            }
        }
        Ok(page)
    }

    /// The newest ids of the range, newest first.
    async fn ids_between(&self, query: &HistoryQuery) -> Result<Vec<MessageId>, StoreError> {
        let from = MessageId::from_parts(MessageId::first_key_at(query.from_ms), 0);
        let to = MessageId::from_parts(MessageId::first_key_at(query.to_ms), 0);
        let end = query.before.map_or(to, |before| before.min(to));
        let rows_max = usize::try_from(query.rows()).unwrap_or(usize::MAX);
        let key = format!("{}days", self.layout.tenant(&query.tenant));
        let args = vec![key.into(), day_of(end).to_string().into(), day_of(from).to_string().into()];
        let days = self.ask_one(Request::command("ZREVRANGEBYSCORE", args)).await?;
        let mut ids = Vec::new();
        for day in days.iter().filter_map(Value::unsigned) {
            let room = rows_max - ids.len();
            if room == 0 {
                break;
            }
            let some = self.day_page(&query.tenant, day, Some(end), room).await?;
            let count = some.len();
            ids.extend(some.into_iter().take_while(|id| *id >= from));
            if count == room {
                break;
            }
        }
        Ok(ids)
    }
}
