//! The end of leases: worked out from what was claimed, written in one round trip together with the
//! providers' references, and again from what is there where something has changed in between.

use std::collections::BTreeMap;

use super::layout::short;
use super::step::Pending;
use super::store::RedisStore;
use super::{Connection, Record, Request, Value, scripts};
use crate::decision::{Name, Outcome};
use crate::lifecycle::settle as rules;
use crate::store::{Settle, Settled, StoreError};

/// A reference outlasts the wait for its receipt by this much: receipts come late and twice.
const REFERENCE_MARGIN_MS: u64 = 24 * 3600 * 1000;

/// A message that is being settled.
struct Open {
    place: usize,
    record: Record,
}

impl<C: Connection> RedisStore<C> {
    pub(super) async fn settle_all(&self, settles: &[Settle]) -> Result<Vec<Settled>, StoreError> {
        let mut answers: Vec<Settled> = settles.iter().map(|_| Settled::LeaseLost).collect();
        let mut tenants: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
        for (place, settle) in settles.iter().enumerate() {
            tenants.entry(settle.tenant.clone()).or_default().push(place);
        }
        for (tenant, places) in tenants {
            self.settle_tenant(&tenant, settles, &places, &mut answers).await?;
        }
        Ok(answers)
    }

    async fn settle_tenant(
        &self,
        tenant: &Name,
        settles: &[Settle],
        places: &[usize],
        answers: &mut [Settled],
    ) -> Result<(), StoreError> {
        let mut open = self.claimed(tenant, settles, places).await?;
        for _ in 0..super::store::TRIES_MAX {
            let (steps, places) = work_out(open, settles)?;
            if steps.is_empty() {
                return Ok(());
            }
            let mut requests = self.bind_requests(tenant, settles, &places);
            let binds = requests.len();
            requests.push(self.step_request(tenant, &steps)?);
            let mut values = self.ask_all(requests).await?;
            let written = values.split_off(binds).pop().unwrap_or_default();
            let orphans: Vec<Orphan> = values.iter().flat_map(|values| Orphan::read_all(values)).collect();
            self.note_waiting(
                tenant,
                steps.iter().zip(&written).filter(|(_, done)| done.int() == Some(1)).map(|(step, _)| step),
            );
            let mut again = Vec::new();
            for ((step, place), done) in steps.into_iter().zip(places).zip(written) {
                if done.int() == Some(1) {
                    let record = self.apply_orphans(step.done(), &settles[place], &orphans).await?;
                    answers[place] = Settled::Now(record.progress);
                } else {
                    again.push(place);
                }
            }
            open = self.read_again(tenant, settles, &again).await?;
        }
        Err(StoreError::Unavailable("messages change all the time".to_owned()))
    }

    /// What was claimed by this host, from memory where it is there.
    async fn claimed(
        &self,
        tenant: &Name,
        settles: &[Settle],
        places: &[usize],
    ) -> Result<Vec<Open>, StoreError> {
        let mut open = Vec::with_capacity(places.len());
        let mut missing = Vec::new();
        {
            let mut local = self.local();
            for place in places {
                match local.claims.remove(&settles[*place].id) {
                    Some(record) => open.push(Open { place: *place, record }),
                    None => missing.push(*place),
                }
            }
        }
        open.extend(self.read_again(tenant, settles, &missing).await?);
        Ok(open)
    }

