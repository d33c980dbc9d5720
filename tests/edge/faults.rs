//! A Redis that is gone, and is there again.

use std::time::{Duration, Instant};

use waypost_core::edge::SendMode;

use crate::stage::{Stage, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_nothing_is_taken_and_with_it_everything_again() {
    let stage = Stage::usual(SendMode::Queue).await;
    let client = stage.client("acme").await;
    assert_eq!(client.send("+447400123000", None).await.status, 202);
    stage.redis.stop().unwrap();
    let answer = client.send("+447400123000", None).await;
    assert_eq!((answer.status, answer.text("code")), (503, "store_unavailable"), "{answer:?}");
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(client.get("/readyz").await.status, 503);
    assert_eq!(client.get("/healthz").await.status, 200);

    stage.redis.restart().unwrap();
    eventually("a Redis that answers", async || (client.get("/readyz").await.status == 200).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_stands_still_holds_nobody_up_for_long() {
    let stage = Stage::usual(SendMode::Queue).await;
    let client = stage.client("acme").await;
    assert_eq!(client.send("+447400123000", None).await.status, 202);
    stage.redis.pause().unwrap();
    let begun = Instant::now();
    let answer = client.send("+447400123000", None).await;
    assert_eq!((answer.status, answer.text("code")), (503, "store_unavailable"), "{answer:?}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    stage.redis.resume().unwrap();
    eventually("a Redis that answers", async || {
        (client.send("+447400123000", None).await.status == 202).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_that_redis_has_forgotten_are_brought_again() {
    let stage = Stage::usual(SendMode::Queue).await;
    let client = stage.client("acme").await;
    assert_eq!(client.send("+447400123000", None).await.status, 202);
    stage.redis.flush_scripts().unwrap();
    assert_eq!(client.send("+447400123000", None).await.status, 202);
}
