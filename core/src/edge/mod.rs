//! What the parts of the edge tell each other: the configuration that packaging writes for each
//! component, and the calls from a tenant's gateway to its providers. Both ends are built from this
//! module, so they cannot drift apart.

pub(crate) mod base64_bytes;
mod call;
mod config;
mod names;
mod provider;
#[cfg(test)]
mod tests;

pub use call::{SubmitAnswer, SubmitCall, WebhookAnswer};
pub use config::{BoundPolicy, EdgeConfig, EdgeConfigError, EdgeRoute, SendMode};
pub use names::{component_id, is_variable_name, variable_name};
pub use provider::EdgeProviderConfig;

/// The environment variable of a gateway component that holds its [`EdgeConfig`] as JSON.
pub const GATEWAY_VARIABLE: &str = "WAYPOST_EDGE";
/// The environment variable of a provider component that holds its [`EdgeProviderConfig`] as JSON.
pub const PROVIDER_VARIABLE: &str = "WAYPOST_PROVIDER";
/// The Spin variable with the address of Redis, for every gateway component.
pub const REDIS_VARIABLE: &str = "redis_url";
/// The version of both configurations. A component of another version refuses every request.
pub const CONFIG_VERSION: u32 = 1;
/// Largest configuration of one component as JSON, in bytes: it is parsed once for each instance.
pub const CONFIG_BYTES_MAX: usize = 256 * 1024;
/// Largest call from a gateway to a provider component, and largest answer, in bytes: a webhook of
/// 64 KiB in base64, or what was read from one.
pub const CALL_BYTES_MAX: usize = 512 * 1024;

/// The Spin variable that holds a provider's secret. Not every name of a secret makes one that Spin
/// takes ([`is_variable_name`]): packaging refuses the others.
#[must_use]
pub fn secret_variable(secret: &str) -> String {
    format!("secret_{secret}")
}

/// The name of the Spin component that speaks to a provider. Also its host for chaining:
/// `http://{name}.spin.internal`.
#[must_use]
pub fn provider_component(provider: &str) -> String {
    component_id("provider", provider)
}
