//! A provider as the gateway runs it: its component, its circuit, its lane's bell.

mod link;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use waypost_core::breaker::Signal;
use waypost_core::decision::{Health, Name};
use waypost_core::flow;
use waypost_core::provider::{Description, ProviderTerms};
use waypost_core::redis::fleet::{Proposal, SharedBreaker, Written};

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
    breaker: Mutex<SharedBreaker>,
    backlog: AtomicU64,
    leaving: AtomicBool,
}

impl flow::Provider for Provider {
    fn terms(&self) -> &ProviderTerms {
        &self.terms
    }

    fn health(&self, now_ms: u64) -> Health {
        self.with_breaker(|breaker| breaker.state().health(now_ms))
    }

    fn permits(&self, wanted: usize, now_ms: u64) -> usize {
        self.with_breaker(|breaker| breaker.state().permits(wanted, now_ms))
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
            breaker: Mutex::default(),
            backlog: AtomicU64::new(0),
            leaving: AtomicBool::new(false),
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
        self.with_breaker(|breaker| breaker.state().opens_at_ms())
    }

    /// A submit begins, and no other host has to be asked.
    pub fn begin(&self, now_ms: u64) {
        self.with_breaker(|breaker| breaker.begin_alone(&self.terms.breaker_rules, now_ms));
    }

    /// What to ask of the other hosts before the next claim, where its message would be the trial of
    /// an open circuit.
    pub fn trial(&self, now_ms: u64) -> Option<Proposal> {
        self.with_breaker(|breaker| breaker.trial(&self.terms.breaker_rules, now_ms))
    }

    /// There was no message for the trial: any host may have it from `until_ms` on.
    pub fn give_trial_back(&self, until_ms: u64) {
        self.with_breaker(|breaker| breaker.give_back(until_ms));
    }

    /// What the other hosts have yet to be told of the circuit.
    pub fn circuit_news(&self) -> Option<Proposal> {
        self.with_breaker(|breaker| breaker.proposal())
    }

    /// What became of a proposal. True: it was taken.
    pub fn circuit_written(&self, proposal: &Proposal, written: Written) -> bool {
        self.with_breaker(|breaker| breaker.settle(proposal, written))
    }

    /// Changes the circuit by what other hosts have told. True: it is another one now.
    pub fn circuit_told(&self, tell: impl FnOnce(&mut SharedBreaker)) -> bool {
        self.with_breaker(|breaker| {
            let before = breaker.state();
            tell(breaker);
            before != breaker.state()
        })
    }

    /// True where the other one has the same component, settings, secrets and address. What else the
    /// configuration says of them is not looked at.
    pub fn is_same(&self, other: &Self) -> bool {
        self.adapter.info().revision == other.adapter.info().revision
            && self.secrets == other.secrets
            && self.terms.hook_url == other.terms.hook_url
    }

    /// Goes on where another object for the same provider ends: its settings have changed.
    pub fn follow(&self, before: &Self) {
        let circuit = before.with_breaker(|breaker| *breaker);
        self.with_breaker(|breaker| *breaker = circuit);
        self.set_backlog(before.backlog.load(Ordering::Relaxed));
    }

    /// Claims nothing more: the configuration has it no longer, or otherwise.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// True once [`Provider::leave`] was called.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    /// A submit has been answered. True: the circuit has just opened.
    pub fn signal(&self, signal: Signal, now_ms: u64) -> bool {
        self.with_breaker(|breaker| breaker.signal(signal, &self.terms.breaker_rules, now_ms))
    }

    fn with_breaker<T>(&self, act: impl FnOnce(&mut SharedBreaker) -> T) -> T {
        act(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
