//! Taking messages in: one script for the requests of one tenant.

use std::collections::BTreeSet;

use super::layout::{day_of, id_from, short};
use super::record::{corrupt, envelope_json, json, progress_json};
use super::step::{score_of, set_of, waits_for};
use super::store::RedisStore;
use super::{Batch, Connection, Record, Request, Value, scripts};
use crate::decision::Name;
use crate::limits::IDEMPOTENCY_MS;
use crate::message::State;
use crate::rate::{LimitKind, LimitReached, Rate, Window};
use crate::store::{Accept, Accepted, NewMessage, StoreError};

/// When to ask again where nobody can know when a queue has drained, in milliseconds.
const QUEUE_RETRY_MS: u64 = 1_000;
/// Lua counts in doubles: what is beyond this many microseconds is as good as never.
const COST_US_MAX: u64 = 1 << 51;

impl<C: Connection> RedisStore<C> {
    /// Takes in requests of one tenant, each as a whole or not at all, in one round trip.
    ///
    /// # Errors
    /// `StoreError`: nobody knows of any of the requests whether it was taken in.
    pub async fn accept_all(&self, tenant: &Name, accepts: &[Accept]) -> Result<Vec<Accepted>, StoreError> {
        self.learn_tenant(tenant).await?;
        let wanted: Vec<&Accept> = accepts.iter().filter(|accept| !has_twins(&accept.messages)).collect();
        let mut answers = Vec::new();
        if let Some(first) = wanted.first() {
            let batch = Batch {
                script: &scripts::ACCEPT,
                keys: self.tenant_key(tenant),
                head: vec![self.now(first.now_ms)],
                items: wanted.iter().map(|accept| arguments(accept)).collect::<Result<_, _>>()?,
                head_values: 1,
                item_values: 2,
            };
            answers = self.ask_one(Request::Batch(batch)).await?;
        }
        let (now_ms, answers) =
            answers.split_first().map_or((0, &[][..]), |(now, rest)| (now.unsigned().unwrap_or(0), rest));
        let mut answers = answers.chunks(2);
        accepts
            .iter()
            .map(|accept| {
                if has_twins(&accept.messages) {
                    return Ok(Accepted::IdTaken);
                }
                let answer = answers.next().ok_or_else(|| corrupt("an answer to a request is missing"))?;
                let accepted = read_answer(accept, answer, now_ms)?;
                if accepted == Accepted::Stored {
                    self.note_accepted(tenant, accept);
                }
                Ok(accepted)
            })
            .collect()
    }

    fn note_accepted(&self, tenant: &Name, accept: &Accept) {
        let mut local = self.local();
        for message in &accept.messages {
            local.note_ready(waits_for(&message.progress), tenant, score_of(&message.progress));
            if message.progress.state == State::Submitting {
                // The caller hands it over itself, and will settle it.
                local.note_claim(Record {
                    envelope: message.envelope.clone(),
                    progress: message.progress.clone(),
                    steps: 1,
                    lease: String::new(),
                    waited: None,
                });
            }
        }
    }
}

fn has_twins(messages: &[NewMessage]) -> bool {
    let keys: BTreeSet<_> = messages.iter().map(|message| message.envelope.id).collect();
    keys.len() != messages.len()
}

fn arguments(accept: &Accept) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut args = Vec::with_capacity(13 + accept.messages.len() * 12);
    let units = u32::try_from(accept.messages.len()).unwrap_or(u32::MAX);
    match &accept.idempotency {
        Some(idempotency) => {
            args.push(idempotency.key.clone().into());
            args.push(
                idempotency.body_hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
            );
            args.push(IDEMPOTENCY_MS.to_string().into());
        }
        None => args.extend([Vec::new(), Vec::new(), Vec::new()]),
    }
    args.push(accept.key.as_bytes().to_vec());
    rate_arguments(accept.limits.tenant_rate, units, &mut args);
    rate_arguments(accept.limits.key_rate, units, &mut args);
    args.push(number(accept.limits.queue_max));
    args.push(admitted(accept).count().to_string().into());
    args.push(number(accept.limits.destination_cap(Window::Hour)));
    args.push(number(accept.limits.destination_cap(Window::Day)));
    args.push(units.to_string().into());
    for message in &accept.messages {
        message_arguments(message, &mut args)?;
    }
    Ok(args)
}