    async fn read_again(
        &self,
        tenant: &Name,
        settles: &[Settle],
        places: &[usize],
    ) -> Result<Vec<Open>, StoreError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = places.iter().map(|place| settles[*place].id).collect();
        let mut records = self.read_all(tenant, &ids).await?;
        let mut open = Vec::new();
        for place in places {
            let found = records.iter().position(|record| record.envelope.id == settles[*place].id);
            open.extend(found.map(|index| Open { place: *place, record: records.swap_remove(index) }));
        }
        Ok(open)
    }

    /// One script for each provider that has given references.
    fn bind_requests(&self, tenant: &Name, settles: &[Settle], places: &[usize]) -> Vec<Request> {
        let mut bound: BTreeMap<&Name, Vec<Vec<u8>>> = BTreeMap::new();
        for settle in places.iter().map(|place| &settles[*place]) {
            let Outcome::Accepted(acceptance) = &settle.outcome else { continue };
            let lasts_ms = settle.rules.receipt_wait_ms.saturating_add(REFERENCE_MARGIN_MS);
            let args = bound.entry(&settle.route).or_insert_with(|| vec![lasts_ms.to_string().into()]);
            args.push(acceptance.reference.clone().into());
            args.push(format!("{tenant} {}", short(settle.id)).into());
        }
        bound
            .into_iter()
            .map(|(route, args)| Request::script(&scripts::BIND, self.route_key(route), args))
            .collect()
    }

    /// Binds one reference: a receipt named the message by our own id, and the next one may not.
    pub(super) async fn bind(
        &self,
        route: &Name,
        reference: &str,
        record: &Record,
        receipt_wait_ms: u64,
    ) -> Result<(), StoreError> {
        let lasts_ms = receipt_wait_ms.saturating_add(REFERENCE_MARGIN_MS);
        let message = format!("{} {}", record.envelope.draft.tenant, short(record.envelope.id));
        let args = vec![lasts_ms.to_string().into(), reference.as_bytes().to_vec(), message.into()];
        self.ask_one(Request::script(&scripts::BIND, self.route_key(route), args)).await?;
        Ok(())
    }

    /// Applies the receipts that came before their message was known, and forgets them then.
    async fn apply_orphans(
        &self,
        mut record: Record,
        settle: &Settle,
        orphans: &[Orphan],
    ) -> Result<Record, StoreError> {
        let Outcome::Accepted(acceptance) = &settle.outcome else { return Ok(record) };
        let mut some = false;
        for orphan in orphans.iter().filter(|orphan| orphan.reference == acceptance.reference) {
            some = true;
            let applied = self
                .apply_receipt(record, &settle.route, orphan.at_ms, &orphan.receipt, &settle.rules)
                .await?;
            let Some((now, _)) = applied else {
                return Err(super::record::corrupt("a message is gone while it is settled"));
            };
            record = now;
        }
        if some {
            let key = |name: &str| format!("{}{name}", self.layout.route(&settle.route)).into_bytes();
            let reference = &acceptance.reference;
            self.ask_all(vec![
                Request::command("DEL", vec![key(&format!("orphan:{reference}"))]),
                Request::command("ZREM", vec![key("orphans"), reference.clone().into()]),
            ])
            .await?;
        }
        Ok(record)
    }
}

/// The steps of messages whose lease is good, with the places of their settles.
fn work_out(open: Vec<Open>, settles: &[Settle]) -> Result<(Vec<Pending>, Vec<usize>), StoreError> {
    let mut steps = Vec::with_capacity(open.len());
    let mut places = Vec::with_capacity(open.len());
    for Open { place, record } in open {
        let settle = &settles[place];
        if record.progress.attempts != settle.attempt
            || !rules::can_settle(record.progress.state, &settle.outcome)
        {
            continue;
        }
        let mut after = record.progress.clone();
        let other_route = settle.other_route.as_ref();
        rules::settle(&mut after, &settle.outcome, other_route, &settle.rules, settle.now_ms, settle.seed);
        let step = rules::attempt_step(settle, after.route.as_ref());
        steps.push(Pending::new(record, after, settle.now_ms, step, settle.decisions.clone())?);
        places.push(place);
    }
    Ok((steps, places))
}

/// A receipt that came before its message was known.
struct Orphan {
    reference: String,
    at_ms: u64,
    receipt: crate::decision::Receipt,
}

impl Orphan {
    /// What cannot be read says nothing.
    fn read_all(values: &[Value]) -> Vec<Self> {
        values
            .chunks(2)
            .filter_map(|pair| {
                let reference = pair.first()?.text()?.to_owned();
                let (at_ms, receipt) = serde_json::from_slice(pair.get(1)?.bytes()?).ok()?;
                Some(Self { reference, at_ms, receipt })
            })
            .collect()
    }
}
