//! Messages that nobody has and nobody will get: looked at, sent again, deleted.

use futures_util::{StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::{Deserialize, Serialize};
use waypost_core::decision::FailureClass;
use waypost_core::flow::{Caller, Shell, Tenant};
use waypost_core::id::MessageId;
use waypost_core::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use waypost_core::message::State;
use waypost_core::store::{Filter, Store as _, StoreError, Stored};

use super::messages::{own, page, whole};
use crate::answer::{Answer, empty, json};
use crate::json::parse;
use crate::problem::{Code, Problem};
use crate::query::{self, Parameters};
use crate::wire::{Id, Message, Whole, Word};

/// The states of a dead letter.
const DEAD: [State; 2] = [State::Failed, State::Exhausted];
/// Redrives under way at once: enough for a store to commit them together.
const REDRIVES_AT_ONCE: usize = 32;

/// Query parameters of the list.
pub const LIST: &[&str] = &["class", "code", "provider", "limit", "cursor"];

/// A page of dead letters, newest first.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = DeadLetterPage))]
pub struct DeadLetterPage<'a> {
    /// Newest first, without text and data.
    dead_letters: Vec<Message<'a>>,
    /// Give it as `cursor` to read on; null on the last page.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    next_cursor: Option<Id>,
}

/// Which dead letters are sent again. All conditions hold together; without any, all.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(as = Redrive))]
pub struct RedriveBody {
    /// With this class of failure.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    class: Option<Word<FailureClass>>,
    /// With this code of failure.
    code: Option<String>,
    /// Of this provider.
    provider: Option<String>,
    /// Most messages; 50 without it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>, minimum = 1, maximum = 500))]
    limit: Option<Whole>,
}

/// How many messages are sent again.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Redriven {
    /// Queued now.
    redriven: usize,
}

/// A page of dead letters, newest first.
///
/// # Errors
/// A parameter that is wrong, or the store.
pub async fn list<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    query: Option<&str>,
) -> Result<Answer, Problem> {
    let parameters = Parameters::read(query, LIST)?;
    let filter = Filter {
        class: parameters.one("class")?.map(class).transpose()?,
        code: parameters.one("code")?.map(str::to_owned),
        route: parameters.one("provider")?.map(Into::into),
        before: parameters.cursor()?,
        rows_max: parameters.rows()?,
        ..dead_letters_of(caller)
    };
    let (rows, next_cursor) = page(shell, filter).await?;
    let messages = rows.iter().map(|row| Message::new(shell, &row.envelope, &row.progress));
    json(StatusCode::OK, &DeadLetterPage { dead_letters: messages.collect(), next_cursor })
}

/// Sends one dead letter again, with its validity anew.
///
/// # Errors
/// `message_unknown`, `not_a_dead_letter`, or the store.
pub async fn redrive<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    id: MessageId,
) -> Result<Answer, Problem> {
    let stored = own(shell, caller, id).await?;
    match again(shell, stored).await? {
        None => Err(Problem::message_unknown()),
        Some((stored, true)) => whole(shell, &stored),
        Some((stored, false)) => Err(not_dead(stored.progress.state)),
    }
}

/// Sends dead letters again by a filter, the newest first.
///
/// # Errors
/// What is wrong with the filter, or the store: some are queued then, and asking again queues the
/// rest.
pub async fn redrive_all<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let wanted: RedriveBody = parse(body)?;
    let filter = Filter {
        class: wanted.class.map(|Word(class)| class),
        code: wanted.code,
        route: wanted.provider.map(Into::into),
        rows_max: rows_max(wanted.limit)?,
        ..dead_letters_of(caller)
    };
    let rows = shell.store().list(filter).await?;
    let redriven = futures_util::stream::iter(rows)
        .map(|stored| again(shell, stored))
        .buffer_unordered(REDRIVES_AT_ONCE)
        .try_fold(
            0,
            |redriven, now| async move { Ok(redriven + usize::from(matches!(now, Some((_, true))))) },
        )
        .await?;
    json(StatusCode::OK, &Redriven { redriven })
}

/// Deletes a dead letter and its trace.
///
/// # Errors
/// `message_unknown`, `not_a_dead_letter`, or the store.
pub async fn delete<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    id: MessageId,
) -> Result<Answer, Problem> {
    let discarded = shell.store().discard(caller.tenant.terms().name.clone(), id).await?;
    match discarded {
        None => Err(Problem::message_unknown()),
        Some(true) => Ok(empty(StatusCode::NO_CONTENT)),
        Some(false) => Err(not_dead(own(shell, caller, id).await?.progress.state)),
    }
}

fn dead_letters_of<T: Tenant>(caller: &Caller<T>) -> Filter {
    let tenant = caller.tenant.terms().name.clone();
    Filter { tenant: Some(tenant), states: DEAD.to_vec(), ..Filter::default() }
}

/// Queues a dead letter again with as long a validity as it had, and rings its provider's bell.
async fn again<S: Shell>(shell: &S, stored: Stored) -> Result<Option<(Stored, bool)>, StoreError> {
    let envelope = &stored.envelope;
    let now_ms = shell.now_ms();
    let valid_for_ms = envelope.valid_until_ms.saturating_sub(envelope.draft.time_ms);
    let tenant = envelope.draft.tenant.clone();
    let redriven = shell.store().redrive(tenant, envelope.id, now_ms, now_ms + valid_for_ms).await?;
    if let Some(route) = redriven.as_ref().and_then(|(stored, _)| stored.progress.route.as_ref()) {
        shell.waits(route);
    }
    Ok(redriven)
}

fn class(name: &str) -> Result<FailureClass, Problem> {
    let name: StrDeserializer<'_, ValueError> = name.into_deserializer();
    FailureClass::deserialize(name).map_err(|_| {
        query::invalid("class", "can be message, sender, throttled, transient, system, in_doubt, policy")
    })
}

fn rows_max(limit: Option<Whole>) -> Result<u32, Problem> {
    let Some(Whole(limit)) = limit else { return Ok(PAGE_ROWS_DEFAULT) };
    let rows = u32::try_from(limit).ok().filter(|rows| (1..=PAGE_ROWS_MAX).contains(rows));
    rows.ok_or_else(|| {
        let detail = format!("`limit` is {limit}. Give a number from 1 to {PAGE_ROWS_MAX}.");
        Problem::new(Code::FieldRange, detail).at("/limit").with("min", 1).with("max", PAGE_ROWS_MAX)
    })
}

fn not_dead(state: State) -> Problem {
    let detail =
        format!("The message is `{state}`. Only dead letters, `failed` or `exhausted`, can be treated so.");
    Problem::new(Code::NotADeadLetter, detail).with("message_status", state.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_the_name_that_answers_show() {
        for name in ["message", "sender", "throttled", "transient", "system", "in_doubt", "policy"] {
            assert_eq!(class(name).ok().map(FailureClass::as_str), Some(name));
        }
        assert_eq!(class("Message").unwrap_err().code(), Code::ParameterInvalid);
    }

    #[test]
    fn dead_letters_are_the_states_that_core_calls_so() {
        let dead: Vec<_> = State::ALL.into_iter().filter(|state| state.is_dead_letter()).collect();
        assert_eq!(dead, DEAD);
    }

    #[test]
    fn a_redrive_is_bounded() {
        for (limit, expected) in [
            (None, Some(50)),
            (Some(1), Some(1)),
            (Some(500), Some(500)),
            (Some(0), None),
            (Some(501), None),
            (Some(-1), None),
        ] {
            assert_eq!(rows_max(limit.map(Whole)).ok(), expected, "{limit:?}");
        }
    }
}
