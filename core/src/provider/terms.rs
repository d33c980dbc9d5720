//! What holds for one provider, from its configuration.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::backoff::RetryRules;
use crate::breaker::BreakerRules;
use crate::config::{self, AllowedHost, InDoubtThen, InboundTarget, Price};
use crate::decision::Name;
use crate::lifecycle::{DoubtChoice, RouteRules};
use crate::message::Draft;
use crate::number::Country;
use crate::rate::Rate;
use crate::text::Encoding;

/// How long a submitted message waits for its receipt: as long as providers are known to try.
const RECEIPT_WAIT_MS: u64 = 72 * 3600 * 1000;

/// A lease outlasts the provider's time-out by this much: the time to settle.
const LEASE_MARGIN_MS: u64 = 30_000;

/// For messages whose provider is no longer in the configuration: never sent twice.
pub const RULES_OF_A_PROVIDER_GONE: RouteRules = RouteRules {
    retry: RetryRules { attempts_max: 1, base_ms: 60_000, max_ms: 60_000 },
    doubt_wait_ms: 900_000,
    doubt_then: DoubtChoice::GiveUp,
    receipt_wait_ms: RECEIPT_WAIT_MS,
};

/// What holds for one provider, without its component and its circuit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderTerms {
    /// Its name in the configuration.
    pub name: Name,
    /// What happens when something goes wrong.
    pub rules: RouteRules,
    /// When its circuit opens and for how long.
    pub breaker_rules: BreakerRules,
    /// Messages a second, for all hosts together.
    pub rate: Option<Rate>,
    /// Most submits under way at once, for each host.
    pub in_flight_max: usize,
    /// How long one request may take, in milliseconds.
    pub timeout_ms: u64,
    /// Hosts that its component may call.
    pub hosts: Vec<AllowedHost>,
    /// Where its inbound messages go when their number does not say.
    pub inbound: Option<InboundTarget>,
    /// `{public_url}/hooks/{name}`: where it reports.
    pub hook_url: String,
    /// Share of the traffic where no component ranks, 0 to 1000.
    pub weight: u32,
    /// Takes binary bodies, as its component says.
    pub binary: bool,
    countries: Option<BTreeSet<Country>>,
    price: Option<Price>,
}

impl ProviderTerms {
    /// From the configuration. `binary` is what the component says of itself; `public_url` is where
    /// providers reach this gateway.
    #[must_use]
    pub fn new(name: Name, config: &config::Provider, binary: bool, public_url: &str) -> Self {
        Self {
            rules: route_rules(config),
            breaker_rules: BreakerRules {
                failures: config.circuit.failures,
                open_ms: u64::from(config.circuit.open_ms),
            },
            rate: config.rate.map(|rate| Rate::per_second(rate.per_second, rate.burst)),
            in_flight_max: config.in_flight_max as usize,
            timeout_ms: u64::from(config.timeout_ms),
            hosts: config.hosts.clone(),
            inbound: config.inbound.clone(),
            hook_url: format!("{}/hooks/{name}", public_url.trim_end_matches('/')),
            weight: config.weight,
            binary,
            countries: config.countries.clone(),
            price: config.price.clone(),
            name,
        }
    }

    /// True where it takes messages of that kind to that country.
    #[must_use]
    pub fn serves(&self, draft: &Draft) -> bool {
        let country_fits = self
            .countries
            .as_ref()
            .is_none_or(|served| draft.to.country.is_some_and(|country| served.contains(&country)));
        country_fits && (draft.encoding != Encoding::Binary || self.binary)
    }

    /// For the whole message, in millionths of the currency, where known.
    #[must_use]
    pub fn price_micros(&self, draft: &Draft) -> Option<u64> {
        self.segment_price_micros(draft).map(|micros| micros.saturating_mul(u64::from(draft.segments)))
    }

    /// For one segment, in millionths of the currency, where known.
    #[must_use]
    pub fn segment_price_micros(&self, draft: &Draft) -> Option<u64> {
        let price = self.price.as_ref()?;
        let micros = match draft.to.country {
            Some(country) => price.micros_to(country)?,
            None => price.default_micros?,
        };
        u64::try_from(micros).ok()
    }

    /// The currency of its prices, ISO 4217.
    #[must_use]
    pub fn currency(&self) -> Option<&str> {
        self.price.as_ref().map(|price| price.currency.as_str())
    }

    /// When a lease that begins now ends, in Unix milliseconds.
    #[must_use]
    pub fn lease_until_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_add(self.timeout_ms).saturating_add(LEASE_MARGIN_MS)
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
