//! What packaging tells a tenant's gateway component.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{CONFIG_BYTES_MAX, CONFIG_VERSION, provider_component};
use crate::config::{Binding, Config, InboundTarget, OnFailure};
use crate::decision::Name;
use crate::provider::ProviderTerms;
use crate::tenant::TenantTerms;

/// What keys in Redis begin with where the configuration is that of a host with another store.
const PREFIX_DEFAULT: &str = "waypost";

/// What a gateway component has to know. One component serves one tenant, and takes webhooks of
/// every provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeConfig {
    /// [`CONFIG_VERSION`].
    pub version: u32,
    /// What stands before `/v1` in the paths of this component: empty, or `/name` without a `/` at
    /// the end. `/hooks`, `/healthz` and `/readyz` are taken with and without it.
    pub base_path: String,
    /// What all keys in Redis begin with, as in the hosts.
    pub prefix: String,
    /// What holds for the tenant.
    pub tenant: TenantTerms,
    /// The tenant is the only one of `waypost.toml`, so that every inbound message is its.
    pub only_tenant: bool,
    /// What becomes of a message whose request does not say `Waypost-Send`.
    pub mode: SendMode,
    /// The composed screening components. None: the import is never called.
    pub screening: Option<BoundPolicy>,
    /// The composed sender component. None: the import is never called.
    pub sender: Option<BoundPolicy>,
    /// The composed routing component. None: the import is never called.
    pub routing: Option<BoundPolicy>,
    /// Every enabled provider of `waypost.toml`, by name.
    pub providers: BTreeMap<Name, EdgeRoute>,
    /// Providers that may carry this tenant's messages, in the order of the configuration.
    pub routes: Vec<Name>,
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
    /// The Spin component that speaks to it.
    pub spin_component: String,
    /// What holds for it. `binary` is what its plugin says of itself, for packaging to fill in.
    pub terms: ProviderTerms,
}

/// A configuration that a component cannot work with. It was not written by the packaging of the
/// same version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EdgeConfigError {
    /// There is none.
    #[error("the environment variable {0} is not set: package the application with `waypost edge package`")]
    Missing(&'static str),
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
    /// A route that is no provider.
    #[error("the configuration has the route {0}, but no provider of that name")]
    Route(Name),
}

impl EdgeConfig {
    /// What the configuration says of a tenant. `public_url` is where providers reach the
    /// application from outside, without `base_path`. What the configuration does not know
    /// (revisions, `binary`, `base_path`, `mode`) is left empty, for packaging to fill in. None:
    /// there is no such tenant.
    #[must_use]
    pub fn of(config: &Config, tenant: &str, public_url: &str) -> Option<Self> {
        let stated = config.tenants.get(tenant)?;
        let providers = config.providers.iter().filter(|(_, provider)| provider.enabled);
        Some(Self {
            version: CONFIG_VERSION,
            base_path: String::new(),
            prefix: config.store.redis().map_or(PREFIX_DEFAULT, |redis| &redis.prefix).to_owned(),
            tenant: TenantTerms::new(Name::from(tenant), stated, config.server.default_region),
            only_tenant: config.tenants.len() == 1,
            mode: SendMode::default(),
            screening: chain(&stated.screening),
            sender: stated.sender.as_ref().map(bound),
            routing: stated.routing.as_ref().map(bound),
            providers: providers
                .map(|(name, provider)| {
                    let terms = ProviderTerms::new(Name::from(name.as_str()), provider, false, public_url);
                    (terms.name.clone(), EdgeRoute { spin_component: provider_component(name), terms })
                })
                .collect(),
            routes: config.providers_of(tenant).map(|(name, _)| Name::from(name)).collect(),
            numbers: config.numbers.clone(),
        })
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// It is too large, not of this form, or of another version.
    pub fn parse(json: &str) -> Result<Self, EdgeConfigError> {
        let config = read(json, |config: &Self| config.version)?;
        match config.routes.iter().find(|route| !config.providers.contains_key(*route)) {
            Some(route) => Err(EdgeConfigError::Route(route.clone())),
            None => Ok(config),
        }
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
