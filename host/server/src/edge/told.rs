//! What each component is told in its environment: [`EdgeConfig`] and [`EdgeProviderConfig`] with
//! what only packaging knows filled in.

use std::collections::BTreeMap;

use waypost_core::config::{Config, EdgeMode};
use waypost_core::decision::Name;
use waypost_core::edge::{BoundPolicy, EdgeConfig, EdgeProviderConfig, SendMode};
use waypost_core::provider::Description;

use super::bake::Baked;

/// What satisfies the imports of a tenant's gateway; none where the tenant has bound nothing.
#[derive(Default, Clone, Copy)]
pub(super) struct Policies<'a> {
    pub screening: Option<&'a Baked>,
    pub sender: Option<&'a Baked>,
    pub routing: Option<&'a Baked>,
}

/// The configuration of a gateway as JSON. None: there is no such tenant.
pub(super) fn gateway(
    config: &Config,
    tenant: &str,
    base_path: &str,
    policies: Policies<'_>,
    providers: &BTreeMap<&str, Description>,
) -> Option<String> {
    let public_url = config.server.public_url.as_deref().unwrap_or_default();
    let mut told = EdgeConfig::of(config, tenant, public_url)?;
    base_path.clone_into(&mut told.base_path);
    if let Some(redis) = config.store.redis() {
        told.prefix.clone_from(&redis.prefix);
    }
    told.mode = match config.edge_mode(tenant) {
        EdgeMode::Queue => SendMode::Queue,
        EdgeMode::AtOnce => SendMode::AtOnce,
    };
    told.screening = revised(told.screening, policies.screening);
    told.sender = revised(told.sender, policies.sender);
    told.routing = revised(told.routing, policies.routing);
    for (name, route) in &mut told.providers {
        route.terms.binary = providers.get(&**name).is_some_and(|description| description.binary);
    }
    json(&told)
}

/// The configuration of a provider's component as JSON. None: there is no such provider.
pub(super) fn provider(config: &Config, name: &str, adapter: &Baked) -> Option<String> {
    let mut told = EdgeProviderConfig::of(config, name)?;
    told.revision = Name::from(adapter.revision.as_str());
    json(&told)
}

fn revised(policy: Option<BoundPolicy>, baked: Option<&Baked>) -> Option<BoundPolicy> {
    Some(BoundPolicy { revision: Name::from(baked?.revision.as_str()), ..policy? })
}

/// Neither configuration has a key that is no string, or anything else that JSON does not take.
fn json<T: serde::Serialize>(told: &T) -> Option<String> {
    serde_json::to_string(told).ok()
}
