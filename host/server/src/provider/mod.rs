//! A provider as the gateway runs it: its component, its circuit, its lane's bell.

mod link;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use waypost_core::breaker::{Breaker, Signal};
use waypost_core::decision::{Health, Name};
use waypost_core::flow;
use waypost_core::provider::{Description, ProviderTerms};

use crate::secrets::SecretMap;

pub use link::Link;
pub(crate) use link::decision;

/// A provider as the gateway runs it.
pub struct Provider {
    /// What holds for it.
    pub terms: ProviderTerms,
    /// How it is spoken to.
    pub adapter: waypost_engine::Provider,
    /// What its component says of itself.
    pub description: Description,
    /// What its header templates are filled with.
    pub secrets: Arc<SecretMap>,
    /// Rung when something may be waiting for it.
    pub wake: Notify,
    /// A place for each submit under way.
    pub window: Arc<Semaphore>,
    breaker: Mutex<Breaker>,
    backlog: AtomicU64,
}

impl flow::Provider for Provider {
    fn terms(&self) -> &ProviderTerms {
        &self.terms
    }

    fn health(&self, now_ms: u64) -> Health {
        self.with_breaker(|breaker| breaker.health(now_ms))
    }

    fn permits(&self, wanted: usize, now_ms: u64) -> usize {
        self.with_breaker(|breaker| breaker.permits(wanted, now_ms))
    }

    fn backlog(&self) -> u64 {
        self.backlog.load(Ordering::Relaxed)
    }
}

impl Provider {
    /// With a loaded component.
    pub fn new(
        terms: ProviderTerms,
        adapter: waypost_engine::Provider,
        description: Description,
        secrets: Arc<SecretMap>,
    ) -> Self {
        Self {
            adapter,
            description,
            secrets,
            wake: Notify::new(),
            window: Arc::new(Semaphore::new(terms.in_flight_max)),
            breaker: Mutex::new(Breaker::default()),
            backlog: AtomicU64::new(0),
            terms,
        }
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &Name {
        &self.terms.name
    }

    /// How long one request may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.terms.timeout_ms)
    }

    /// A new count of messages that wait for it.
    pub fn set_backlog(&self, messages: u64) {
        self.backlog.store(messages, Ordering::Relaxed);
    }

    /// When an open circuit lets something through, in Unix milliseconds.
    pub fn opens_at_ms(&self) -> Option<u64> {
        self.with_breaker(|breaker| breaker.opens_at_ms())
    }

    /// A submit begins.
    pub fn begin(&self, now_ms: u64) {
        self.with_breaker(|breaker| *breaker = breaker.begin(&self.terms.breaker_rules, now_ms));
    }

    /// A submit has been answered. True: the circuit has just opened.
    pub fn signal(&self, signal: Signal, now_ms: u64) -> bool {
        self.with_breaker(|breaker| {
            let was_open = matches!(breaker, Breaker::Open { .. });
            *breaker = breaker.signal(signal, &self.terms.breaker_rules, now_ms);
            !was_open && matches!(breaker, Breaker::Open { .. })
        })
    }

    fn with_breaker<T>(&self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        act(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
