//! The shared suite against a cluster of three masters: no script leaves its slot.

use std::sync::Arc;

use waypost_core::redis::Clock;
use waypost_redis_kit::Cluster;
use waypost_store::Store;
use waypost_store::redis::{RedisOptions, open};

use crate::redis_servers;

async fn empty() -> (Arc<dyn Store>, Arc<Cluster>) {
    let cluster = redis_servers::cluster();
    let urls = cluster.urls();
    let one = RedisOptions::new("", &redis_servers::fresh_prefix(), "test");
    let options = RedisOptions { urls, cluster: true, ..one };
    let store = open(options, Clock::Caller).await.expect("a store");
    (Arc::new(store), cluster)
}

waypost_store::store_suite!(empty());
