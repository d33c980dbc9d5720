//! Messages that nobody has and nobody will get: looked at, sent again, deleted.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::response::Response;
use waypost_api::calls::dead_letters::{self as calls, DeadLetterPage, RedriveBody, Redriven};
use waypost_api::wire::Message;
use waypost_core::limits::REQUEST_BYTES_MAX;

use super::auth::{Administration, Authorised, Reading};
use super::documented::documented;
use super::path::PathId;
use super::problem::{self, Code};
use super::reply::{Failed, reply};
use super::{Api, body};

documented!(ListProblems: problem::KEY, problem::QUERY);
documented!(OneProblems: problem::KEY, &[Code::MessageUnknown, Code::NotADeadLetter]);
documented!(FilterProblems: problem::KEY, problem::BODY, &[Code::FieldValue, Code::FieldRange]);

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
) -> Result<Response, Failed> {
    reply(calls::list(&*api.gateway, &authorised.caller, uri.query()).await)
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
) -> Result<Response, Failed> {
    reply(calls::redrive(&*api.gateway, &authorised.caller, id).await)
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
) -> Result<Response, Failed> {
    let (parts, body) = request.into_parts();
    let bytes = body::read_json(&parts.headers, body, REQUEST_BYTES_MAX).await?;
    reply(calls::redrive_all(&*api.gateway, &authorised.caller, &bytes).await)
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
) -> Result<Response, Failed> {
    reply(calls::delete(&*api.gateway, &authorised.caller, id).await)
}
