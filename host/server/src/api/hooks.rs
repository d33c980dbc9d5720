//! `/hooks/{provider}`: what providers call. There is no API key; the provider's component checks
//! that the call is genuine.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use waypost_api::calls::hooks as calls;
use waypost_core::limits::WEBHOOK_BYTES_MAX;

use super::documented::documented;
use super::path::PathName;
use super::problem::Code;
use super::reply::{Failed, reply};
use super::{Api, body};

documented!(Problems: &[
    Code::BodyIncomplete,
    Code::BodyTooSlow,
    Code::BodyTooLarge,
    Code::WebhookMalformed,
    Code::WebhookForged,
    Code::ProviderUnknown,
    Code::StoreUnavailable,
    Code::InboundUnrouted,
]);

/// A provider tells something in a query.
#[utoipa::path(
    get,
    path = "/hooks/{provider}",
    operation_id = "callHookByGet",
    tag = "hooks",
    params(("provider" = String, Path, description = "The provider's name in the configuration")),
    responses((status = 200, description = "Taken; the provider's component makes the answer"), Problems),
    security(()),
)]
pub async fn get(
    State(api): State<Arc<Api>>,
    PathName(provider): PathName,
    request: Request,
) -> Result<Response, Failed> {
    take(&api, &provider, request).await
}

/// A provider tells something in a body.
#[utoipa::path(
    post,
    path = "/hooks/{provider}",
    operation_id = "callHook",
    tag = "hooks",
    params(("provider" = String, Path, description = "The provider's name in the configuration")),
    responses((status = 200, description = "Taken; the provider's component makes the answer"), Problems),
    security(()),
)]
pub async fn post(
    State(api): State<Arc<Api>>,
    PathName(provider): PathName,
    request: Request,
) -> Result<Response, Failed> {
    take(&api, &provider, request).await
}

async fn take(api: &Api, provider: &str, request: Request) -> Result<Response, Failed> {
    let (parts, body) = request.into_parts();
    let mut webhook = calls::begin(&*api.gateway, provider, &parts)?;
    webhook.body = body::read(&parts.headers, body, WEBHOOK_BYTES_MAX).await?.into();
    reply(calls::take(&*api.gateway, provider, webhook).await)
}
