//! Cancel, redrive, discard, prune, lists.
#![allow(missing_docs, reason = "the names say it")]

use waypost_core::decision::{FailureClass, ReceiptStatus};
use waypost_core::message::State;
use waypost_core::store::{Claim, Filter, ReceiptResult, Settle};
use waypost_core::trace::Step;

use super::sample::{self, NOW_MS};
use super::steps::{
    Shared, claim_one, claimed, dead_letter, progress_of, report, settle, state_of, store_all, submitted,
    with,
};

pub async fn a_cancelled_message_is_not_claimed(store: Shared) {
    let ids = store_all(&store, vec![sample::message(1)]).await;
    let tenant = sample::name(sample::TENANT);
    let answer = store.cancel(tenant.clone(), ids[0], NOW_MS + 1).await.expect("an answer");
    let (stored, changed) = answer.expect("the message");
    assert_eq!((stored.progress.state, changed), (State::Cancelled, true));
    assert!(store.claim(sample::claim()).await.expect("a batch").messages.is_empty());
    let again = store.cancel(tenant.clone(), ids[0], NOW_MS + 2).await.expect("an answer");
    assert!(again.is_some_and(|(stored, changed)| stored.progress.state == State::Cancelled && !changed));
    let gone = store.cancel(tenant, sample::id(NOW_MS, 99), NOW_MS).await.expect("an answer");
    assert!(gone.is_none());
}

pub async fn cancel_and_claim_have_one_winner(store: Shared) {
    let ids = store_all(&store, (0..60).map(sample::message).collect()).await;
    let claims: Vec<_> = (0..20)
        .map(|_| {
            let (store, claim) = (store.clone(), Claim { messages_max: 3, ..sample::claim() });
            tokio::spawn(async move { store.claim(claim).await.expect("a batch").messages })
        })
        .collect();
    let cancels: Vec<_> = ids
        .iter()
        .rev()
        .map(|id| {
            let (store, id) = (store.clone(), *id);
            let tenant = sample::name(sample::TENANT);
            tokio::spawn(async move { store.cancel(tenant, id, NOW_MS).await.expect("an answer") })
        })
        .collect();
    let mut won = 0;
    for claim in claims {
        won += claim.await.expect("a task").len();
    }
    for cancel in cancels {
        won += usize::from(cancel.await.expect("a task").is_some_and(|(_, changed)| changed));
    }
    assert_eq!(won, 60, "each message was either claimed or cancelled");
}

pub async fn a_tenant_cannot_cancel_what_is_not_its_own(store: Shared) {
    let dead = dead_letter(&store, sample::message(2)).await;
    let ids = store_all(&store, vec![sample::message(1)]).await;
    let other = sample::name("other");
    assert!(store.cancel(other.clone(), ids[0], NOW_MS).await.expect("an answer").is_none());
    assert_eq!(state_of(&store, ids[0]).await, State::Queued);
    assert!(store.redrive(other.clone(), dead, NOW_MS, NOW_MS).await.expect("an answer").is_none());
    assert!(store.discard(other, dead).await.expect("an answer").is_none());
}

pub async fn a_dead_letter_is_redriven(store: Shared) {
    let id = dead_letter(&store, sample::message(1)).await;
    let valid_until_ms = NOW_MS + 99_999_999_999;
    let now_ms = NOW_MS + 50_000_000_000;
    let answer =
        store.redrive(sample::name(sample::TENANT), id, now_ms, valid_until_ms).await.expect("an answer");
    let (stored, changed) = answer.expect("the message");
    assert!(changed);
    assert_eq!((stored.progress.state, stored.progress.failures), (State::Queued, 0));
    let claimed = claim_one(&store, sample::claim_at(now_ms)).await;
    assert_eq!(claimed.envelope.valid_until_ms, valid_until_ms);
    let stored =
        store.message(sample::name(sample::TENANT), id).await.expect("an answer").expect("the message");
    assert_eq!(stored.envelope.valid_until_ms, valid_until_ms);
    let again =
        store.redrive(sample::name(sample::TENANT), id, now_ms, valid_until_ms).await.expect("an answer");
    assert!(again.is_some_and(|(_, changed)| !changed), "it is none any more");
    let trace = store.trace(sample::name(sample::TENANT), id).await.expect("a trace");
    assert!(trace.iter().any(|entry| entry.step == Step::Redriven));
}

pub async fn a_dead_letter_is_discarded(store: Shared) {
    let id = dead_letter(&store, sample::message(1)).await;
    let alive = store_all(&store, vec![sample::message(2)]).await[0];
    assert_eq!(store.discard(sample::name(sample::TENANT), alive).await.expect("an answer"), Some(false));
    assert_eq!(store.discard(sample::name(sample::TENANT), id).await.expect("an answer"), Some(true));
    assert_eq!(store.discard(sample::name(sample::TENANT), id).await.expect("an answer"), None);
    assert!(store.message(sample::name(sample::TENANT), id).await.expect("an answer").is_none());
    assert!(store.trace(sample::name(sample::TENANT), id).await.expect("a trace").is_empty());
}

