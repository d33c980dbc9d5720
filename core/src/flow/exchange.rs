//! One try of one message: the component writes the request, the shell does it, the component
//! reads the answer.

use std::future::Future;

use super::component::Decision;
use super::decide::other_route;
use super::shell::Tenant;
use crate::decision::{DecisionRecord, Failure, FailureClass, Outcome};
use crate::lifecycle::settle::wants_other_route;
use crate::message::{Envelope, State};
use crate::provider::{HttpRequest, HttpResponse, ProviderTerms, Submission, WebhookRequest, WebhookResult};
use crate::request::Taken;
use crate::store::{ClaimedMessage, Settle, Settled, Store, StoreError};

/// A provider at hand: its component, and a way for the component's requests. The component is
/// called on the caller's thread and does no I/O.
pub trait ProviderLink {
    /// Where the provider reports: `{public_url}/hooks/{name}`.
    fn hook_url(&self) -> &str;

    /// The request that hands a message over, or why the message cannot be put in the provider's
    /// terms.
    fn submit_request(&self, submission: Submission<'_>) -> Decision<Result<HttpRequest, Failure>>;

    /// What the provider's answer to that submission means.
    fn read_response(&self, submission: Submission<'_>, response: &HttpResponse) -> Decision<Outcome>;

    /// What a webhook says.
    fn read_webhook(&self, request: &WebhookRequest) -> Decision<WebhookResult>;

    /// Does a request of the component: checks its host, fills in its headers
    /// ([`crate::provider::template`]), and says what is known afterwards.
    fn send(&self, request: HttpRequest) -> impl Future<Output = Sent>;
}

/// What is known after a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The provider has answered.
    Answered(HttpResponse),
    /// It never left the host: another try is safe.
    NotSent {
        /// Stable.
        code: &'static str,
        /// For people.
        reason: String,
    },
    /// The request may not be made: the operator or the component's author has to act.
    Forbidden {
        /// Stable.
        code: &'static str,
        /// For people.
        reason: String,
    },
    /// It was written, at least in part, and no whole answer came.
    Lost(String),
}

/// What came of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// What the message's life goes on from.
    pub outcome: Outcome,
    /// What the component decided on the way.
    pub decisions: Vec<DecisionRecord>,
}

/// Hands a message to its provider. `attempt` is the number of this try, from 1.
pub async fn exchange<L: ProviderLink>(
    link: &L,
    envelope: &Envelope,
    attempt: u16,
    now_ms: u64,
) -> Exchanged {
    let mut decisions = Vec::with_capacity(2);
    let outcome = outcome(link, envelope, attempt, now_ms, &mut decisions).await;
    Exchanged { outcome, decisions }
}

/// How long a provider may keep trying, in seconds, at least one.
#[must_use]
pub fn valid_for_s(envelope: &Envelope, now_ms: u64) -> u32 {
    let left_s = envelope.valid_until_ms.saturating_sub(now_ms) / 1000;
    u32::try_from(left_s).unwrap_or(u32::MAX).max(1)
}

/// The end of a try's lease. Asks for another route where the outcome wants one; `tenant` is None
/// where the message's tenant is gone from the configuration. Call it after the provider's circuit
/// has learnt of the outcome ([`crate::lifecycle::settle::signal`]).
pub fn settlement<T: Tenant>(
    tenant: Option<&T>,
    provider: &ProviderTerms,
    message: ClaimedMessage,
    exchanged: Exchanged,
    now_ms: u64,
) -> Settle {
    let ClaimedMessage { envelope, progress } = message;
    let Exchanged { outcome, mut decisions } = exchanged;
    let other_route = tenant.filter(|_| wants_other_route(&outcome)).and_then(|tenant| {
        let mut tried = progress.tried;
        tried.push(provider.name.clone());
        other_route(tenant, &envelope, &tried, now_ms, &mut decisions)
    });
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

/// Messages that were leased as they were accepted, ready for [`exchange`].
pub fn leased(taken: &[Taken]) -> impl Iterator<Item = ClaimedMessage> {
    let leased = taken.iter().filter(|message| message.progress.state == State::Submitting);
    leased.map(|message| ClaimedMessage {
        envelope: message.envelope.clone(),
        progress: message.progress.clone(),
    })
}

/// Settles tries of messages that were just taken, and brings their progress up to date.
///
/// # Errors
/// The store does not take it. The messages stay `submitting` until their leases run out.
pub async fn settle_taken(
    store: &(impl Store + ?Sized),
    settles: Vec<Settle>,
    taken: &mut [Taken],
) -> Result<(), StoreError> {
    let ids: Vec<_> = settles.iter().map(|settle| settle.id).collect();
    for (id, settled) in ids.into_iter().zip(store.settle(settles).await?) {
        let message = taken.iter_mut().find(|message| message.envelope.id == id);
        if let (Some(message), Settled::Now(progress)) = (message, settled) {
            message.progress = progress;
        }
    }
    Ok(())
}

async fn outcome<L: ProviderLink>(
    link: &L,
    envelope: &Envelope,
    attempt: u16,
    now_ms: u64,
    decisions: &mut Vec<DecisionRecord>,
) -> Outcome {
    let receipt_url = format!("{}?m={}", link.hook_url(), envelope.id);
    let submission = Submission {
        id: envelope.id,
        attempt,
        draft: &envelope.draft,
        valid_for_s: Some(valid_for_s(envelope, now_ms)),
        receipt_url: &receipt_url,
    };
    let asked = link.submit_request(submission);
    decisions.push(asked.record);
    let request = match asked.answer {
        Ok(Ok(request)) => request,
        Ok(Err(failure)) => return Outcome::Failed(failure),
        // Nothing was sent, and another provider's component may do better.
        Err(fault) => return failed(FailureClass::Transient, "component_failed", fault.to_string()),
    };
    match link.send(request).await {
        Sent::Answered(response) => {
            let read = link.read_response(submission, &response);
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

fn failed(class: FailureClass, code: &str, reason: String) -> Outcome {
    Outcome::Failed(Failure { class, code: code.to_owned(), reason, retry_after_ms: None })
}
