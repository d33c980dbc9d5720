//! What operators and their tools ask.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use waypost_api::calls::health::{self as calls, Well};

use super::Api;
use super::auth::{Authorised, Operating};
use super::documented::documented;
use super::problem::{Code, Problem};
use super::reply::{Failed, reply};
use crate::gateway::Gateway;
use crate::plugins::Scrape;

/// How long the store may take to say that it is there.
const PING_MAX: Duration = Duration::from_secs(2);
/// What the metrics are written in.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

documented!(ReadyProblems: &[Code::StoreUnavailable, Code::ShuttingDown, Code::Internal]);

/// Whether the process lives.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "operations",
    responses((status = 200, description = "It lives", body = Well)),
    security(()),
)]
pub async fn healthz() -> Result<Response, Failed> {
    reply(calls::healthz())
}

/// Whether the gateway takes messages: it is not shutting down, and its store can be written to.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "operations",
    responses((status = 200, description = "It takes messages", body = Well), ReadyProblems),
    security(()),
)]
pub async fn readyz(State(api): State<Arc<Api>>) -> Result<Response, Failed> {
    let ready = tokio::time::timeout(PING_MAX, calls::readyz(&*api.gateway)).await;
    reply(ready.map_err(|_| Problem::store_unavailable())?)
}

/// Metrics for Prometheus, as OpenMetrics text.
///
/// Figures that name a tenant are only there for a key with the scope `operator`, or where
/// `server.metrics_open` shows them to everybody. Without such a key all others are there.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "operations",
    responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text")),
    security(()),
)]
pub async fn metrics(
    State(api): State<Arc<Api>>,
    operator: Result<Authorised<Operating>, Failed>,
) -> Response {
    let Gateway { config, metrics, plugins, .. } = &*api.gateway;
    let with_tenants = config.server.metrics_open || operator.is_ok();
    let with_tenants = with_tenants.then(|| Scrape::new(plugins.activities()));
    ([(CONTENT_TYPE, OPEN_METRICS)], metrics.render(with_tenants)).into_response()
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json")),
    security(()),
)]
pub async fn document(State(api): State<Arc<Api>>) -> Response {
    ([(CONTENT_TYPE, "application/json")], api.lasting.document.clone()).into_response()
}
