//! What a receipt (DLR) leads to. Receipts are lost, doubled, late and out of order.

use super::dispatch::{back_to_doubted_route, waits_after_doubt};
use crate::decision::{Failure, FailureClass, Name, Receipt, ReceiptStatus};
use crate::message::{Progress, State};

/// Applies a receipt. False: it says nothing new, and the progress is as it was. A final state
/// never changes, but for `unknown`, which is no knowledge.
#[must_use]
pub fn receipt(progress: &mut Progress, receipt: &Receipt, receipt_wait_ms: u64, now_ms: u64) -> bool {
    let to = target(receipt.status);
    let news = match progress.state {
        State::Submitting | State::InDoubt | State::Submitted | State::Unknown
            if to != State::Delivered && is_of_earlier_submit(progress, receipt) =>
        {
            false
        }
        State::Submitting | State::InDoubt => true,
        State::Submitted | State::Unknown => to.is_final() && to != progress.state,
        // Sent again after a doubt, or waiting after a lost answer: it did arrive the first time.
        State::Queued if to == State::Delivered => progress.doubted,
        State::Queued => to == State::Submitted && waits_after_doubt(progress),
        _ => false,
    };
    if !news {
        return false;
    }
    let without_answer = matches!(progress.state, State::Submitting | State::InDoubt);
    if waits_after_doubt(progress) {
        back_to_doubted_route(progress);
    }
    progress.enter(to, now_ms);
    if without_answer || progress.reference.is_none() {
        progress.reference = Some(receipt.reference.clone());
    }
    match to {
        State::Submitted => progress.due_ms = Some(now_ms.saturating_add(receipt_wait_ms)),
        State::Delivered => progress.failure = None,
        _ => progress.failure = Some(failure(receipt)),
    }
    true
}

/// True for a message that was handed to that provider at some time, or is about to be: its
/// receipts may name the message by our own id.
#[must_use]
pub fn was_with(progress: &Progress, route: &Name) -> bool {
    let now = progress.route.as_ref() == Some(route) && progress.state != State::Held;
    now || progress.tried.contains(route)
}

/// True for a receipt, often a repeated one, of a submit before the latest: a redrive or a retry
/// has begun another, which does not end by it.
fn is_of_earlier_submit(progress: &Progress, receipt: &Receipt) -> bool {
    let same = progress.reference.as_ref() == Some(&receipt.reference);
    match progress.state {
        // The latest submit has no reference yet, so the one that is known is older.
        State::Submitting | State::InDoubt => same,
        // References of one submit may differ where it had several parts.
        _ => progress.attempts > 1 && progress.reference.is_some() && !same,
    }
}

fn target(status: ReceiptStatus) -> State {
    match status {
        ReceiptStatus::Accepted | ReceiptStatus::Sent => State::Submitted,
        ReceiptStatus::Delivered => State::Delivered,
        ReceiptStatus::Undelivered => State::Undelivered,
        ReceiptStatus::Failed | ReceiptStatus::Rejected => State::Failed,
        ReceiptStatus::Expired => State::Expired,
        ReceiptStatus::Unknown => State::Unknown,
    }
}

fn failure(receipt: &Receipt) -> Failure {
    Failure {
        class: FailureClass::Message,
        code: receipt.code.clone().unwrap_or_else(|| "not_given".to_owned()),
        reason: receipt.reason.clone().unwrap_or_else(|| "the provider gave no reason".to_owned()),
        retry_after_ms: None,
    }
}
