//! What comes in from providers: a webhook is read by the provider's component, and its events
//! become receipts and inbound messages. The provider is told "taken" only when they are stored.

use tracing::{debug, warn};
use waypost_core::config::InboundTarget;
use waypost_core::decision::{Name, Receipt};
use waypost_core::id::MessageId;
use waypost_core::inbound::InboundMessage;
use waypost_core::limits::REFERENCE_BYTES_MAX;
use waypost_core::provider::{Event, HttpResponse, WebhookReading, WebhookRequest, WebhookResult};
use waypost_core::store::{Inbound, ReceiptIn, ReceiptResult};
use waypost_engine::CallContext;
use waypost_store::StoreError;

use crate::clock;
use crate::gateway::Gateway;
use crate::provider::Provider;
use crate::transport::Sent;

/// What a webhook led to.
#[derive(Debug)]
pub enum WebhookAnswer {
    /// Every event is stored; this is what the provider wants to hear.
    Answer(HttpResponse),
    /// No provider has that name.
    UnknownProvider,
    /// Not from the provider, or not intact. Nothing of it was used.
    Forged(String),
    /// From the provider, but not to be understood.
    Malformed(String),
    /// It cannot be taken now; the provider tries again.
    Unavailable,
}

impl Gateway {
    /// Takes in a webhook of a provider.
    pub async fn webhook(&self, provider: &str, request: WebhookRequest) -> WebhookAnswer {
        let Some(provider) = self.providers.get(provider) else { return WebhookAnswer::UnknownProvider };
        let answer = match self.read_webhook(provider, request).await {
            Ok(reading) => match self.take_events(provider, reading.events).await {
                Ok(()) => WebhookAnswer::Answer(reading.answer),
                Err(error) => {
                    warn!(provider = %provider.name, %error, "a webhook was not taken; the provider will send it again");
                    WebhookAnswer::Unavailable
                }
            },
            Err(refused) => refused,
        };
        self.metrics.webhook(&provider.name, &answer);
        answer
    }

    /// Lets the component read; does the one request that it may want first.
    async fn read_webhook(
        &self,
        provider: &Provider,
        mut request: WebhookRequest,
    ) -> Result<WebhookReading, WebhookAnswer> {
        let id = MessageId::from_parts(MessageId::first_key_at(request.now_ms), 0);
        let context = CallContext::of_message(id, request.now_ms);
        loop {
            let decision = provider.adapter.read_webhook(&request, &context);
            match decision.answer {
                Ok(WebhookResult::Read(reading)) => return Ok(reading),
                Ok(WebhookResult::Forged(why)) => return Err(WebhookAnswer::Forged(why)),
                Ok(WebhookResult::Malformed(why)) => return Err(WebhookAnswer::Malformed(why)),
                Ok(WebhookResult::Fetch(_)) if request.fetched.is_some() => {
                    let why = "the component wanted a second request for one webhook".to_owned();
                    return Err(WebhookAnswer::Malformed(why));
                }
                Ok(WebhookResult::Fetch(wanted)) => match self.transport.send(provider, wanted).await {
                    Sent::Answered(response) => request.fetched = Some(response),
                    Sent::NotSent { .. } | Sent::Lost(_) => return Err(WebhookAnswer::Unavailable),
                    Sent::Forbidden { code, .. } => {
                        warn!(provider = %provider.name, code, "a webhook's own request is not allowed");
                        return Err(WebhookAnswer::Unavailable);
                    }
                },
                Err(fault) => {
                    warn!(provider = %provider.name, class = %fault.class, "the component failed on a webhook");
                    return Err(WebhookAnswer::Unavailable);
                }
            }
        }
    }

    async fn take_events(&self, provider: &Provider, events: Vec<Event>) -> Result<(), StoreError> {
        for event in events {
            match event {
                Event::Receipt(receipt) => self.take_receipt(provider, receipt).await?,
                Event::Inbound(message) => self.take_inbound(provider, message).await?,
            }
        }
        Ok(())
    }

    async fn take_receipt(&self, provider: &Provider, receipt: Receipt) -> Result<(), StoreError> {
        if receipt.reference.len() > REFERENCE_BYTES_MAX {
            debug!(provider = %provider.name, "a receipt with an overlong reference was left out");
            return Ok(());
        }
        let status = receipt.status;
        let receipt = ReceiptIn {
            route: provider.name.clone(),
            now_ms: clock::now_ms(),
            receipt,
            rules: provider.rules,
        };
        let result = self.store.receipt(receipt).await?;
        if let ReceiptResult::Applied(id, state) = &result {
            debug!(message = %id, %state, "a receipt was applied");
        }
        self.metrics.receipt(&provider.name, status, &result);
        Ok(())
    }

    async fn take_inbound(&self, provider: &Provider, message: InboundMessage) -> Result<(), StoreError> {
        let Some(InboundTarget { tenant, inbox }) = self.inbound_target(provider, &message.to.value) else {
            let reason = "no [numbers] entry, `inbound` of the provider or single tenant says whose it is";
            warn!(provider = %provider.name, reason, "an inbound message cannot be routed (inbound_unrouted)");
            return Err(StoreError::Unavailable(reason.to_owned()));
        };
        let inbound = Inbound {
            tenant: Name::from(tenant),
            inbox: Name::from(inbox),
            route: provider.name.clone(),
            reference: message.reference,
            from: message.sender.value,
            to: message.to.value,
            body: message.body,
            received_ms: clock::now_ms(),
        };
        if self.store.inbound(inbound).await? {
            self.metrics.inbound(&provider.name);
            self.inbox_wake.notify_waiters();
        }
        Ok(())
    }

    /// By number, else by provider, else the one tenant that there is.
    fn inbound_target(&self, provider: &Provider, to: &str) -> Option<InboundTarget> {
        if let Some(target) = self.config.numbers.get(to).or(provider.inbound.as_ref()) {
            return Some(target.clone());
        }
        let mut tenants = self.tenants.keys();
        let only = tenants.next().filter(|_| tenants.next().is_none())?;
        Some(InboundTarget { tenant: only.to_string(), inbox: "default".to_owned() })
    }
}
