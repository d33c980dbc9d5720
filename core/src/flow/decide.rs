//! Screening, sender and routing, in this order, for one draft.

use std::cmp::Reverse;
use std::sync::Arc;

use super::component::{Asked, Fault};
use super::shell::{Provider, Tenant};
use crate::config::OnFailure;
use crate::decision::{Candidate, Choice, DecisionRecord, Given, Health, Name, Ranking, Refusal, Verdict};
use crate::id::MessageId;
use crate::lifecycle::accept::chosen_sender;
use crate::message::{Draft, Envelope};

/// What the components decided about a draft.
#[derive(Debug)]
pub struct Decided<P> {
    /// With the sender that was chosen.
    pub draft: Draft,
    /// Every decision, in order.
    pub records: Vec<DecisionRecord>,
    /// Where it goes, or why not.
    pub answer: Result<Admission<P>, Refusal>,
}

/// A message may go.
#[derive(Debug)]
pub struct Admission<P> {
    /// The provider that is tried first.
    pub route: Arc<P>,
    /// The others, best first.
    pub further_routes: Vec<Arc<P>>,
    /// Not before this time, in Unix milliseconds.
    pub held_until_ms: Option<u64>,
    /// By the first route, for the whole message, in millionths of the currency.
    pub price_micros: Option<u64>,
}

/// Asks every component about a draft. Stops at the first refusal.
pub fn decide<T: Tenant>(tenant: &T, mut draft: Draft, id: MessageId, now_ms: u64) -> Decided<T::Provider> {
    let mut records = Vec::with_capacity(4);
    let answer = decide_in_order(tenant, &mut draft, id, now_ms, &mut records);
    Decided { draft, records, answer }
}

/// Providers for a draft, best first and at least one, without those of `exclude`. Asked when a
/// message comes in and again whenever a provider has failed it.
///
/// # Errors
/// The refusal of the routing component, or that no provider serves the destination.
pub fn rank<T: Tenant>(
    tenant: &T,
    draft: &Draft,
    id: MessageId,
    exclude: &[Name],
    now_ms: u64,
    records: &mut Vec<DecisionRecord>,
) -> Result<Vec<Arc<T::Provider>>, Refusal> {
    rank_among(tenant, draft, id, exclude, now_ms, Recording { records, is_complete: false })
}

/// Where decisions are recorded, and whether with what they were given.
struct Recording<'r> {
    records: &'r mut Vec<DecisionRecord>,
    is_complete: bool,
}

fn rank_among<T: Tenant>(
    tenant: &T,
    draft: &Draft,
    id: MessageId,
    exclude: &[Name],
    now_ms: u64,
    recording: Recording<'_>,
) -> Result<Vec<Arc<T::Provider>>, Refusal> {
    let records = recording.records;
    let served = serving(tenant, draft, exclude);
    if served.is_empty() {
        return Err(no_route());
    }
    let candidates = as_candidates(&served, draft, now_ms);
    let Some(Asked { mut decision, on_failure }) = tenant.rank(draft, &candidates, id) else {
        return Ok(by_weight(&served, &candidates));
    };
    if recording.is_complete {
        decision.record.given = Some(Given::Candidates(candidates.clone()));
    }
    records.push(decision.record);
    match decision.answer {
        Ok(Ranking::Refuse(refusal)) => Err(refusal),
        Ok(Ranking::Ranked(names)) => {
            let find = |name: &Name| served.iter().find(|provider| provider.terms().name == *name);
            let ranked: Vec<_> = names.iter().filter_map(find).map(|found| Arc::clone(found)).collect();
            if ranked.is_empty() { Err(no_route()) } else { Ok(ranked) }
        }
        Err(fault) if on_failure == OnFailure::Refuse => Err(failed(&fault, records)),
        Err(_) => Ok(by_weight(&served, &candidates)),
    }
}

/// The best provider that has not tried the message since it last waited.
pub fn other_route<T: Tenant>(
    tenant: &T,
    envelope: &Envelope,
    tried: &[Name],
    now_ms: u64,
    records: &mut Vec<DecisionRecord>,
) -> Option<Name> {
    let ranked = rank(tenant, &envelope.draft, envelope.id, tried, now_ms, records).ok()?;
    let usable = ranked.into_iter().find(|provider| provider.permits(1, now_ms) > 0)?;
    Some(usable.terms().name.clone())
}

