//! The gateway as the flows of `core` see it: its state, its clock, and what it counts, logs and
//! wakes on the way.

use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::sync::Arc;

use tracing::{debug, warn};
use waypost_core::config::InboundTarget;
use waypost_core::decision::{DecisionRecord, Name, ReceiptStatus};
use waypost_core::flow::receive::Received;
use waypost_core::flow::webhook::{self, Refused, WebhookAnswer};
use waypost_core::flow::{self, Shell};
use waypost_core::id::MessageId;
use waypost_core::provider::{WebhookReading, WebhookRequest};
use waypost_core::rate::LimitKind;
use waypost_core::request::Taken;
use waypost_core::store::{ReceiptResult, Store};

use crate::clock;
use crate::gateway::Gateway;
use crate::pipeline::Tenant;
use crate::provider::{Link, Provider, Speaks};

/// Who asks: an API key, seen as its tenant.
pub type Caller = flow::Caller<Tenant>;

impl Shell for Gateway {
    type Tenant = Tenant;
    type Store = dyn Store;

    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn now_ms(&self) -> u64 {
        clock::now_ms()
    }

    fn next_id(&self, now_ms: u64, tenant: &str) -> MessageId {
        self.ids.next(now_ms, tenant)
    }

    fn tenants(&self) -> &BTreeMap<Name, Arc<Tenant>> {
        &self.tenants
    }

    /// None where others are registered, too, and are disabled or cannot run here: what is theirs is nobody
    /// else's.
    fn only_tenant(&self) -> Option<&Name> {
        let mut names = self.tenants.keys();
        names.next().filter(|_| names.next().is_none() && self.plugins.registered_count() == 0)
    }

    fn providers(&self) -> &BTreeMap<Name, Arc<Provider>> {
        &self.providers
    }

    fn numbers(&self) -> &BTreeMap<String, InboundTarget> {
        &self.config.numbers
    }

    async fn read_webhook(
        &self,
        provider: &Provider,
        request: WebhookRequest,
    ) -> Result<WebhookReading, Refused> {
        let Speaks::Component(component) = &provider.speaks else {
            return Err(Refused::Malformed("this provider reports over SMPP".to_owned()));
        };
        let link = Link { terms: &provider.terms, component, transport: &self.transport };
        webhook::read(&link, request).await
    }

    fn is_draining(&self) -> bool {
        Self::is_draining(self)
    }

    fn notices(&self) -> Vec<String> {
        self.notices.list()
    }

    /// Wakes the lanes of messages that can be submitted at once, and counts.
    fn stored(&self, taken: &mut [Taken]) -> impl Future<Output = ()> {
        for message in taken {
            self.metrics.accepted(&message.envelope.draft.tenant, message.progress.state);
            if let Some(route) = &message.progress.route {
                self.waits(route);
            }
        }
        ready(())
    }

    fn waits(&self, route: &Name) {
        if let Some(provider) = self.providers.get(route) {
            provider.wake.notify_one();
        }
    }

    fn inbound(&self, route: &Name) {
        self.metrics.inbound(route);
        self.inbox_wake.notify_waiters();
    }

    fn received(&self, route: &Name, received: &Received) {
        let Received { tenant, reference, hops, inboxes, opted_out, sent } = received;
        debug!(
            %tenant, provider = %route, reference, hops, ?inboxes, ?opted_out, ?sent,
            "receiving components dealt with an inbound message"
        );
        self.metrics.received(received);
    }

    fn decided(&self, tenant: &Name, records: &[DecisionRecord]) {
        self.metrics.decisions(tenant, records);
    }

    fn limited(&self, tenant: &Name, limit: LimitKind) {
        self.metrics.limited(tenant, limit);
    }

    fn receipt(&self, route: &Name, status: ReceiptStatus, result: &ReceiptResult) {
        if let ReceiptResult::Applied(id, state) = result {
            debug!(message = %id, %state, "a receipt was applied");
        }
        self.metrics.receipt(route, status, result);
    }

    fn webhook(&self, route: &Name, answer: &WebhookAnswer) {
        match answer {
            // Anyone can send those: they are counted, not logged.
            WebhookAnswer::Refused(Refused::Forged(_) | Refused::Malformed(_)) => {}
            WebhookAnswer::Refused(why) => {
                warn!(provider = %route, %why, "a webhook was not taken; the provider will send it again");
            }
            WebhookAnswer::Answer(_) | WebhookAnswer::UnknownProvider => {}
        }
        self.metrics.webhook(route, answer);
    }
}
