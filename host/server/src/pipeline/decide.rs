//! Screening, sender and routing, in this order, for one draft.

use std::sync::Arc;

use waypost_core::config::OnFailure;
use waypost_core::decision::{Choice, DecisionRecord, Health, Name, Ranking, Refusal, Verdict};
use waypost_core::id::MessageId;
use waypost_core::lifecycle::accept::chosen_sender;
use waypost_core::message::Draft;
use waypost_engine::{CallContext, Fault};

use super::{Admission, Decided, Tenant};
use crate::provider::Provider;

impl Tenant {
    /// Asks every component about a draft. Stops at the first refusal.
    pub fn decide(&self, mut draft: Draft, id: MessageId, now_ms: u64) -> Decided {
        let mut records = Vec::with_capacity(self.screening.len() + 2);
        let answer = self.decide_in_order(&mut draft, id, now_ms, &mut records);
        Decided { draft, records, answer }
    }

    fn decide_in_order(
        &self,
        draft: &mut Draft,
        id: MessageId,
        now_ms: u64,
        records: &mut Vec<DecisionRecord>,
    ) -> Result<Admission, Refusal> {
        let held_until_ms = self.screen(draft, id, records)?;
        self.choose_sender(draft, id, records)?;
        let routes = self.rank(draft, id, &[], now_ms, records)?;
        let price_micros = routes[0].price_micros(draft);
        Ok(Admission { routes, held_until_ms, price_micros })
    }

    /// The latest of the times that screening components name.
    fn screen(
        &self,
        draft: &Draft,
        id: MessageId,
        records: &mut Vec<DecisionRecord>,
    ) -> Result<Option<u64>, Refusal> {
        let mut held_until_ms = None;
        for bound in &self.screening {
            let decision = bound.component.screen(draft, &context(draft, id));
            records.push(decision.record);
            match decision.answer {
                Ok(Verdict::Allow) => {}
                Ok(Verdict::Refuse(refusal)) => return Err(refusal),
                Ok(Verdict::HoldUntil(until_ms)) => held_until_ms = held_until_ms.max(Some(until_ms)),
                Err(fault) => refuse_unless_skipped(bound.on_failure, &fault, records)?,
            }
        }
        Ok(held_until_ms)
    }

    fn choose_sender(
        &self,
        draft: &mut Draft,
        id: MessageId,
        records: &mut Vec<DecisionRecord>,
    ) -> Result<(), Refusal> {
        let Some(bound) = &self.sender else { return Ok(()) };
        let decision = bound.component.choose(draft, &context(draft, id));
        records.push(decision.record);
        match decision.answer {
            Ok(Choice::Keep) => Ok(()),
            Ok(Choice::Refuse(refusal)) => Err(refusal),
            Ok(Choice::Replace(text)) => match chosen_sender(&text, self.rules.default_region) {
                Ok(sender) => {
                    draft.sender = Some(sender);
                    Ok(())
                }
                Err(error) => Err(Refusal {
                    code: "chosen_sender_invalid".to_owned(),
                    reason: format!("the sender that the policy chose cannot be used: {error}"),
                }),
            },
            Err(fault) => refuse_unless_skipped(bound.on_failure, &fault, records),
        }
    }

    /// Providers for a draft, best first and at least one, without those of `exclude`. Asked when
    /// a message comes in and again whenever a provider has failed it.
    pub fn rank(
        &self,
        draft: &Draft,
        id: MessageId,
        exclude: &[Name],
        now_ms: u64,
        records: &mut Vec<DecisionRecord>,
    ) -> Result<Vec<Arc<Provider>>, Refusal> {
        let served: Vec<&Arc<Provider>> = self
            .providers
            .iter()
            .filter(|provider| provider.serves(draft) && !exclude.contains(&provider.name))
            .collect();
        if served.is_empty() {
            return Err(no_route());
        }
        let Some(bound) = &self.routing else { return Ok(by_weight(served, now_ms)) };
        let candidates: Vec<_> = served.iter().map(|provider| provider.candidate(draft, now_ms)).collect();
        let decision = bound.component.rank(draft, &candidates, &context(draft, id));
        records.push(decision.record);
        match decision.answer {
            Ok(Ranking::Refuse(refusal)) => Err(refusal),
            Ok(Ranking::Ranked(names)) => {
                let find = |name: &Name| served.iter().find(|provider| provider.name == *name);
                let ranked: Vec<_> = names.iter().filter_map(find).map(|found| Arc::clone(found)).collect();
                if ranked.is_empty() { Err(no_route()) } else { Ok(ranked) }
            }
            Err(fault) if bound.on_failure == OnFailure::Refuse => Err(failed(&fault, records)),
            Err(_) => Ok(by_weight(served, now_ms)),
        }
    }
}

fn context(draft: &Draft, id: MessageId) -> CallContext {
    CallContext::of_message(id, draft.time_ms)
}

/// The stated default where no component ranks: what is up, then weight, then the order of the
/// configuration.
fn by_weight(mut served: Vec<&Arc<Provider>>, now_ms: u64) -> Vec<Arc<Provider>> {
    served.sort_by_key(|provider| {
        let down = provider.health(now_ms) == Health::Down;
        (down, std::cmp::Reverse(provider.weight()))
    });
    served.into_iter().map(Arc::clone).collect()
}

fn no_route() -> Refusal {
    Refusal { code: "no_route".to_owned(), reason: "no provider serves this destination".to_owned() }
}

fn refuse_unless_skipped(
    on_failure: OnFailure,
    fault: &Fault,
    records: &[DecisionRecord],
) -> Result<(), Refusal> {
    if on_failure == OnFailure::Refuse { Err(failed(fault, records)) } else { Ok(()) }
}

/// The component's name and what befell it, but nothing that it said itself.
fn failed(fault: &Fault, records: &[DecisionRecord]) -> Refusal {
    let component = records.last().map_or("?", |record| &record.component);
    Refusal {
        code: "component_failed".to_owned(),
        reason: format!("the component {component} failed ({}), and its binding says refuse", fault.class),
    }
}
