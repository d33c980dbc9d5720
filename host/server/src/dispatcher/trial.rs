//! The one trial of an open circuit, whichever host makes it.

use tracing::{debug, info};

use crate::gateway::Gateway;
use crate::provider::Provider;

/// True where this host may submit the one message that tries the provider.
pub(super) async fn is_granted(gateway: &Gateway, provider: &Provider, now_ms: u64) -> bool {
    let Some(fleet) = &gateway.fleet else {
        provider.begin(now_ms);
        return true;
    };
    let Some(proposal) = provider.trial(now_ms) else { return false };
    match fleet.propose(provider.name(), &proposal).await {
        Ok(written) => {
            let granted = provider.circuit_written(&proposal, written);
            if granted {
                info!(provider = %provider.name(), "this host tries the provider again");
            }
            granted
        }
        // The claim that would follow needs the same Redis.
        Err(error) => {
            debug!(provider = %provider.name(), %error, "no trial: redis does not answer");
            false
        }
    }
}