fn message_arguments(message: &NewMessage, args: &mut Vec<Vec<u8>>) -> Result<(), StoreError> {
    let NewMessage { envelope, progress, entry } = message;
    args.push(short(envelope.id).into());
    args.push(envelope_json(envelope)?);
    args.push(progress_json(progress, envelope.valid_until_ms)?);
    args.push(json(entry)?);
    args.push(set_of(progress, envelope.draft.priority).into());
    args.push(score_of(progress).to_string().into());
    args.push(waits_for(progress).into());
    args.push(u8::from(progress.state.is_open()).to_string().into());
    let counted = progress.state != State::Refused;
    args.push(if counted { envelope.draft.to.address.as_str().into() } else { Vec::new() });
    args.push(envelope.draft.sender.as_ref().map(|it| it.address.as_str().into()).unwrap_or_default());
    args.push(envelope.client_ref.clone().unwrap_or_default().into());
    args.push(day_of(envelope.id).to_string().into());
    Ok(())
}

fn rate_arguments(rate: Option<Rate>, units: u32, args: &mut Vec<Vec<u8>>) {
    match rate {
        Some(rate) => {
            args.push(rate.cost_us(units).min(COST_US_MAX).to_string().into());
            args.push(rate.window_us().min(COST_US_MAX).to_string().into());
        }
        None => args.extend([Vec::new(), Vec::new()]),
    }
}

fn number<T: ToString>(limit: Option<T>) -> Vec<u8> {
    limit.map(|limit| limit.to_string().into()).unwrap_or_default()
}

/// Places of the messages that are not refused: the ones that caps and the queue look at.
fn admitted(accept: &Accept) -> impl Iterator<Item = usize> + '_ {
    let messages = accept.messages.iter().enumerate();
    messages.filter(|(_, message)| message.progress.state != State::Refused).map(|(index, _)| index)
}

fn read_answer(accept: &Accept, answer: &[Value], now_ms: u64) -> Result<Accepted, StoreError> {
    let detail = answer.get(1).and_then(Value::unsigned).unwrap_or(0);
    let limited = |limit, free_at_ms, index| Ok(Accepted::Limited(LimitReached { limit, free_at_ms, index }));
    match answer.first().and_then(Value::text) {
        Some("stored") => Ok(Accepted::Stored),
        Some("reused") => Ok(Accepted::KeyReused),
        Some("taken") => Ok(Accepted::IdTaken),
        Some("replayed") => {
            let ids = answer.get(1).and_then(Value::text).unwrap_or_default();
            let ids: Option<_> = ids.split_ascii_whitespace().map(id_from).collect();
            ids.map(Accepted::Replayed).ok_or_else(|| corrupt("the ids of a repeated request are none"))
        }
        Some("opted_out") => {
            let places = answer.get(1).and_then(Value::text).unwrap_or_default();
            let places: Result<Vec<usize>, _> = places.split_ascii_whitespace().map(str::parse).collect();
            places.map(Accepted::OptedOut).map_err(|_| corrupt("the places of a request are no numbers"))
        }
        Some("tenant_rate") => {
            rate_limited(LimitKind::TenantRate, accept.limits.tenant_rate, detail, accept, now_ms)
        }
        Some("key_rate") => rate_limited(LimitKind::KeyRate, accept.limits.key_rate, detail, accept, now_ms),
        Some("queue") => {
            let room = usize::try_from(detail).unwrap_or(usize::MAX);
            let index = admitted(accept).nth(room).unwrap_or(0);
            limited(LimitKind::QueueDepth, now_ms.saturating_add(QUEUE_RETRY_MS), index)
        }
        Some("hour") => limited(LimitKind::DestinationPerHour, Window::Hour.end_ms(now_ms), index_of(detail)),
        Some("day") => limited(LimitKind::DestinationPerDay, Window::Day.end_ms(now_ms), index_of(detail)),
        _ => Err(corrupt("the answer to a request is not known")),
    }
}

fn index_of(detail: u64) -> usize {
    usize::try_from(detail).unwrap_or(0)
}

fn rate_limited(
    limit: LimitKind,
    rate: Option<Rate>,
    stored_us: u64,
    accept: &Accept,
    now_ms: u64,
) -> Result<Accepted, StoreError> {
    let rate = rate.ok_or_else(|| corrupt("a limit was reached that was not asked for"))?;
    let units = u32::try_from(accept.messages.len()).unwrap_or(u32::MAX);
    let now_us = now_ms.saturating_mul(1_000);
    let free_at_us = rate.take(stored_us, now_us, units).err().unwrap_or(now_us);
    let index = index_of(u64::from(rate.available(stored_us, now_us, units)));
    Ok(Accepted::Limited(LimitReached { limit, free_at_ms: free_at_us.div_ceil(1_000), index }))
}
