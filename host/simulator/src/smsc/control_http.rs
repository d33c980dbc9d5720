//! The control over HTTP, on this machine only.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::control::{Control, DeliverOrder};
use super::script::Drop;
use super::{SmscError, counts};

/// Largest body of a request, in bytes.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Entries of one answer where the request names no number.
const ENTRIES_DEFAULT: usize = 10_000;
const CONNECTIONS_MAX: usize = 64;
const HEAD_WAIT: Duration = Duration::from_secs(30);

/// Serves it until it is dropped.
pub(super) async fn serve(listener: TcpListener, control: Control) {
    let router = Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/counts", get(totals))
        .route("/counts/{recipient}", get(count))
        .route("/log", get(log))
        .route("/links", get(links))
        .route("/script", get(script))
        .route("/deliver", post(deliver))
        .route("/drop", post(drop_links))
        .route("/set", post(set))
        .route("/outbind", post(outbind))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(control);
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    while let Ok(permit) = permits.clone().acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(super::ACCEPT_AGAIN).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_WAIT)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DropOrder {
    link: Option<u64>,
    #[serde(default = "close")]
    how: Drop,
}

fn close() -> Drop {
    Drop::Close
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutbindOrder {
    address: SocketAddr,
}

async fn totals(State(control): State<Control>) -> Json<counts::Report> {
    Json(control.counts())
}

async fn count(State(control): State<Control>, Path(recipient): Path<String>) -> Response {
    let submits = control.submits_to(&recipient);
    Json(json!({ "recipient": recipient, "submits": submits })).into_response()
}

async fn log(State(control): State<Control>, RawQuery(query): RawQuery) -> Response {
    let (mut after, mut entries_max) = (0, ENTRIES_DEFAULT);
    for (name, value) in
        query.iter().flat_map(|query| query.split('&')).filter_map(|pair| pair.split_once('='))
    {
        match (name, value.parse::<u64>()) {
            ("after", Ok(value)) => after = value,
            ("max", Ok(value)) => entries_max = usize::try_from(value).unwrap_or(usize::MAX),
            _ => return refused(StatusCode::BAD_REQUEST, "query_invalid: give after=NUMBER and max=NUMBER"),
        }
    }
    let mut lines = String::new();
    for entry in control.log(after, entries_max) {
        let Ok(line) = serde_json::to_string(&entry) else { continue };
        // Writing to a `String` does not fail.
        let _ = writeln!(lines, "{line}");
    }
    ([(header::CONTENT_TYPE, "application/jsonl")], lines).into_response()
}

async fn links(State(control): State<Control>) -> Response {
    Json(control.links()).into_response()
}

async fn script(State(control): State<Control>) -> Response {
    Json(control.script()).into_response()
}

async fn deliver(State(control): State<Control>, body: Bytes) -> Response {
    match serde_json::from_slice::<DeliverOrder>(&body) {
        Ok(order) => answer(control.deliver(order)),
        Err(error) => refused(StatusCode::BAD_REQUEST, &format!("order_invalid: {error}")),
    }
}

async fn drop_links(State(control): State<Control>, body: Bytes) -> Response {
    let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
    match serde_json::from_slice::<DropOrder>(body) {
        Ok(order) => Json(json!({ "links": control.drop_links(order.link, order.how) })).into_response(),
        Err(error) => refused(StatusCode::BAD_REQUEST, &format!("order_invalid: {error}")),
    }
}

async fn set(State(control): State<Control>, body: Bytes) -> Response {
    let Ok(changes) = serde_json::from_slice(&body) else {
        return refused(StatusCode::BAD_REQUEST, "script_invalid: not JSON");
    };
    match control.set(&changes) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

async fn outbind(State(control): State<Control>, body: Bytes) -> Response {
    match serde_json::from_slice::<OutbindOrder>(&body) {
        Ok(order) => answer(control.outbind(order.address).await),
        Err(error) => refused(StatusCode::BAD_REQUEST, &format!("order_invalid: {error}")),
    }
}

fn answer(done: Result<(), SmscError>) -> Response {
    let Err(error) = done else {
        return StatusCode::NO_CONTENT.into_response();
    };
    let status = match error {
        SmscError::Order(_) => StatusCode::BAD_REQUEST,
        SmscError::NobodyBound | SmscError::NoLink => StatusCode::CONFLICT,
        _ => StatusCode::BAD_GATEWAY,
    };
    refused(status, &error.to_string())
}

/// `said` begins with a code and a colon.
fn refused(status: StatusCode, said: &str) -> Response {
    let (code, reason) = said.split_once(": ").unwrap_or((said, ""));
    (status, Json(json!({ "code": code, "reason": reason }))).into_response()
}
