//! One request's view of the gateway, as the flows see it.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use edge_shell::Unanswered;
use serde::Serialize;
use serde::de::DeserializeOwned;
use waypost_core::config::InboundTarget;
use waypost_core::decision::Name;
use waypost_core::edge::{SendMode, WebhookAnswer};
use waypost_core::flow::webhook::Refused;
use waypost_core::flow::{Caller, Shell};
use waypost_core::id::MessageId;
use waypost_core::provider::{WebhookReading, WebhookRequest};
use waypost_core::redis::{Clock, Layout, RedisStore};
use waypost_core::request::{SendRequest, Taken};
use waypost_core::store::StoreError;

use crate::redis::{RedisTime, SpinConnection};
use crate::setup::Setup;
use crate::tenant::{EdgeProvider, EdgeTenant};
use crate::watch::Watch;
use crate::{at_once, chain, ids};

/// The name of every edge instance in leases: their leases end by running out, so nobody has to know
/// which instance it was.
const HOST: &str = "edge";

/// The gateway for the time of one request.
pub(crate) struct EdgeShell {
    setup: Rc<Setup>,
    mode: SendMode,
    store: RedisStore<SpinConnection>,
    time: Rc<RedisTime>,
    watch: Rc<Watch>,
}

impl EdgeShell {
    /// Nothing is asked of Redis yet.
    pub(crate) fn new(setup: Rc<Setup>, mode: SendMode, watch: Rc<Watch>) -> Self {
        let time = Rc::new(RedisTime::default());
        let connection = SpinConnection::new(Rc::clone(&time), Rc::clone(&watch));
        let store = RedisStore::new(connection, Layout::new(&setup.prefix), Clock::Redis, Name::from(HOST));
        Self { setup, mode, store, time, watch }
    }

    /// True where there is such a provider.
    pub(crate) fn knows(&self, provider: &str) -> bool {
        self.setup.providers.contains_key(provider)
    }

    /// A call to the component of a provider.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        provider: &EdgeProvider,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Unanswered> {
        let limit = chain::limit(provider);
        // The call has a time limit of its own.
        self.watch.begin(limit * 2);
        let answer = chain::call(provider, path, body, limit).await;
        self.watch.end();
        answer
    }

    /// Asks Redis for the time, for a call that brings no API key.
    pub(crate) async fn ask_time(&self) -> Result<(), StoreError> {
        Ok(self.store.connection().ask_time().await?)
    }
}

impl Shell for EdgeShell {
    type Tenant = EdgeTenant;
    type Store = RedisStore<SpinConnection>;

    fn store(&self) -> &Self::Store {
        &self.store
    }

    fn now_ms(&self) -> u64 {
        self.time.now_ms()
    }

    fn next_id(&self, now_ms: u64, tenant: &str) -> MessageId {
        ids::next(now_ms, tenant)
    }

    fn tenants(&self) -> &BTreeMap<Name, Arc<EdgeTenant>> {
        &self.setup.tenants
    }

    fn only_tenant(&self) -> Option<&Name> {
        self.setup.is_only_tenant.then_some(&self.setup.name)
    }

    fn providers(&self) -> &BTreeMap<Name, Arc<EdgeProvider>> {
        &self.setup.providers
    }

    fn numbers(&self) -> &BTreeMap<String, InboundTarget> {
        &self.setup.numbers
    }

    async fn read_webhook(
        &self,
        provider: &EdgeProvider,
        request: WebhookRequest,
    ) -> Result<WebhookReading, Refused> {
        match self.call::<WebhookAnswer>(provider, "/webhook", &request).await {
            Ok(answer) => answer.into(),
            Err(unanswered) => Err(Refused::Unreachable(match unanswered {
                Unanswered::NotSent(reason) => reason.to_owned(),
                Unanswered::Denied => "`allowed_outbound_hosts` does not list it".to_owned(),
                Unanswered::Invalid => "the call is not HTTP".to_owned(),
                Unanswered::Lost(reason) => reason,
            })),
        }
    }

    fn at_once_max(&self, _: &Caller<EdgeTenant>, _: &SendRequest) -> usize {
        match self.mode {
            SendMode::Queue => 0,
            SendMode::AtOnce => at_once::MESSAGES_MAX,
        }
    }

    async fn stored(&self, taken: &mut [Taken]) {
        at_once::send(self, taken).await;
    }

    fn webhook(&self, route: &Name, answer: &waypost_core::flow::webhook::WebhookAnswer) {
        if let waypost_core::flow::webhook::WebhookAnswer::Refused(why) = answer {
            let kind = match why {
                Refused::Forged(_) => "forged",
                Refused::Malformed(_) => "malformed",
                Refused::Unrouted => "of no tenant: name its number in [numbers]",
                Refused::Component(_) => "not read: the plugin failed",
                Refused::Forbidden(_) => "not read: its own request is not allowed",
                Refused::NoAnswer => "not read: its own request got no answer",
                Refused::Unreachable(_) => "not read: the provider's component does not answer",
                Refused::Store(_) => "not stored",
            };
            edge_shell::tell(&format!("a webhook of {route} is {kind}"));
        }
    }
}
