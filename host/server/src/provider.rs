//! A provider as the gateway runs it: its component, its circuit, its lane's bell.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use waypost_core::backoff::RetryRules;
use waypost_core::breaker::{BreakerRules, Signal};
use waypost_core::config::{self, AllowedHost, InDoubtThen, InboundTarget, Price};
use waypost_core::decision::{Candidate, Health, Name};
use waypost_core::lifecycle::{DoubtChoice, RouteRules};
use waypost_core::message::Draft;
use waypost_core::number::Country;
use waypost_core::provider::Description;
use waypost_core::rate::Rate;
use waypost_core::redis::fleet::{Proposal, SharedBreaker, Written};
use waypost_core::text::Encoding;

use crate::secrets::SecretMap;

/// How long a submitted message waits for its receipt: as long as providers are known to try.
const RECEIPT_WAIT_MS: u64 = 72 * 3600 * 1000;

/// For messages whose provider is no longer in the configuration: never sent twice.
pub const RULES_OF_A_PROVIDER_GONE: RouteRules = RouteRules {
    retry: RetryRules { attempts_max: 1, base_ms: 60_000, max_ms: 60_000 },
    doubt_wait_ms: 900_000,
    doubt_then: DoubtChoice::GiveUp,
    receipt_wait_ms: RECEIPT_WAIT_MS,
};

/// A provider as the gateway runs it.
pub struct Provider {
    /// Its name in the configuration.
    pub name: Name,
    /// How it is spoken to.
    pub adapter: waypost_engine::Provider,
    /// What its component says of itself.
    pub description: Description,
    /// What happens when something goes wrong.
    pub rules: RouteRules,
    /// Messages a second, for all hosts together.
    pub rate: Option<Rate>,
    /// Most submits under way at once.
    pub in_flight_max: usize,
    /// How long one request may take.
    pub timeout: Duration,
    /// Hosts that its component may call.
    pub hosts: Vec<AllowedHost>,
    /// What its header templates are filled with.
    pub secrets: Arc<SecretMap>,
    /// Where its inbound messages go.
    pub inbound: Option<InboundTarget>,
    /// `{public_url}/hooks/{name}`: where it reports.
    pub hook_url: String,
    /// Rung when something may be waiting for it.
    pub wake: Notify,
    /// A place for each submit under way.
    pub window: Arc<Semaphore>,
    breaker_rules: BreakerRules,
    breaker: Mutex<SharedBreaker>,
    backlog: AtomicU64,
    leaving: AtomicBool,
    countries: Option<BTreeSet<Country>>,
    price: Option<Price>,
    weight: u32,
}

impl Provider {
    /// From the configuration and a loaded component.
    pub fn new(
        name: Name,
        config: &config::Provider,
        adapter: waypost_engine::Provider,
        description: Description,
        secrets: Arc<SecretMap>,
        public_url: &str,
    ) -> Self {
        let hook_url = format!("{}/hooks/{name}", public_url.trim_end_matches('/'));
        Self {
            adapter,
            description,
            rules: route_rules(config),
            rate: config.rate.map(|rate| Rate::per_second(rate.per_second, rate.burst)),
            in_flight_max: config.in_flight_max as usize,
            timeout: Duration::from_millis(u64::from(config.timeout_ms)),
            hosts: config.hosts.clone(),
            secrets,
            inbound: config.inbound.clone(),
            hook_url,
            wake: Notify::new(),
            window: Arc::new(Semaphore::new(config.in_flight_max as usize)),
            breaker_rules: BreakerRules {
                failures: config.circuit.failures,
                open_ms: u64::from(config.circuit.open_ms),
            },
            breaker: Mutex::default(),
            backlog: AtomicU64::new(0),
            leaving: AtomicBool::new(false),
            countries: config.countries.clone(),
            price: config.price.clone(),
            weight: config.weight,
            name,
        }
    }

