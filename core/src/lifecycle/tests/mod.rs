//! Every stage function from every state, by table.

mod accept;
mod closed;
mod dispatch;
mod receive;
mod settle;
mod states;

use super::{DoubtChoice, RouteRules};
use crate::backoff::RetryRules;
use crate::decision::{Acceptance, Failure, FailureClass, Name, Outcome, Receipt, ReceiptStatus};
use crate::message::{Progress, State};

const NOW_MS: u64 = 1_700_000_000_000;
const LATER_MS: u64 = NOW_MS + 3_600_000;

const RULES: RouteRules = RouteRules {
    retry: RetryRules { attempts_max: 3, base_ms: 1_000, max_ms: 60_000 },
    doubt_wait_ms: 600_000,
    doubt_then: DoubtChoice::Retry,
    receipt_wait_ms: 86_400_000,
};

const CLASSES: [FailureClass; 7] = [
    FailureClass::Message,
    FailureClass::Sender,
    FailureClass::Throttled,
    FailureClass::Transient,
    FailureClass::System,
    FailureClass::InDoubt,
    FailureClass::Policy,
];

const STATUSES: [ReceiptStatus; 8] = [
    ReceiptStatus::Accepted,
    ReceiptStatus::Sent,
    ReceiptStatus::Delivered,
    ReceiptStatus::Undelivered,
    ReceiptStatus::Failed,
    ReceiptStatus::Expired,
    ReceiptStatus::Rejected,
    ReceiptStatus::Unknown,
];

/// A message in a state, as it comes there: handed to the provider `first` once where it was at all.
fn in_state(state: State) -> Progress {
    let mut progress = Progress::new(state, NOW_MS - 5_000);
    progress.route = Some(Name::from("first"));
    let waited_only = matches!(state, State::Held | State::Queued | State::Refused | State::Cancelled);
    progress.attempts = u16::from(!waited_only);
    progress.due_ms = (!state.is_final()).then_some(NOW_MS);
    progress.doubted = state == State::InDoubt;
    progress
}

/// A message that waits to be sent again because its first submit stayed in doubt.
fn queued_after_doubt() -> Progress {
    let mut progress = in_state(State::Submitting);
    super::dispatch::lose_lease(&mut progress, &RULES, NOW_MS - 1);
    super::dispatch::stop_waiting(&mut progress, &RULES, LATER_MS, NOW_MS - 1);
    assert_eq!(progress.state, State::Queued);
    progress
}

fn failure(class: FailureClass) -> Failure {
    Failure { class, code: "code".to_owned(), reason: "reason".to_owned(), retry_after_ms: None }
}

fn failed(class: FailureClass) -> Outcome {
    Outcome::Failed(failure(class))
}

fn accepted(reference: &str) -> Outcome {
    let reference = reference.to_owned();
    Outcome::Accepted(Acceptance { reference, parts: Some(1), price_micros: Some(45_000) })
}

fn receipt(reference: &str, status: ReceiptStatus) -> Receipt {
    let reference = reference.to_owned();
    Receipt { reference, message_id: None, status, code: Some("42".to_owned()), reason: None, at_ms: None }
}
