//! Leases: one script for each tenant that has something for a provider, all in one round trip. The
//! rate of a provider belongs to no tenant, so a provider with a rate costs one round trip more.

use std::collections::BTreeMap;

use super::layout::id_from;
use super::step::Pending;
use super::store::{BATCH_MAX, RedisStore};
use super::{Connection, Record, Request, Value, scripts};
use crate::decision::Name;
use crate::id::MessageId;
use crate::message::State;
use crate::rate::Rate;
use crate::store::{Claim, ClaimedBatch, ClaimedMessage, StoreError};
use crate::trace::Step;

/// Most messages whose validity is over that one claim ends, so that it stays short.
const EXPIRED_MAX: usize = 1_000;
/// Most tenants of one claim; the others have their turn in the next.
const TENANTS_MAX: usize = 64;

/// What was taken from a provider's rate.
struct Taken {
    rate: Rate,
    units: usize,
    stored_us: u64,
    now_us: u64,
}

impl<C: Connection> RedisStore<C> {
    pub(super) async fn claim_batch(&self, claim: &Claim) -> Result<ClaimedBatch, StoreError> {
        self.give_lost_back().await?;
        let mut batch = ClaimedBatch::default();
        let taken = self.take_rate(claim).await?;
        let room = taken.as_ref().map_or(claim.messages_max, |taken| taken.units);
        let mut now_ms = claim.now_ms;
        let rounds = self.claim_rounds(claim, room, &mut batch.messages, &mut now_ms).await;
        batch.next_due_ms = self.next_due(&claim.route);
        if let Some(taken) = taken {
            let free_ms = self.give_back(&claim.route, &taken, batch.messages.len()).await;
            batch.next_due_ms = batch.next_due_ms.map(|due_ms| due_ms.max(free_ms));
        }
        batch.next_due_ms = batch.next_due_ms.map(|due_ms| due_ms.max(now_ms));
        match rounds {
            Err(error) if batch.messages.is_empty() => Err(error),
            // What is leased is handed out whatever went wrong after it: otherwise it ends in doubt.
            _ => Ok(batch),
        }
    }

    /// Leases up to `room` messages. After an error, `messages` has what was leased before it.
    async fn claim_rounds(
        &self,
        claim: &Claim,
        room: usize,
        messages: &mut Vec<ClaimedMessage>,
        now_ms: &mut u64,
    ) -> Result<(), StoreError> {
        let mut ended = 0;
        while messages.len() < room && ended < EXPIRED_MAX {
            let tenants = self.due_tenants(&claim.route, *now_ms).await?;
            if tenants.is_empty() {
                break;
            }
            let records = self.claim_from(claim, &tenants, room - messages.len(), now_ms).await?;
            if records.is_empty() {
                break;
            }
            let (expired, leased): (Vec<_>, Vec<_>) =
                records.into_iter().partition(|record| record.progress.state == State::Expired);
            messages.extend(leased.into_iter().map(|record| self.lease(record)));
            ended += expired.len();
            self.expire(expired, *now_ms).await;
        }
        Ok(())
    }

    /// Asks the tenants for their share each; one that has less leaves its share to the next round.
    async fn claim_from(
        &self,
        claim: &Claim,
        tenants: &[Name],
        room: usize,
        now_ms: &mut u64,
    ) -> Result<Vec<Record>, StoreError> {
        let share = room.div_ceil(tenants.len()).min(BATCH_MAX);
        let mut left = room;
        let claimer = self.next_claimer();
        let mut asked = Vec::new();
        let mut requests = Vec::new();
        for tenant in tenants {
            let most = share.min(left);
            if most == 0 {
                break;
            }
            left -= most;
            asked.push(tenant);
            requests.push(self.claim_request(claim, tenant, most, &claimer));
        }
        let mut records = Vec::new();
        let mut failed: Option<StoreError> = None;
        for (tenant, answer) in asked.into_iter().zip(self.connection.ask(requests).await) {
            let values = match answer {
                Ok(values) => values,
                Err(error) => {
                    // It may have been done; the other tenants' messages are claimed all the same.
                    self.local().note_lost(tenant, &claimer);
                    failed = Some(error.into());
                    continue;
                }
            };
            let [now, next_due, messages @ ..] = values.as_slice() else { continue };
            *now_ms = now.unsigned().unwrap_or(*now_ms);
            self.note_next_due(&claim.route, tenant, next_due.unsigned());
            for values in messages.chunks(5) {
                match Record::read_with_id(tenant, values) {
                    Ok(record) => records.extend(record),
                    // It stays leased and is never sent; the others are.
                    Err(error) => failed = Some(error),
                }
            }
        }
        match failed {
            Some(error) if records.is_empty() => Err(error),
            _ => Ok(records),
        }
    }

