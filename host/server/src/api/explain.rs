//! `POST /v1/messages/explain`: what would become of a message.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use waypost_api::calls::explain::{self as calls, ExplanationList};
use waypost_api::wire::SendBody;
use waypost_core::limits::REQUEST_BYTES_MAX;

use super::auth::{Authorised, Sending};
use super::documented::documented;
use super::problem;
use super::reply::{Failed, reply};
use super::{Api, body};

documented!(Problems: problem::KEY, problem::BODY, problem::SUBMISSION, &[problem::Code::LimitReached]);

/// See what would become of a message: every decision, the route, encoding, segments and price.
///
/// Takes the body of a sending. Nothing is stored, sent or counted.
#[utoipa::path(
    post,
    path = "/v1/messages/explain",
    operation_id = "explainMessage",
    tag = "messages",
    request_body = SendBody,
    responses((status = 200, description = "In the order of `to`", body = ExplanationList), Problems),
    security(("key" = ["send"])),
)]
pub async fn explain(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Sending>,
    request: Request,
) -> Result<Response, Failed> {
    let (parts, body) = request.into_parts();
    let bytes = body::read_json(&parts.headers, body, REQUEST_BYTES_MAX).await?;
    let _turn = authorised.caller.tenant.turn().await;
    reply(calls::explain(&*api.gateway, &authorised.caller, &bytes))
}
