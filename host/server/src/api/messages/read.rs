//! Messages that are there already: listed, read, traced, taken back.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use waypost_core::message::State as MessageState;
use waypost_core::number::{Country, parse_recipient};
use waypost_core::store::{Filter, Stored};

use crate::api::auth::{Authorised, Reading, Sending};
use crate::api::path::PathId;
use crate::api::problem::{self, Code, Problem, documented};
use crate::api::query::{self, Parameters};
use crate::api::wire::{Id, Message, Page, Status, StepObject, TraceObject};
use crate::api::{Api, json};
use crate::clock;
use crate::intake::Caller;

documented!(ListProblems: problem::KEY, problem::QUERY);
documented!(ReadProblems: problem::KEY, &[Code::MessageUnknown]);
documented!(CancelProblems: problem::KEY, &[Code::MessageUnknown, Code::TooLateToCancel]);

/// Query parameters of the list.
pub const LIST: &[&str] = &["status", "to", "client_ref", "provider", "limit", "cursor"];

/// List messages, newest first.
#[utoipa::path(
    get,
    path = "/v1/messages",
    operation_id = "listMessages",
    tag = "messages",
    params(
        ("status" = Option<Vec<Status>>, Query, explode = false,
            description = "Only with one of these statuses; repeated, or with commas between"),
        ("to" = Option<String>, Query, description = "Only to this number"),
        ("client_ref" = Option<String>, Query, description = "Only with this reference of the application"),
        ("provider" = Option<String>, Query, description = "Only waiting for or handed to this provider"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 500, description = "Most messages of the page; 50 without it"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page of messages", body = Page), ListProblems),
    security(("key" = ["read"])),
)]
pub async fn list(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Reading>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, LIST)?;
    let tenant = &authorised.caller.tenant;
    let number = parameters.one("to")?.map(|to| number(to, tenant.rules.default_region)).transpose()?;
    let filter = Filter {
        tenant: Some(tenant.name.clone()),
        states: states(&parameters)?,
        to: number,
        client_ref: parameters.one("client_ref")?.map(str::to_owned),
        route: parameters.one("provider")?.map(Into::into),
        before: parameters.cursor()?,
        rows_max: parameters.rows()?,
        ..Filter::default()
    };
    let (rows, next_cursor) = page(&api, filter).await?;
    let messages = rows.iter().map(|row| Message::new(&api.gateway, &row.envelope, &row.progress)).collect();
    json::answer(StatusCode::OK, &Page { messages, next_cursor })
}

/// Read one message, with its text or data.
#[utoipa::path(
    get,
    path = "/v1/messages/{id}",
    operation_id = "readMessage",
    tag = "messages",
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 200, description = "The message", body = Message), ReadProblems),
    security(("key" = ["read"])),
)]
pub async fn read(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Reading>,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let stored = own(&api, &authorised.caller, id).await?;
    whole(&api, &stored)
}

/// Read the trace of a message: every step of its life with the decisions that led to it.
#[utoipa::path(
    get,
    path = "/v1/messages/{id}/trace",
    operation_id = "traceMessage",
    tag = "messages",
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 200, description = "The steps in order", body = TraceObject), ReadProblems),
    security(("key" = ["read"])),
)]
pub async fn trace(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Reading>,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let stored = own(&api, &authorised.caller, id).await?;
    let tenant = authorised.caller.tenant.name.clone();
    let entries = api.gateway.store.trace(tenant, id).await?;
    let trace = TraceObject {
        id: Id(id),
        status: Status(stored.progress.state),
        steps: entries.iter().map(StepObject::from).collect(),
    };
    json::answer(StatusCode::OK, &trace)
}

/// Take a message back that was not submitted yet. Taking it back twice is no error.
#[utoipa::path(
    delete,
    path = "/v1/messages/{id}",
    operation_id = "cancelMessage",
    tag = "messages",
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 200, description = "The message, now `cancelled`", body = Message), CancelProblems),
    security(("key" = ["send"])),
)]
pub async fn cancel(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Sending>,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let tenant = authorised.caller.tenant.name.clone();
    let answer = api.gateway.store.cancel(tenant, id, clock::now_ms()).await?;
    let (stored, _) = answer.ok_or_else(Problem::message_unknown)?;
    let state = stored.progress.state;
    if state == MessageState::Cancelled {
        return whole(&api, &stored);
    }
    let detail = format!("The message is `{state}` and cannot be taken back any more.");
    Err(Problem::new(Code::TooLateToCancel, detail).with("message_status", state.as_str()))
}

