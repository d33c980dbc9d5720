//! What comes in from providers: a webhook is read by the provider's component, and its events
//! become receipts and inbound messages. The provider is told "taken" only when they are stored.

use std::collections::BTreeMap;

use super::component::Decision;
use super::exchange::{ProviderLink, Sent};
use super::receive;
use super::shell::{Provider, Shell};
use crate::config::InboundTarget;
use crate::decision::{FaultClass, Name, Receipt};
use crate::inbound::InboundMessage;
use crate::limits::REFERENCE_BYTES_MAX;
use crate::provider::{Event, HttpResponse, ProviderTerms, WebhookReading, WebhookRequest, WebhookResult};
use crate::store::{Inbound, ReceiptIn, Store as _, StoreError};

/// The inbox of a tenant that has all inbound messages to itself.
const INBOX_DEFAULT: &str = "default";

/// What a webhook led to.
#[derive(Debug)]
pub enum WebhookAnswer {
    /// Every event is stored; this is what the provider wants to hear.
    Answer(HttpResponse),
    /// No provider has that name.
    UnknownProvider,
    /// It was not taken; the provider may try again.
    Refused(Refused),
}

/// Why a webhook was not taken. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not from the provider, or not intact. Nothing of it was used.
    #[error("forged: {0}")]
    Forged(String),
    /// From the provider, but not to be understood.
    #[error("malformed: {0}")]
    Malformed(String),
    /// An inbound message, and nothing says whose it is. What came before it is stored.
    #[error(
        "no [numbers] entry, `inbound` of the provider or single tenant says whose an inbound message is \
         (inbound_unrouted)"
    )]
    Unrouted,
    /// The component failed.
    #[error("the component failed: {0}")]
    Component(FaultClass),
    /// The request that the component wanted first is not allowed.
    #[error("the component's own request is not allowed ({0})")]
    Forbidden(&'static str),
    /// The request that the component wanted first got no answer.
    #[error("the component's own request got no answer")]
    NoAnswer,
    /// The provider's component could not be asked.
    #[error("the provider's component cannot be reached: {0}")]
    Unreachable(String),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes in a webhook of a provider.
pub async fn take<S: Shell>(shell: &S, provider: &str, request: WebhookRequest) -> WebhookAnswer {
    let Some(provider) = shell.providers().get(provider) else { return WebhookAnswer::UnknownProvider };
    let terms = provider.terms();
    let answer = match shell.read_webhook(provider, request).await {
        Ok(reading) => match take_events(shell, terms, reading.events).await {
            Ok(()) => WebhookAnswer::Answer(reading.answer),
            Err(refused) => WebhookAnswer::Refused(refused),
        },
        Err(refused) => WebhookAnswer::Refused(refused),
    };
    shell.webhook(&terms.name, &answer);
    answer
}

/// Lets the component read; does the one request that it may want first.
///
/// # Errors
/// [`Refused`]; nothing of the webhook was used.
pub async fn read<L: ProviderLink>(link: &L, mut request: WebhookRequest) -> Result<WebhookReading, Refused> {
    loop {
        let Decision { answer, .. } = link.read_webhook(&request);
        match answer.map_err(|fault| Refused::Component(fault.class))? {
            WebhookResult::Read(reading) => return Ok(reading),
            WebhookResult::Forged(why) => return Err(Refused::Forged(why)),
            WebhookResult::Malformed(why) => return Err(Refused::Malformed(why)),
            WebhookResult::Fetch(_) if request.fetched.is_some() => {
                let why = "the component wanted a second request for one webhook".to_owned();
                return Err(Refused::Malformed(why));
            }
            WebhookResult::Fetch(wanted) => match link.send(wanted).await {
                Sent::Answered(response) => request.fetched = Some(response),
                Sent::NotSent { .. } | Sent::Lost(_) => return Err(Refused::NoAnswer),
                Sent::Forbidden { code, .. } => return Err(Refused::Forbidden(code)),
            },
        }
    }
}

/// Stores what a webhook told.
///
/// # Errors
/// [`Refused::Unrouted`] or [`Refused::Store`]. Events before the one that failed are stored; to
/// store them again changes nothing.
pub async fn take_events<S: Shell>(
    shell: &S,
    provider: &ProviderTerms,
    events: Vec<Event>,
) -> Result<(), Refused> {
    for event in events {
        match event {
            Event::Receipt(receipt) => take_receipt(shell, provider, receipt).await?,
            Event::Inbound(message) => take_inbound(shell, provider, message).await?,
        }
    }
    Ok(())
}

async fn take_receipt<S: Shell>(
    shell: &S,
    provider: &ProviderTerms,
    receipt: Receipt,
) -> Result<(), Refused> {
    // No message can have such a reference, and the next try would bring it again.
    if receipt.reference.len() > REFERENCE_BYTES_MAX {
        return Ok(());
    }
    let status = receipt.status;
    let route = provider.name.clone();
    let receipt = ReceiptIn { route, now_ms: shell.now_ms(), receipt, rules: provider.rules };
    let result = shell.store().receipt(receipt).await?;
    shell.receipt(&provider.name, status, &result);
    Ok(())
}

async fn take_inbound<S: Shell>(
    shell: &S,
    provider: &ProviderTerms,
    message: InboundMessage,
) -> Result<(), Refused> {
    let (tenant, inbox) = target(shell, provider, &message.to.value)?;
    let inbound = Inbound {
        tenant,
        inbox,
        route: provider.name.clone(),
        reference: message.reference,
        from: message.sender.value,
        to: message.to.value,
        body: message.body,
        received_ms: shell.now_ms(),
    };
    Ok(receive::take(shell, inbound, message.sender.kind, message.to.kind).await?)
}

/// Tenant and inbox of what a provider brings for a number.
///
/// # Errors
/// [`Refused::Unrouted`].
pub fn target<S: Shell>(shell: &S, provider: &ProviderTerms, to: &str) -> Result<(Name, Name), Refused> {
    inbound_target(shell.numbers(), provider, shell.only_tenant(), to).ok_or(Refused::Unrouted)
}

/// Tenant and inbox: by number, else by provider, else the one tenant that there is.
fn inbound_target(
    numbers: &BTreeMap<String, InboundTarget>,
    provider: &ProviderTerms,
    only_tenant: Option<&Name>,
    to: &str,
) -> Option<(Name, Name)> {
    if let Some(target) = numbers.get(to).or(provider.inbound.as_ref()) {
        return Some((target.tenant.as_str().into(), target.inbox.as_str().into()));
    }
    Some((only_tenant?.clone(), INBOX_DEFAULT.into()))
}
