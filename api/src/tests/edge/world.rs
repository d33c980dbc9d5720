//! A shell as the edge has one: a provider that takes what it is given, and time that stands still.

use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use http::{Method, Request};
use serde_json::Value;
use waypost_core::config::{Config, InboundTarget, OnFailure};
use waypost_core::decision::{
    Acceptance, Candidate, Choice, DecisionRecord, FaultClass, Health, Name, Outcome, Ranking, Role, Verdict,
};
use waypost_core::flow::exchange::{Exchanged, leased, settle_taken, settlement};
use waypost_core::flow::webhook::Refused;
use waypost_core::flow::{Asked, Caller, Decision, Fault, Provider, Shell, Tenant};
use waypost_core::id::{IdSequence, MessageId};
use waypost_core::inbound::{Inbound, Reception};
use waypost_core::message::Draft;
use waypost_core::provider::{Event, HttpResponse, ProviderTerms, WebhookReading, WebhookRequest};
use waypost_core::request::{SendRequest, Taken};
use waypost_core::store::{ApiKey, Scope, Store};
use waypost_core::tenant::TenantTerms;

use super::store::Memory;
use crate::{Answer, key, serve};

pub const NOW_MS: u64 = 1_700_000_000_000;

pub struct Carrier(pub ProviderTerms);

impl Provider for Carrier {
    fn terms(&self) -> &ProviderTerms {
        &self.0
    }

    fn health(&self, _now_ms: u64) -> Health {
        Health::Healthy
    }

    fn permits(&self, wanted: usize, _now_ms: u64) -> usize {
        wanted
    }

    fn backlog(&self) -> u64 {
        0
    }
}

/// What a receiving component says to a message.
pub type Says = Box<dyn Fn(&Inbound) -> Result<Reception, FaultClass> + Send + Sync>;

pub struct Owner {
    terms: TenantTerms,
    providers: Vec<Arc<Carrier>>,
    receiving: Arc<Mutex<Vec<Says>>>,
}

impl Tenant for Owner {
    type Provider = Carrier;

    fn terms(&self) -> &TenantTerms {
        &self.terms
    }

    fn providers(&self) -> &[Arc<Carrier>] {
        &self.providers
    }

    fn screen(&self, _place: usize, _draft: &Draft, _id: MessageId) -> Option<Asked<Verdict>> {
        None
    }

    fn choose(&self, _draft: &Draft, _id: MessageId) -> Option<Asked<Choice>> {
        None
    }

    fn rank(&self, _draft: &Draft, _candidates: &[Candidate], _id: MessageId) -> Option<Asked<Ranking>> {
        None
    }

    fn receives(&self) -> bool {
        !self.receiving.lock().unwrap().is_empty()
    }

    fn receive(&self, place: usize, inbound: &Inbound, _id: MessageId) -> Option<Asked<Reception>> {
        let receiving = self.receiving.lock().unwrap();
        let answer = receiving.get(place)?(inbound);
        let record = DecisionRecord {
            role: Role::Receiving,
            component: format!("c{place}").into(),
            revision: "r".into(),
            result: String::new(),
            fault: answer.as_ref().err().copied(),
            fuel: 0,
            memory_bytes: 0,
            time_ns: 0,
            log: Vec::new(),
            given: None,
        };
        let answer = answer.map_err(|class| Fault::new(class, "secret words"));
        Some(Asked { decision: Decision { answer, record }, on_failure: OnFailure::Skip })
    }
}

pub struct World {
    /// What the receiving components of every tenant say, in order.
    pub receiving: Arc<Mutex<Vec<Says>>>,
    /// The time.
    pub now_ms: AtomicU64,
    pub store: Memory,
    pub(super) tenants: BTreeMap<Name, Arc<Owner>>,
    pub(super) providers: BTreeMap<Name, Arc<Carrier>>,
    pub(super) numbers: BTreeMap<String, InboundTarget>,
    pub(super) ids: Mutex<IdSequence>,
    /// How many messages of a request are handed over within it.
    pub at_once_max: usize,
    /// What the provider says to a message.
    pub outcome: Outcome,
    /// What the next webhook says.
    pub events: Mutex<Vec<Event>>,
}

