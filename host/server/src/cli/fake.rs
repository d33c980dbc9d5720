//! A server for tests: answers as it is told and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;

use super::client::{Client, Key};

pub(super) const KEY: &str = "wp_abcdefgh0123_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What a request said.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub method: String,
    /// With the query.
    pub path: String,
    pub body: Value,
    pub idempotency_key: Option<String>,
    pub authorization: Option<String>,
}

/// What the server says.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    status: u16,
    text: String,
    headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub fn text(status: u16, text: &str) -> Self {
        Self { status, text: text.to_owned(), headers: Vec::new() }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

pub(super) fn reply(status: u16, document: Value) -> Reply {
    Reply::text(status, &document.to_string())
}

/// A server on a free port, until it is dropped.
pub(super) struct Fake {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Fake {
    pub async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        crate::transport::install_tls_provider();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), seen.clone());
        let app = axum::Router::new().fallback(move |request: Request| {
            let (answer, log) = (answer.clone(), log.clone());
            async move {
                let request = read(request).await;
                let reply = answer(&request);
                log.lock().unwrap().push(request);
                respond(reply)
            }
        });
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, seen, task }
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url, Key::new(KEY).unwrap()).unwrap()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A client of a port where nobody listens.
pub(super) async fn client_of_nobody() -> Client {
    crate::transport::install_tls_provider();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    Client::new(&format!("http://{address}"), Key::new(KEY).unwrap()).unwrap()
}

async fn read(request: Request) -> Seen {
    let (parts, body) = request.into_parts();
    let header = |headers: &HeaderMap, name: &str| headers.get(name).map(|v| v.to_str().unwrap().to_owned());
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    Seen {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
        idempotency_key: header(&parts.headers, "idempotency-key"),
        authorization: header(&parts.headers, "authorization"),
    }
}

fn respond(reply: Reply) -> Response {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.text)).unwrap()
}
