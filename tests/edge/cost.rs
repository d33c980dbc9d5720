//! What the gateway costs over an empty handler with one Redis call. A measurement, not a test: run it
//! with `--ignored cost` on a machine that does nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use waypost_core::edge::SendMode;
use waypost_edge_host::{EdgeHost, Options};

use crate::stage::Stage;

/// Requests under way at once.
const CLIENTS: u32 = 16;
/// How long each handler is measured, after as long to warm up.
const TIME: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn cost_of_the_gateway_over_an_empty_handler() {
    let stage = Stage::usual(SendMode::Queue).await;
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("spin.toml");
    let text = format!(
        "spin_manifest_version = 2\n[application]\nname = 'empty'\n[variables]\nredis_url = {{ required = true }}\n\
         [[trigger.http]]\nroute = '/...'\ncomponent = 'empty'\n[component.empty]\nsource = {:?}\n\
         allowed_outbound_hosts = ['redis://127.0.0.1:*']\nvariables = {{ redis_url = '{{{{ redis_url }}}}' }}\n",
        waypost_edge_guests::EMPTY
    );
    std::fs::write(&manifest, text).unwrap();
    let mut options = Options::default();
    options.variables.insert("redis_url".to_owned(), stage.redis.url());
    let empty = EdgeHost::start(&manifest, options).await.unwrap();

    let url = format!("{}/redis", empty.url());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let one_call = load(async |_| {
        assert_eq!(http.get(&url).send().await.unwrap().status(), 200);
    });
    let one_call = one_call.await;
    let client = stage.client("acme").await;
    let id = client.send("+447400123456", None).await.text("id").to_owned();
    let body = json!({"to": "+447400123456", "text": "Hello"});
    let queue = load(async |index| {
        assert_eq!(client.send(&format!("+447400{index:06}"), None).await.status, 202);
    });
    let figures = [
        ("GET /healthz", load(async |_| drop(client.get("/healthz").await)).await),
        ("GET /readyz, 1 Redis call", load(async |_| drop(client.get("/readyz").await)).await),
        (
            "GET /v1/messages/{id}, 2 Redis calls",
            load(async |_| drop(client.get(&format!("/v1/messages/{id}")).await)).await,
        ),
        ("POST /v1/messages/explain, 1 Redis call", load(async |_| drop(client.explain(&body).await)).await),
        ("POST /v1/messages, queue, 2 Redis calls", queue.await),
    ];
    println!("empty handler, 1 Redis call: {one_call:.0}/s");
    for (what, rate) in figures {
        println!("{what}: {rate:.0}/s, ratio {:.2}", rate / one_call);
    }
}

/// Requests a second.
async fn load(request: impl AsyncFn(u32)) -> f64 {
    let (next, done) = (AtomicU32::new(0), Arc::new(AtomicU64::new(0)));
    let begun = Instant::now();
    let one = async || {
        while begun.elapsed() < TIME * 2 {
            request(next.fetch_add(1, Ordering::Relaxed) % 1_000_000).await;
            if begun.elapsed() > TIME {
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let all: Vec<_> = (0..CLIENTS).map(|_| one()).collect();
    futures_util::future::join_all(all).await;
    done.load(Ordering::Relaxed) as f64 / TIME.as_secs_f64()
}
