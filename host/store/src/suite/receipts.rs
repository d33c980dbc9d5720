//! Receipts: late, doubled, early, out of order, or somebody else's.
#![allow(missing_docs, reason = "the names say it")]

use waypost_core::decision::FailureClass;
use waypost_core::decision::ReceiptStatus::{Accepted, Delivered, Failed, Sent, Undelivered, Unknown};
use waypost_core::message::State;
use waypost_core::store::{ReceiptIn, ReceiptResult, Settle};
use waypost_core::trace::Step;

use super::sample;
use super::steps::{Shared, claimed, progress_of, report, rules, settle, state_of, submitted};
use crate::TRACE_ENTRIES_MAX;

pub async fn a_receipt_delivers(store: Shared) {
    let id = submitted(&store, sample::message(1)).await.envelope.id;
    assert_eq!(report(&store, id, Delivered).await, ReceiptResult::Applied(id, State::Delivered));
    let progress = progress_of(&store, id).await;
    assert_eq!((progress.state, progress.due_ms), (State::Delivered, None));
    let trace = store.trace(sample::name(sample::TENANT), id).await.expect("a trace");
    assert!(matches!(trace.last().expect("an entry").step, Step::Receipt { applied: true, .. }));
}

pub async fn a_receipt_before_the_answer_is_kept(store: Shared) {
    let message = claimed(&store, sample::message(1)).await;
    let id = message.envelope.id;
    assert_eq!(report(&store, id, Sent).await, ReceiptResult::Kept);
    assert_eq!(report(&store, id, Undelivered).await, ReceiptResult::Kept);
    assert_eq!(state_of(&store, id).await, State::Submitting);
    let progress = settle(&store, sample::settle(&message)).await;
    assert_eq!(progress.state, State::Undelivered);
    assert_eq!(progress_of(&store, id).await, progress);
    let trace = store.trace(sample::name(sample::TENANT), id).await.expect("a trace");
    assert_eq!(trace.len(), 4, "accepted, attempt, two receipts");
    assert_eq!(report(&store, id, Undelivered).await, ReceiptResult::NoNews(id));
}

pub async fn a_receipt_by_our_own_id_needs_no_reference(store: Shared) {
    let message = claimed(&store, sample::message(1)).await;
    let id = message.envelope.id;
    let mut receipt = sample::receipt("theirs", Accepted);
    receipt.receipt.message_id = Some(id.to_string());
    let answer = store.receipt(receipt).await.expect("an answer");
    assert_eq!(answer, ReceiptResult::Applied(id, State::Submitted));
    let by_reference = sample::receipt("theirs", Delivered);
    let answer = store.receipt(by_reference).await.expect("an answer");
    assert_eq!(answer, ReceiptResult::Applied(id, State::Delivered), "the first receipt taught it");
    assert_eq!(settle(&store, sample::settle(&message)).await.state, State::Delivered);
}

pub async fn a_repeated_receipt_is_no_news(store: Shared) {
    let id = submitted(&store, sample::message(1)).await.envelope.id;
    assert!(matches!(report(&store, id, Delivered).await, ReceiptResult::Applied(..)));
    let before = progress_of(&store, id).await;
    for status in [Delivered, Sent, Accepted] {
        assert_eq!(report(&store, id, status).await, ReceiptResult::NoNews(id));
    }
    assert_eq!(progress_of(&store, id).await, before);
}

pub async fn a_late_receipt_changes_nothing_that_is_final(store: Shared) {
    let id = submitted(&store, sample::message(1)).await.envelope.id;
    assert_eq!(report(&store, id, Failed).await, ReceiptResult::Applied(id, State::Failed));
    assert_eq!(report(&store, id, Delivered).await, ReceiptResult::NoNews(id));
    assert_eq!(state_of(&store, id).await, State::Failed);
}

pub async fn another_providers_receipt_changes_nothing(store: Shared) {
    let id = submitted(&store, sample::message(1)).await.envelope.id;
    let mut foreign = sample::receipt(&sample::reference(id), Delivered);
    foreign.route = sample::name(sample::OTHER_ROUTE);
    assert_eq!(store.receipt(foreign.clone()).await.expect("an answer"), ReceiptResult::Kept);
    foreign.receipt.message_id = Some(id.to_string());
    assert_eq!(store.receipt(foreign).await.expect("an answer"), ReceiptResult::Kept);
    let guessed = waypost_core::id::MessageId::from_parts(id.key(), id.nonce() ^ 1);
    let mut receipt = sample::receipt("guess", Delivered);
    receipt.receipt.message_id = Some(guessed.to_string());
    assert_eq!(store.receipt(receipt).await.expect("an answer"), ReceiptResult::Kept);
    assert_eq!(state_of(&store, id).await, State::Submitted);
}

pub async fn unknown_is_no_knowledge(store: Shared) {
    let id = submitted(&store, sample::message(1)).await.envelope.id;
    assert_eq!(report(&store, id, Unknown).await, ReceiptResult::Applied(id, State::Unknown));
    assert_eq!(report(&store, id, Delivered).await, ReceiptResult::Applied(id, State::Delivered));
    // A doubt that was sent again, and then the first submit turns out to have arrived.
    let message = claimed(&store, sample::message(2)).await;
    let doubted = message.envelope.id;
    let over_ms = sample::NOW_MS + sample::LEASE_MS;
    store.sweep(over_ms, 10, rules()).await.expect("a sweep");
    store.sweep(over_ms + sample::RULES.doubt_wait_ms, 10, rules()).await.expect("a sweep");
    assert_eq!(state_of(&store, doubted).await, State::Queued);
    let mut receipt = sample::receipt("late", Delivered);
    receipt.receipt.message_id = Some(doubted.to_string());
    let answer = store.receipt(receipt).await.expect("an answer");
    assert_eq!(answer, ReceiptResult::Applied(doubted, State::Delivered));
    let batch = store.claim(sample::claim_at(over_ms * 2)).await.expect("a batch");
    assert!(batch.messages.is_empty() && batch.next_due_ms.is_none(), "it is not sent again");
}

pub async fn a_trace_is_bounded(store: Shared) {
    let id = submitted(&store, sample::message(1)).await.envelope.id;
    for n in 0..u64::from(TRACE_ENTRIES_MAX) * 2 {
        let receipt = ReceiptIn { now_ms: n, ..sample::receipt(&sample::reference(id), Accepted) };
        assert_eq!(store.receipt(receipt).await.expect("an answer"), ReceiptResult::NoNews(id));
    }
    assert_eq!(
        store.trace(sample::name(sample::TENANT), id).await.expect("a trace").len(),
        TRACE_ENTRIES_MAX as usize
    );
    assert!(matches!(report(&store, id, Delivered).await, ReceiptResult::Applied(..)));
}

/// A provider's answer that comes after its failure was settled, and after another was chosen.
pub async fn a_reference_is_known_after_the_message_has_moved_on(store: Shared) {
    let message = claimed(&store, sample::message(1)).await;
    let id = message.envelope.id;
    let outcome = sample::failed(FailureClass::Sender);
    let other_route = Some(sample::name(sample::OTHER_ROUTE));
    settle(&store, Settle { outcome, other_route, ..sample::settle(&message) }).await;
    store.cancel(sample::name(sample::TENANT), id, sample::NOW_MS + 200).await.expect("an answer");
    let progress = settle(&store, sample::settle(&message)).await;
    assert_eq!((progress.state, progress.route.as_deref()), (State::Cancelled, Some(sample::OTHER_ROUTE)));
    assert_eq!(report(&store, id, Delivered).await, ReceiptResult::NoNews(id));
}