/// A message of the caller's tenant. Another tenant's is as unknown as one that never was.
async fn own(api: &Api, caller: &Caller, id: waypost_core::id::MessageId) -> Result<Stored, Problem> {
    let stored = api.gateway.store.message(caller.tenant.name.clone(), id).await?;
    stored.ok_or_else(Problem::message_unknown)
}

/// The answer that shows one message.
pub(in crate::api) fn whole(api: &Api, stored: &Stored) -> Result<Response, Problem> {
    json::answer(StatusCode::OK, &Message::whole(&api.gateway, &stored.envelope, &stored.progress))
}

/// A page of messages and where the next one begins, if there is one.
pub(in crate::api) async fn page(api: &Api, filter: Filter) -> Result<(Vec<Stored>, Option<Id>), Problem> {
    let rows_max = filter.rows_max;
    // One more than is shown tells whether there is a next page.
    let mut rows = api.gateway.store.list(Filter { rows_max: rows_max + 1, ..filter }).await?;
    let has_more = rows.len() > rows_max as usize;
    rows.truncate(rows_max as usize);
    let next_cursor = rows.last().filter(|_| has_more).map(|row| Id(row.envelope.id));
    Ok((rows, next_cursor))
}

fn states(parameters: &Parameters<'_>) -> Result<Vec<MessageState>, Problem> {
    let names = parameters.all("status").flat_map(|names| names.split(','));
    let states: Option<Vec<_>> = names.map(MessageState::from_name).collect();
    states.ok_or_else(|| {
        let known = MessageState::ALL.map(MessageState::as_str).join(", ");
        query::invalid("status", &format!("can be {known}"))
    })
}

/// Messages are kept with their numbers in E.164, so the filter has to be brought to it too.
fn number(written: &str, default_region: Option<Country>) -> Result<String, Problem> {
    // In a query an unescaped + arrives as a space.
    let written = match written.strip_prefix(' ') {
        Some(digits) => format!("+{digits}"),
        None => written.to_owned(),
    };
    parse_recipient(&written, default_region)
        .map(|recipient| recipient.address.into_string())
        .map_err(|error| query::invalid("to", &format!("is not a number: {error}")))
}

#[cfg(test)]
mod tests {
    use axum::http::Uri;

    use super::*;

    fn states_of(query: &str) -> Result<Vec<MessageState>, Code> {
        let uri: Uri = format!("/v1/messages?{query}").parse().unwrap();
        let parameters = Parameters::read(&uri, LIST).map_err(|problem| problem.code())?;
        states(&parameters).map_err(|problem| problem.code())
    }

    #[test]
    fn statuses_are_repeated_or_listed() {
        use MessageState::{Failed, Queued, Unknown};
        for (query, expected) in [
            ("", Ok(vec![])),
            ("status=queued", Ok(vec![Queued])),
            ("status=queued,failed", Ok(vec![Queued, Failed])),
            ("status=queued&status=failed,unknown", Ok(vec![Queued, Failed, Unknown])),
            ("status=", Err(Code::ParameterInvalid)),
            ("status=queued,", Err(Code::ParameterInvalid)),
            ("status=Queued", Err(Code::ParameterInvalid)),
            ("stauts=queued", Err(Code::ParameterUnknown)),
        ] {
            assert_eq!(states_of(query), expected, "{query}");
        }
    }

    #[test]
    fn a_plus_may_arrive_as_a_space() {
        for written in ["+447400123456", " 447400123456", "+44 7400 123456"] {
            assert_eq!(number(written, None).ok().as_deref(), Some("+447400123456"), "{written}");
        }
        assert_eq!(number("nobody", None).unwrap_err().code(), Code::ParameterInvalid);
    }
}
