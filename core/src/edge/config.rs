//! What packaging tells a tenant's gateway component.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{CONFIG_BYTES_MAX, CONFIG_VERSION, provider_component};
use crate::backoff::RetryRules;
use crate::config::{self, AllowedHost, Binding, Config, InDoubtThen, InboundTarget, OnFailure, Price};
use crate::decision::Name;
use crate::lifecycle::accept::Rules;
use crate::lifecycle::{DoubtChoice, RouteRules};
use crate::number::Country;
use crate::rate::{AcceptLimits, Rate};

/// How long a submitted message waits for its receipt: as long as providers are known to try.
const RECEIPT_WAIT_MS: u64 = 72 * 3600 * 1000;

/// What a gateway component has to know. One component serves one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeConfig {
    /// [`CONFIG_VERSION`].
    pub version: u32,
    /// The tenant.
    pub tenant: Name,
    /// What stands before `/v1`, `/hooks` and `/healthz` in the paths of this component: empty, or
    /// `/name` without a `/` at the end.
    pub base_path: String,
    /// How providers reach the application from outside, without a `/` at the end and without
    /// `base_path`. Empty: packaging has not filled it in, and nothing is sent at once.
    pub public_url: String,
    /// By which local numbers are read.
    pub default_region: Option<Country>,
    /// Most segments of a message that names no number itself.
    pub segments_max: u8,
    /// What messages are held to when they are accepted.
    pub limits: AcceptLimits,
    /// What becomes of a message whose request does not say `Waypost-Send`.
    pub mode: SendMode,
    /// Hosts that a `callback_url` may name.
    pub callback_hosts: Vec<AllowedHost>,
    /// The composed screening components. None: the import is never called.
    pub screening: Option<BoundPolicy>,
    /// The composed sender component. None: the import is never called.
    pub sender: Option<BoundPolicy>,
    /// The composed routing component. None: the import is never called.
    pub routing: Option<BoundPolicy>,
    /// Providers that may carry this tenant's messages, in the order of the configuration.
    pub providers: Vec<EdgeRoute>,
    /// Where inbound messages go, by the number that they were sent to.
    pub numbers: BTreeMap<String, InboundTarget>,
}

/// When a message is handed to its provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SendMode {
    /// By a native host, from the queue.
    #[default]
    Queue,
    /// Within the request; a native host takes over where that fails.
    AtOnce,
}

impl SendMode {
    /// The mode of that name, as `Waypost-Send` and the configuration write it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "queue" => Some(Self::Queue),
            "at-once" => Some(Self::AtOnce),
            _ => None,
        }
    }
}

/// A policy that is composed into the gateway component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundPolicy {
    /// The component's name in `waypost.toml`, for traces; several screening components are one
    /// chain, `first + second`.
    pub component: Name,
    /// Its revision, for traces. Empty: packaging has not filled it in.
    pub revision: Name,
    /// What follows an answer that breaks a rule. A trap cannot be caught at the edge: it ends the
    /// request.
    pub on_failure: OnFailure,
}

/// A provider as a gateway component knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeRoute {
    /// Its name in `waypost.toml`.
    pub name: Name,
    /// The Spin component that speaks to it.
    pub spin_component: String,
    /// Takes binary bodies, as its plugin describes itself. False until packaging has asked it.
    pub binary: bool,
    /// Destinations that it serves. None: all.
    pub countries: Option<BTreeSet<Country>>,
    /// Price of one segment. None: unknown.
    pub price: Option<Price>,
    /// Where no component ranks, the higher comes first; 0 to 1000.
    pub weight: u32,
    /// It has a rate limit, which only claims honour: its messages are always queued.
    pub rated: bool,
    /// What happens when something goes wrong.
    pub rules: RouteRules,
    /// Longest that one request to it may take, in milliseconds.
    pub timeout_ms: u32,
    /// Where inbound messages go when `numbers` does not say.
    pub inbound: Option<InboundTarget>,
}

/// A configuration that a component cannot work with. It was not written by the packaging of the
/// same version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EdgeConfigError {
    /// More than [`CONFIG_BYTES_MAX`].
    #[error("the configuration has {bytes} bytes, above the limit of {CONFIG_BYTES_MAX}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not JSON of the form.
    #[error("the configuration cannot be read: {0}")]
    Form(String),
    /// Of another version.
    #[error(
        "the configuration has version {found}, this component knows {CONFIG_VERSION}: package \
         the application again"
    )]
    Version {
        /// As it stands there.
        found: u32,
    },
}

