//! Redis fails in every way that it has: clients are told at once, nothing that was answered 202 is
//! lost, and hosts recover by themselves.

use std::time::{Duration, Instant};

use serde_json::json;
use waypost_redis_kit::{Fault, Pair, Proxy, ServerOptions};

use super::world::{Load, Setup, durable, durable_server, metric, ready};
use crate::kit::{Answer, Client, Simulator, eventually, number};

const PROVIDER: &str = r#"timeout_ms = 1000
in_doubt = { wait_seconds = 1, then = "give-up" }
retry = { attempts_max = 20, base_ms = 20, max_ms = 100 }
circuit = { failures = 1000, open_ms = 100 }"#;

/// What a claim took whose answer was lost is free again after three seconds.
const STORE: &str = "lease_margin_ms = 2000";

async fn post(client: &Client, index: u32) -> Answer {
    client.post("/v1/messages", &json!({ "to": number(index, "999"), "text": "Hello" })).await
}

/// The client is told within a few seconds, by the right code.
async fn is_told(client: &Client) {
    let began = Instant::now();
    eventually("the client is told", || async {
        let answer = post(client, 99_999).await;
        let told = answer.status == 503;
        assert!(!told || answer.code() == "store_unavailable", "{}", answer.text);
        assert!(!told || answer.header("retry-after").is_some(), "{:?}", answer.headers);
        told.then_some(())
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(10));
    ready(client, 503).await;
    eventually("the metric says so", || async {
        (metric(client, "waypost_store_up").await == Some(0.0)).then_some(())
    })
    .await;
}

async fn is_well_again(client: &Client, index: u32) {
    ready(client, 200).await;
    let id = eventually("a message is accepted again", || async {
        let answer = post(client, index).await;
        (answer.status == 202).then(|| answer.body["id"].as_str().unwrap().to_owned())
    })
    .await;
    client.wait_for(&id, "delivered").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_killed_under_load_three_times() {
    let redis = durable_server();
    let simulator = Simulator::start(&["--delay-ms", "20"]);
    let setup = Setup { provider: PROVIDER, store: STORE, ..Setup::new(&redis.url(), &simulator) };
    let host = setup.start("a").await;
    let client = host.client();
    let load = Load::default();
    let senders = load.start(&client, 4);
    for round in 0..3 {
        load.grow(200).await;
        redis.kill();
        is_told(&client).await;
        redis.restart().unwrap();
        is_well_again(&client, round).await;
    }
    load.end(senders).await;
    load.holds(&client, &simulator).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_slow_then_silent() {
    let redis = durable_server();
    let proxy = Proxy::start(redis.address()).unwrap();
    let simulator = Simulator::start(&["--delay-ms", "20"]);
    let setup = Setup { provider: PROVIDER, store: STORE, ..Setup::new(&proxy.url(), &simulator) };
    let host = setup.start("a").await;
    let client = host.client();
    let load = Load::default();
    let senders = load.start(&client, 4);
    load.grow(100).await;
    proxy.set(Fault::DelayMs(150));
    load.grow(20).await;
    proxy.set(Fault::Blackhole);
    is_told(&client).await;
    proxy.set(Fault::Refuse);
    is_told(&client).await;
    proxy.set(Fault::None);
    is_well_again(&client, 1).await;
    load.end(senders).await;
    load.holds(&client, &simulator).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_full() {
    let redis = durable_server();
    let simulator = Simulator::start(&["--delay-ms", "20"]);
    let setup = Setup { provider: PROVIDER, store: STORE, ..Setup::new(&redis.url(), &simulator) };
    let host = setup.start("a").await;
    let client = host.client();
    let load = Load::default();
    let senders = load.start(&client, 2);
    load.grow(100).await;
    redis.order(&["CONFIG", "SET", "maxmemory", "1mb"]).unwrap();
    is_told(&client).await;
    redis.order(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    is_well_again(&client, 1).await;
    load.end(senders).await;
    load.holds(&client, &simulator).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_forgets_its_scripts() {
    let redis = durable_server();
    let simulator = Simulator::start(&["--delay-ms", "20"]);
    let setup = Setup { provider: PROVIDER, store: STORE, ..Setup::new(&redis.url(), &simulator) };
    let host = setup.start("a").await;
    let client = host.client();
    let load = Load::default();
    let senders = load.start(&client, 2);
    for _ in 0..5 {
        load.grow(40).await;
        redis.flush_scripts().unwrap();
    }
    load.end(senders).await;
    assert_eq!(load.refused.load(std::sync::atomic::Ordering::Relaxed), 0, "a client was told of it");
    load.holds(&client, &simulator).await;
}

/// The replica has everything here, so nothing is lost; `docs/redis.md` says when a failover does lose.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_replica_takes_over() {
    let mut pair = Pair::start(ServerOptions::clone(&durable())).unwrap();
    let simulator = Simulator::start(&["--delay-ms", "20"]);
    let [first, second] = pair.urls();
    let setup = Setup {
        provider: PROVIDER,
        store: STORE,
        redis: format!("[\"{first}\", \"{second}\"]"),
        ..Setup::new("", &simulator)
    };
    let hosts = setup.start_all(&["a", "b"]).await;
    let client = hosts[0].client();
    let load = Load::default();
    let senders = load.start(&client, 3);
    load.grow(300).await;
    load.end(senders).await;
    pair.wait_in_sync().unwrap();
    pair.promote().unwrap();
    for (host, index) in hosts.iter().zip(1..) {
        is_well_again(&host.client(), index).await;
    }
    load.holds(&client, &simulator).await;
}
