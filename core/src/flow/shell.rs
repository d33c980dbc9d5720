//! What the flows need of the program around them.

use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::sync::Arc;

use super::component::Asked;
use super::receive::Received;
use super::webhook::{Refused, WebhookAnswer};
use crate::config::InboundTarget;
use crate::decision::{Candidate, Choice, DecisionRecord, Health, Name, Ranking, ReceiptStatus, Verdict};
use crate::id::MessageId;
use crate::inbound::{Inbound, Reception};
use crate::message::Draft;
use crate::provider::{ProviderTerms, WebhookReading, WebhookRequest};
use crate::rate::LimitKind;
use crate::request::{SendRequest, Taken};
use crate::store::{ReceiptResult, Shared, Store};
use crate::tenant::TenantTerms;

/// The program around the flows: its state, its clock, its ids, and what it wants to hear.
pub trait Shell: Shared {
    /// A tenant with its components.
    type Tenant: Tenant;

    /// What messages are kept in. Where it is a type and not a `dyn Store`, operations that no flow
    /// uses are left out of the program, which counts at the edge.
    type Store: Store + ?Sized;

    /// Where messages are kept.
    fn store(&self) -> &Self::Store;

    /// The time, in Unix milliseconds.
    fn now_ms(&self) -> u64;

    /// A new id for a message of the tenant, above every earlier one of this shell.
    fn next_id(&self, now_ms: u64, tenant: &str) -> MessageId;

    /// Every tenant that this shell serves.
    fn tenants(&self) -> &BTreeMap<Name, Arc<Self::Tenant>>;

    /// The tenant of every inbound message that nothing else says the tenant of: the only one that
    /// there is. A shell that does not serve all tenants of the configuration says it itself.
    fn only_tenant(&self) -> Option<&Name> {
        let mut names = self.tenants().keys();
        names.next().filter(|_| names.next().is_none())
    }

    /// Every provider that this shell knows.
    fn providers(&self) -> &BTreeMap<Name, Arc<<Self::Tenant as Tenant>::Provider>>;

    /// Where inbound messages to these numbers go.
    fn numbers(&self) -> &BTreeMap<String, InboundTarget>;

    /// Lets the component of a provider read a webhook: [`super::webhook::read`] where the
    /// component is at hand.
    fn read_webhook(
        &self,
        provider: &<Self::Tenant as Tenant>::Provider,
        request: WebhookRequest,
    ) -> impl Future<Output = Result<WebhookReading, Refused>>;

    /// True where nothing new is taken in any more.
    fn is_draining(&self) -> bool {
        false
    }

    /// What an operator should know though all is well, each as `code: text`.
    fn notices(&self) -> Vec<String> {
        Vec::new()
    }

    /// How many messages of a request are leased as they are accepted, so that the shell hands
    /// them over within the request, in [`Shell::stored`]. 0: all of them wait for a dispatcher.
    fn at_once_max(&self, _caller: &Caller<Self::Tenant>, _request: &SendRequest) -> usize {
        0
    }

    /// Messages were taken in and are stored. Wakes whoever dispatches them; a shell that had
    /// messages leased ([`Shell::at_once_max`]) hands those over that are `submitting` and brings
    /// their progress up to date.
    fn stored(&self, _taken: &mut [Taken]) -> impl Future<Output = ()> {
        ready(())
    }

    /// A message waits for this provider.
    fn waits(&self, _route: &Name) {}

    /// An inbound message of this provider is in an inbox.
    fn inbound(&self, _route: &Name) {}

    /// An inbound message of this provider was shown to the tenant's receiving components, and what they
    /// decided is done.
    fn received(&self, _route: &Name, _received: &Received) {}

    /// Components were asked about a message of this tenant.
    fn decided(&self, _tenant: &Name, _records: &[DecisionRecord]) {}

    /// A limit refused a request.
    fn limited(&self, _tenant: &Name, _limit: LimitKind) {}

    /// A receipt came.
    fn receipt(&self, _route: &Name, _status: ReceiptStatus, _result: &ReceiptResult) {}

    /// A webhook was dealt with.
    fn webhook(&self, _route: &Name, _answer: &WebhookAnswer) {}
}

/// A tenant with its components. They are called on the caller's thread and do no I/O.
pub trait Tenant: Shared {
    /// A provider that it may use.
    type Provider: Provider;

    /// What holds for it.
    fn terms(&self) -> &TenantTerms;

    /// Providers that may carry its messages, in the order of the configuration.
    fn providers(&self) -> &[Arc<Self::Provider>];

    /// From when on components that the tenant has brought itself may be asked again, in Unix
    /// milliseconds; None: now. Looked at before a request of an application is decided.
    fn decision_time_free_at_ms(&self, _now_ms: u64) -> Option<u64> {
        None
    }

    /// Asks the screening component at that place, from 0. None: there are no more.
    fn screen(&self, place: usize, draft: &Draft, id: MessageId) -> Option<Asked<Verdict>>;

    /// Asks the component that chooses the sender. None: there is none.
    fn choose(&self, draft: &Draft, id: MessageId) -> Option<Asked<Choice>>;

    /// Asks the routing component. None: there is none.
    fn rank(&self, draft: &Draft, candidates: &[Candidate], id: MessageId) -> Option<Asked<Ranking>>;

    /// True where there is a receiving component: [`Tenant::receive`] has an answer for place 0.
    fn receives(&self) -> bool {
        false
    }

    /// Waits until the receiving components may be asked about one more message. Whoever asks them keeps what
    /// it gives until they have answered.
    fn receiving_turn(&self) -> impl Future<Output = impl Sized> {
        std::future::ready(())
    }

    /// Asks the receiving component at that place, from 0, with an id that is the seed of its
    /// randomness. None: there are no more. Its `on_failure` is not looked at: an inbound message that a
    /// component fails on goes to its inbox.
    fn receive(&self, _place: usize, _inbound: &Inbound, _id: MessageId) -> Option<Asked<Reception>> {
        None
    }
}

/// A provider as decisions see it.
pub trait Provider: Shared {
    /// What holds for it.
    fn terms(&self) -> &ProviderTerms;

    /// From its circuit breaker.
    fn health(&self, now_ms: u64) -> Health;

    /// How many messages may be submitted now, at most `wanted`.
    fn permits(&self, wanted: usize, now_ms: u64) -> usize;

    /// Messages that wait for it, as of the last count.
    fn backlog(&self) -> u64;
}

/// Who asks: an API key, seen as its tenant.
pub struct Caller<T> {
    /// The tenant with its components and limits.
    pub tenant: Arc<T>,
    /// The id of the key.
    pub key: Name,
}
