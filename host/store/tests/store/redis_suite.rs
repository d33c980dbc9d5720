//! The shared suite against a real Redis server.

use std::sync::Arc;

use waypost_core::redis::Clock;
use waypost_core::redis::fleet::Fleet;
use waypost_core::registry::{Item, Kind, Written};
use waypost_redis_kit::Server;
use waypost_store::Store;
use waypost_store::redis::{RedisOptions, open};

use crate::redis_servers;

/// An empty store under a prefix of its own: one server is enough for all cases.
async fn empty() -> (Arc<dyn Store>, Arc<Server>) {
    let server = redis_servers::one();
    let options = RedisOptions::new(&server.url(), &redis_servers::fresh_prefix(), "test");
    let store = open(options, Clock::Caller).await.expect("a store");
    (Arc::new(store), server)
}

waypost_store::store_suite!(empty());

#[tokio::test]
async fn the_pulse_tells_that_something_registered_has_changed() {
    let server = redis_servers::one();
    let prefix = redis_servers::fresh_prefix();
    let store =
        open(RedisOptions::new(&server.url(), &prefix, "test"), Clock::Caller).await.expect("a store");
    let fleet = Fleet::new(Arc::new(store.connection().clone()), &prefix);
    assert_eq!(fleet.pulse(0, None).await.expect("a pulse").registry_version, 0);
    let (tenant, record) = ("acme".into(), "{}".to_owned());
    let item = Item { tenant, kind: Kind::Plugin, name: "hours".to_owned(), version: 1, record };
    assert_eq!(store.register(item).await.expect("an answer"), Written::Done);
    let pulse = fleet.pulse(0, None).await.expect("a pulse");
    assert_eq!(pulse.registry_version, store.registry_version().await.expect("a version"));
    assert!(pulse.registry_version > 0 && pulse.config_version == 0 && pulse.circuits.is_empty());
}
