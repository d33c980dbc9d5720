//! What holds for one tenant, from its configuration.

use serde::{Deserialize, Serialize};

use crate::config::{self, AllowedHost};
use crate::decision::Name;
use crate::id::MessageId;
use crate::lifecycle::accept::Rules;
use crate::number::Country;
use crate::provider::is_allowed;
use crate::rate::{AcceptLimits, Rate};
use crate::registry::Plan;

/// What holds for one tenant, without its components.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantTerms {
    /// Its name in the configuration.
    pub name: Name,
    /// How its numbers are read and its texts planned.
    pub rules: Rules,
    /// What its messages are held to when they are accepted.
    pub limits: AcceptLimits,
    /// Hosts that may be called back.
    pub callback_hosts: Vec<AllowedHost>,
    /// How many of 100 messages are recorded with all that decisions were given, 0 to 100.
    pub recorded_percent: u8,
}

impl TenantTerms {
    /// From the configuration.
    #[must_use]
    pub fn new(name: Name, config: &config::Tenant, default_region: Option<Country>) -> Self {
        let segments_max = u8::try_from(config.segments_max).unwrap_or(u8::MAX);
        Self {
            rules: Rules { tenant: name.clone(), default_region, segments_max },
            limits: limits(config),
            callback_hosts: config.callback_hosts.clone(),
            recorded_percent: u8::try_from(config.recorded_percent).unwrap_or(100),
            name,
        }
    }

    /// True where the decisions about a message are recorded with all that they were given. The random half
    /// of its id draws, so every host says the same of it.
    #[must_use]
    pub fn records(&self, id: MessageId) -> bool {
        id.nonce() % 100 < u64::from(self.recorded_percent)
    }

    /// The same, recording no more than a plan allows.
    #[must_use]
    pub fn under(&self, plan: &Plan, configured_percent: u32) -> Self {
        let configured_percent = u8::try_from(configured_percent).unwrap_or(100);
        Self { recorded_percent: plan.recorded_percent.min(configured_percent), ..self.clone() }
    }

    /// True where the configuration allows the URL's host to be called back.
    #[must_use]
    pub fn permits_callback(&self, url: &str) -> bool {
        is_allowed(url, &self.callback_hosts)
    }
}

fn limits(config: &config::Tenant) -> AcceptLimits {
    let rate = |rate: config::Rate| Rate::per_second(rate.per_second, rate.burst);
    AcceptLimits {
        tenant_rate: config.rate.map(rate),
        key_rate: config.key_rate.map(rate),
        destination_per_hour: config.destination_per_hour,
        destination_per_day: config.destination_per_day,
        queue_max: Some(u64::from(config.queue_max)),
    }
}
