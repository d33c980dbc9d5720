//! What the SMSC sends: receipts and messages are stored by the same ways as those of webhooks, and it is
//! answered when they are. Where the store does not take one it is asked to repeat it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use tracing::{debug, warn};
use waypost_core::breaker::Signal;
use waypost_core::config::smpp as config;
use waypost_core::decision::Name;
use waypost_core::flow::webhook::{self, Refused};
use waypost_core::inbound::InboundMessage;
use waypost_core::provider::Event as News;
use waypost_core::smpp::{self as rules, Delivered, InboundSm};
use waypost_core::store::StoreError;
use waypost_smpp::{CommandStatus, Delivery, Event, Incoming};

use super::parts;
use crate::clock;
use crate::gateway::Gateway;
use crate::provider::Provider;
use crate::running::Running;

/// A message without an id that is the same as another one this short a time before is a repeated one:
/// an SMSC whose link broke before it was answered sends again within seconds. In milliseconds; with
/// the time up to the next full one it can be twice as long.
const REPEATED_WITHIN_MS: u64 = 60_000;
/// At most one line of the log for each kind of trouble in so many milliseconds.
const LINE_EVERY_MS: u64 = 1_000;

/// Takes what the sessions of one provider receive.
pub(super) struct Inlet {
    provider: Weak<Provider>,
    running: Weak<Running>,
    config: Arc<config::Smpp>,
    /// When the last line of the log was written, in Unix milliseconds.
    warned_ms: AtomicU64,
}

impl Inlet {
    pub(super) fn new(provider: &Arc<Provider>, running: &Arc<Running>, config: Arc<config::Smpp>) -> Self {
        let (provider, running) = (Arc::downgrade(provider), Arc::downgrade(running));
        Self { provider, running, config, warned_ms: AtomicU64::new(0) }
    }

    async fn take(&self, gateway: &Gateway, provider: &Provider, delivery: &Delivery) -> Result<(), Refused> {
        let terms = &provider.terms;
        let result = match rules::read(&delivery.pdu, &self.config) {
            Delivered::Receipt(receipt) => {
                webhook::take_events(gateway, terms, vec![News::Receipt(receipt)]).await?;
                "receipt"
            }
            Delivered::Unreadable(error) => {
                debug!(provider = %terms.name, why = error.code(), "a receipt that cannot be used");
                error.code()
            }
            Delivered::Acknowledgement(_) => "acknowledgement",
            Delivered::Message(message) => {
                self.take_message(gateway, provider, *message).await?;
                "message"
            }
        };
        gateway.metrics.smpp_delivery(&terms.name, result);
        Ok(())
    }

    async fn take_message(
        &self,
        gateway: &Gateway,
        provider: &Provider,
        message: InboundSm,
    ) -> Result<(), Refused> {
        let terms = &provider.terms;
        let (tenant, inbox) = webhook::target(gateway, terms, &message.to.value)?;
        if let Some(part) = message.part {
            return Ok(parts::take(gateway, &terms.name, (tenant, inbox), message, part).await?);
        }
        let reference = match &message.reference {
            Some(reference) => reference.clone(),
            None => reference_of(gateway, &terms.name, tenant, &message).await?,
        };
        let body = message.body();
        let message = InboundMessage { reference, sender: message.sender, to: message.to, body, at_ms: None };
        webhook::take_events(gateway, terms, vec![News::Inbound(message)]).await
    }

    /// The status that has the SMSC repeat what may be taken later, and give up what may not.
    fn refuse(&self, gateway: &Gateway, route: &Name, why: &Refused) -> CommandStatus {
        let (status, result) = match why {
            Refused::Store(StoreError::InvalidPart(_)) => (CommandStatus::RX_P_APPN, "invalid"),
            Refused::Store(_) => (CommandStatus::RX_T_APPN, "unavailable"),
            Refused::Unrouted => (CommandStatus::RX_P_APPN, "unrouted"),
            _ => (CommandStatus::RX_P_APPN, "malformed"),
        };
        gateway.metrics.smpp_delivery(route, result);
        let now_ms = clock::now_ms();
        let warned_ms = self.warned_ms.load(Ordering::Relaxed);
        if now_ms.saturating_sub(warned_ms) >= LINE_EVERY_MS {
            self.warned_ms.store(now_ms, Ordering::Relaxed);
            warn!(provider = %route, %why, %status, "what the SMSC brought was not taken");
        }
        status
    }
}

#[async_trait]
impl Incoming for Inlet {
    async fn deliver(&self, delivery: Delivery) -> Result<(), CommandStatus> {
        let (Some(running), Some(provider)) = (self.running.upgrade(), self.provider.upgrade()) else {
            return Err(CommandStatus::RX_T_APPN);
        };
        let gateway = running.now();
        let taken = self.take(&gateway, &provider, &delivery).await;
        taken.map_err(|why| self.refuse(&gateway, provider.name(), &why))
    }

    /// What happens to binds is logged by the client itself.
    fn event(&self, event: &Event) {
        let Event::Unbound { lost: 1.., .. } = event else { return };
        let (Some(running), Some(provider)) = (self.running.upgrade(), self.provider.upgrade()) else {
            return;
        };
        if provider.signal(Signal::Fails, clock::now_ms()) {
            warn!(provider = %provider.name(), "the provider's circuit has opened: its links keep dying");
        }
        if provider.circuit_news().is_some() {
            running.now().circuit_changed.notify_one();
        }
    }
}

/// A reference for a message that has none: a repeated one has the same, and an equal one that is
/// written minutes later has another. It holds no telephone number.
async fn reference_of(
    gateway: &Gateway,
    route: &Name,
    tenant: Name,
    message: &InboundSm,
) -> Result<String, StoreError> {
    let mut hash = Sha256::new();
    for field in [message.sender.value.as_bytes(), message.to.value.as_bytes(), &message.content.to_bytes()] {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    let digits: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let period = clock::now_ms() / REPEATED_WITHIN_MS;
    let before = format!("sm:{digits}:{}", period.saturating_sub(1));
    if gateway.store.inbound_known(tenant, route.clone(), before.clone()).await? {
        return Ok(before);
    }
    Ok(format!("sm:{digits}:{period}"))
}
