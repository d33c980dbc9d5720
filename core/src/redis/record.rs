//! Messages as JSON and back. Fields that are not known are left alone and fields that are missing
//! have a default, so that hosts of neighbouring versions read each other's records.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::layout::id_from;
use super::value::Value;
use crate::decision::{Failure, Name};
use crate::id::MessageId;
use crate::lifecycle::dispatch;
use crate::message::{Draft, Envelope, Progress, State};
use crate::number::{Recipient, Sender};
use crate::store::{Recorded, StoreError};
use crate::text::{Body, Encoding};

/// A message as it was read.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) envelope: Arc<Envelope>,
    /// As it is: for a leased message what the lease made of it.
    pub(super) progress: Progress,
    /// How many steps it has made; with the lease, what a write compares.
    pub(super) steps: u32,
    /// As stored; empty: not leased.
    pub(super) lease: String,
    /// What a lease has hidden: the message as it waited.
    pub(super) waited: Option<Progress>,
}

#[derive(Serialize)]
struct EnvelopeOut<'a> {
    key: &'a Name,
    time_ms: u64,
    to: &'a Recipient,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a Sender>,
    body: &'a Body,
    encoding: Encoding,
    segments: u8,
    priority: u8,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ref: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<&'a str>,
    #[serde(skip_serializing_if = "is_zero")]
    hops: u8,
}

#[derive(Deserialize)]
struct EnvelopeIn {
    key: Name,
    time_ms: u64,
    to: Recipient,
    #[serde(default)]
    sender: Option<Sender>,
    body: Body,
    encoding: Encoding,
    segments: u8,
    priority: u8,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    client_ref: Option<String>,
    #[serde(default)]
    callback_url: Option<String>,
    #[serde(default)]
    hops: u8,
}

/// Progress with what else of a message can change: a redrive gives it a new validity.
#[derive(Serialize, Deserialize)]
struct ProgressRecord {
    state: State,
    changed_ms: u64,
    valid_until_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    route: Option<Name>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tried: Vec<Name>,
    #[serde(default, skip_serializing_if = "is_none_yet")]
    attempts: u16,
    #[serde(default, skip_serializing_if = "is_none_yet")]
    failures: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price_micros: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    doubted: bool,
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}

fn is_none_yet(number: &u16) -> bool {
    *number == 0
}

/// The part of a message that does not change.
pub(super) fn envelope_json(envelope: &Envelope) -> Result<Vec<u8>, StoreError> {
    let draft = &envelope.draft;
    json(&EnvelopeOut {
        key: &envelope.key,
        time_ms: draft.time_ms,
        to: &draft.to,
        sender: draft.sender.as_ref(),
        body: &draft.body,
        encoding: draft.encoding,
        segments: draft.segments,
        priority: draft.priority,
        tags: &draft.tags,
        client_ref: envelope.client_ref.as_deref(),
        callback_url: envelope.callback_url.as_deref(),
        hops: envelope.hops,
    })
}

/// The part that does.
pub(super) fn progress_json(progress: &Progress, valid_until_ms: u64) -> Result<Vec<u8>, StoreError> {
    json(&ProgressRecord {
        state: progress.state,
        changed_ms: progress.changed_ms,
        valid_until_ms,
        due_ms: progress.due_ms,
        route: progress.route.clone(),
        tried: progress.tried.clone(),
        attempts: progress.attempts,
        failures: progress.failures,
        reference: progress.reference.clone(),
        price_micros: progress.price_micros,
        failure: progress.failure.clone(),
        doubted: progress.doubted,
    })
}

/// What JSON makes of a value.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// A value from [`json`]. The error's own text may quote the value, so it is not shown.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|_| corrupt(&format!("a {what} is not what it should be")))
}

pub(super) fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}

