//! Lists of messages, newest first. What a filter names by an index is read from that; everything
//! else is a walk back through the days.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::layout::{day_of, short};
use super::store::{BATCH_MAX, RedisStore};
use super::{Connection, Record, Request, Value};
use crate::decision::Name;
use crate::id::MessageId;
use crate::limits::PRIORITY_MAX;
use crate::message::State;
use crate::store::{Filter, StoreError, Stored};

/// Up to this many messages, an index is read whole; with more, walking back meets enough soon.
const INDEX_MAX: usize = 20_000;
/// Most messages that one question looks at.
const LOOKED_AT_MAX: usize = 50_000;

impl<C: Connection> RedisStore<C> {
    pub(super) async fn list_page(&self, filter: &Filter) -> Result<Vec<Stored>, StoreError> {
        let tenants = match &filter.tenant {
            Some(tenant) => vec![tenant.clone()],
            None => self.tenants().await?,
        };
        let rows_max = usize::try_from(filter.rows_max).unwrap_or(usize::MAX);
        let mut page = Vec::new();
        for tenant in &tenants {
            page.extend(self.list_tenant(tenant, filter, rows_max).await?);
        }
        page.sort_by_key(|stored: &Stored| Reverse(stored.envelope.id));
        page.truncate(rows_max);
        Ok(page)
    }

    async fn list_tenant(
        &self,
        tenant: &Name,
        filter: &Filter,
        rows_max: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        match self.indexed(tenant, filter).await? {
            Some(ids) => {
                let ids: Vec<MessageId> = ids
                    .into_iter()
                    .rev()
                    .filter(|id| filter.before.is_none_or(|before| *id < before))
                    .collect();
                let mut page = Vec::new();
                for ids in ids.chunks(BATCH_MAX) {
                    self.read_page(tenant, ids, filter, rows_max, &mut page).await?;
                    if page.len() >= rows_max {
                        break;
                    }
                }
                Ok(page)
            }
            None => self.walk_days(tenant, filter, rows_max).await,
        }
    }

    /// The ids that an index of the filter names; None: no index helps.
    async fn indexed(
        &self,
        tenant: &Name,
        filter: &Filter,
    ) -> Result<Option<BTreeSet<MessageId>>, StoreError> {
        let sets = if let Some(client_ref) = &filter.client_ref {
            vec![format!("cr:{client_ref}")]
        } else {
            let Some(sets) = self.sets_of(tenant, &filter.states).await? else { return Ok(None) };
            sets
        };
        let requests = sets.iter().map(|set| {
            let key = format!("{}{set}", self.layout.tenant(tenant));
            Request::command("ZRANGE", vec![key.into(), b"0".to_vec(), INDEX_MAX.to_string().into()])
        });
        let answers = self.ask_all(requests.collect()).await?;
        let ids: BTreeSet<MessageId> = answers.iter().flat_map(|values| Self::ids(values)).collect();
        Ok((ids.len() <= INDEX_MAX).then_some(ids))
    }

    /// The sorted sets that hold the messages of these states. Delivered messages are most of all,
    /// so a walk meets them.
    async fn sets_of(&self, tenant: &Name, states: &[State]) -> Result<Option<Vec<String>>, StoreError> {
        if states.is_empty() || states.contains(&State::Delivered) {
            return Ok(None);
        }
        let mut sets = BTreeSet::new();
        for state in states {
            match state {
                State::Held | State::Queued => {
                    for route in self.waited_for(tenant).await? {
                        sets.extend(
                            (0..=PRIORITY_MAX).map(|priority| super::layout::queue(&route, priority)),
                        );
                    }
                }
                State::Submitting | State::InDoubt | State::Submitted => {
                    sets.insert("timers".to_owned());
                }
                state => {
                    sets.insert(format!("s:{}", state.number()));
                }
            }
        }
        Ok(Some(sets.into_iter().collect()))
    }

    /// Providers for which a tenant's messages wait.
    async fn waited_for(&self, tenant: &Name) -> Result<Vec<Name>, StoreError> {
        let key = format!("{}ready", self.layout.tenant(tenant));
        let values =
            self.ask_one(Request::command("ZRANGE", vec![key.into(), b"0".to_vec(), b"-1".to_vec()])).await?;
        Ok(values.iter().filter_map(Value::text).map(Name::from).collect())
    }

