//! Hosts on one Redis with one carrier, load on them, and what has to hold afterwards.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use waypost_redis_kit::{Persistence, Server, ServerOptions};

use crate::kit::{Client, Gateway, Simulator, eventually, number};

/// Final by the design, section 6.
const FINAL: [&str; 6] = ["delivered", "undelivered", "expired", "unknown", "failed", "exhausted"];
pub const SECRETS: [(&str, &str); 1] = [("SIMULATOR_KEY", "simulator-key")];

/// A Redis in which an answered write is on disk.
pub fn durable() -> ServerOptions {
    ServerOptions { appendonly: Persistence::Always, ..ServerOptions::default() }
}

pub fn durable_server() -> Server {
    Server::start_with(durable()).unwrap()
}

/// What differs between tests.
pub struct Setup<'a> {
    /// `url` of the store, as TOML.
    pub redis: String,
    pub simulator: &'a Simulator,
    /// Further keys of `[store]`.
    pub store: &'a str,
    /// Further keys of the provider.
    pub provider: &'a str,
    /// Further keys of the tenant.
    pub tenant: &'a str,
}

impl<'a> Setup<'a> {
    pub fn new(url: &str, simulator: &'a Simulator) -> Self {
        Self { redis: format!("\"{url}\""), simulator, store: "", provider: "", tenant: "" }
    }

    /// The file of a host. `public_url`: where the carrier reports, for all hosts.
    pub fn config(&self, name: &str, public_url: &str) -> String {
        format!(
            r#"
[server]
listen = "{{address}}"
public_url = "{public_url}"
host_name = "{name}"
shutdown_grace_seconds = 5
[store]
kind = "redis"
url = {redis}
connect_timeout_ms = 500
response_timeout_ms = 1000
{store}
{shared}"#,
            redis = self.redis,
            store = self.store,
            shared = self.shared(),
        )
    }

    /// What all hosts have in common.
    pub fn shared(&self) -> String {
        format!(
            r#"
[providers.carrier]
component = "simulator"
settings = {{ endpoint = "{}" }}
secrets = {{ webhook = {{ env = "SIMULATOR_KEY" }} }}
hosts = ["{}"]
{}
[tenants.default]
{}
"#,
            self.simulator.url(),
            self.simulator.host(),
            self.provider,
            self.tenant,
        )
    }

    /// Starts a host that is reported to itself.
    pub async fn start(&self, name: &str) -> Gateway {
        Gateway::start_with(&self.config(name, "http://{address}"), &SECRETS).await
    }

    /// Starts hosts; the carrier reports to the first.
    pub async fn start_all(&self, names: &[&str]) -> Vec<Gateway> {
        let first = self.start(names[0]).await;
        let public_url = first.url();
        let mut hosts = vec![first];
        for name in &names[1..] {
            hosts.push(Gateway::start_with(&self.config(name, &public_url), &SECRETS).await);
        }
        hosts
    }
}

/// Sends until it is stopped, through whatever happens, and notes every 202.
#[derive(Clone, Default)]
pub struct Load {
    pub accepted: Arc<Mutex<BTreeSet<String>>>,
    pub refused: Arc<AtomicU32>,
    counter: Arc<AtomicU32>,
    stop: Arc<AtomicBool>,
}

impl Load {
    pub fn start(&self, client: &Client, senders: usize) -> Vec<JoinHandle<()>> {
        (0..senders).map(|_| tokio::spawn(self.clone().send(client.clone()))).collect()
    }

    async fn send(self, client: Client) {
        while !self.stop.load(Ordering::Relaxed) {
            let index = self.counter.fetch_add(1, Ordering::Relaxed);
            let body = json!({ "to": number(index, "999"), "text": "Hello" });
            match client.try_post("/v1/messages", &body, &[]).await {
                Some(answer) if answer.status == 202 => {
                    self.accepted.lock().unwrap().insert(answer.body["id"].as_str().unwrap().to_owned());
                }
                Some(answer) => {
                    assert_eq!(answer.status, 503, "{}", answer.text);
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// How many were accepted so far.
    pub fn count(&self) -> usize {
        self.accepted.lock().unwrap().len()
    }

    /// Waits until so many more were accepted.
    pub async fn grow(&self, more: usize) {
        let wanted = self.count() + more;
        eventually("more are accepted", || async { (self.count() >= wanted).then_some(()) }).await;
    }

    /// Ends the senders. Whoever waits for a host that does not answer is not waited for.
    pub async fn end(&self, senders: Vec<JoinHandle<()>>) {
        self.stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.await.unwrap();
        }
    }

    /// Every accepted message has ended; none was taken twice by the carrier without a mark, and with
    /// `give-up` as the operator's choice none at all.
    pub async fn holds(&self, client: &Client, simulator: &Simulator) {
        let accepted = self.accepted.lock().unwrap().clone();
        let mut marked = BTreeSet::new();
        let mut ends = std::collections::BTreeMap::new();
        for id in &accepted {
            let message = final_state(client, id).await;
            *ends.entry(message["status"].as_str().unwrap().to_owned()).or_insert(0_u32) += 1;
            if message["possibly_duplicated"] == true {
                marked.insert(id.clone());
            }
        }
        let counts = simulator.counts().await;
        let doubled = counts["doubled"].as_array().unwrap();
        let unmarked: Vec<_> = doubled.iter().filter(|id| !marked.contains(id.as_str().unwrap())).collect();
        println!(
            "{} accepted, {ends:?}, {} marked, {} taken twice",
            accepted.len(),
            marked.len(),
            doubled.len()
        );
        assert!(unmarked.is_empty(), "taken twice by the carrier and not marked: {unmarked:?}");
        assert!(doubled.is_empty(), "the operator's choice was not to send again: {doubled:?}");
    }
}

pub async fn final_state(client: &Client, id: &str) -> Value {
    let path = format!("/v1/messages/{id}");
    eventually(&format!("{id} ends"), || async {
        let answer = client.get(&path).await;
        if answer.status == 503 {
            return None;
        }
        assert_eq!(answer.status, 200, "an accepted message is gone: {id}: {}", answer.text);
        let status = answer.body["status"].as_str().unwrap().to_owned();
        FINAL.contains(&status.as_str()).then_some(answer.body)
    })
    .await
}

/// Waits for what `/readyz` says.
pub async fn ready(client: &Client, status: u16) -> Value {
    eventually(&format!("/readyz answers {status}"), || async {
        let answer = client.try_get("/readyz").await?;
        (answer.status == status).then_some(answer.body)
    })
    .await
}

/// The value of a metric without labels, or with these.
pub async fn metric(client: &Client, name: &str) -> Option<f64> {
    let text = client.get("/metrics").await.text;
    let line = text.lines().find(|line| line.split(' ').next() == Some(name))?;
    line.rsplit(' ').next()?.parse().ok()
}
