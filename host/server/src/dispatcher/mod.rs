//! From the store to the provider and back: one lane for each provider, so that a slow one holds
//! up nobody else.
//!
//! claim (store) → submit (component, transport, component) → settle (store)

mod lane;
mod reroute;
mod submit;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::gateway::Gateway;

pub use reroute::leave_route;

/// Starts a lane for every provider. The lanes end, with everything in flight settled, after
/// [`Gateway::drain`].
pub fn start(gateway: &Arc<Gateway>) -> JoinSet<()> {
    let mut lanes = JoinSet::new();
    for provider in gateway.providers.values() {
        lanes.spawn(lane::run(gateway.clone(), provider.clone()));
    }
    lanes
}
