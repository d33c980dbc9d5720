//! Sending within the request: what was leased as it was accepted is handed over and settled, before
//! the caller is answered.

use futures_util::future::join_all;
use waypost_core::decision::{Failure, FailureClass, Outcome};
use waypost_core::edge::{SubmitAnswer, SubmitCall};
use waypost_core::flow::exchange::{Exchanged, leased, settle_taken, settlement};
use waypost_core::flow::{Provider as _, Shell};
use waypost_core::request::Taken;
use waypost_core::store::{ClaimedMessage, Settle};

use crate::shell::EdgeShell;
use crate::tenant::EdgeProvider;
use edge_shell::Unanswered;

/// Most messages of one request that are sent within it; the others are queued.
pub(crate) const MESSAGES_MAX: usize = 8;

/// Hands over what is leased, all at once, and settles it in one go. What could not be sent waits
/// for a host. Where the settling fails, the leases run out and a host finds the messages in doubt.
pub(crate) async fn send(shell: &EdgeShell, taken: &mut [Taken]) {
    let messages: Vec<ClaimedMessage> = leased(taken).collect();
    if messages.is_empty() {
        return;
    }
    let settles = join_all(messages.into_iter().map(|message| submit(shell, message))).await;
    let settles: Vec<Settle> = settles.into_iter().flatten().collect();
    if let Err(error) = settle_taken(shell.store(), settles, taken).await {
        edge_shell::tell(&format!("messages that were sent cannot be settled: {error}"));
    }
}

async fn submit(shell: &EdgeShell, message: ClaimedMessage) -> Option<Settle> {
    let route = message.progress.route.as_ref()?;
    let provider = shell.providers().get(route)?;
    let terms = provider.terms();
    let call = SubmitCall::new(&message.envelope, message.progress.attempts, shell.now_ms(), &terms.hook_url);
    let exchanged = exchange(shell, provider, &call).await;
    let tenant = shell.tenants().get(&message.envelope.draft.tenant).map(AsRef::as_ref);
    Some(settlement(tenant, terms, message, exchanged, shell.now_ms()))
}

async fn exchange(shell: &EdgeShell, provider: &EdgeProvider, call: &SubmitCall) -> Exchanged {
    match shell.call::<SubmitAnswer>(provider, "/submit", call).await {
        Ok(answer) => answer.into(),
        Err(unanswered) => Exchanged { outcome: outcome(unanswered), decisions: Vec::new() },
    }
}

/// The call did not come back. Only where it did not go out either, nothing was sent.
fn outcome(unanswered: Unanswered) -> Outcome {
    let failed = |class: FailureClass, code: &str, reason: &str| {
        let (code, reason) = (code.to_owned(), reason.to_owned());
        Outcome::Failed(Failure { class, code, reason, retry_after_ms: None })
    };
    match unanswered {
        Unanswered::NotSent(reason) => failed(FailureClass::Transient, "connection_failed", reason),
        Unanswered::Denied => failed(
            FailureClass::System,
            "host_not_allowed",
            "`allowed_outbound_hosts` of the gateway does not list the provider's component",
        ),
        Unanswered::Invalid => failed(
            FailureClass::System,
            "request_invalid",
            "the call to the provider's component is not HTTP",
        ),
        Unanswered::Lost(reason) => Outcome::InDoubt(reason),
    }
}
