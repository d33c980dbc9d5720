//! Leases: who is handing a message to a provider, and what becomes of it when that host is gone.

use super::{DoubtChoice, RouteRules};
use crate::decision::{Failure, FailureClass};
use crate::message::{Progress, State};

/// What claiming a message led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It is leased: hand it to its provider.
    Leased,
    /// Its validity is over: it is not sent any more.
    Expired,
}

/// Takes a waiting message. It counts as handed over from here on: whoever dies now leaves it in
/// doubt. The caller has checked that it is held or queued, and due.
pub fn claim(progress: &mut Progress, valid_until_ms: u64, now_ms: u64, lease_until_ms: u64) -> Claimed {
    debug_assert!(matches!(progress.state, State::Held | State::Queued), "claimed as {}", progress.state);
    if now_ms >= valid_until_ms {
        progress.enter(State::Expired, now_ms);
        return Claimed::Expired;
    }
    progress.enter(State::Submitting, now_ms);
    progress.attempts = progress.attempts.saturating_add(1);
    progress.due_ms = Some(lease_until_ms);
    Claimed::Leased
}

/// A lease has run out, or the host that held it has started anew: the message may have been sent.
/// A message that is not leased stays as it is.
pub fn lose_lease(progress: &mut Progress, rules: &RouteRules, now_ms: u64) {
    if progress.state != State::Submitting {
        return;
    }
    into_doubt(progress, rules, now_ms, "the host stopped while it was handing the message over");
}

/// The message may have been sent; from here it waits for a receipt.
pub(super) fn into_doubt(progress: &mut Progress, rules: &RouteRules, now_ms: u64, reason: &str) {
    progress.enter(State::InDoubt, now_ms);
    progress.doubted = true;
    progress.due_ms = Some(now_ms.saturating_add(rules.doubt_wait_ms));
    progress.failure = Some(answer_lost(reason));
}

/// The failure of a message in doubt.
pub(super) fn answer_lost(reason: &str) -> Failure {
    Failure {
        class: FailureClass::InDoubt,
        code: "answer_lost".to_owned(),
        reason: reason.to_owned(),
        retry_after_ms: None,
    }
}

/// True where a message waits to be sent again because its latest submit stayed in doubt: any sign
/// that the provider has it makes that needless.
pub(super) fn waits_after_doubt(progress: &Progress) -> bool {
    let doubt = progress.failure.as_ref().is_some_and(|failure| failure.class == FailureClass::InDoubt);
    progress.state == State::Queued && progress.doubted && doubt
}

/// Gives a message that [`waits_after_doubt`] back to the provider that had its submit.
pub(super) fn back_to_doubted_route(progress: &mut Progress) {
    // The wait began with none tried: what is first here had the submit, and was left since.
    if !progress.tried.is_empty() {
        progress.route = Some(progress.tried.swap_remove(0));
        progress.tried.clear();
    }
}

/// The wait of a message in doubt, or of one that waits for its receipt, is over. A submit that
/// stayed in doubt counts as a failure: each further try may reach the handset once more.
pub fn stop_waiting(progress: &mut Progress, rules: &RouteRules, valid_until_ms: u64, now_ms: u64) {
    match (progress.state, rules.doubt_then) {
        (State::InDoubt, DoubtChoice::Retry)
            if now_ms < valid_until_ms && progress.failures.saturating_add(1) < rules.retry.attempts_max =>
        {
            progress.failures = progress.failures.saturating_add(1);
            progress.enter(State::Queued, now_ms);
            progress.tried.clear();
            progress.due_ms = Some(now_ms);
        }
        (State::InDoubt | State::Submitted, _) => {
            progress.enter(State::Unknown, now_ms);
        }
        _ => {}
    }
}

/// The application takes a message back. False: it is too late.
#[must_use]
pub fn cancel(progress: &mut Progress, now_ms: u64) -> bool {
    let waiting = matches!(progress.state, State::Held | State::Queued);
    if waiting {
        progress.enter(State::Cancelled, now_ms);
    }
    waiting
}

/// An operator sends a dead letter again, with all its tries before it and a new validity. False:
/// it is none.
#[must_use]
pub fn redrive(progress: &mut Progress, now_ms: u64) -> bool {
    let dead = progress.state.is_dead_letter();
    if dead {
        progress.enter(State::Queued, now_ms);
        progress.due_ms = Some(now_ms);
        progress.tried.clear();
        progress.failures = 0;
    }
    dead
}