fn decide_in_order<T: Tenant>(
    tenant: &T,
    draft: &mut Draft,
    id: MessageId,
    now_ms: u64,
    records: &mut Vec<DecisionRecord>,
) -> Result<Admission<T::Provider>, Refusal> {
    let is_complete = tenant.terms().records(id);
    let held_until_ms = screen(tenant, draft, id, records)?;
    choose_sender(tenant, draft, id, Recording { records: &mut *records, is_complete })?;
    let mut routes = rank_among(tenant, draft, id, &[], now_ms, Recording { records, is_complete })?;
    if routes.is_empty() {
        return Err(no_route());
    }
    let route = routes.remove(0);
    let price_micros = route.terms().price_micros(draft);
    Ok(Admission { route, further_routes: routes, held_until_ms, price_micros })
}

/// The latest of the times that screening components name.
fn screen<T: Tenant>(
    tenant: &T,
    draft: &Draft,
    id: MessageId,
    records: &mut Vec<DecisionRecord>,
) -> Result<Option<u64>, Refusal> {
    let mut held_until_ms = None;
    for place in 0.. {
        let Some(Asked { decision, on_failure }) = tenant.screen(place, draft, id) else { break };
        records.push(decision.record);
        match decision.answer {
            Ok(Verdict::Allow) => {}
            Ok(Verdict::Refuse(refusal)) => return Err(refusal),
            Ok(Verdict::HoldUntil(until_ms)) => held_until_ms = held_until_ms.max(Some(until_ms)),
            Err(fault) => refuse_unless_skipped(on_failure, &fault, records)?,
        }
    }
    Ok(held_until_ms)
}

fn choose_sender<T: Tenant>(
    tenant: &T,
    draft: &mut Draft,
    id: MessageId,
    recording: Recording<'_>,
) -> Result<(), Refusal> {
    let records = recording.records;
    let Some(Asked { decision, on_failure }) = tenant.choose(draft, id) else { return Ok(()) };
    records.push(decision.record);
    match decision.answer {
        Ok(Choice::Keep) => Ok(()),
        Ok(Choice::Refuse(refusal)) => Err(refusal),
        Ok(Choice::Replace(text)) => match chosen_sender(&text, tenant.terms().rules.default_region) {
            Ok(sender) => {
                let before = draft.sender.replace(sender);
                if let Some(record) = records.last_mut().filter(|_| recording.is_complete) {
                    record.given = Some(Given::Sender(before));
                }
                Ok(())
            }
            Err(error) => Err(Refusal {
                code: "chosen_sender_invalid".to_owned(),
                reason: format!("the sender that the policy chose cannot be used: {error}"),
            }),
        },
        Err(fault) => refuse_unless_skipped(on_failure, &fault, records),
    }
}

/// Whom a routing component may choose from for a draft, as it would be shown them now.
pub fn candidates<T: Tenant>(tenant: &T, draft: &Draft, now_ms: u64) -> Vec<Candidate> {
    as_candidates(&serving(tenant, draft, &[]), draft, now_ms)
}

fn serving<'t, T: Tenant>(tenant: &'t T, draft: &Draft, exclude: &[Name]) -> Vec<&'t Arc<T::Provider>> {
    let is_serving = |provider: &&Arc<T::Provider>| {
        let terms = provider.terms();
        terms.serves(draft) && !exclude.contains(&terms.name)
    };
    tenant.providers().iter().filter(is_serving).collect()
}

fn as_candidates<P: Provider>(served: &[&Arc<P>], draft: &Draft, now_ms: u64) -> Vec<Candidate> {
    let candidate = |provider: &&Arc<P>| {
        let terms = provider.terms();
        Candidate {
            id: terms.name.clone(),
            price_micros: terms.segment_price_micros(draft),
            health: provider.health(now_ms),
            backlog: u32::try_from(provider.backlog()).unwrap_or(u32::MAX),
            weight: terms.weight,
        }
    };
    served.iter().map(candidate).collect()
}

/// The stated default where no component ranks: what is up, then weight, then the order of the
/// configuration.
#[must_use]
pub fn usual_ranking(candidates: &[Candidate]) -> Ranking {
    Ranking::Ranked(in_usual_order(candidates.iter().map(|candidate| (candidate.id.clone(), candidate))))
}

fn by_weight<P>(served: &[&Arc<P>], candidates: &[Candidate]) -> Vec<Arc<P>> {
    in_usual_order(served.iter().map(|provider| Arc::clone(provider)).zip(candidates))
}

fn in_usual_order<'c, T>(of_candidates: impl Iterator<Item = (T, &'c Candidate)>) -> Vec<T> {
    let mut order: Vec<_> = of_candidates.collect();
    order.sort_by_key(|(_, candidate)| (candidate.health == Health::Down, Reverse(candidate.weight)));
    order.into_iter().map(|(it, _)| it).collect()
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
