//! What time does to messages: leases and waits that end, messages that are deleted.

use super::layout::{day_of, short};
use super::step::{Pending, set_of};
use super::store::{BATCH_MAX, RedisStore};
use super::{Connection, Record, Request, Value, scripts};
use crate::decision::Name;
use crate::id::MessageId;
use crate::lifecycle::dispatch;
use crate::message::State;
use crate::store::{StoreError, SweepRules};
use crate::trace::Step;

/// When the sweep looks again at a record that cannot be read, in milliseconds.
const UNREADABLE_LATER_MS: u64 = 3600 * 1000;

impl<C: Connection> RedisStore<C> {
    pub(super) async fn sweep_due(
        &self,
        now_ms: u64,
        rows_max: u32,
        rules: &SweepRules,
    ) -> Result<usize, StoreError> {
        let tenants = self.tenants().await?;
        let requests =
            tenants.iter().map(|tenant| self.due_request(tenant, "timers", now_ms, rows_max)).collect();
        let answers = self.ask_all(requests).await?;
        let mut changed = 0;
        for (tenant, values) in tenants.iter().zip(answers) {
            let room = usize::try_from(rows_max).unwrap_or(usize::MAX).saturating_sub(changed);
            let ids: Vec<MessageId> = Self::ids(&values).take(room).collect();
            changed += self.time_passed(tenant, &ids, now_ms, rules).await?;
        }
        Ok(changed)
    }

    /// Ends the leases of an earlier run of this host, where it has kept its name.
    pub(super) async fn recover_own(&self, now_ms: u64, rules: &SweepRules) -> Result<usize, StoreError> {
        let mut changed = 0;
        for tenant in self.tenants().await? {
            let leases = self.leases(&tenant).await?.into_iter();
            let own = leases.filter(|(_, by)| by.split('#').next() == Some(&*self.host));
            let ids: Vec<MessageId> = own.map(|(id, _)| id).collect();
            changed += self.time_passed(&tenant, &ids, now_ms, rules).await?;
        }
        Ok(changed)
    }

    /// Ids of a sorted set whose time has come.
    fn due_request(&self, tenant: &str, set: &str, until_ms: u64, rows_max: u32) -> Request {
        let args = vec![
            format!("{}{set}", self.layout.tenant(tenant)).into(),
            b"-inf".to_vec(),
            until_ms.to_string().into(),
            b"LIMIT".to_vec(),
            b"0".to_vec(),
            rows_max.to_string().into(),
        ];
        Request::command("ZRANGEBYSCORE", args)
    }

    /// Somebody else may have been faster: only what was changed here is counted.
    async fn time_passed(
        &self,
        tenant: &Name,
        ids: &[MessageId],
        now_ms: u64,
        rules: &SweepRules,
    ) -> Result<usize, StoreError> {
        let mut changed = 0;
        for ids in ids.chunks(BATCH_MAX) {
            let mut steps = Vec::with_capacity(ids.len());
            let (mut gone, mut unreadable) = (Vec::new(), Vec::new());
            for (id, found) in ids.iter().zip(self.look_up(tenant, ids).await?) {
                match found {
                    Ok(Some(record)) => steps.extend(end_of_wait(record, now_ms, rules)?),
                    Ok(None) => gone.push(*id),
                    Err(_) => unreadable.push(*id),
                }
            }
            changed += self.write(tenant, &steps).await?.into_iter().filter(|done| *done).count();
            self.forget(tenant, &gone).await?;
            self.look_later(tenant, &unreadable, now_ms).await?;
        }
        Ok(changed)
    }

    /// Removes ids whose message was deleted by hand: nothing else would, and they fill each sweep.
    async fn forget(&self, tenant: &str, gone: &[MessageId]) -> Result<(), StoreError> {
        if gone.is_empty() {
            return Ok(());
        }
        let request = |name, set: &str| {
            let key = format!("{}{set}", self.layout.tenant(tenant)).into_bytes();
            let ids = gone.iter().map(|id| short(*id).into_bytes());
            Request::command(name, std::iter::once(key).chain(ids).collect())
        };
        self.ask_all(vec![request("ZREM", "timers"), request("HDEL", "leases")]).await?;
        Ok(())
    }

