//! Rings the lanes for what others have brought into a store that hosts share: another host, or an
//! edge that only takes messages in.

use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use crate::running::Running;

/// How long a message that came in elsewhere waits at most for an idle host to see it. One question
/// for each tenant goes out each time, all in one round trip.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs until the gateway drains.
pub async fn ring(running: Arc<Running>) {
    loop {
        let gateway = running.now();
        if gateway.is_draining() {
            return;
        }
        match gateway.store.news().await {
            Ok(routes) => {
                for provider in routes.iter().filter_map(|route| gateway.providers.get(route)) {
                    provider.wake.notify_one();
                }
            }
            // Lanes look by themselves, too, and say so where the store does not answer.
            Err(error) => debug!(%error, "no news of messages that others brought"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
