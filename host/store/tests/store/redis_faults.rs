//! What a store in Redis does when Redis does not: nothing that was answered is lost, nothing is half
//! done, and it goes on by itself.

use std::time::{Duration, Instant};

use waypost_core::message::State;
use waypost_core::redis::Clock;
use waypost_core::store::{Accept, Accepted, Claim, Filter, Store as _, StoreError};
use waypost_redis_kit::{Pair, Persistence, Server, ServerOptions};
use waypost_store::redis::{RedisOptions, RedisStore, open};
use waypost_store::suite::sample;

fn options(urls: &[String]) -> RedisOptions {
    RedisOptions {
        urls: urls.to_vec(),
        connect_timeout: Duration::from_millis(300),
        response_timeout: Duration::from_millis(300),
        ..RedisOptions::new("", "faults", "test")
    }
}

async fn store(urls: &[String]) -> RedisStore {
    open(options(urls), Clock::Caller).await.expect("a store")
}

fn one(n: u64) -> Accept {
    sample::accept(vec![sample::message(n)])
}

async fn accepted(store: &RedisStore, n: u64) -> bool {
    matches!(store.accept(one(n)).await, Ok(Accepted::Stored))
}

/// Asks until it is answered.
async fn recovered(store: &RedisStore, n: u64) {
    let start = Instant::now();
    while !accepted(store, n).await {
        assert!(start.elapsed() < Duration::from_secs(20), "the store does not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn count(store: &RedisStore) -> usize {
    store.list(Filter { rows_max: 10_000, ..Filter::default() }).await.expect("a list").len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answered_accept_survives_a_killed_server() {
    let options = ServerOptions { appendonly: Persistence::Always, ..ServerOptions::default() };
    let server = Server::start_with(options).expect("a server");
    let store = store(&[server.url()]).await;
    let mut answered = Vec::new();
    for round in 0..5_u64 {
        let first = round * 1_000;
        let accepts = (first..first + 200).map(|n| {
            let store = &store;
            async move { (n, accepted(store, n).await) }
        });
        let kill = async {
            tokio::time::sleep(Duration::from_millis(3 + round * 2)).await;
            server.kill();
        };
        let (accepts, ()) = tokio::join!(futures_util::future::join_all(accepts), kill);
        answered.extend(accepts.into_iter().filter(|(_, stored)| *stored).map(|(n, _)| n));
        server.restart().expect("the server again");
        recovered(&store, first + 999).await;
        answered.push(first + 999);
    }
    for n in &answered {
        let stored = store.message(sample::name(sample::TENANT), sample::id(sample::NOW_MS, *n)).await;
        assert!(stored.expect("an answer").is_some(), "message {n} was answered and is lost");
    }
    let (waiting, all) = (store.backlog().await.expect("a backlog"), count(&store).await);
    assert_eq!(waiting, vec![(sample::name(sample::ROUTE), all as u64)], "nothing is half there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_is_found_and_replicated_messages_are_there() {
    let mut pair = Pair::start(ServerOptions::default()).expect("a pair");
    let store = store(&pair.urls()).await;
    for n in 0..50 {
        assert!(accepted(&store, n).await);
    }
    pair.wait_in_sync().expect("in sync");
    pair.promote().expect("a new primary");
    recovered(&store, 50).await;
    assert_eq!(count(&store).await, 51);
    // The old one comes back as a replica, under the address that is asked first.
    pair.rejoin().expect("the old one as a replica");
    assert!(accepted(&store, 51).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_replicated_is_lost_in_a_failover_and_only_that() {
    let mut pair = Pair::start(ServerOptions::default()).expect("a pair");
    let store = store(&pair.urls()).await;
    assert!(accepted(&store, 1).await);
    pair.wait_in_sync().expect("in sync");
    pair.cut().expect("cut");
    assert!(accepted(&store, 2).await, "without min-replicas-to-write the primary goes on alone");
    pair.promote().expect("a new primary");
    recovered(&store, 3).await;
    assert_eq!(count(&store).await, 2, "docs/redis.md says so, and how to be told instead");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_alone_is_refused_with_the_reason() {
    let pair = Pair::start(ServerOptions::default()).expect("a pair");
    let error = open(options(&[pair.replica().url()]), Clock::Caller).await.err().expect("refused");
    assert!(error.to_string().contains("replica"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_takes_nothing_and_goes_on_with_more_memory() {
    let server = Server::start_with(ServerOptions {
        maxmemory_bytes: Some(6 * 1024 * 1024),
        ..ServerOptions::default()
    })
    .expect("a server");
    let store = store(&[server.url()]).await;
    let mut stored = 0;
    let error = loop {
        match store.accept(one(stored)).await {
            Ok(Accepted::Stored) => stored += 1,
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
        assert!(stored < 50_000, "6 MiB hold no end of messages");
    };
    assert!(error.to_string().contains("maxmemory"), "{error}");
    server.order(&["CONFIG", "SET", "maxmemory", "0"]).expect("more memory");
    assert_eq!(count(&store).await as u64, stored.min(10_000), "what was refused left nothing");
    assert!(accepted(&store, stored).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgotten_scripts_are_sent_again() {
    let server = Server::start().expect("a server");
    let store = store(&[server.url()]).await;
    for n in 0..6 {
        server.flush_scripts().expect("a flush");
        assert!(accepted(&store, n).await);
    }
    server.flush_scripts().expect("a flush");
    assert_eq!(store.claim(sample::claim()).await.expect("a batch").messages.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_is_left_in_time_and_found_again() {
    let server = Server::start().expect("a server");
    let store = store(&[server.url()]).await;
    assert!(accepted(&store, 1).await);
    server.pause().expect("a pause");
    for n in 2..6 {
        let start = Instant::now();
        let error = store.accept(one(n)).await.expect_err("nobody answers");
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
    server.resume().expect("resumed");
    recovered(&store, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_answer_is_lost_puts_nothing_in_doubt() {
    let server = Server::start().expect("a server");
    let store = store(&[server.url()]).await;
    for n in 0..20 {
        assert!(accepted(&store, n).await);
    }
    // The server knows the script from a claim that was answered.
    let first = store.claim(Claim { messages_max: 1, ..sample::claim() }).await.expect("a batch");
    assert_eq!(first.messages.len(), 1);
    // The claim is on its way when the server is stopped, and is done when it goes on.
    server.pause().expect("a pause");
    store.claim(sample::claim()).await.expect_err("no answer in time");
    server.resume().expect("resumed");
    let leased = || server.order(&["HLEN", "faults:{acme}:leases"]).expect("a number").integer() == Some(20);
    let start = Instant::now();
    while !leased() {
        assert!(start.elapsed() < Duration::from_secs(5), "the claim has arrived");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut claimed = Vec::new();
    while claimed.len() < 19 {
        assert!(start.elapsed() < Duration::from_secs(10), "{} of 19 are back", claimed.len());
        let claim = Claim { messages_max: 20, ..sample::claim_at(sample::NOW_MS + 10) };
        if let Ok(batch) = store.claim(claim).await {
            claimed.extend(batch.messages);
        }
    }
    assert!(claimed.iter().all(|message| message.progress.state == State::Submitting));
    assert!(claimed.iter().all(|message| message.progress.attempts == 1 && !message.progress.doubted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_of_a_newer_layout_is_refused() {
    let server = Server::start().expect("a server");
    drop(store(&[server.url()]).await);
    server.order(&["SET", "faults:layout", "99"]).expect("set");
    let error = open(options(&[server.url()]), Clock::Caller).await.err().expect("refused");
    assert!(matches!(error, StoreError::TooNew { found: 99, .. }), "{error}");
}
