//! A provider as the gateway runs it: its component or its SMPP sessions, its circuit, its lane's bell.

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
use crate::smpp::Sessions;

pub use link::Link;
pub(crate) use link::decision;

/// A provider as the gateway runs it.
pub struct Provider {
    /// What holds for it.
    pub terms: ProviderTerms,
    /// How it is spoken to.
    pub speaks: Speaks,
    /// Rung when something may be waiting for it.
    pub wake: Notify,
    /// A place for each submit under way.
    pub window: Arc<Semaphore>,
    breaker: Mutex<SharedBreaker>,
    backlog: AtomicU64,
    leaving: AtomicBool,
}

/// How a provider is spoken to.
pub enum Speaks {
    /// Over HTTP, as its component says.
    Component(Box<Component>),
    /// Over SMPP, by the host's own sessions.
    Smpp(Box<Sessions>),
}

/// A provider's component, loaded.
pub struct Component {
    /// Writes requests and reads answers.
    pub adapter: waypost_engine::Provider,
    /// What it says of itself.
    pub description: Description,
    /// What its header templates are filled with.
    pub secrets: Arc<SecretMap>,
}

impl flow::Provider for Provider {
    fn terms(&self) -> &ProviderTerms {
        &self.terms
    }

    fn health(&self, now_ms: u64) -> Health {
        if self.is_cut_off(now_ms) {
            return Health::Down;
        }
        self.with_breaker(|breaker| breaker.state().health(now_ms))
    }

    fn permits(&self, wanted: usize, now_ms: u64) -> usize {
        if self.is_cut_off(now_ms) {
            return 0;
        }
        self.with_breaker(|breaker| breaker.state().permits(wanted, now_ms))
    }

    fn backlog(&self) -> u64 {
        self.backlog.load(Ordering::Relaxed)
    }
}

impl Provider {
    /// With a loaded component, or with sessions that are yet to be started.
    pub fn new(terms: ProviderTerms, speaks: Speaks) -> Self {
        Self {
            speaks,
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

    /// Its sessions, where it is spoken to over SMPP.
    pub fn sessions(&self) -> Option<&Sessions> {
        match &self.speaks {
            Speaks::Smpp(sessions) => Some(sessions),
            Speaks::Component(_) => None,
        }
    }

    /// How long one submit may take.
    pub fn submit_time(&self) -> Duration {
        match &self.speaks {
            Speaks::Component(_) => Duration::from_millis(self.terms.timeout_ms),
            Speaks::Smpp(sessions) => sessions.submit_time(),
        }
    }

    /// How many messages it can be handed now, besides what the places of [`Provider::window`] allow.
    pub fn room(&self) -> usize {
        self.sessions().map_or(usize::MAX, Sessions::room)
    }

    /// True where this host has had no way to it for so long that others should be taken.
    fn is_cut_off(&self, now_ms: u64) -> bool {
        self.sessions().is_some_and(|sessions| sessions.is_cut_off(now_ms))
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
        match (&self.speaks, &other.speaks) {
            (Speaks::Component(one), Speaks::Component(another)) => {
                one.adapter.info().revision == another.adapter.info().revision
                    && one.secrets == another.secrets
                    && self.terms.hook_url == other.terms.hook_url
            }
            (Speaks::Smpp(one), Speaks::Smpp(another)) => one.is_same(another),
            _ => false,
        }
    }

    /// Goes on where another object for the same provider ends: its settings have changed.
    pub fn follow(&self, before: &Self) {
        let circuit = before.with_breaker(|breaker| *breaker);
        self.with_breaker(|breaker| *breaker = circuit);
        self.set_backlog(before.backlog.load(Ordering::Relaxed));
        if let (Some(sessions), Some(before)) = (self.sessions(), before.sessions()) {
            sessions.follow(before);
        }
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
