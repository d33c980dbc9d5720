//! The carrier as an HTTP service.
//!
//! `POST /v1/messages` submits, `GET /v1/counts` and `GET /v1/counts/{id}` say what was taken,
//! `POST /v1/inbound` has an inbound message reported, `GET /healthz` answers `ok`.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::BODY_BYTES_MAX;
use crate::carrier::{Answer, Carrier, Options};
use crate::counts::Report;
use crate::http_sink::HttpSink;
use crate::journal::JournalError;
use crate::protocol::Invalid;
use crate::scheduler::{Scheduler, SchedulerOptions, Statistics};
use crate::webhook::{Content, Signer};

/// Most connections at a time; further ones wait.
const CONNECTIONS_MAX: usize = 1_024;
/// How long a client may take for the head of a request.
const HEAD_WAIT: Duration = Duration::from_secs(30);
/// Wait after the operating system refused a connection, for want of file descriptors mostly.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// How a service behaves.
#[derive(Clone)]
pub struct ServiceOptions {
    /// How the carrier behaves.
    pub carrier: Options,
    /// Key that webhooks are signed with.
    pub signing_key: Vec<u8>,
    /// Limits of the webhooks.
    pub scheduler: SchedulerOptions,
    /// Whether it may listen, and send webhooks, beyond this machine.
    pub remote_allowed: bool,
}

/// Why a service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// It would be reached from other machines.
    #[error("listen_not_loopback: {0} is not of this machine; listen on 127.0.0.1, or allow remote clients")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("listen_failed: {address}: {source}; give another port, or 0 for any")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The client for webhooks cannot be made.
    #[error("webhook_client_failed: {0}")]
    Client(#[from] reqwest::Error),
}

/// A service that listens, and answers once it is run.
pub struct Service {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Service {
    /// Listens on the address; port 0 takes any free one.
    ///
    /// # Errors
    /// Where the address is not of this machine and remote clients are not allowed, where it
    /// cannot be listened on, and where the journal cannot be used.
    pub async fn bind(address: SocketAddr, options: ServiceOptions) -> Result<Self, ServiceError> {
        if !options.remote_allowed && !address.ip().is_loopback() {
            return Err(ServiceError::NotLoopback(address));
        }
        let listen = |source| ServiceError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        let sink = Arc::new(HttpSink::new(options.remote_allowed)?);
        let scheduler = Scheduler::start(Signer::new(&options.signing_key), sink, options.scheduler);
        let carrier = Carrier::new(options.carrier, Arc::new(scheduler.clone()))?;
        Ok(Self { listener, address: bound, shared: Arc::new(Shared { carrier, scheduler }) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is ready, then drops what is under way.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let router = router(self.shared);
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        let accepting = async {
            while let Ok(permit) = permits.clone().acquire_owned().await {
                let Ok((stream, _)) = self.listener.accept().await else {
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                    continue;
                };
                let connection = serve(stream, router.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(permit);
                });
                while connections.try_join_next().is_some() {}
            }
        };
        tokio::select! {
            () = accepting => {}
            () = stop => {}
        }
    }
}

struct Shared {
    carrier: Carrier,
    scheduler: Scheduler,
}

/// Marks a response that must not reach the client.
#[derive(Clone)]
struct Lost;

/// Ends a connection without an answer: hyper closes it where a service fails.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost, as the recipient's number asks for")]
struct LostError;

#[derive(Serialize, Deserialize)]
struct Totals {
    #[serde(flatten)]
    report: Report,
    webhooks: Statistics,
}

#[derive(Serialize)]
struct Count<'a> {
    id: &'a str,
    taken: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InboundOrder {
    url: String,
    from: String,
    to: String,
    text: Option<String>,
    data: Option<String>,
}

#[derive(Serialize)]
struct InboundAnswer {
    reference: String,
}

fn router(shared: Arc<Shared>) -> Router {
    let controls = Router::new()
        .route("/v1/counts", get(totals))
        .route("/v1/counts/{id}", get(count))
        .route("/v1/inbound", post(inbound))
        .route_layer(from_fn_with_state(shared.clone(), authorized));
    Router::new()
        .route("/v1/messages", post(submit))
        .route("/healthz", get(async || "ok"))
        .merge(controls)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(shared)
}

async fn serve(stream: TcpStream, router: Router) {
    // Small answers must not wait for one another.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let answer = service.call(request);
        async move {
            let answer = answer.await.unwrap_or_else(|never| match never {});
            if answer.extensions().get::<Lost>().is_some() { Err(LostError) } else { Ok(answer) }
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn submit(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Ok(body) = body else {
        return respond(Invalid::body_too_large().into());
    };
    let answer = shared.carrier.submit(authorization(&headers), &body);
    if let Some(delay) = answer.delay {
        tokio::time::sleep(delay).await;
    }
    respond(answer)
}

async fn totals(State(shared): State<Arc<Shared>>) -> Json<Totals> {
    Json(Totals { report: shared.carrier.report(), webhooks: shared.scheduler.statistics() })
}

async fn count(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    Json(Count { id: &id, taken: shared.carrier.taken(&id) }).into_response()
}

async fn inbound(State(shared): State<Arc<Shared>>, body: Result<Bytes, BytesRejection>) -> Response {
    let Ok(body) = body else {
        return respond(Invalid::body_too_large().into());
    };
    match order_inbound(&shared.carrier, &body) {
        Ok(reference) => (StatusCode::ACCEPTED, Json(InboundAnswer { reference })).into_response(),
        Err(invalid) => respond(invalid.into()),
    }
}

async fn authorized(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if shared.carrier.is_authorized(authorization(request.headers())) {
        return next.run(request).await;
    }
    respond(Answer::unauthorized())
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

fn order_inbound(carrier: &Carrier, body: &[u8]) -> Result<String, Invalid> {
    let order: InboundOrder =
        serde_json::from_slice(body).map_err(|error| Invalid::request(error.to_string()))?;
    let content = match (order.text, order.data) {
        (Some(text), None) => Content::Text(text),
        (None, Some(data)) => Content::Data(data),
        _ => return Err(Invalid::request("give one of `text` and `data`".into())),
    };
    carrier.inbound(&order.url, &order.from, &order.to, content)
}

fn respond(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        response.headers_mut().insert(*name, header::HeaderValue::from_static(value));
    }
    if answer.lost {
        response.extensions_mut().insert(Lost);
    }
    response
}
