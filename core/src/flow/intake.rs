//! The way in: from a request to messages that are stored and answered for.
//!
//! plan → decide (components) → accept (one store transaction) → tell the shell.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::decide::{Admission, Decided, decide};
use super::shell::{Caller, Provider, Shell, Tenant};
use crate::decision::{DecisionRecord, Failure, Name, Refusal};
use crate::id::MessageId;
use crate::lifecycle::accept::{self, Submission};
use crate::lifecycle::dispatch::{self, Claimed};
use crate::limits;
use crate::message::{Draft, Envelope, Progress, State};
use crate::number::Sender;
use crate::rate::{AcceptLimits, LimitKind, LimitReached};
use crate::request::{Explanation, SendAnswer, SendError, SendRequest, Taken};
use crate::store::{Accept, Accepted, Idempotency, NewMessage, Store as _};
use crate::text::Replacement;
use crate::trace::{Cause, Entry, Step};

/// Takes a request in, as a whole or not at all. When this answers `Ok`, its messages are stored.
///
/// # Errors
/// [`SendError`]; nothing is stored then.
pub async fn send<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    request: &SendRequest,
    idempotency: Option<Idempotency>,
) -> Result<SendAnswer, SendError> {
    check_callback(&*caller.tenant, request)?;
    check_decision_time(shell, &*caller.tenant)?;
    let asked = Asked { caller, request, origin: None };
    take(shell, &asked, idempotency, caller.tenant.terms().limits).await
}

/// Takes in what an inbound message led to, as [`send`] does, but for the limits.
///
/// # Errors
/// [`SendError`]; nothing is stored then.
pub(super) async fn send_from<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    request: &SendRequest,
    idempotency: Option<Idempotency>,
    limits: AcceptLimits,
    origin: &Origin<'_>,
) -> Result<SendAnswer, SendError> {
    take(shell, &Asked { caller, request, origin: Some(origin) }, idempotency, limits).await
}

/// Where a request comes from that no application made.
pub(super) struct Origin<'a> {
    /// The inbound message.
    pub cause: &'a Cause,
    /// The sender of a message that names none.
    pub sender: &'a Sender,
    /// What led to the request, for the traces of its messages.
    pub decisions: &'a [DecisionRecord],
    /// Nothing is asked any more: the messages are kept as refused.
    pub refusal: Option<Refusal>,
}

struct Asked<'a, T> {
    caller: &'a Caller<T>,
    request: &'a SendRequest,
    origin: Option<&'a Origin<'a>>,
}

async fn take<S: Shell>(
    shell: &S,
    asked: &Asked<'_, S::Tenant>,
    idempotency: Option<Idempotency>,
    limits: AcceptLimits,
) -> Result<SendAnswer, SendError> {
    let (caller, terms) = (asked.caller, asked.caller.tenant.terms());
    let mut opted_out = BTreeSet::new();
    loop {
        let now_ms = shell.now_ms();
        let (mut taken, messages) = prepare(shell, asked, &opted_out, now_ms)?;
        let accept = Accept {
            tenant: terms.name.clone(),
            key: caller.key.clone(),
            now_ms,
            idempotency: idempotency.clone(),
            limits,
            messages,
        };
        return match shell.store().accept(accept).await.map_err(SendError::Store)? {
            Accepted::Stored => {
                shell.stored(&mut taken).await;
                Ok(SendAnswer { messages: taken, replayed: false })
            }
            Accepted::Replayed(ids) => replay(shell, &terms.name, ids).await,
            Accepted::KeyReused => Err(SendError::KeyReused),
            Accepted::Limited(limit) => {
                shell.limited(&terms.name, limit.limit);
                Err(SendError::Limited(limit))
            }
            // The clock has gone back to before the last start: draw again.
            Accepted::IdTaken => continue,
            // Each time more are refused, until those that are left are taken.
            Accepted::OptedOut(places) => {
                opted_out.extend(places);
                continue;
            }
        };
    }
}

/// What [`send`] would decide. Nothing is stored or sent.
///
/// # Errors
/// [`SendError::CallbackHost`], [`SendError::Submission`], and [`SendError::Limited`] by
/// [`LimitKind::DecisionTime`] only.
pub fn explain<S: Shell>(
    shell: &S,
    tenant: &S::Tenant,
    request: &SendRequest,
) -> Result<Vec<Explanation>, SendError> {
    check_callback(tenant, request)?;
    check_decision_time(shell, tenant)?;
    let now_ms = shell.now_ms();
    let mut explanations = Vec::with_capacity(request.to.len());
    for (index, to) in request.to.iter().enumerate() {
        check_decision_debt(shell, tenant, index)?;
        let planned = accept::plan(&submission(request, to), &tenant.terms().rules, now_ms)
            .map_err(|error| SendError::Submission { index, error })?;
        let mut decided = decide(tenant, planned.draft, shell.next_id(now_ms, &tenant.terms().name), now_ms);
        refuse_foreign_sender(shell, &tenant.terms().name, &mut decided);
        explanations.push(explanation(decided, planned.replaced));
    }
    Ok(explanations)
}

