//! What packaging tells the component that speaks to one provider.

use serde::{Deserialize, Serialize};

use super::CONFIG_VERSION;
use super::config::{EdgeConfigError, read};
use crate::config::{AllowedHost, Config};
use crate::decision::Name;

/// What a provider component has to know. No secret is in it, only names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeProviderConfig {
    /// [`CONFIG_VERSION`].
    pub version: u32,
    /// The provider's name in `waypost.toml`.
    pub name: Name,
    /// The name of the plugin, for traces.
    pub component: Name,
    /// The revision of the plugin, for traces. Empty: packaging has not filled it in.
    pub revision: Name,
    /// Where its requests may go.
    pub hosts: Vec<AllowedHost>,
    /// Longest that one request may take, in milliseconds.
    pub timeout_ms: u32,
    /// Names of its secrets; each value is in the Spin variable [`super::secret_variable`].
    pub secrets: Vec<String>,
}

impl EdgeProviderConfig {
    /// What the configuration says of a provider. None: there is no such provider, or no component
    /// speaks to it.
    #[must_use]
    pub fn of(config: &Config, provider: &str) -> Option<Self> {
        let stated = config.providers.get(provider)?;
        let (component, _) = stated.component()?;
        Some(Self {
            version: CONFIG_VERSION,
            name: Name::from(provider),
            component: Name::from(component),
            revision: Name::from(""),
            hosts: stated.hosts.clone(),
            timeout_ms: stated.timeout_ms,
            secrets: stated.secrets.keys().cloned().collect(),
        })
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// It is too large, not of this form, or of another version.
    pub fn parse(json: &str) -> Result<Self, EdgeConfigError> {
        read(json, |config: &Self| config.version)
    }
}