    /// Puts off what cannot be read, so that it takes nobody's place in each sweep. Somebody may mend it.
    async fn look_later(&self, tenant: &str, ids: &[MessageId], now_ms: u64) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let later_ms = now_ms.saturating_add(UNREADABLE_LATER_MS).to_string();
        let mut args = vec![format!("{}timers", self.layout.tenant(tenant)).into_bytes(), b"XX".to_vec()];
        for id in ids {
            args.extend([later_ms.clone().into_bytes(), short(*id).into()]);
        }
        self.ask_one(Request::command("ZADD", args)).await?;
        Ok(())
    }

    pub(super) async fn prune_final(&self, before_ms: u64, rows_max: u32) -> Result<usize, StoreError> {
        let mut deleted = 0;
        for tenant in self.tenants().await? {
            let states = State::ALL.into_iter().filter(|state| state.is_final());
            let sets = states.map(|state| format!("s:{}", state.number()));
            let until_ms = before_ms.saturating_sub(1);
            let requests = sets.map(|set| self.due_request(&tenant, &set, until_ms, rows_max)).collect();
            let answers = self.ask_all(requests).await?;
            let ids = answers.iter().flat_map(|values| Self::ids(values));
            // An id is as old as its message.
            let room = usize::try_from(rows_max).unwrap_or(usize::MAX).saturating_sub(deleted);
            let ids: Vec<MessageId> = ids.filter(|id| id.time_ms() < before_ms).take(room).collect();
            let found = self.look_up(&tenant, &ids).await?.into_iter();
            let records: Vec<Record> = found.filter_map(Result::ok).flatten().collect();
            deleted += self.delete(&tenant, &records).await?;
        }
        Ok(deleted)
    }

    /// Deletes messages as they were read, with everything that names them.
    pub(super) async fn delete(&self, tenant: &Name, records: &[Record]) -> Result<usize, StoreError> {
        let mut requests = Vec::new();
        for records in records.chunks(BATCH_MAX) {
            let mut args = Vec::with_capacity(records.len() * 5);
            for record in records {
                args.push(short(record.envelope.id).into());
                args.push(record.steps.to_string().into());
                args.push(set_of(&record.progress, record.envelope.draft.priority).into());
                args.push(day_of(record.envelope.id).to_string().into());
                args.push(record.envelope.client_ref.clone().unwrap_or_default().into());
            }
            requests.push(Request::script(&scripts::DROP, self.tenant_key(tenant), args));
        }
        let scripts = requests.len();
        for record in records {
            let (Some(route), Some(reference)) = (&record.progress.route, &record.progress.reference) else {
                continue;
            };
            let key = format!("{}ref:{reference}", self.layout.route(route));
            requests.push(Request::command("DEL", vec![key.into()]));
        }
        let answers = self.ask_all(requests).await?;
        let dropped =
            answers.iter().take(scripts).filter_map(|values| values.first().and_then(Value::unsigned));
        Ok(usize::try_from(dropped.sum::<u64>()).unwrap_or(usize::MAX))
    }
}

/// What the end of a lease or a wait leads to; nothing where the time has not come after all.
fn end_of_wait(record: Record, now_ms: u64, rules: &SweepRules) -> Result<Option<Pending>, StoreError> {
    let rules = rules(record.progress.route.as_deref());
    let mut before = record;
    let mut after = before.progress.clone();
    match after.state {
        State::Submitting => dispatch::lose_lease(&mut after, &rules, now_ms),
        State::InDoubt | State::Submitted => {
            dispatch::stop_waiting(&mut after, &rules, before.envelope.valid_until_ms, now_ms);
        }
        // Claimed when its validity was over, by a host that could not write that any more.
        State::Expired if !before.lease.is_empty() => before.progress.state = State::Submitting,
        _ => return Ok(None),
    }
    Pending::new(before, after, now_ms, Step::TimePassed, Vec::new()).map(Some)
}