impl EdgeConfig {
    /// What the configuration says of a tenant. What it does not know (revisions, `binary`,
    /// `base_path`, the public address where the file states none) is empty, for packaging to fill
    /// in. None: there is no such tenant.
    #[must_use]
    pub fn of(config: &Config, tenant: &str) -> Option<Self> {
        let stated = config.tenants.get(tenant)?;
        Some(Self {
            version: CONFIG_VERSION,
            tenant: Name::from(tenant),
            base_path: String::new(),
            public_url: config.server.public_url.clone().unwrap_or_default(),
            default_region: config.server.default_region,
            segments_max: u8::try_from(stated.segments_max).unwrap_or(u8::MAX),
            limits: limits(stated),
            mode: SendMode::default(),
            callback_hosts: stated.callback_hosts.clone(),
            screening: chain(&stated.screening),
            sender: stated.sender.as_ref().map(bound),
            routing: stated.routing.as_ref().map(bound),
            providers: config.providers_of(tenant).map(|(name, it)| route(config, name, it)).collect(),
            numbers: config.numbers.clone(),
        })
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// It is too large, not of this form, or of another version.
    pub fn parse(json: &str) -> Result<Self, EdgeConfigError> {
        read(json, |config: &Self| config.version)
    }

    /// How the tenant's numbers are read and its texts planned.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            tenant: self.tenant.clone(),
            default_region: self.default_region,
            segments_max: self.segments_max,
        }
    }

    /// Where a provider reports: what is given to it with each message, and what its signatures are
    /// made over.
    #[must_use]
    pub fn hook_url(&self, provider: &str) -> String {
        format!("{}{}/hooks/{provider}", self.public_url, self.base_path)
    }
}

pub(super) fn read<T: DeserializeOwned>(
    json: &str,
    version: impl Fn(&T) -> u32,
) -> Result<T, EdgeConfigError> {
    /// All that is certain about a configuration of another version.
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    if json.len() > CONFIG_BYTES_MAX {
        return Err(EdgeConfigError::TooLarge { bytes: json.len() });
    }
    match serde_json::from_str::<T>(json) {
        Ok(config) if version(&config) == CONFIG_VERSION => Ok(config),
        Ok(config) => Err(EdgeConfigError::Version { found: version(&config) }),
        Err(error) => match serde_json::from_str::<Versioned>(json) {
            Ok(Versioned { version }) if version != CONFIG_VERSION => {
                Err(EdgeConfigError::Version { found: version })
            }
            _ => Err(EdgeConfigError::Form(error.to_string())),
        },
    }
}

fn limits(tenant: &config::Tenant) -> AcceptLimits {
    let rate = |rate: config::Rate| Rate::per_second(rate.per_second, rate.burst);
    AcceptLimits {
        tenant_rate: tenant.rate.map(rate),
        key_rate: tenant.key_rate.map(rate),
        destination_per_hour: tenant.destination_per_hour,
        destination_per_day: tenant.destination_per_day,
        queue_max: Some(u64::from(tenant.queue_max)),
    }
}

/// Several screening components are composed into one. It refuses where any of them would.
fn chain(bindings: &[Binding]) -> Option<BoundPolicy> {
    let names: Vec<&str> = bindings.iter().map(|binding| binding.component.as_str()).collect();
    let refuses = bindings.iter().any(|binding| binding.on_failure == OnFailure::Refuse);
    (!names.is_empty()).then(|| BoundPolicy {
        component: Name::from(names.join(" + ")),
        revision: Name::from(""),
        on_failure: if refuses { OnFailure::Refuse } else { OnFailure::Skip },
    })
}

fn bound(binding: &Binding) -> BoundPolicy {
    BoundPolicy {
        component: Name::from(binding.component.as_str()),
        revision: Name::from(""),
        on_failure: binding.on_failure,
    }
}

fn route(config: &Config, name: &str, provider: &config::Provider) -> EdgeRoute {
    EdgeRoute {
        name: Name::from(name),
        spin_component: provider_component(name),
        binary: false,
        countries: provider.countries.clone(),
        price: provider.price.clone(),
        weight: provider.weight,
        rated: provider.rate.is_some(),
        rules: rules(provider),
        timeout_ms: provider.timeout_ms,
        inbound: provider.inbound.clone().or_else(|| only_tenant(config)),
    }
}

/// With one tenant there is no question whose an inbound message is.
fn only_tenant(config: &Config) -> Option<InboundTarget> {
    let mut tenants = config.tenants.keys();
    let only = tenants.next().filter(|_| tenants.next().is_none())?;
    Some(InboundTarget { tenant: only.clone(), inbox: "default".to_owned() })
}

fn rules(provider: &config::Provider) -> RouteRules {
    RouteRules {
        retry: RetryRules {
            attempts_max: u16::try_from(provider.retry.attempts_max).unwrap_or(u16::MAX),
            base_ms: u64::from(provider.retry.base_ms),
            max_ms: u64::from(provider.retry.max_ms),
        },
        doubt_wait_ms: u64::from(provider.in_doubt.wait_seconds) * 1000,
        doubt_then: match provider.in_doubt.then {
            InDoubtThen::GiveUp => DoubtChoice::GiveUp,
            InDoubtThen::Retry => DoubtChoice::Retry,
        },
        receipt_wait_ms: RECEIPT_WAIT_MS,
    }
}
