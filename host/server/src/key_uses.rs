//! When keys were used last: noted by requests in memory, and told to the store from here, so that no
//! request waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::debug;

use crate::running::Running;

/// How often the store is told.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// How often the end of the gateway is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Runs until the gateway drains, and tells what is left then.
pub async fn run(running: Arc<Running>) {
    let mut told_at = Instant::now();
    while !running.now().is_draining() {
        sleep(LOOK_EVERY).await;
        if told_at.elapsed() >= TELL_EVERY {
            told_at = Instant::now();
            tell(&running).await;
        }
    }
    tell(&running).await;
}

/// What the store does not take is lost: the next use is as good.
async fn tell(running: &Running) {
    let uses = running.take_key_uses();
    if uses.is_empty() {
        return;
    }
    if let Err(error) = running.now().store.touch_keys(uses).await {
        debug!(%error, "the store was not told when keys were used last");
    }
}
