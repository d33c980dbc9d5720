//! The tenant with its policies, and the providers as decisions see them.

use std::sync::Arc;

use edge_plugins::{Component, ask, policies};
use waypost_core::decision::{Candidate, Choice, Health, Ranking, Role, Verdict};
use waypost_core::edge::{BoundPolicy, EdgeRoute};
use waypost_core::flow::{Asked, Decision, Provider, Tenant};
use waypost_core::id::MessageId;
use waypost_core::message::Draft;
use waypost_core::provider::ProviderTerms;
use waypost_core::tenant::TenantTerms;

/// The tenant. Its policies are composed into this component; one that is not bound is never asked.
pub(crate) struct EdgeTenant {
    /// What holds for it.
    pub(crate) terms: TenantTerms,
    /// All its screening components as one.
    pub(crate) screening: Option<BoundPolicy>,
    /// Chooses the sender.
    pub(crate) sender: Option<BoundPolicy>,
    /// Ranks the providers.
    pub(crate) routing: Option<BoundPolicy>,
    /// Providers that may carry its messages.
    pub(crate) providers: Vec<Arc<EdgeProvider>>,
}

impl Tenant for EdgeTenant {
    type Provider = EdgeProvider;

    fn terms(&self) -> &TenantTerms {
        &self.terms
    }

    fn providers(&self) -> &[Arc<EdgeProvider>] {
        &self.providers
    }

    fn screen(&self, place: usize, draft: &Draft, _: MessageId) -> Option<Asked<Verdict>> {
        let bound = self.screening.as_ref().filter(|_| place == 0)?;
        Some(asked(bound, ask(component(bound, Role::Screening), || policies::screen(draft))))
    }

    fn choose(&self, draft: &Draft, _: MessageId) -> Option<Asked<Choice>> {
        let bound = self.sender.as_ref()?;
        Some(asked(bound, ask(component(bound, Role::SenderIdentity), || policies::choose(draft))))
    }

    fn rank(&self, draft: &Draft, candidates: &[Candidate], _: MessageId) -> Option<Asked<Ranking>> {
        let bound = self.routing.as_ref()?;
        Some(asked(bound, ask(component(bound, Role::Routing), || policies::rank(draft, candidates))))
    }
}

fn component(bound: &BoundPolicy, role: Role) -> Component<'_> {
    Component { role, name: &bound.component, revision: &bound.revision }
}

fn asked<T>(bound: &BoundPolicy, decision: Decision<T>) -> Asked<T> {
    Asked { decision, on_failure: bound.on_failure }
}

/// A provider. Instances come and go, so none of them keeps a circuit or a count of what waits: to
/// decisions every provider is healthy and idle, and what fails here is taken over by a host.
pub(crate) struct EdgeProvider {
    terms: ProviderTerms,
    /// Where its component listens, inside the application.
    pub(crate) url: String,
}

impl From<EdgeRoute> for EdgeProvider {
    fn from(route: EdgeRoute) -> Self {
        Self { url: format!("http://{}.spin.internal", route.spin_component), terms: route.terms }
    }
}

impl Provider for EdgeProvider {
    fn terms(&self) -> &ProviderTerms {
        &self.terms
    }

    fn health(&self, _: u64) -> Health {
        Health::Healthy
    }

    fn permits(&self, wanted: usize, _: u64) -> usize {
        wanted
    }

    fn backlog(&self) -> u64 {
        0
    }
}
