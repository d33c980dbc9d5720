//! A running simulator, and a receiver of webhooks that judges their signatures itself.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use waypost_simulator::{Service, ServiceOptions};

pub const KEY: &[u8] = b"a key of the tests";

/// A webhook as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub body: Vec<u8>,
    pub signature_right: bool,
    pub age_ms: u64,
}

impl Arrived {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Kept {
    arrived: BTreeMap<String, Vec<Arrived>>,
    refusals_left: BTreeMap<String, u32>,
}

/// Takes webhooks on `/hooks/{name}`, and keeps them by name.
#[derive(Clone)]
pub struct Receiver {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self { address: listener.local_addr().unwrap(), kept: Arc::default() };
        let router = Router::new().route("/hooks/{name}", post(take)).with_state(receiver.kept.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        receiver
    }

    pub fn url(&self, name: &str) -> String {
        format!("http://{}/hooks/{name}", self.address)
    }

    /// The next so many webhooks under this name are answered with 503.
    pub fn refuse(&self, name: &str, times: u32) {
        self.kept.lock().unwrap().refusals_left.insert(name.to_owned(), times);
    }

    pub fn arrived(&self, name: &str) -> Vec<Arrived> {
        self.kept.lock().unwrap().arrived.get(name).cloned().unwrap_or_default()
    }

    /// Waits at most 10 s for so many webhooks under this name.
    pub async fn wait(&self, name: &str, count: usize) -> Vec<Arrived> {
        for _ in 0..1_000 {
            let arrived = self.arrived(name);
            if arrived.len() >= count {
                return arrived;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{count} webhooks did not arrive under {name}: {:?}", self.arrived(name));
    }
}

async fn take(
    State(kept): State<Arc<Mutex<Kept>>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    assert_eq!(headers["content-type"], "application/json");
    let timestamp = headers["x-simulator-timestamp"].to_str().unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(&body);
    let expected: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let arrived = Arrived {
        body: body.to_vec(),
        signature_right: headers["x-simulator-signature"] == expected,
        age_ms: unix_ms().saturating_sub(timestamp.parse().unwrap()),
    };
    let mut kept = kept.lock().unwrap();
    kept.arrived.entry(name.clone()).or_default().push(arrived);
    match kept.refusals_left.get_mut(&name) {
        Some(left) if *left > 0 => {
            *left -= 1;
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::NO_CONTENT,
    }
}

/// Starts a simulator; gives its address.
pub async fn simulator(options: ServiceOptions) -> String {
    let service = Service::bind("127.0.0.1:0".parse().unwrap(), options).await.unwrap();
    let endpoint = format!("http://{}", service.address());
    tokio::spawn(service.run(std::future::pending()));
    endpoint
}

pub fn options() -> ServiceOptions {
    ServiceOptions {
        carrier: Default::default(),
        signing_key: KEY.to_vec(),
        scheduler: Default::default(),
        remote_allowed: false,
    }
}

pub fn submit_body(id: &str, to: &str, receipt_url: &str) -> Value {
    json!({
        "id": id, "attempt": 1, "to": to, "from": "Waypost", "encoding": "gsm7", "text": "Hello",
        "segments": 1, "receipt_url": receipt_url,
    })
}

pub fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub async fn post_json(
    client: &reqwest::Client,
    url: &str,
    body: &Value,
) -> reqwest::Result<reqwest::Response> {
    client.post(url).header("content-type", "application/json").body(body.to_string()).send().await
}

pub async fn get_json(client: &reqwest::Client, url: &str) -> Value {
    let body = client.get(url).send().await.unwrap().bytes().await.unwrap();
    serde_json::from_slice(&body).unwrap()
}