    /// This host and the number of the claim, as leases carry them.
    fn next_claimer(&self) -> String {
        let mut local = self.local();
        local.claim += 1;
        format!("{}#{}", self.host, local.claim)
    }

    /// Puts back what claims leased whose answer never came: nobody has submitted it.
    async fn give_lost_back(&self) -> Result<(), StoreError> {
        let lost = std::mem::take(&mut self.local().lost);
        for (n, (tenant, claimer)) in lost.iter().enumerate() {
            if let Err(error) = self.give_back_claim(tenant, claimer).await {
                self.local().lost.extend_from_slice(&lost[n..]);
                return Err(error);
            }
        }
        Ok(())
    }

    async fn give_back_claim(&self, tenant: &Name, claimer: &str) -> Result<(), StoreError> {
        let ids: Vec<_> = self.leases(tenant).await?.into_iter().filter(|(_, by)| by == claimer).collect();
        let ids: Vec<_> = ids.into_iter().map(|(id, _)| id).collect();
        let found = self.look_up(tenant, &ids).await?.into_iter();
        let steps: Vec<Pending> =
            found.filter_map(Result::ok).flatten().filter_map(Pending::given_back).collect();
        self.write(tenant, &steps).await?;
        Ok(())
    }

    /// Every lease of a tenant with its claimer.
    pub(super) async fn leases(&self, tenant: &Name) -> Result<Vec<(MessageId, String)>, StoreError> {
        let key = format!("{}leases", self.layout.tenant(tenant));
        let values = self.ask_one(Request::command("HGETALL", vec![key.into()])).await?;
        let lease = |pair: &[Value]| {
            let id = id_from(pair.first()?.text()?)?;
            let by = pair.get(1)?.text()?.splitn(3, ':').nth(2)?;
            Some((id, by.to_owned()))
        };
        Ok(values.chunks(2).filter_map(lease).collect())
    }

    fn claim_request(&self, claim: &Claim, tenant: &Name, most: usize, claimer: &str) -> Request {
        let lease_ms = claim.lease_until_ms.saturating_sub(claim.now_ms);
        let args = vec![
            self.now(claim.now_ms),
            claim.route.as_bytes().to_vec(),
            most.to_string().into(),
            lease_ms.to_string().into(),
            claimer.as_bytes().to_vec(),
        ];
        Request::script(&scripts::CLAIM, self.tenant_key(tenant), args)
    }

    fn lease(&self, record: Record) -> ClaimedMessage {
        let message = ClaimedMessage { envelope: record.envelope.clone(), progress: record.progress.clone() };
        self.local().note_claim(record);
        message
    }

    /// Ends messages whose validity was over when they were claimed. Where that cannot be written, the
    /// sweep ends them when their lease is over.
    async fn expire(&self, expired: Vec<Record>, now_ms: u64) {
        let mut tenants: BTreeMap<Name, Vec<Pending>> = BTreeMap::new();
        for mut before in expired {
            let after = before.progress.clone();
            // As far as the store knows, the message is leased until this is written.
            before.progress.state = State::Submitting;
            let tenant = before.envelope.draft.tenant.clone();
            let step = Pending::new(before, after, now_ms, Step::TimePassed, Vec::new());
            tenants.entry(tenant).or_default().extend(step);
        }
        let requests = tenants.iter().filter_map(|(tenant, steps)| self.step_request(tenant, steps).ok());
        let requests: Vec<Request> = requests.collect();
        if !requests.is_empty() {
            self.connection.ask(requests).await;
        }
    }

    /// Tenants with something due for a provider, in turn. Asks all of them where none is known.
    async fn due_tenants(&self, route: &Name, now_ms: u64) -> Result<Vec<Name>, StoreError> {
        let known = self.known_due(route, now_ms);
        if !known.is_empty() {
            return Ok(known);
        }
        self.look_for_ready().await?;
        Ok(self.known_due(route, now_ms))
    }

