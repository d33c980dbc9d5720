//! One try of one message: the component writes the request, the transport does it, the component
//! reads the answer.

use tracing::error;
use waypost_core::decision::{DecisionRecord, Failure, FailureClass, Name, Outcome};
use waypost_core::lifecycle::settle::{signal, wants_other_route};
use waypost_core::message::Envelope;
use waypost_core::provider::Submission;
use waypost_core::store::{ClaimedMessage, Settle};
use waypost_engine::CallContext;

use crate::clock;
use crate::gateway::Gateway;
use crate::provider::Provider;
use crate::transport::Sent;

/// Hands a claimed message to its provider and says what came of it.
pub(super) async fn submit(gateway: &Gateway, provider: &Provider, message: ClaimedMessage) -> Settle {
    let ClaimedMessage { envelope, progress } = message;
    let mut decisions = Vec::new();
    let outcome = exchange(gateway, provider, &envelope, progress.attempts, &mut decisions).await;
    let now_ms = clock::now_ms();
    if let Some(signal) = signal(&outcome)
        && provider.signal(signal, now_ms)
    {
        error!(provider = %provider.name, why = why(&outcome), "the provider's circuit has opened: messages wait or take another route");
    }
    let mut tried = progress.tried;
    tried.push(provider.name.clone());
    let other_route = wants_other_route(&outcome)
        .then(|| other_route(gateway, &envelope, &tried, now_ms, &mut decisions))
        .flatten();
    gateway.metrics.decisions(&envelope.draft.tenant, &decisions);
    Settle {
        tenant: envelope.draft.tenant.clone(),
        id: envelope.id,
        attempt: progress.attempts,
        route: provider.name.clone(),
        now_ms,
        outcome,
        other_route,
        rules: provider.rules,
        seed: envelope.id.nonce(),
        decisions,
    }
}

async fn exchange(
    gateway: &Gateway,
    provider: &Provider,
    envelope: &Envelope,
    attempt: u16,
    decisions: &mut Vec<DecisionRecord>,
) -> Outcome {
    let now_ms = clock::now_ms();
    let context = CallContext::of_message(envelope.id, envelope.draft.time_ms);
    let left_s = envelope.valid_until_ms.saturating_sub(now_ms) / 1000;
    let receipt_url = format!("{}?m={}", provider.hook_url, envelope.id);
    let submission = Submission {
        id: envelope.id,
        attempt,
        draft: &envelope.draft,
        valid_for_s: Some(u32::try_from(left_s).unwrap_or(u32::MAX).max(1)),
        receipt_url: &receipt_url,
    };
    let asked = provider.adapter.submit_request(submission, &context);
    decisions.push(asked.record);
    let request = match asked.answer {
        Ok(Ok(request)) => request,
        Ok(Err(failure)) => return Outcome::Failed(failure),
        // Nothing was sent, and another provider's component may do better.
        Err(fault) => {
            return failed(FailureClass::Transient, "component_failed", fault.to_string());
        }
    };
    match gateway.transport.send(provider, request).await {
        Sent::Answered(response) => {
            let read = provider.adapter.read_response(&response, &context);
            decisions.push(read.record);
            read.answer.unwrap_or_else(|fault| {
                Outcome::InDoubt(format!("the component could not read the answer ({})", fault.class))
            })
        }
        Sent::NotSent { code, reason } => failed(FailureClass::Transient, code, reason),
        Sent::Forbidden { code, reason } => failed(FailureClass::System, code, reason),
        Sent::Lost(reason) => Outcome::InDoubt(reason),
    }
}

/// The best provider that has not tried the message since it last waited.
pub(super) fn other_route(
    gateway: &Gateway,
    envelope: &Envelope,
    tried: &[Name],
    now_ms: u64,
    decisions: &mut Vec<DecisionRecord>,
) -> Option<Name> {
    let tenant = gateway.tenants.get(&envelope.draft.tenant)?;
    let ranked = tenant.rank(&envelope.draft, envelope.id, tried, now_ms, decisions).ok()?;
    ranked.into_iter().find(|provider| provider.permits(1, now_ms) > 0).map(|provider| provider.name.clone())
}

fn failed(class: FailureClass, code: &str, reason: String) -> Outcome {
    Outcome::Failed(Failure { class, code: code.to_owned(), reason, retry_after_ms: None })
}

/// The code only: reasons come from outside and may hold a number.
fn why(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Accepted(_) => "accepted",
        Outcome::Failed(failure) => &failure.code,
        Outcome::InDoubt(_) => "answer_lost",
    }
}