    /// True where it takes messages of that kind to that country.
    pub fn serves(&self, draft: &Draft) -> bool {
        let country_fits = self
            .countries
            .as_ref()
            .is_none_or(|served| draft.to.country.is_some_and(|country| served.contains(&country)));
        country_fits && (draft.encoding != Encoding::Binary || self.description.binary)
    }

    /// How a routing component sees it for a message to that country.
    pub fn candidate(&self, draft: &Draft, now_ms: u64) -> Candidate {
        Candidate {
            id: self.name.clone(),
            price_micros: self.segment_price(draft),
            health: self.health(now_ms),
            backlog: u32::try_from(self.backlog()).unwrap_or(u32::MAX),
            weight: self.weight,
        }
    }

    /// Share of the traffic where no component ranks.
    pub fn weight(&self) -> u32 {
        self.weight
    }

    /// For the whole message, in millionths of the currency, where known.
    pub fn price_micros(&self, draft: &Draft) -> Option<u64> {
        self.segment_price(draft).map(|micros| micros.saturating_mul(u64::from(draft.segments)))
    }

    /// The currency of its prices.
    pub fn currency(&self) -> Option<&str> {
        self.price.as_ref().map(|price| price.currency.as_str())
    }

    fn segment_price(&self, draft: &Draft) -> Option<u64> {
        let price = self.price.as_ref()?;
        let micros = match draft.to.country {
            Some(country) => price.micros_to(country)?,
            None => price.default_micros?,
        };
        u64::try_from(micros).ok()
    }

    /// Messages that wait for it, as of the last count.
    pub fn backlog(&self) -> u64 {
        self.backlog.load(Ordering::Relaxed)
    }

    /// A new count of messages that wait for it.
    pub fn set_backlog(&self, messages: u64) {
        self.backlog.store(messages, Ordering::Relaxed);
    }

    /// From its circuit breaker.
    pub fn health(&self, now_ms: u64) -> Health {
        self.with_breaker(|breaker| breaker.state().health(now_ms))
    }

    /// How many messages may be submitted now.
    pub fn permits(&self, wanted: usize, now_ms: u64) -> usize {
        self.with_breaker(|breaker| breaker.state().permits(wanted, now_ms))
    }

    /// When an open circuit lets something through, in Unix milliseconds.
    pub fn opens_at_ms(&self) -> Option<u64> {
        self.with_breaker(|breaker| breaker.state().opens_at_ms())
    }

    /// A submit begins, and no other host has to be asked.
    pub fn begin(&self, now_ms: u64) {
        self.with_breaker(|breaker| breaker.begin_alone(&self.breaker_rules, now_ms));
    }

    /// What to ask of the other hosts before the next claim, where its message would be the trial of
    /// an open circuit.
    pub fn trial(&self, now_ms: u64) -> Option<Proposal> {
        self.with_breaker(|breaker| breaker.trial(&self.breaker_rules, now_ms))
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
            && self.hook_url == other.hook_url
    }

    /// Goes on where another object for the same provider ends: its settings have changed.
    pub fn follow(&self, before: &Self) {
        let circuit = before.with_breaker(|breaker| *breaker);
        self.with_breaker(|breaker| *breaker = circuit);
        self.set_backlog(before.backlog());
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
        self.with_breaker(|breaker| breaker.signal(signal, &self.breaker_rules, now_ms))
    }

    fn with_breaker<T>(&self, act: impl FnOnce(&mut SharedBreaker) -> T) -> T {
        act(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn route_rules(config: &config::Provider) -> RouteRules {
    RouteRules {
        retry: RetryRules {
            attempts_max: u16::try_from(config.retry.attempts_max).unwrap_or(u16::MAX),
            base_ms: u64::from(config.retry.base_ms),
            max_ms: u64::from(config.retry.max_ms),
        },
        doubt_wait_ms: u64::from(config.in_doubt.wait_seconds) * 1000,
        doubt_then: match config.in_doubt.then {
            InDoubtThen::GiveUp => DoubtChoice::GiveUp,
            InDoubtThen::Retry => DoubtChoice::Retry,
        },
        receipt_wait_ms: RECEIPT_WAIT_MS,
    }
}
