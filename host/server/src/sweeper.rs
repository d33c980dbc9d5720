//! What happens because time passes: leases run out, waits end, old messages are deleted, queues
//! are counted.

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use waypost_core::flow::Provider as _;

use crate::clock;
use crate::dispatcher;
use crate::gateway::Gateway;
use crate::running::Running;
use crate::smpp;

const SWEEP_EVERY: Duration = Duration::from_millis(500);
const PRUNE_EVERY_SWEEPS: u32 = 120;
const ROWS_MAX: u32 = 1_000;
const DAY_MS: u64 = 24 * 3600 * 1000;

/// Runs until the gateway drains.
pub async fn run(running: Arc<Running>) {
    let mut sweeps = 0_u32;
    loop {
        let gateway = running.now();
        if gateway.is_draining() {
            break;
        }
        let now_ms = clock::now_ms();
        match gateway.store.sweep(now_ms, ROWS_MAX, gateway.sweep_rules()).await {
            Ok(0) => gateway.metrics.store_up(true),
            Ok(changed) => {
                gateway.metrics.store_up(true);
                gateway.metrics.swept(changed);
                for provider in gateway.providers.values() {
                    provider.wake.notify_one();
                }
            }
            Err(error) => {
                gateway.metrics.store_up(false);
                warn!(%error, "waits and leases are not looked after: the store does not answer");
            }
        }
        count(&gateway).await;
        smpp::look_at_sessions(&gateway);
        if sweeps.is_multiple_of(PRUNE_EVERY_SWEEPS) {
            prune(&gateway, now_ms).await;
            smpp::deliver_old_parts(&gateway).await;
        }
        sweeps = sweeps.wrapping_add(1);
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

async fn count(gateway: &Gateway) {
    let Ok(backlog) = gateway.store.backlog().await else { return };
    for (route, waiting) in &backlog {
        if *waiting > 0 && !gateway.providers.contains_key(route) {
            dispatcher::leave_route(gateway, route).await;
        }
    }
    for provider in gateway.providers.values() {
        let waiting = backlog.iter().find(|(name, _)| name == provider.name()).map_or(0, |(_, n)| *n);
        provider.set_backlog(waiting);
        gateway.metrics.backlog(provider.name(), waiting, provider.health(clock::now_ms()));
    }
}

/// Deletes until nothing is left that is old enough, in steps that let messages through between.
async fn prune(gateway: &Gateway, now_ms: u64) {
    let kept_ms = u64::from(gateway.config.store.retention_days) * DAY_MS;
    let mut deleted = 0;
    while !gateway.is_draining() {
        match gateway.store.prune(now_ms, now_ms.saturating_sub(kept_ms), ROWS_MAX).await {
            Ok(0) => break,
            Ok(step) => deleted += step,
            Err(error) => {
                warn!(%error, "old messages are not deleted: the store does not answer");
                break;
            }
        }
        tokio::task::yield_now().await;
    }
    if deleted > 0 {
        info!(deleted, "messages past their retention were deleted");
    }
}
