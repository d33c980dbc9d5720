//! What the outcome of a submit leads to.

use super::RouteRules;
use super::dispatch::{self, into_doubt};
use crate::breaker::Signal;
use crate::decision::{Acceptance, Failure, FailureClass, Name, Outcome};
use crate::message::{Progress, State};
use crate::store::Settle;
use crate::trace::Step;

/// Longest that a provider's `retry_after_ms` is honoured: one hour.
const RETRY_AFTER_MS_MAX: u64 = 3_600_000;

/// What the provider's circuit breaker learns from an outcome.
#[must_use]
pub fn signal(outcome: &Outcome) -> Option<Signal> {
    match outcome {
        Outcome::Accepted(_) => Some(Signal::Works),
        Outcome::InDoubt(_) => Some(Signal::Fails),
        Outcome::Failed(failure) => match failure.class {
            FailureClass::Message | FailureClass::Sender => Some(Signal::Works),
            FailureClass::Throttled | FailureClass::Policy => None,
            FailureClass::Transient | FailureClass::InDoubt => Some(Signal::Fails),
            FailureClass::System => Some(Signal::Broken),
        },
    }
}

/// True where another provider may do what this one did not: the dispatcher asks the routing
/// component again, with what is left, before it calls [`settle`].
#[must_use]
pub fn wants_other_route(outcome: &Outcome) -> bool {
    let Outcome::Failed(failure) = outcome else { return false };
    matches!(failure.class, FailureClass::Sender | FailureClass::Transient | FailureClass::System)
}

/// True where an outcome can still settle a message of this state. A lease that was given up lets the
/// message wait again; only the news that it was sent after all is worth anything then.
#[must_use]
pub fn can_settle(state: State, outcome: &Outcome) -> bool {
    let waits = matches!(state, State::Held | State::Queued);
    !waits || matches!(outcome, Outcome::Accepted(_))
}

/// How the trace tells of a try. `route_now` is where the message is after it.
#[must_use]
pub fn attempt_step(settle: &Settle, route_now: Option<&Name>) -> Step {
    let (reference, failure) = match &settle.outcome {
        Outcome::Accepted(acceptance) => (Some(acceptance.reference.clone()), None),
        Outcome::Failed(failure) => (None, Some(failure.clone())),
        Outcome::InDoubt(reason) => (None, Some(dispatch::answer_lost(reason))),
    };
    Step::Attempt {
        attempt: settle.attempt,
        route: settle.route.clone(),
        reference,
        failure,
        next_route: route_now.filter(|route| **route != settle.route).cloned(),
    }
}

/// True where a message still waits for the provider that it is to be moved from. What a policy
/// holds is not sent before its time by a detour.
#[must_use]
pub fn can_reroute(progress: &Progress, from: &Name, now_ms: u64) -> bool {
    let held = progress.state == State::Held && progress.due_ms.is_some_and(|due_ms| due_ms > now_ms);
    let waits = matches!(progress.state, State::Held | State::Queued) && !held;
    waits && progress.route.as_ref() == Some(from)
}

/// A submit has been answered, or never will be. `other_route` is the next provider to try where
/// [`wants_other_route`] says so and there is one; one that was tried since the message last
/// waited counts as none. `seed` spreads the waits.
///
/// The caller has checked that the attempt is the message's latest. Only a message that is being
/// handed over or in doubt learns from a failure: another one has been settled or sent on its way.
pub fn settle(
    progress: &mut Progress,
    outcome: &Outcome,
    other_route: Option<&Name>,
    rules: &RouteRules,
    now_ms: u64,
    seed: u64,
) {
    match outcome {
        Outcome::Accepted(acceptance) => submitted(progress, acceptance, rules, now_ms),
        // A receipt was faster than the answer, and it knows better; or the lease was lost and the
        // message waits for its next try already.
        _ if !matches!(progress.state, State::Submitting | State::InDoubt) => {}
        Outcome::InDoubt(reason) => into_doubt(progress, rules, now_ms, reason),
        // A provider's component says so; to send it again at once would hide the doubt.
        Outcome::Failed(failure) if failure.class == FailureClass::InDoubt => {
            into_doubt(progress, rules, now_ms, &failure.reason);
            progress.failure = Some(failure.clone());
        }
        Outcome::Failed(failure) => {
            let other_route = other_route.filter(|route| is_untried(progress, route));
            failed(progress, failure, other_route, rules, now_ms, seed);
            progress.failure = Some(failure.clone());
        }
    }
}

