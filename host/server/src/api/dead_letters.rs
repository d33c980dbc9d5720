//! Messages that nobody has and nobody will get: looked at, sent again, deleted.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waypost_core::decision::FailureClass;
use waypost_core::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX, REQUEST_BYTES_MAX};
use waypost_core::message::State as MessageState;
use waypost_core::store::{Filter, Stored};
use waypost_store::StoreError;

use super::auth::{Administration, Authorised, Reading};
use super::messages::{page, whole};
use super::path::PathId;
use super::problem::{self, Code, Problem, documented};
use super::query::{self, Parameters};
use super::wire::{Id, Message, Whole, Word};
use super::{Api, json};
use crate::clock;
use crate::intake::Caller;

/// The states of a dead letter.
const DEAD: [MessageState; 2] = [MessageState::Failed, MessageState::Exhausted];
/// Redrives under way at once: enough for a store to commit them together.
const REDRIVES_AT_ONCE: usize = 32;

documented!(ListProblems: problem::KEY, problem::QUERY);
documented!(OneProblems: problem::KEY, &[Code::MessageUnknown, Code::NotADeadLetter]);
documented!(FilterProblems: problem::KEY, problem::BODY, &[Code::FieldValue, Code::FieldRange]);

/// Query parameters of the list.
pub const LIST: &[&str] = &["class", "code", "provider", "limit", "cursor"];

/// A page of dead letters, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadLetterPage)]
struct DeadLetterPage<'a> {
    /// Newest first, without text and data.
    dead_letters: Vec<Message<'a>>,
    /// Give it as `cursor` to read on; null on the last page.
    #[schema(required = true)]
    next_cursor: Option<Id>,
}

/// Which dead letters are sent again. All conditions hold together; without any, all.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Redrive)]
pub struct RedriveBody {
    /// With this class of failure.
    #[schema(value_type = Option<String>)]
    class: Option<Word<FailureClass>>,
    /// With this code of failure.
    code: Option<String>,
    /// Of this provider.
    provider: Option<String>,
    /// Most messages; 50 without it.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Option<Whole>,
}

/// How many messages are sent again.
#[derive(Serialize, ToSchema)]
struct Redriven {
    /// Queued now.
    redriven: usize,
}

/// List dead letters, newest first.
#[utoipa::path(
    get,
    path = "/v1/dead-letters",
    operation_id = "listDeadLetters",
    tag = "dead letters",
    params(
        ("class" = Option<String>, Query, description = "Only with this class of failure"),
        ("code" = Option<String>, Query, description = "Only with this code of failure"),
        ("provider" = Option<String>, Query, description = "Only of this provider"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 500, description = "Most messages of the page; 50 without it"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page of messages", body = DeadLetterPage), ListProblems),
    security(("key" = ["read"])),
)]
pub async fn list(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Reading>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, LIST)?;
    let filter = Filter {
        class: parameters.one("class")?.map(class).transpose()?,
        code: parameters.one("code")?.map(str::to_owned),
        route: parameters.one("provider")?.map(Into::into),
        before: parameters.cursor()?,
        rows_max: parameters.rows()?,
        ..dead_letters_of(&authorised.caller)
    };
    let (rows, next_cursor) = page(&api, filter).await?;
    let messages = rows.iter().map(|row| Message::new(&api.gateway, &row.envelope, &row.progress));
    json::answer(StatusCode::OK, &DeadLetterPage { dead_letters: messages.collect(), next_cursor })
}

/// Send one dead letter again, with its validity anew.
#[utoipa::path(
    post,
    path = "/v1/dead-letters/{id}/redrive",
    operation_id = "redriveDeadLetter",
    tag = "dead letters",
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 200, description = "The message, queued again", body = Message), OneProblems),
    security(("key" = ["admin"])),
)]
pub async fn redrive(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Administration>,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let tenant = authorised.caller.tenant.name.clone();
    let stored = api.gateway.store.message(tenant, id).await?.ok_or_else(Problem::message_unknown)?;
    match again(&api, stored).await? {
        None => Err(Problem::message_unknown()),
        Some((stored, true)) => whole(&api, &stored),
        Some((stored, false)) => Err(not_dead(stored.progress.state)),
    }
}

/// Send dead letters again by a filter, the newest first.
#[utoipa::path(
    post,
    path = "/v1/dead-letters/redrive",
    operation_id = "redriveDeadLetters",
    tag = "dead letters",
    request_body = RedriveBody,
    responses((status = 200, description = "How many", body = Redriven), FilterProblems),
    security(("key" = ["admin"])),
)]
pub async fn redrive_all(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Administration>,
    request: Request,
) -> Result<Response, Problem> {
    let body: RedriveBody = json::parse(&json::read(request, REQUEST_BYTES_MAX).await?)?;
    let filter = Filter {
        class: body.class.map(|Word(class)| class),
        code: body.code,
        route: body.provider.map(Into::into),
        rows_max: rows_max(body.limit)?,
        ..dead_letters_of(&authorised.caller)
    };
    let rows = api.gateway.store.list(filter).await?;
    let redriven = futures_util::stream::iter(rows)
        .map(|stored| again(&api, stored))
        .buffer_unordered(REDRIVES_AT_ONCE)
        .try_fold(
            0,
            |redriven, now| async move { Ok(redriven + usize::from(matches!(now, Some((_, true))))) },
        )
        .await?;
    json::answer(StatusCode::OK, &Redriven { redriven })
}

/// Delete a dead letter and its trace.
#[utoipa::path(
    delete,
    path = "/v1/dead-letters/{id}",
    operation_id = "deleteDeadLetter",
    tag = "dead letters",
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 204, description = "Deleted"), OneProblems),
    security(("key" = ["admin"])),
)]
pub async fn delete(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Administration>,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let tenant = authorised.caller.tenant.name.clone();
    match api.gateway.store.discard(tenant.clone(), id).await? {
        None => Err(Problem::message_unknown()),
        Some(true) => Ok(StatusCode::NO_CONTENT.into_response()),
        Some(false) => {
            let stored = api.gateway.store.message(tenant, id).await?;
            let state = stored.map(|stored| stored.progress.state).ok_or_else(Problem::message_unknown)?;
            Err(not_dead(state))
        }
    }
}

fn dead_letters_of(caller: &Caller) -> Filter {
    Filter { tenant: Some(caller.tenant.name.clone()), states: DEAD.to_vec(), ..Filter::default() }
}

/// Queues a dead letter again with as long a validity as it had, and rings its provider's bell.
async fn again(api: &Api, stored: Stored) -> Result<Option<(Stored, bool)>, StoreError> {
    let envelope = &stored.envelope;
    let now_ms = clock::now_ms();
    let valid_for_ms = envelope.valid_until_ms.saturating_sub(envelope.draft.time_ms);
    let tenant = envelope.draft.tenant.clone();
    let redriven = api.gateway.store.redrive(tenant, envelope.id, now_ms, now_ms + valid_for_ms).await?;
    let route = redriven.as_ref().and_then(|(stored, _)| stored.progress.route.as_ref());
    if let Some(provider) = route.and_then(|route| api.gateway.providers.get(route)) {
        provider.wake.notify_one();
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

fn not_dead(state: MessageState) -> Problem {
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
        let dead: Vec<_> = MessageState::ALL.into_iter().filter(|state| state.is_dead_letter()).collect();
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
