//! Servers that the tests of a binary share: whoever comes first starts them, the last stops them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use waypost_redis_kit::{Cluster, Server, ServerOptions};

static ONE: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static CLUSTER: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

/// One server.
pub fn one() -> Arc<Server> {
    shared(&ONE, || Server::start().expect("a Redis server"))
}

/// Three masters.
pub fn cluster() -> Arc<Cluster> {
    shared(&CLUSTER, || Cluster::start(ServerOptions::default()).expect("a cluster"))
}

fn shared<T>(slot: &Mutex<Weak<T>>, start: impl FnOnce() -> T) -> Arc<T> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    slot.upgrade().unwrap_or_else(|| {
        let started = Arc::new(start());
        *slot = Arc::downgrade(&started);
        started
    })
}

/// A prefix that no other test has.
pub fn fresh_prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