fn submitted(progress: &mut Progress, acceptance: &Acceptance, rules: &RouteRules, now_ms: u64) {
    progress.reference = Some(acceptance.reference.clone());
    progress.price_micros = acceptance.price_micros.or(progress.price_micros);
    let waits_after_doubt = dispatch::waits_after_doubt(progress);
    if waits_after_doubt {
        dispatch::back_to_doubted_route(progress);
    }
    if waits_after_doubt || matches!(progress.state, State::Submitting | State::InDoubt) {
        progress.enter(State::Submitted, now_ms);
        progress.due_ms = Some(now_ms.saturating_add(rules.receipt_wait_ms));
        progress.failure = None;
    }
}

fn failed(
    progress: &mut Progress,
    failure: &Failure,
    other_route: Option<&Name>,
    rules: &RouteRules,
    now_ms: u64,
    seed: u64,
) {
    match failure.class {
        FailureClass::Message | FailureClass::Policy => progress.enter(State::Failed, now_ms),
        // `settle` has dealt with it.
        FailureClass::InDoubt => {}
        FailureClass::Sender => match other_route {
            Some(route) => change_route(progress, route, now_ms),
            None => progress.enter(State::Failed, now_ms),
        },
        // Waiting costs nothing and the provider works: only the message's validity ends this.
        FailureClass::Throttled => {
            let step = progress.attempts;
            wait(progress, failure, step, rules, now_ms, seed);
        }
        FailureClass::Transient => {
            progress.failures = progress.failures.saturating_add(1);
            if progress.failures >= rules.retry.attempts_max {
                progress.enter(State::Exhausted, now_ms);
            } else if let Some(route) = other_route {
                change_route(progress, route, now_ms);
            } else {
                let step = progress.failures;
                wait(progress, failure, step, rules, now_ms, seed);
            }
        }
        // Not the message's fault: it does not count, and the circuit breaker holds it back.
        FailureClass::System => match other_route {
            Some(route) => change_route(progress, route, now_ms),
            None => {
                let step = progress.attempts;
                wait(progress, failure, step, rules, now_ms, seed);
            }
        },
    }
}

fn is_untried(progress: &Progress, route: &Name) -> bool {
    progress.route.as_ref() != Some(route) && !progress.tried.contains(route)
}

/// Queues a message for another provider, at once. What it came from is not tried again until the
/// message has waited.
fn change_route(progress: &mut Progress, route: &Name, now_ms: u64) {
    if let Some(from) = progress.route.replace(route.clone()) {
        progress.tried.push(from);
    }
    progress.enter(State::Queued, now_ms);
    progress.due_ms = Some(now_ms);
}

fn wait(progress: &mut Progress, failure: &Failure, step: u16, rules: &RouteRules, now_ms: u64, seed: u64) {
    let asked_ms = failure.retry_after_ms.map_or(0, u64::from).min(RETRY_AFTER_MS_MAX);
    let wait_ms = rules.retry.wait_ms(step, seed).max(asked_ms);
    progress.enter(State::Queued, now_ms);
    progress.due_ms = Some(now_ms.saturating_add(wait_ms));
    progress.tried.clear();
}

/// Moves a waiting message to another provider without a try, because its own is down. What a
/// policy holds goes no earlier for it; a message that does not wait stays as it is.
pub fn reroute(progress: &mut Progress, route: &Name, now_ms: u64) {
    let hold_ms = progress.due_ms.filter(|due_ms| progress.state == State::Held && *due_ms > now_ms);
    if !matches!(progress.state, State::Held | State::Queued) {
        return;
    }
    if hold_ms.is_none() {
        change_route(progress, route, now_ms);
        return;
    }
    progress.route = Some(route.clone());
}
