//! `kill -9` under load, twenty times, on either store: nothing that was answered 202 is lost, everything ends, and
//! whatever the carrier has taken twice is marked.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use waypost_redis_kit::{Persistence, Server, ServerOptions};

use crate::kit::{Client, Gateway, Simulator, eventually, number};

const ROUNDS: u64 = 20;
const CLIENTS: usize = 8;
/// Final by the design, section 6.
const FINAL: [&str; 6] = ["delivered", "undelivered", "expired", "unknown", "failed", "exhausted"];

/// `then` is the operator's choice for messages in doubt; `store` is the table of the store.
fn config(simulator: &Simulator, store: &str, then: &str) -> String {
    format!(
        r#"
{store}
[server]
listen = "{{address}}"
public_url = "http://{{address}}"
host_name = "only"
[providers.carrier]
component = "simulator"
settings = {{ endpoint = "{}" }}
secrets = {{ webhook = {{ env = "SIMULATOR_KEY" }} }}
hosts = ["{}"]
in_doubt = {{ wait_seconds = 2, then = "{then}" }}
retry = {{ attempts_max = 20, base_ms = 20, max_ms = 100 }}
circuit = {{ failures = 1000, open_ms = 100 }}
[tenants.default]
"#,
        simulator.url(),
        simulator.host(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_is_doubled_unmarked() {
    rounds("", "give-up", ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis_neither() {
    let options = ServerOptions { appendonly: Persistence::Always, ..ServerOptions::default() };
    let redis = Server::start_with(options).unwrap();
    let store = format!("[store]\nkind = \"redis\"\nurl = \"{}\"\n", redis.url());
    rounds(&store, "give-up", ROUNDS).await;
}

/// The other choice of the operator: doubles may happen, and each is marked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubles_by_choice_are_marked() {
    rounds("", "retry", 6).await;
}

async fn rounds(store: &str, then: &str, rounds: u64) {
    let simulator = Simulator::start(&["--delay-ms", "50"]);
    let mut gateway =
        Gateway::start_with(&config(&simulator, store, then), &[("SIMULATOR_KEY", "simulator-key")]).await;
    let client = gateway.client();
    let accepted = Arc::new(Mutex::new(BTreeSet::new()));
    let counter = Arc::new(AtomicU32::new(0));
    for round in 0..rounds {
        let stop = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..CLIENTS)
            .map(|_| tokio::spawn(send(client.clone(), accepted.clone(), counter.clone(), stop.clone())))
            .collect();
        // A different moment each round, without a clock in the choice.
        tokio::time::sleep(Duration::from_millis(120 + round * 37 % 200)).await;
        gateway.kill();
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.await.unwrap();
        }
        gateway.run().await;
    }
    let accepted = accepted.lock().unwrap().clone();
    assert!(accepted.len() > 20 * rounds as usize, "too little load: {}", accepted.len());

    let mut marked = BTreeSet::new();
    let mut delivered = 0;
    for id in &accepted {
        let message = final_state(&client, id).await;
        delivered += usize::from(message["status"] == "delivered");
        if message["possibly_duplicated"] == true {
            marked.insert(id.clone());
        }
    }
    let counts = simulator.counts().await;
    let doubled: BTreeSet<String> =
        counts["doubled"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    let unmarked: Vec<_> = doubled.difference(&marked).collect();
    assert!(unmarked.is_empty(), "taken twice by the carrier and not marked: {unmarked:?}");
    if then == "give-up" {
        assert!(doubled.is_empty(), "the operator's choice was not to send again: {doubled:?}");
    }
    println!(
        "{} rounds: {} accepted, {delivered} delivered, {} marked, {} taken twice",
        rounds,
        accepted.len(),
        marked.len(),
        doubled.len(),
    );
}

/// Sends until the gateway is gone, and notes every 202.
async fn send(
    client: Client,
    accepted: Arc<Mutex<BTreeSet<String>>>,
    counter: Arc<AtomicU32>,
    stop: Arc<AtomicBool>,
) {
    while !stop.load(Ordering::Relaxed) {
        let index = counter.fetch_add(1, Ordering::Relaxed);
        let body = json!({ "to": number(index, "999"), "text": "Hello" });
        let Some(answer) = client.try_post("/v1/messages", &body, &[]).await else { return };
        if answer.status == 202 {
            let id = answer.body["id"].as_str().unwrap().to_owned();
            accepted.lock().unwrap().insert(id);
        }
    }
}

async fn final_state(client: &Client, id: &str) -> Value {
    let path = format!("/v1/messages/{id}");
    eventually(&format!("{id} ends"), || async {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, 200, "an accepted message is gone: {id}");
        let status = answer.body["status"].as_str().unwrap().to_owned();
        FINAL.contains(&status.as_str()).then_some(answer.body)
    })
    .await
}