    async fn walk_days(
        &self,
        tenant: &Name,
        filter: &Filter,
        rows_max: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let key = format!("{}days", self.layout.tenant(tenant));
        let days =
            self.ask_one(Request::command("ZRANGE", vec![key.into(), b"0".to_vec(), b"-1".to_vec()])).await?;
        let mut days: Vec<u64> = days.iter().filter_map(Value::unsigned).collect();
        days.sort_unstable_by_key(|day| Reverse(*day));
        let mut page = Vec::new();
        let mut looked_at = 0;
        for day in days {
            if filter.before.is_some_and(|before| day > day_of(before)) {
                continue;
            }
            let mut before = filter.before;
            loop {
                let ids = self.day_page(tenant, day, before, rows_max.clamp(1, BATCH_MAX)).await?;
                let Some(last) = ids.last() else { break };
                before = Some(*last);
                looked_at += ids.len();
                self.read_page(tenant, &ids, filter, rows_max, &mut page).await?;
                if page.len() >= rows_max {
                    return Ok(page);
                }
                if looked_at >= LOOKED_AT_MAX {
                    let what =
                        "the question looks at too many messages; narrow it by state, reference or time";
                    return Err(StoreError::Unavailable(what.to_owned()));
                }
            }
        }
        Ok(page)
    }

    pub(super) async fn day_page(
        &self,
        tenant: &Name,
        day: u64,
        before: Option<MessageId>,
        rows_max: usize,
    ) -> Result<Vec<MessageId>, StoreError> {
        let args = vec![
            format!("{}day:{day}", self.layout.tenant(tenant)).into(),
            before.map_or_else(|| b"+".to_vec(), |before| format!("({}", short(before)).into()),
            b"-".to_vec(),
            b"LIMIT".to_vec(),
            b"0".to_vec(),
            rows_max.to_string().into(),
        ];
        let values = self.ask_one(Request::command("ZREVRANGEBYLEX", args)).await?;
        Ok(Self::ids(&values).collect())
    }

    async fn read_page(
        &self,
        tenant: &Name,
        ids: &[MessageId],
        filter: &Filter,
        rows_max: usize,
        page: &mut Vec<Stored>,
    ) -> Result<(), StoreError> {
        for record in self.read_all(tenant, ids).await? {
            if page.len() < rows_max && fits(&record, filter) {
                page.push(record.into());
            }
        }
        Ok(())
    }

    pub(super) async fn waiting_for(
        &self,
        route: &Name,
        now_ms: u64,
        rows_max: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        let tenants = self.tenants().await?;
        let mut waiting: Vec<Stored> = Vec::new();
        for priority in (0..=PRIORITY_MAX).rev() {
            let requests = tenants.iter().map(|tenant| {
                let args = vec![
                    format!("{}{}", self.layout.tenant(tenant), super::layout::queue(route, priority)).into(),
                    b"-inf".to_vec(),
                    now_ms.to_string().into(),
                    b"LIMIT".to_vec(),
                    b"0".to_vec(),
                    rows_max.to_string().into(),
                ];
                Request::command("ZRANGEBYSCORE", args)
            });
            let answers = self.ask_all(requests.collect()).await?;
            for (tenant, values) in tenants.iter().zip(answers) {
                let ids: Vec<MessageId> = Self::ids(&values).collect();
                waiting.extend(self.read_all(tenant, &ids).await?.into_iter().map(Stored::from));
            }
        }
        waiting.sort_by_key(|stored| {
            (Reverse(stored.envelope.draft.priority), stored.progress.due_ms, stored.envelope.id)
        });
        waiting.truncate(usize::try_from(rows_max).unwrap_or(usize::MAX));
        Ok(waiting)
    }

    pub(super) async fn count_waiting(&self) -> Result<Vec<(Name, u64)>, StoreError> {
        let tenants = self.tenants().await?;
        let requests = tenants.iter().map(|tenant| {
            Request::command("HGETALL", vec![format!("{}n", self.layout.tenant(tenant)).into()])
        });
        let mut backlog = std::collections::BTreeMap::new();
        for values in self.ask_all(requests.collect()).await? {
            for pair in values.chunks(2) {
                let Some(route) = pair[0].text().and_then(|field| field.strip_prefix("w:")) else { continue };
                let waiting = pair.get(1).and_then(Value::unsigned).unwrap_or(0);
                *backlog.entry(Name::from(route)).or_insert(0) += waiting;
            }
        }
        Ok(backlog.into_iter().collect())
    }
}

fn fits(record: &Record, filter: &Filter) -> bool {
    let (envelope, progress) = (&record.envelope, &record.progress);
    let failure = progress.failure.as_ref();
    (filter.states.is_empty() || filter.states.contains(&progress.state))
        && filter.to.as_ref().is_none_or(|to| envelope.draft.to.address.as_str() == to)
        && filter.client_ref.as_ref().is_none_or(|wanted| envelope.client_ref.as_ref() == Some(wanted))
        && filter.class.is_none_or(|class| failure.is_some_and(|failure| failure.class == class))
        && filter.code.as_ref().is_none_or(|code| failure.is_some_and(|failure| failure.code == *code))
        && filter.route.as_ref().is_none_or(|route| progress.route.as_ref() == Some(route))
}
