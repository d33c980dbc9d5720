//! The shared suite against a real Redis server.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod redis_servers;

use std::sync::Arc;

use waypost_core::redis::Clock;
use waypost_redis_kit::Server;
use waypost_store::Store;
use waypost_store::redis::{RedisOptions, open};

/// An empty store under a prefix of its own: one server is enough for all cases.
async fn empty() -> (Arc<dyn Store>, Arc<Server>) {
    let server = redis_servers::one();
    let options = RedisOptions::new(&server.url(), &redis_servers::fresh_prefix(), "test");
    let store = open(options, Clock::Caller).await.expect("a store");
    (Arc::new(store), server)
}

waypost_store::store_suite!(empty());
