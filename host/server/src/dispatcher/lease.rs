//! Whether a claimed message may still be submitted: a host that was stopped for a while must not
//! send what another host may have by now.

use std::time::{Duration, Instant, SystemTime};

use waypost_core::decision::{Failure, FailureClass, Outcome};
use waypost_core::store::{ClaimedMessage, Settle};

use crate::clock;
use crate::provider::Provider;

/// The lease of one claim, by this host's own clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lease {
    began: Instant,
    began_wall: SystemTime,
    length: Duration,
    timeout: Duration,
}

impl Lease {
    /// Begins before the claim is sent, so that it never seems longer than the store's.
    pub(super) fn begin(provider: &Provider, margin_ms: u64) -> Self {
        let length = provider.submit_time().saturating_add(Duration::from_millis(margin_ms));
        Self { began: Instant::now(), began_wall: SystemTime::now(), length, timeout: provider.submit_time() }
    }

    /// How long it is, in milliseconds.
    pub(super) fn length_ms(&self) -> u64 {
        u64::try_from(self.length.as_millis()).unwrap_or(u64::MAX)
    }

    /// True where a submit fits into what is left.
    pub(super) fn has_time(&self) -> bool {
        // The monotonic clock stands still while a virtual machine is suspended; the other one may
        // jump. Where they disagree, the later one counts: not to send is the harmless mistake.
        let wall = self.began_wall.elapsed().unwrap_or_default();
        self.began.elapsed().max(wall).saturating_add(self.timeout) <= self.length
    }
}

/// Gives a message back that was not submitted. Where the lease is lost, the store leaves it alone.
pub(super) fn not_sent(provider: &Provider, message: ClaimedMessage) -> Settle {
    let ClaimedMessage { envelope, progress } = message;
    let reason = "this host was held up for longer than the lease allows, and has not sent it".to_owned();
    let failure =
        Failure { class: FailureClass::Transient, code: "not_sent".to_owned(), reason, retry_after_ms: None };
    Settle {
        tenant: envelope.draft.tenant.clone(),
        id: envelope.id,
        attempt: progress.attempts,
        route: provider.name().clone(),
        now_ms: clock::now_ms(),
        outcome: Outcome::Failed(failure),
        other_route: None,
        rules: provider.terms.rules,
        seed: envelope.id.nonce(),
        decisions: Vec::new(),
    }
}