fn check_callback(tenant: &impl Tenant, request: &SendRequest) -> Result<(), SendError> {
    match &request.callback_url {
        Some(url) if !tenant.terms().permits_callback(url) => Err(SendError::CallbackHost),
        _ => Ok(()),
    }
}

/// Before anything is decided: what a component would use cannot be known beforehand.
fn check_decision_time<S: Shell>(shell: &S, tenant: &S::Tenant) -> Result<(), SendError> {
    let Some(free_at_ms) = tenant.decision_time_free_at_ms(shell.now_ms()) else { return Ok(()) };
    shell.limited(&tenant.terms().name, LimitKind::DecisionTime);
    Err(SendError::Limited(LimitReached { limit: LimitKind::DecisionTime, free_at_ms, index: 0 }))
}

/// Between recipients: one request may use more than is left, but not without end.
fn check_decision_debt<S: Shell>(shell: &S, tenant: &S::Tenant, index: usize) -> Result<(), SendError> {
    if index == 0 {
        return Ok(());
    }
    let now_ms = shell.now_ms();
    match tenant.decision_time_free_at_ms(now_ms) {
        Some(free_at_ms) if free_at_ms.saturating_sub(now_ms) > limits::DECISION_DEBT_MS_MAX => {
            shell.limited(&tenant.terms().name, LimitKind::DecisionTime);
            Err(SendError::Limited(LimitReached { limit: LimitKind::DecisionTime, free_at_ms, index }))
        }
        _ => Ok(()),
    }
}

fn prepare<S: Shell>(
    shell: &S,
    asked: &Asked<'_, S::Tenant>,
    opted_out: &BTreeSet<usize>,
    now_ms: u64,
) -> Result<(Vec<Taken>, Vec<NewMessage>), SendError> {
    let Asked { caller, request, origin } = *asked;
    let terms = caller.tenant.terms();
    let mut at_once_left = shell.at_once_max(caller, request);
    let mut taken = Vec::with_capacity(request.to.len());
    let mut messages = Vec::with_capacity(request.to.len());
    for (index, to) in request.to.iter().enumerate() {
        check_decision_debt(shell, &*caller.tenant, index)?;
        let planned = accept::plan(&submission(request, to), &terms.rules, now_ms)
            .map_err(|error| SendError::Submission { index, error })?;
        let id = shell.next_id(now_ms, &terms.name);
        let mut decided = decide_from(&*caller.tenant, planned.draft, id, now_ms, origin);
        refuse_foreign_sender(shell, &terms.name, &mut decided);
        if opted_out.is_empty() {
            shell.decided(&terms.name, &decided.records);
        }
        if opted_out.contains(&index) && decided.answer.is_ok() {
            decided.answer = Err(wants_no_messages());
        }
        let valid_for_s = request.valid_for_s.unwrap_or(limits::VALID_FOR_S_DEFAULT);
        let valid_until_ms = now_ms + u64::from(valid_for_s) * 1000;
        let (mut progress, step) = first_step(&decided, now_ms);
        if let Ok(admission) = &decided.answer
            && at_once_left > 0
            && lease(&mut progress, admission, valid_until_ms, now_ms)
        {
            at_once_left -= 1;
        }
        let client_ref = match origin {
            // Only what may reach somebody can be answered.
            Some(_) => conversation_of(&decided.draft).filter(|_| decided.answer.is_ok()),
            None => request.client_ref.clone(),
        };
        let envelope = Arc::new(Envelope {
            id,
            key: caller.key.clone(),
            draft: decided.draft,
            valid_until_ms,
            client_ref,
            callback_url: request.callback_url.clone(),
            hops: origin.map_or(0, |origin| origin.cause.hops),
        });
        let before = origin.map_or(&[][..], |origin| origin.decisions);
        let entry = Entry {
            at_ms: now_ms,
            state: progress.state,
            step,
            decisions: before.iter().cloned().chain(decided.records).collect(),
            cause: origin.map(|origin| origin.cause.clone()),
        };
        messages.push(NewMessage { envelope: envelope.clone(), progress: progress.clone(), entry });
        taken.push(Taken { envelope, progress, replaced: planned.replaced });
    }
    Ok((taken, messages))
}

