//! Messages: sent, listed, read, taken back.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::response::Response;
use waypost_api::calls::messages as calls;
use waypost_api::calls::send::{self as sending, SendObject};
use waypost_api::wire::{Message, Page, SendBody, Status, TraceObject};
use waypost_core::limits::REQUEST_BYTES_MAX;

use super::auth::{Authorised, Reading, Sending};
use super::documented::documented;
use super::path::PathId;
use super::problem::{self, Code, Problem};
use super::reply::{Failed, reply};
use super::{Api, body};

documented!(SendProblems: problem::KEY, problem::BODY, problem::SUBMISSION, &[
    Code::HeaderInvalid,
    Code::PolicyRefused,
    Code::MessageUnknown,
    Code::IdempotencyKeyReused,
    Code::LimitReached,
    Code::ShuttingDown,
]);
documented!(ListProblems: problem::KEY, problem::QUERY);
documented!(ReadProblems: problem::KEY, &[Code::MessageUnknown]);
documented!(CancelProblems: problem::KEY, &[Code::MessageUnknown, Code::TooLateToCancel]);

/// Send a message, or one message to several recipients: all of it is taken, or nothing.
///
/// A message that a policy refuses is stored and can be traced. Where `to` is one recipient, its
/// refusal is the problem `policy_refused`; in a list it is a message with the status `refused`.
#[utoipa::path(
    post,
    path = "/v1/messages",
    operation_id = "sendMessage",
    tag = "messages",
    request_body = SendBody,
    params((
        "Idempotency-Key" = Option<String>, Header,
        description = "1 to 255 visible ASCII characters. The same key and body within 24 hours give the \
                       same messages again instead of new ones."
    )),
    responses(
        (
            status = 202,
            description = "Taken and stored. A message where `to` is one recipient, a list where it is a list.",
            body = SendObject,
            headers(
                ("Location" = String, description = "Where the message can be read, if it is one"),
                ("Idempotency-Replayed" = bool, description = "`true` where the request was taken before"),
            ),
        ),
        SendProblems,
    ),
    security(("key" = ["send"])),
)]
pub async fn send(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Sending>,
    request: Request,
) -> Result<Response, Failed> {
    if api.gateway.is_draining() {
        return Err(Problem::shutting_down().into());
    }
    let (parts, body) = request.into_parts();
    let idempotency_key = sending::idempotency_key(&parts.headers)?;
    let bytes = body::read_json(&parts.headers, body, REQUEST_BYTES_MAX).await?;
    let _turn = authorised.caller.tenant.turn().await;
    reply(sending::send(&*api.gateway, &authorised.caller, idempotency_key, &bytes).await)
}

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
) -> Result<Response, Failed> {
    reply(calls::list(&*api.gateway, &authorised.caller, uri.query()).await)
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
) -> Result<Response, Failed> {
    reply(calls::read(&*api.gateway, &authorised.caller, id).await)
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
) -> Result<Response, Failed> {
    reply(calls::trace(&*api.gateway, &authorised.caller, id).await)
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
) -> Result<Response, Failed> {
    reply(calls::cancel(&*api.gateway, &authorised.caller, id).await)
}