impl World {
    pub fn new(config: &str) -> Self {
        let config = Config::parse(config, "test", &["sim"]).unwrap().config;
        let terms =
            |name: &str, provider| ProviderTerms::new(name.into(), provider, false, "https://sms.example");
        let providers: BTreeMap<Name, _> = config
            .providers
            .iter()
            .map(|(name, provider)| (name.as_str().into(), Arc::new(Carrier(terms(name, provider)))))
            .collect();
        let receiving = Arc::<Mutex<Vec<Says>>>::default();
        let owner = |name: &str, tenant| Owner {
            terms: TenantTerms::new(name.into(), tenant, None),
            providers: providers.values().cloned().collect(),
            receiving: Arc::clone(&receiving),
        };
        let tenants = config
            .tenants
            .iter()
            .map(|(name, tenant)| (name.as_str().into(), Arc::new(owner(name, tenant))))
            .collect();
        Self {
            receiving,
            now_ms: NOW_MS.into(),
            store: Memory::default(),
            tenants,
            providers,
            numbers: config.numbers,
            ids: Mutex::default(),
            at_once_max: 0,
            outcome: Outcome::Accepted(Acceptance {
                reference: "r-1".to_owned(),
                parts: None,
                price_micros: None,
            }),
            events: Mutex::default(),
        }
    }

    /// A key of the tenant with these scopes.
    pub fn key(&self, tenant: &str, scopes: &[Scope]) -> String {
        let count = self.store.keys.lock().unwrap().len();
        let text = format!("wp_{count:012}_{}", "A".repeat(43));
        let key = ApiKey {
            id: key::id_of(&text).unwrap().into(),
            tenant: tenant.into(),
            label: String::new(),
            scopes: scopes.to_vec(),
            hash: key::hash(&text),
            created_ms: 0,
            revoked_ms: None,
            expires_ms: None,
        };
        self.store.keys.lock().unwrap().push(key);
        text
    }

    /// Calls, as the edge does.
    pub fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, body) = request.body(body.as_bytes().to_vec()).unwrap().into_parts();
        assert!(body.len() <= serve::body_bytes_max(&parts));
        now(serve::answer(self, &parts, body))
    }

    /// Calls with a key and, where there is one, a JSON body.
    pub fn ask(&self, key: &str, method: Method, path: &str, body: &str) -> (u16, Value) {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let answer = self.call(method, path, &headers, body);
        (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or(Value::Null))
    }
}

impl Shell for World {
    type Tenant = Owner;
    type Store = dyn Store;

    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    fn next_id(&self, now_ms: u64, tenant: &str) -> MessageId {
        self.ids.lock().unwrap().next(now_ms, 7, tenant)
    }

    fn tenants(&self) -> &BTreeMap<Name, Arc<Owner>> {
        &self.tenants
    }

    fn providers(&self) -> &BTreeMap<Name, Arc<Carrier>> {
        &self.providers
    }

    fn numbers(&self) -> &BTreeMap<String, InboundTarget> {
        &self.numbers
    }

    fn read_webhook(
        &self,
        _provider: &Carrier,
        request: WebhookRequest,
    ) -> impl Future<Output = Result<WebhookReading, Refused>> {
        let answer = HttpResponse { status: 200, headers: Vec::new(), body: request.body };
        let events = std::mem::take(&mut *self.events.lock().unwrap());
        ready(Ok(WebhookReading { events, answer }))
    }

    fn at_once_max(&self, _caller: &Caller<Owner>, _request: &SendRequest) -> usize {
        self.at_once_max
    }

    async fn stored(&self, taken: &mut [Taken]) {
        let mut settles = Vec::new();
        for message in leased(taken) {
            let tenant = &self.tenants[&message.envelope.draft.tenant];
            let provider = &self.providers[message.progress.route.as_ref().unwrap()];
            let exchanged = Exchanged { outcome: self.outcome.clone(), decisions: Vec::new() };
            settles.push(settlement(Some(&**tenant), provider.terms(), message, exchanged, NOW_MS));
        }
        settle_taken(&self.store, settles, taken).await.unwrap();
    }
}

/// Nothing here waits.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}