/// The `client_ref` of messages that receiving components send, by which the last one is found when the
/// recipient writes back.
pub(super) fn conversation(ours: &str, theirs: &str) -> String {
    format!("reply:{ours}:{theirs}")
}

fn conversation_of(draft: &Draft) -> Option<String> {
    let ours = draft.sender.as_ref()?;
    Some(conversation(ours.address.as_str(), draft.to.address.as_str()))
}

fn decide_from<T: Tenant>(
    tenant: &T,
    mut draft: Draft,
    id: MessageId,
    now_ms: u64,
    origin: Option<&Origin<'_>>,
) -> Decided<T::Provider> {
    if let Some(origin) = origin {
        draft.sender.get_or_insert_with(|| origin.sender.clone());
        if let Some(refusal) = &origin.refusal {
            return Decided { draft, records: Vec::new(), answer: Err(refusal.clone()) };
        }
    }
    decide(tenant, draft, id, now_ms)
}

/// Answers to a number go to the tenant that has it, so nobody else sends from it.
fn refuse_foreign_sender<S: Shell, P>(shell: &S, tenant: &Name, decided: &mut Decided<P>) {
    let Some(sender) = decided.draft.sender.as_ref().filter(|_| decided.answer.is_ok()) else { return };
    let target = shell.numbers().get(sender.address.as_str());
    if target.is_some_and(|target| *target.tenant != **tenant) {
        decided.answer = Err(Refusal {
            code: "sender_not_own".to_owned(),
            reason: "the sender is a number that the operator has given to another tenant".to_owned(),
        });
    }
}

fn wants_no_messages() -> Refusal {
    Refusal {
        code: "opted_out".to_owned(),
        reason: "the recipient wants no messages from this sender".to_owned(),
    }
}

fn submission<'a>(request: &'a SendRequest, to: &'a str) -> Submission<'a> {
    Submission {
        to,
        from: request.from.as_deref(),
        body: &request.body,
        encoding: request.encoding,
        segments_max: request.segments_max,
        replace_lookalikes: request.replace_lookalikes,
        priority: request.priority,
        tags: &request.tags,
    }
}

fn first_step<P: Provider>(decided: &Decided<P>, now_ms: u64) -> (Progress, Step) {
    match &decided.answer {
        Ok(admission) => {
            let route = admission.route.terms().name.clone();
            let progress =
                accept::admitted(route.clone(), admission.held_until_ms, admission.price_micros, now_ms);
            let held_until_ms = progress.due_ms.filter(|_| progress.state == State::Held);
            (progress, Step::Accepted { route: Some(route), held_until_ms })
        }
        Err(refusal) => {
            let progress = accept::refused(refusal, now_ms);
            (progress, Step::Refused { failure: Failure::from(refusal) })
        }
    }
}

/// Claims a message before it is stored. A provider with a rate is left to the store's claim, which
/// counts it; one whose circuit is open is left to whoever finds another.
fn lease<P: Provider>(
    progress: &mut Progress,
    admission: &Admission<P>,
    valid_until_ms: u64,
    now_ms: u64,
) -> bool {
    let (provider, terms) = (&admission.route, admission.route.terms());
    if progress.state != State::Queued || terms.rate.is_some() || provider.permits(1, now_ms) == 0 {
        return false;
    }
    dispatch::claim(progress, valid_until_ms, now_ms, terms.lease_until_ms(now_ms)) == Claimed::Leased
}

async fn replay<S: Shell>(shell: &S, tenant: &Name, ids: Vec<MessageId>) -> Result<SendAnswer, SendError> {
    let mut messages = Vec::with_capacity(ids.len());
    for id in ids {
        // A message that was deleted since is left out of the answer.
        if let Some(stored) = shell.store().message(tenant.clone(), id).await.map_err(SendError::Store)? {
            let (envelope, progress) = (stored.envelope, stored.progress);
            messages.push(Taken { envelope, progress, replaced: Vec::new() });
        }
    }
    Ok(SendAnswer { messages, replayed: true })
}

fn explanation<P: Provider>(decided: Decided<P>, replaced: Vec<Replacement>) -> Explanation {
    let (routes, held_until_ms, price_micros, currency) = match decided.answer {
        Ok(admission) => {
            let first = admission.route.terms();
            let further = admission.further_routes.iter().map(|provider| provider.terms());
            let names = std::iter::once(first).chain(further).map(|terms| terms.name.clone()).collect();
            let currency = first.currency().map(str::to_owned);
            (Ok(names), admission.held_until_ms, admission.price_micros, currency)
        }
        Err(refusal) => (Err(refusal), None, None, None),
    };
    Explanation {
        draft: decided.draft,
        replaced,
        decisions: decided.records,
        routes,
        held_until_ms,
        price_micros,
        currency,
    }
}
