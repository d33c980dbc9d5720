//! A server that takes whatever comes, for callbacks.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;

/// One request that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub raw: Vec<u8>,
    /// The body as JSON; null where it is none.
    pub body: Value,
}

impl Received {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

struct Inner {
    requests: Vec<Received>,
    refusals_left: usize,
}

/// A running receiver.
pub struct Receiver {
    inner: Arc<Mutex<Inner>>,
    address: SocketAddr,
}

impl Receiver {
    /// Starts one that answers the first `refusals` requests with 500, and 200 from then on.
    pub async fn start(refusals: usize) -> Self {
        let inner = Arc::new(Mutex::new(Inner { requests: Vec::new(), refusals_left: refusals }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(take).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, address }
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Everything that came so far, refused or not.
    pub fn requests(&self) -> Vec<Received> {
        self.inner.lock().unwrap().requests.clone()
    }
}

async fn take(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap_or("").to_owned())
    };
    let received = Received {
        headers: headers.iter().map(text).collect(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        raw: body.to_vec(),
    };
    let mut inner = inner.lock().unwrap();
    inner.requests.push(received);
    if inner.refusals_left > 0 {
        inner.refusals_left -= 1;
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    StatusCode::OK
}
