//! The end of leases: worked out from what was claimed, written for all tenants in one round trip
//! together with the providers' references, and again from what is there where something has changed in between.

use std::collections::BTreeMap;

use super::layout::short;
use super::step::Pending;
use super::store::{BATCH_MAX, RedisStore, TRIES_MAX};
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

/// What is to be written for one tenant, each step with the place of its settle.
#[derive(Default)]
struct Work {
    steps: Vec<Pending>,
    places: Vec<usize>,
}

impl<C: Connection> RedisStore<C> {
    pub(super) async fn settle_all(&self, settles: &[Settle]) -> Result<Vec<Settled>, StoreError> {
        let mut answers: Vec<Settled> = settles.iter().map(|_| Settled::LeaseLost).collect();
        let mut open = self.claimed(settles).await?;
        for _ in 0..TRIES_MAX {
            let tenants = work_out(open, settles)?;
            if tenants.is_empty() {
                return Ok(answers);
            }
            let mut requests = self.bind_requests(settles, &tenants);
            let binds = requests.len();
            for (tenant, work) in &tenants {
                requests.push(self.step_request(tenant, &work.steps)?);
            }
            let mut values = self.ask_all(requests).await?;
            let written = values.split_off(binds);
            let orphans: Vec<Orphan> = values.iter().flat_map(|values| Orphan::read_all(values)).collect();
            let mut again = Vec::new();
            for ((tenant, work), written) in tenants.into_iter().zip(written) {
                let is_done = |done: &Value| done.int() == Some(1);
                let steps = work.steps.iter().zip(&written).filter(|(_, done)| is_done(done));
                self.note_waiting(&tenant, steps.map(|(step, _)| step));
                for ((step, place), done) in work.steps.into_iter().zip(work.places).zip(&written) {
                    if is_done(done) {
                        let record = self.apply_orphans(step.done(), &settles[place], &orphans).await?;
                        answers[place] = Settled::Now(record.progress);
                    } else {
                        again.push(place);
                    }
                }
            }
            open = self.read_again(settles, &again).await?;
        }
        Err(StoreError::Unavailable("messages change all the time".to_owned()))
    }

    /// What was claimed by this host, from memory where it is there.
    async fn claimed(&self, settles: &[Settle]) -> Result<Vec<Open>, StoreError> {
        let mut open = Vec::with_capacity(settles.len());
        let mut missing = Vec::new();
        {
            let mut local = self.local();
            for (place, settle) in settles.iter().enumerate() {
                match local.claims.remove(&settle.id) {
                    Some(record) => open.push(Open { place, record }),
                    None => missing.push(place),
                }
            }
        }
        open.extend(self.read_again(settles, &missing).await?);
        Ok(open)
    }

    /// Messages as they are now, of all tenants in one round trip.
    async fn read_again(&self, settles: &[Settle], places: &[usize]) -> Result<Vec<Open>, StoreError> {
        let mut tenants: BTreeMap<&Name, Vec<usize>> = BTreeMap::new();
        for place in places {
            tenants.entry(&settles[*place].tenant).or_default().push(*place);
        }
        let mut asked = Vec::new();
        for (tenant, places) in &tenants {
            asked.extend(places.chunks(BATCH_MAX).map(|places| (*tenant, places)));
        }
        let requests = asked.iter().map(|(tenant, places)| {
            let ids: Vec<_> = places.iter().map(|place| settles[*place].id).collect();
            self.read_request(tenant, &ids)
        });
        let answers = self.ask_all(requests.collect()).await?;
        let mut open = Vec::with_capacity(places.len());
        for ((tenant, places), values) in asked.into_iter().zip(answers) {
            for (place, values) in places.iter().zip(values.chunks(4)) {
                // What is gone or cannot be read has no lease that could be ended.
                let record = Record::read(tenant, settles[*place].id, values).ok().flatten();
                open.extend(record.map(|record| Open { place: *place, record }));
            }
        }
        Ok(open)
    }

    /// One script for each provider that has given references, whose tenants' messages they may be.
    fn bind_requests(&self, settles: &[Settle], tenants: &BTreeMap<Name, Work>) -> Vec<Request> {
        let mut bound: BTreeMap<&Name, Vec<Vec<u8>>> = BTreeMap::new();
        let places = tenants.values().flat_map(|work| &work.places);
        for settle in places.map(|place| &settles[*place]) {
            let Outcome::Accepted(acceptance) = &settle.outcome else { continue };
            let lasts_ms = settle.rules.receipt_wait_ms.saturating_add(REFERENCE_MARGIN_MS);
            let args = bound.entry(&settle.route).or_insert_with(|| vec![lasts_ms.to_string().into()]);
            args.push(acceptance.reference.clone().into());
            args.push(format!("{} {}", settle.tenant, short(settle.id)).into());
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

/// The steps of messages whose lease is good, by tenant.
fn work_out(open: Vec<Open>, settles: &[Settle]) -> Result<BTreeMap<Name, Work>, StoreError> {
    let mut tenants: BTreeMap<Name, Work> = BTreeMap::new();
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
        let work = tenants.entry(settle.tenant.clone()).or_default();
        work.steps.push(Pending::new(record, after, settle.now_ms, step, settle.decisions.clone())?);
        work.places.push(place);
    }
    Ok(tenants)
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
