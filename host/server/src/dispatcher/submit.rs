//! One try of one message, with what the provider's circuit learns from it.

use tracing::error;
use waypost_core::decision::Outcome;
use waypost_core::flow::exchange::{Exchanged, exchange, settlement};
use waypost_core::lifecycle::settle::signal;
use waypost_core::store::{ClaimedMessage, Settle};

use crate::clock;
use crate::gateway::Gateway;
use crate::provider::{Link, Provider, Speaks};

/// Hands a claimed message to its provider and says what came of it.
pub(super) async fn submit(gateway: &Gateway, provider: &Provider, message: ClaimedMessage) -> Settle {
    let (envelope, attempt) = (&message.envelope, message.progress.attempts);
    let (exchanged, signal) = match &provider.speaks {
        Speaks::Component(component) => {
            let link = Link { terms: &provider.terms, component, transport: &gateway.transport };
            let exchanged = exchange(&link, envelope, attempt, clock::now_ms()).await;
            let signal = signal(&exchanged.outcome);
            (exchanged, signal)
        }
        Speaks::Smpp(sessions) => {
            let tried = sessions.exchange(gateway, provider.name(), envelope, attempt).await;
            (Exchanged { outcome: tried.outcome, decisions: Vec::new() }, tried.signal)
        }
    };
    let now_ms = clock::now_ms();
    if let Some(signal) = signal
        && provider.signal(signal, now_ms)
    {
        error!(provider = %provider.name(), why = why(&exchanged.outcome), "the provider's circuit has opened: messages wait or take another route");
    }
    let tenant = gateway.tenants.get(&message.envelope.draft.tenant);
    let settle = settlement(tenant.map(|tenant| &**tenant), &provider.terms, message, exchanged, now_ms);
    gateway.metrics.decisions(&settle.tenant, &settle.decisions);
    settle
}

/// The code only: reasons come from outside and may hold a number.
fn why(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Accepted(_) => "accepted",
        Outcome::Failed(failure) => &failure.code,
        Outcome::InDoubt(_) => "answer_lost",
    }
}