impl Record {
    /// From the four values `e`, `p`, `n` and lease. None: there is no such message.
    pub(super) fn read(tenant: &Name, id: MessageId, values: &[Value]) -> Result<Option<Self>, StoreError> {
        let [envelope, progress, steps, lease] = values else {
            return Err(corrupt("a message is cut short"));
        };
        let (Some(envelope), Some(progress), Some(steps)) =
            (envelope.bytes(), progress.bytes(), steps.unsigned())
        else {
            return Ok(None);
        };
        let envelope: EnvelopeIn = from_json(envelope, "message")?;
        let progress: ProgressRecord = from_json(progress, "message's progress")?;
        let valid_until_ms = progress.valid_until_ms;
        let mut record = Self {
            envelope: Arc::new(envelope.with(tenant, id, valid_until_ms)),
            progress: progress.into(),
            steps: u32::try_from(steps).map_err(|_| corrupt("a message has made too many steps"))?,
            lease: lease.text().unwrap_or_default().to_owned(),
            waited: None,
        };
        record.apply_lease()?;
        Ok(Some(record))
    }

    /// From the values `e`, `p` and `0`. None: there is no such message.
    pub(super) fn recorded(
        tenant: &Name,
        id: MessageId,
        values: &[Value; 3],
    ) -> Result<Option<Recorded>, StoreError> {
        let [Some(envelope), Some(progress), Some(entry)] = values.each_ref().map(Value::bytes) else {
            return Ok(None);
        };
        let envelope: EnvelopeIn = from_json(envelope, "message")?;
        let progress: ProgressRecord = from_json(progress, "message's progress")?;
        let entry = from_json(entry, "trace entry")?;
        let envelope = Arc::new(envelope.with(tenant, id, progress.valid_until_ms));
        Ok(Some(Recorded { envelope, entry }))
    }

    /// From `id` and the four values of [`Record::read`].
    pub(super) fn read_with_id(tenant: &Name, values: &[Value]) -> Result<Option<Self>, StoreError> {
        let [id, rest @ ..] = values else { return Err(corrupt("a message is cut short")) };
        let id = id.text().and_then(id_from).ok_or_else(|| corrupt("a queue holds what is no id"))?;
        Self::read(tenant, id, rest)
    }

    /// A claim writes only the lease; what it makes of the message follows from it.
    fn apply_lease(&mut self) -> Result<(), StoreError> {
        if self.lease.is_empty() || !matches!(self.progress.state, State::Held | State::Queued) {
            return Ok(());
        }
        let mut parts = self.lease.splitn(3, ':').map(str::parse::<u64>);
        let (Some(Ok(from_ms)), Some(Ok(until_ms))) = (parts.next(), parts.next()) else {
            return Err(corrupt("a lease is not what it should be"));
        };
        self.waited = Some(self.progress.clone());
        dispatch::claim(&mut self.progress, self.envelope.valid_until_ms, from_ms, until_ms);
        Ok(())
    }
}

impl EnvelopeIn {
    fn with(self, tenant: &Name, id: MessageId, valid_until_ms: u64) -> Envelope {
        let draft = Draft {
            tenant: tenant.clone(),
            time_ms: self.time_ms,
            to: self.to,
            sender: self.sender,
            body: self.body,
            encoding: self.encoding,
            segments: self.segments,
            priority: self.priority,
            tags: self.tags,
        };
        Envelope {
            id,
            key: self.key,
            draft,
            valid_until_ms,
            client_ref: self.client_ref,
            callback_url: self.callback_url,
            hops: self.hops,
        }
    }
}

impl From<ProgressRecord> for Progress {
    fn from(record: ProgressRecord) -> Self {
        Self {
            state: record.state,
            changed_ms: record.changed_ms,
            due_ms: record.due_ms,
            route: record.route,
            tried: record.tried,
            attempts: record.attempts,
            failures: record.failures,
            reference: record.reference,
            price_micros: record.price_micros,
            failure: record.failure,
            doubted: record.doubted,
        }
    }
}
