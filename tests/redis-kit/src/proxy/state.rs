//! What the threads of a proxy share.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Fault;
use super::link::Link;

/// The fault, the open connections and the counters.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) bytes_up: AtomicU64,
    pub(super) bytes_down: AtomicU64,
    pub(super) connections: AtomicU64,
    pub(super) turns: AtomicU64,
    inner: Mutex<Inner>,
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    fault: Fault,
    stopped: bool,
    next_id: u64,
    links: HashMap<u64, Arc<Link>>,
}

impl State {
    /// The fault now.
    pub(super) fn fault(&self) -> Fault {
        self.lock().fault
    }

    /// Sets the fault and closes the connections that cannot live with the change.
    pub(super) fn set(&self, fault: Fault) {
        let mut inner = self.lock();
        inner.fault = fault;
        for link in inner.links.values() {
            if fault == Fault::Refuse || (fault != Fault::Blackhole && link.has_lost()) {
                link.close();
            }
        }
    }

    /// Whether what a connection has just read is swallowed. The connection remembers it, under the same
    /// lock as [`State::set`]: none that lost something outlives the fault.
    pub(super) fn swallows(&self, link: &Link) -> bool {
        let inner = self.lock();
        let swallows = inner.fault == Fault::Blackhole;
        if swallows {
            link.lose();
        }
        swallows
    }

    /// Keeps a connection, unless the fault, the end or the limit is against it.
    pub(super) fn add(&self, link: Link, links_max: usize) -> Option<(u64, Arc<Link>)> {
        let link = Arc::new(link);
        let mut inner = self.lock();
        if inner.stopped || inner.fault == Fault::Refuse || inner.links.len() >= links_max {
            return None;
        }
        let id = inner.next_id;
        inner.next_id += 1;
        inner.links.insert(id, link.clone());
        Some((id, link))
    }

    /// A connection has ended.
    pub(super) fn remove(&self, id: u64) {
        let mut inner = self.lock();
        inner.links.remove(&id);
        if inner.links.is_empty() {
            self.emptied.notify_all();
        }
    }

    /// Closes everything, for good.
    pub(super) fn stop(&self) {
        let mut inner = self.lock();
        inner.stopped = true;
        inner.links.values().for_each(|link| link.close());
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits until no connection is left, for at most `limit`.
    pub(super) fn wait_until_empty(&self, limit: Duration) {
        let end = Instant::now() + limit;
        let mut inner = self.lock();
        while !inner.links.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            inner = self.emptied.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