pub async fn old_messages_are_pruned(store: Shared) {
    let delivered = submitted(&store, sample::message(1)).await.envelope.id;
    report(&store, delivered, ReceiptStatus::Delivered).await;
    let open = submitted(&store, sample::message(2)).await.envelope.id;
    // Sent at the same time as the others; only its id is younger.
    let mut young = sample::message_at(NOW_MS + 90_000, 3);
    young.progress.due_ms = Some(NOW_MS);
    let young = submitted(&store, young).await.envelope.id;
    report(&store, young, ReceiptStatus::Delivered).await;
    let before_ms = NOW_MS + 60_000;
    assert_eq!(store.prune(before_ms, NOW_MS, 100).await.expect("a number"), 0, "nothing is as old");
    assert_eq!(store.prune(before_ms, before_ms, 100).await.expect("a number"), 1);
    assert!(store.message(sample::name(sample::TENANT), delivered).await.expect("an answer").is_none());
    assert!(store.trace(sample::name(sample::TENANT), delivered).await.expect("a trace").is_empty());
    assert_eq!(state_of(&store, open).await, State::Submitted, "it may still get a receipt");
    assert_eq!(state_of(&store, young).await, State::Delivered);
    let late = report(&store, delivered, ReceiptStatus::Delivered).await;
    assert_eq!(late, ReceiptResult::Kept, "its reference is gone, too");
}

pub async fn lists_are_paged_and_filtered(store: Shared) {
    for n in 0..12 {
        let message = with(sample::message(n), |envelope| {
            if n % 3 == 0 {
                envelope.draft.tenant = sample::name("other");
                envelope.client_ref = Some("order".to_owned());
            }
        });
        let claimed = claimed(&store, message).await;
        let outcome = match n % 4 {
            0 => sample::failed(FailureClass::Message),
            1 => sample::failed(FailureClass::Throttled),
            _ => sample::accepted(&format!("r{n}")),
        };
        settle(&store, Settle { outcome, ..sample::settle(&claimed) }).await;
    }
    let ids = async |filter: Filter| -> Vec<u64> {
        let page = store.list(Filter { rows_max: filter.rows_max.max(1), ..filter }).await.expect("a list");
        page.iter().map(|stored| stored.envelope.id.key() & 0xffff).collect()
    };
    let all = Filter { rows_max: 100, ..Filter::default() };
    assert_eq!(ids(all.clone()).await, (0..12).rev().collect::<Vec<_>>(), "newest first");
    let mut pages = Vec::new();
    let mut before = None;
    loop {
        let filter =
            Filter { before, rows_max: 5, tenant: Some(sample::name(sample::TENANT)), ..all.clone() };
        let page = store.list(filter).await.expect("a list");
        let Some(last) = page.last() else { break };
        before = Some(last.envelope.id);
        pages.extend(page.iter().map(|stored| stored.envelope.id.key() & 0xffff));
    }
    assert_eq!(pages, vec![11, 10, 8, 7, 5, 4, 2, 1]);
    let dead = Filter { states: vec![State::Failed, State::Exhausted], ..all.clone() };
    assert_eq!(ids(dead.clone()).await, vec![8, 4, 0]);
    assert_eq!(ids(Filter { tenant: Some(sample::name("other")), ..dead.clone() }).await, vec![0]);
    assert_eq!(
        ids(Filter { before: Some(sample::id(NOW_MS, 8)), rows_max: 1, ..dead.clone() }).await,
        vec![4]
    );
    let class = Some(FailureClass::Message);
    assert_eq!(ids(Filter { class, ..all.clone() }).await, vec![8, 4, 0]);
    assert_eq!(ids(Filter { code: Some("sample".to_owned()), ..dead }).await, vec![8, 4, 0]);
    assert_eq!(ids(Filter { states: vec![State::Queued], ..all.clone() }).await, vec![9, 5, 1]);
    let several = vec![State::Queued, State::Submitted, State::Failed];
    assert_eq!(ids(Filter { states: several, ..all.clone() }).await.len(), 12);
    assert_eq!(ids(Filter { client_ref: Some("order".to_owned()), ..all.clone() }).await, vec![9, 6, 3, 0]);
    let to = Some("+447700900007".to_owned());
    assert_eq!(ids(Filter { to, ..all.clone() }).await, vec![7]);
    assert_eq!(ids(Filter { route: Some(sample::name(sample::ROUTE)), ..all.clone() }).await.len(), 12);
    for unknown in ["nobody", "' OR 1=1 --"] {
        let unknown = Some(sample::name(unknown));
        assert!(ids(Filter { tenant: unknown.clone(), ..all.clone() }).await.is_empty());
        assert!(ids(Filter { route: unknown, ..all.clone() }).await.is_empty());
    }
    assert!(progress_of(&store, sample::id(NOW_MS, 1)).await.failure.is_some());
}