    fn known_due(&self, route: &Name, now_ms: u64) -> Vec<Name> {
        let mut local = self.local();
        local.turn = local.turn.wrapping_add(1);
        let turn = local.turn;
        let Some(tenants) = local.ready.get(route) else { return Vec::new() };
        let mut due: Vec<Name> = tenants
            .iter()
            .filter(|(_, due_ms)| **due_ms <= now_ms)
            .map(|(tenant, _)| tenant.clone())
            .collect();
        if !due.is_empty() {
            let first = turn % due.len();
            due.rotate_left(first);
        }
        due.truncate(TENANTS_MAX);
        due
    }

    /// Learns what waits, from all tenants in one round trip. Providers for which something is due
    /// that was not known before.
    pub async fn look_for_ready(&self) -> Result<Vec<Name>, StoreError> {
        let tenants = self.tenants().await?;
        let requests = tenants.iter().map(|tenant| {
            let key = format!("{}ready", self.layout.tenant(tenant));
            Request::command(
                "ZRANGE",
                vec![key.into(), b"0".to_vec(), b"-1".to_vec(), b"WITHSCORES".to_vec()],
            )
        });
        let answers = self.ask_all(requests.collect()).await?;
        let mut local = self.local();
        let mut news = Vec::new();
        for (tenant, values) in tenants.iter().zip(answers) {
            for pair in values.chunks(2) {
                let (Some(route), Some(due_ms)) = (pair[0].text(), pair.get(1).and_then(score)) else {
                    continue;
                };
                let known = local.ready.get(route).and_then(|tenants| tenants.get(tenant));
                if known.is_none_or(|known| *known > due_ms) {
                    local.note_ready(route, tenant, due_ms);
                    news.push(Name::from(route));
                }
            }
        }
        Ok(news)
    }

    fn note_next_due(&self, route: &Name, tenant: &Name, next_due_ms: Option<u64>) {
        let mut local = self.local();
        let Some(tenants) = local.ready.get_mut(route) else { return };
        match next_due_ms {
            Some(due_ms) => tenants.insert(tenant.clone(), due_ms),
            None => tenants.remove(tenant),
        };
    }

    fn next_due(&self, route: &Name) -> Option<u64> {
        self.local().ready.get(route).and_then(|tenants| tenants.values().min().copied())
    }

    async fn take_rate(&self, claim: &Claim) -> Result<Option<Taken>, StoreError> {
        let Some(rate) = claim.rate else { return Ok(None) };
        let values = self.ask_one(self.rate_request(claim, rate, claim.messages_max.cast_signed())).await?;
        let [units, stored_us, now_us] = values.as_slice() else {
            return Err(super::record::corrupt("the answer of a rate is cut short"));
        };
        Ok(Some(Taken {
            rate,
            units: units.unsigned().and_then(|units| usize::try_from(units).ok()).unwrap_or(0),
            stored_us: stored_us.unsigned().unwrap_or(0),
            now_us: now_us.unsigned().unwrap_or(0),
        }))
    }

    fn rate_request(&self, claim: &Claim, rate: Rate, units: isize) -> Request {
        let args = vec![
            self.now(claim.now_ms),
            rate.interval_us.to_string().into(),
            rate.window_us().to_string().into(),
            units.to_string().into(),
        ];
        Request::script(&scripts::RATE, self.route_key(&claim.route), args)
    }

    /// Gives back what was not used. When the rate has something free again, in Unix milliseconds.
    async fn give_back(&self, route: &Name, taken: &Taken, used: usize) -> u64 {
        let unused = taken.units - used;
        let mut stored_us = taken.stored_us;
        if unused > 0 {
            let args = vec![
                self.now(taken.now_us / 1_000),
                taken.rate.interval_us.to_string().into(),
                taken.rate.window_us().to_string().into(),
                format!("-{unused}").into(),
            ];
            // What cannot be given back comes back with time.
            let values = self.ask_one(Request::script(&scripts::RATE, self.route_key(route), args)).await;
            let given_back = values.ok().and_then(|values| values.get(1).and_then(Value::unsigned));
            stored_us = given_back.unwrap_or(stored_us);
        }
        taken.rate.free_at_us(stored_us, taken.now_us).div_ceil(1_000)
    }
}

/// A score is a whole number that Redis may write with an exponent.
fn score(value: &Value) -> Option<u64> {
    let number: f64 = value.text()?.parse().ok()?;
    (number >= 0.0).then_some(number as u64)
}
