//! A tenant's components, as the flows of `core` ask them.

use std::sync::Arc;

use waypost_core::decision::{Candidate, Choice, DecisionRecord, Ranking, Verdict};
use waypost_core::flow::decide::usual_ranking;
use waypost_core::flow::{self, Asked};
use waypost_core::id::MessageId;
use waypost_core::inbound::{Inbound, Reception};
use waypost_core::message::Draft;
use waypost_core::summary::Summary as _;
use waypost_core::tenant::TenantTerms;
use waypost_engine::{CallContext, Receiving};

use super::{Bound, Tenant};
use crate::plugins::{About, in_words};
use crate::provider::Provider;

impl flow::Tenant for Tenant {
    type Provider = Provider;

    fn terms(&self) -> &TenantTerms {
        &self.terms
    }

    fn providers(&self) -> &[Arc<Provider>] {
        &self.providers
    }

    fn decision_time_free_at_ms(&self, now_ms: u64) -> Option<u64> {
        self.budget.free_at_ms(now_ms).filter(|_| self.asks_own())
    }

    fn screen(&self, place: usize, draft: &Draft, id: MessageId) -> Option<Asked<Verdict>> {
        let Some(bound) = self.stages.screening.get(place) else {
            if place == self.stages.screening.len() {
                for bound in &self.stages.onlookers {
                    look_on(bound, draft, id, &Verdict::Allow.summary(), |it, draft, context| {
                        it.screen(draft, context).record
                    });
                }
            }
            return None;
        };
        let asked = bound.ask(id, |component| component.screen(draft, &context(draft, id)))?;
        let was = in_words(&asked.decision.record);
        look_on(bound, draft, id, &was, |it, draft, context| it.screen(draft, context).record);
        Some(asked)
    }

    fn choose(&self, draft: &Draft, id: MessageId) -> Option<Asked<Choice>> {
        let bound = self.stages.sender.as_ref()?;
        let asked = bound.ask(id, |component| component.choose(draft, &context(draft, id)));
        let was = asked.as_ref().map_or_else(|| Choice::Keep.summary(), |it| in_words(&it.decision.record));
        look_on(bound, draft, id, &was, |it, draft, context| it.choose(draft, context).record);
        asked
    }

    fn rank(&self, draft: &Draft, candidates: &[Candidate], id: MessageId) -> Option<Asked<Ranking>> {
        let bound = self.stages.routing.as_ref()?;
        let asked = bound.ask(id, |component| component.rank(draft, candidates, &context(draft, id)));
        if bound.has_shadow() {
            let usual = || usual_ranking(candidates).summary();
            let was = asked.as_ref().map_or_else(usual, |it| in_words(&it.decision.record));
            let candidates = candidates.to_vec();
            look_on(bound, draft, id, &was, move |it, draft, context| {
                it.rank(draft, &candidates, context).record
            });
        }
        asked
    }

    fn receives(&self) -> bool {
        !self.stages.receiving.is_empty() || !self.stages.inbound_onlookers.is_empty()
    }

    fn receiving_turn(&self) -> impl Future<Output = impl Sized> {
        self.turn()
    }

    fn receive(&self, place: usize, inbound: &Inbound, id: MessageId) -> Option<Asked<Reception>> {
        let context = CallContext::of_message(id, inbound.time_ms);
        let about = About { id, country: inbound.sender.country };
        let again = |_: &Bound<Receiving>| {
            let inbound = inbound.clone();
            move |component: &Receiving| component.receive(&inbound, &context).record
        };
        let Some(bound) = self.stages.receiving.get(place) else {
            if place == self.stages.receiving.len() {
                for bound in &self.stages.inbound_onlookers {
                    bound.ask_shadow(about, None, || again(bound));
                }
            }
            return None;
        };
        let asked = bound.ask(id, |component| component.receive(inbound, &context))?;
        bound.ask_shadow(about, Some(&in_words(&asked.decision.record)), || again(bound));
        Some(asked)
    }
}

/// Lets the shadow of a place, if it has one, answer the same question about a message.
fn look_on<C: Clone + Send + 'static>(
    bound: &Bound<C>,
    draft: &Draft,
    id: MessageId,
    was: &str,
    question: impl FnOnce(&C, &Draft, &CallContext) -> DecisionRecord + Send + 'static,
) {
    bound.ask_shadow(About { id, country: draft.to.country }, Some(was), || {
        let draft = draft.clone();
        move |component: &C| question(component, &draft, &context(&draft, id))
    });
}

fn context(draft: &Draft, id: MessageId) -> CallContext {
    CallContext::of_message(id, draft.time_ms)
}
