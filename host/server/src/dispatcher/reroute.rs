//! Messages that wait for a provider that cannot have them take another route where there is one.

use tracing::{info, warn};
use waypost_core::decision::Name;
use waypost_core::flow::Tenant as _;
use waypost_core::flow::decide::other_route;
use waypost_core::store::Reroute;

use crate::clock;
use crate::gateway::Gateway;

/// Most messages that are looked at in one go.
const BATCH_MAX: u32 = 500;

/// Moves the messages that wait for a provider to others that work: because its circuit is open,
/// or because the configuration has it no longer. Those without another route stay and wait.
pub async fn leave_route(gateway: &Gateway, route: &Name) {
    if gateway.providers.keys().all(|other| other == route) {
        return;
    }
    let now_ms = clock::now_ms();
    let waiting = match gateway.store.waiting(route.clone(), now_ms, BATCH_MAX).await {
        Ok(waiting) => waiting,
        Err(error) => {
            warn!(provider = %route, %error, "cannot look for messages to reroute");
            return;
        }
    };
    let mut reroutes = Vec::new();
    for message in waiting {
        let mut decisions = Vec::new();
        let mut tried = message.progress.tried;
        tried.push(route.clone());
        let envelope = &message.envelope;
        // Those of a tenant that is gone from the configuration wait for their validity to end.
        let Some(tenant) = gateway.tenants.get(&envelope.draft.tenant) else { continue };
        // Other tenants' messages wait for this to end; its own for their turn.
        if tenant.decision_time_free_at_ms(clock::now_ms()).is_some() {
            continue;
        }
        if let Some(to) = other_route(&**tenant, envelope, &tried, now_ms, &mut decisions) {
            let tenant = envelope.draft.tenant.clone();
            let (id, from) = (envelope.id, route.clone());
            reroutes.push(Reroute { tenant, id, from, to, now_ms, decisions });
        }
    }
    if reroutes.is_empty() {
        return;
    }
    match gateway.store.reroute(reroutes).await {
        Ok(moved) => {
            info!(provider = %route, moved, "messages took another route");
            for other in gateway.providers.values() {
                other.wake.notify_one();
            }
        }
        Err(error) => warn!(provider = %route, %error, "cannot reroute messages"),
    }
}
