//! Messages as rows and back.

use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};
use waypost_core::decision::Name;
use waypost_core::id::MessageId;
use waypost_core::message::{Draft, Envelope, Progress, State};
use waypost_core::number::{Address, Recipient};
use waypost_core::text::{Body, Encoding};

use super::failure::{Failure, corrupt, unavailable};
use super::names::Names;

/// Columns of what does not change about a message, in the order in which [`read_envelope`] expects them.
macro_rules! envelope_columns {
    () => {
        "m.key, m.nonce, m.tenant, m.api_key, m.time_ms, m.to_address, m.to_facts, m.sender, m.body, \
         m.encoding, m.segments, m.priority, m.tags, m.valid_until_ms, m.client_ref, m.callback_url, m.hops"
    };
}
pub(super) const ENVELOPE_COLUMNS: &str = envelope_columns!();
/// How many these are.
pub(super) const ENVELOPE_COLUMNS_COUNT: usize = 17;

/// Columns of a message, in the order in which [`read_live`] expects them.
pub(super) const LIVE_COLUMNS: &str = concat!(
    envelope_columns!(),
    ", p.state, p.changed_ms, p.due_ms, p.route, p.tried, p.attempts, p.failures, p.reference, \
     p.price_micros, p.failure, p.doubted, p.steps"
);

/// A message while the writer works on it.
#[derive(Debug, Clone)]
pub(super) struct Live {
    pub(super) envelope: Arc<Envelope>,
    pub(super) progress: Progress,
    /// How many entries its trace would have if none were dropped.
    pub(super) steps: u32,
}

/// Times and counts as SQLite keeps them. What is beyond 2^63 means "never" or "all".
pub(super) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that was written by [`sql`].
pub(super) fn unsigned(number: i64) -> Result<u64, Failure> {
    u64::try_from(number).map_err(|_| corrupt("a number is negative"))
}

/// The key of an id: ids are made below 2^63.
pub(super) fn key_of(id: MessageId) -> i64 {
    sql(id.key())
}

/// The random half of an id, bit for bit.
pub(super) fn nonce_of(id: MessageId) -> i64 {
    id.nonce().cast_signed()
}

/// An id from its columns.
pub(super) fn id_from(key: i64, nonce: i64) -> Result<MessageId, Failure> {
    Ok(MessageId::from_parts(unsigned(key)?, nonce.cast_unsigned()))
}

/// A state from its column.
pub(super) fn state_from(number: i64) -> Result<State, Failure> {
    u8::try_from(number).ok().and_then(State::from_number).ok_or_else(|| corrupt("a state is not known"))
}

/// The text by which JSON keeps a value.
pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| unavailable(error.to_string()))
}

/// A value from [`to_json`]. `what` names the column.
pub(super) fn from_json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T, Failure> {
    // The error's own text may quote the value.
    serde_json::from_str(text).map_err(|_| corrupt(format!("a {what} is not what it should be")))
}

/// The parts of a recipient beside its number.
pub(super) fn facts_of(to: &Recipient) -> Result<String, Failure> {
    to_json(&(&to.country, &to.kind))
}

/// What is bound for an optional list: nothing for an empty one.
pub(super) fn list_json<T: Serialize>(items: &[T]) -> Result<Option<String>, Failure> {
    if items.is_empty() { Ok(None) } else { to_json(items).map(Some) }
}

/// A message from the columns of [`LIVE_COLUMNS`].
pub(super) fn read_live(row: &Row<'_>, names: &mut Names<'_>) -> Result<Live, Failure> {
    let envelope = Arc::new(read_envelope(row, names)?);
    let progress = read_progress(row, names)?;
    let steps = row.get(28)?;
    Ok(Live { envelope, progress, steps })
}

/// What does not change about a message, from [`ENVELOPE_COLUMNS`].
pub(super) fn read_envelope(row: &Row<'_>, names: &mut Names<'_>) -> Result<Envelope, Failure> {
    let (country, kind) = from_json(text(row, 6)?, "recipient")?;
    let draft = Draft {
        tenant: names.name(row.get(2)?)?,
        time_ms: unsigned(row.get(4)?)?,
        to: Recipient { address: Address::from_stored(row.get(5)?), country, kind },
        sender: optional(row, 7)?.map(|json| from_json(json, "sender")).transpose()?,
        body: read_body(row)?,
        encoding: read_encoding(text(row, 9)?)?,
        segments: row.get(10)?,
        priority: row.get(11)?,
        tags: optional(row, 12)?.map(|json| from_json(json, "list of tags")).transpose()?.unwrap_or_default(),
    };
    Ok(Envelope {
        id: id_from(row.get(0)?, row.get(1)?)?,
        key: names.name(row.get(3)?)?,
        draft,
        valid_until_ms: unsigned(row.get(13)?)?,
        client_ref: row.get(14)?,
        callback_url: row.get(15)?,
        hops: row.get(16)?,
    })
}

fn read_progress(row: &Row<'_>, names: &mut Names<'_>) -> Result<Progress, Failure> {
    let route: Option<i64> = row.get(20)?;
    let due_ms: Option<i64> = row.get(19)?;
    let price_micros: Option<i64> = row.get(25)?;
    let tried: Option<Vec<Name>> =
        optional(row, 21)?.map(|json| from_json(json, "list of providers")).transpose()?;
    Ok(Progress {
        state: state_from(row.get(17)?)?,
        changed_ms: unsigned(row.get(18)?)?,
        due_ms: due_ms.map(unsigned).transpose()?,
        route: route.map(|id| names.name(id)).transpose()?,
        tried: tried.unwrap_or_default(),
        attempts: row.get(22)?,
        failures: row.get(23)?,
        reference: row.get(24)?,
        price_micros: price_micros.map(unsigned).transpose()?,
        failure: optional(row, 26)?.map(|json| from_json(json, "failure")).transpose()?,
        doubted: row.get(27)?,
    })
}

fn read_body(row: &Row<'_>) -> Result<Body, Failure> {
    match row.get_ref(8)? {
        ValueRef::Text(bytes) => String::from_utf8(bytes.to_vec())
            .map(Body::Text)
            .map_err(|_| corrupt("the text of a message is not UTF-8")),
        ValueRef::Blob(bytes) => Ok(Body::Binary(bytes.to_vec())),
        _ => Err(corrupt("the body of a message is neither text nor bytes")),
    }
}

fn read_encoding(name: &str) -> Result<Encoding, Failure> {
    let name: StrDeserializer<'_, ValueError> = name.into_deserializer();
    Encoding::deserialize(name).map_err(|_| corrupt("an encoding is not known"))
}

/// The column's text without a copy.
fn text<'r>(row: &'r Row<'_>, index: usize) -> Result<&'r str, Failure> {
    row.get_ref(index)?.as_str().map_err(|_| corrupt("a column holds no text"))
}

fn optional<'r>(row: &'r Row<'_>, index: usize) -> Result<Option<&'r str>, Failure> {
    row.get_ref(index)?.as_str_or_null().map_err(|_| corrupt("a column holds no text"))
}
