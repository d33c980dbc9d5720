//! A tenant's components, as the flows of `core` ask them.

use std::sync::Arc;

use waypost_core::decision::{Candidate, Choice, Ranking, Verdict};
use waypost_core::flow::{self, Asked};
use waypost_core::id::MessageId;
use waypost_core::inbound::{Inbound, Reception};
use waypost_core::message::Draft;
use waypost_core::tenant::TenantTerms;
use waypost_engine::CallContext;

use super::{Bound, Tenant};
use crate::provider::{Provider, decision};

impl flow::Tenant for Tenant {
    type Provider = Provider;

    fn terms(&self) -> &TenantTerms {
        &self.terms
    }

    fn providers(&self) -> &[Arc<Provider>] {
        &self.providers
    }

    fn screen(&self, place: usize, draft: &Draft, id: MessageId) -> Option<Asked<Verdict>> {
        let bound = self.screening.get(place)?;
        Some(bound.asked(bound.component.screen(draft, &context(draft, id))))
    }

    fn choose(&self, draft: &Draft, id: MessageId) -> Option<Asked<Choice>> {
        let bound = self.sender.as_ref()?;
        Some(bound.asked(bound.component.choose(draft, &context(draft, id))))
    }

    fn rank(&self, draft: &Draft, candidates: &[Candidate], id: MessageId) -> Option<Asked<Ranking>> {
        let bound = self.routing.as_ref()?;
        Some(bound.asked(bound.component.rank(draft, candidates, &context(draft, id))))
    }

    fn receives(&self) -> bool {
        !self.receiving.is_empty()
    }

    fn receive(&self, place: usize, inbound: &Inbound, id: MessageId) -> Option<Asked<Reception>> {
        let bound = self.receiving.get(place)?;
        let context = CallContext::of_message(id, inbound.time_ms);
        Some(bound.asked(bound.component.receive(inbound, &context)))
    }
}

impl<C> Bound<C> {
    fn asked<T>(&self, answered: waypost_engine::Decision<T>) -> Asked<T> {
        Asked { decision: decision(answered), on_failure: self.on_failure }
    }
}

fn context(draft: &Draft, id: MessageId) -> CallContext {
    CallContext::of_message(id, draft.time_ms)
}
