//! Parts of long inbound messages: any order, twice, never, and other messages of the same reference.
#![allow(missing_docs, reason = "the names say it")]

use futures_util::future::join_all;
use waypost_core::limits::{
    INBOUND_ADDRESS_BYTES_MAX, INBOUND_PART_BYTES_MAX, INBOUND_PARTS_KNOWN_MS, INBOUND_PARTS_OPEN_MAX,
    INBOUND_PARTS_WAIT_MS,
};
use waypost_core::store::{InboundPart, InboundParts, PartResult};

use super::sample::{self, NOW_MS, part};
use super::steps::Shared;
use crate::StoreError;

async fn put(store: &Shared, part: InboundPart) -> PartResult {
    store.inbound_part(part).await.expect("an answer")
}

async fn whole(store: &Shared, part: InboundPart) -> InboundParts {
    match put(store, part).await {
        PartResult::Whole(parts) => parts,
        other => panic!("all parts are there: {other:?}"),
    }
}

async fn done(store: &Shared, parts: &InboundParts, now_ms: u64) {
    store.inbound_parts_done(parts.key.clone(), now_ms).await.expect("an answer");
}

async fn old(store: &Shared, now_ms: u64) -> Vec<InboundParts> {
    let mut old = store.inbound_parts_old(now_ms, 1_000).await.expect("an answer");
    old.sort_by(|a, b| a.key.cmp(&b.key));
    old
}

fn saying(part: InboundPart, text: &str) -> InboundPart {
    InboundPart { payload: text.into(), ..part }
}

fn at(part: InboundPart, now_ms: u64) -> InboundPart {
    InboundPart { now_ms, ..part }
}

pub async fn parts_become_whole_in_any_order(store: Shared) {
    assert_eq!(put(&store, part(7, 3, 3)).await, PartResult::Waits);
    assert_eq!(put(&store, at(part(7, 1, 3), NOW_MS + 50)).await, PartResult::Waits);
    let parts = whole(&store, at(part(7, 2, 3), NOW_MS + 90)).await;
    assert_eq!(parts.key, part(7, 1, 3).key(NOW_MS));
    assert_eq!(parts.inbox, sample::name("support"));
    let expected: Vec<_> = (1..=3).map(|number| (number, part(7, number, 3).payload)).collect();
    assert_eq!(parts.parts, expected);
    assert!(parts.is_whole());
    let single = whole(&store, part(8, 1, 1)).await;
    assert_eq!(single.parts.len(), 1, "also a message of one part");
    let most: Vec<_> = join_all((1..=254).map(|number| put(&store, part(9, number, 255)))).await;
    assert!(most.iter().all(|result| *result == PartResult::Waits));
    assert_eq!(whole(&store, part(9, 255, 255)).await.parts.len(), 255, "and of the most");
}

pub async fn parts_at_once_are_whole_once(store: Shared) {
    let puts = (1..=24_u8).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { put(&store, part(7, number, 24)).await })
    });
    let results: Vec<_> = join_all(puts).await.into_iter().map(|task| task.expect("a task")).collect();
    assert_eq!(results.iter().filter(|result| **result == PartResult::Waits).count(), 23);
    assert_eq!(results.iter().filter(|result| matches!(result, PartResult::Whole(_))).count(), 1);
}

pub async fn a_repeated_part_changes_nothing(store: Shared) {
    assert_eq!(put(&store, part(7, 1, 2)).await, PartResult::Waits);
    assert_eq!(put(&store, at(part(7, 1, 2), NOW_MS + 5)).await, PartResult::Again);
    let parts = whole(&store, at(part(7, 2, 2), NOW_MS + 9)).await;
    done(&store, &parts, NOW_MS + 10).await;
    let known_ms = NOW_MS + 10 + INBOUND_PARTS_KNOWN_MS;
    for number in [2, 1] {
        assert_eq!(put(&store, at(part(7, number, 2), known_ms - 1)).await, PartResult::Again);
    }
    assert!(old(&store, NOW_MS + 2 * INBOUND_PARTS_WAIT_MS).await.is_empty(), "it is done");
    assert_eq!(put(&store, at(part(7, 1, 2), known_ms)).await, PartResult::Waits, "as good as new by then");
    store.prune(known_ms, 0, 100).await.expect("a number");
    let second = whole(&store, at(part(7, 2, 2), known_ms)).await;
    assert_ne!(second.reference(), parts.reference());
}

/// Whoever was told of the whole message died before it said that it was done.
pub async fn a_part_that_comes_again_after_a_crash_leads_to_the_same_message(store: Shared) {
    put(&store, part(7, 1, 2)).await;
    let parts = whole(&store, at(part(7, 2, 2), NOW_MS + 1)).await;
    let again = whole(&store, at(part(7, 2, 2), NOW_MS + 60_000)).await;
    assert_eq!(again, parts);
    assert_eq!(again.reference(), parts.reference());
    store.prune(NOW_MS + 2 * INBOUND_PARTS_WAIT_MS, NOW_MS, 1_000).await.expect("a number");
    let late = old(&store, NOW_MS + 2 * INBOUND_PARTS_WAIT_MS).await;
    assert_eq!(late, std::slice::from_ref(&parts), "where the provider does not repeat it, either");
    done(&store, &parts, NOW_MS).await;
    done(&store, &parts, NOW_MS).await;
    assert!(old(&store, NOW_MS + 2 * INBOUND_PARTS_WAIT_MS).await.is_empty());
}

pub async fn parts_of_other_messages_stay_apart(store: Shared) {
    put(&store, part(7, 1, 2)).await;
    let second = part(7, 2, 2);
    let others = [
        InboundPart { reference: 8, ..second.clone() },
        InboundPart { total: 3, ..second.clone() },
        InboundPart { from: "+447700900124".to_owned(), ..second.clone() },
        InboundPart { to: "+447700900998".to_owned(), ..second.clone() },
        InboundPart { route: sample::name(sample::OTHER_ROUTE), ..second.clone() },
        InboundPart { tenant: sample::name("other"), ..second.clone() },
        // The same two numbers when they are put together.
        InboundPart { from: "+447700900123+".to_owned(), to: "447700900999".to_owned(), ..second.clone() },
        InboundPart { from: "Bank: 1@c:5:".to_owned(), ..second.clone() },
    ];
    for other in others {
        assert_eq!(put(&store, other.clone()).await, PartResult::Waits, "{other:?}");
    }
    assert!(whole(&store, second).await.is_whole());
}

pub async fn a_reference_that_is_used_again_begins_anew(store: Shared) {
    put(&store, saying(part(7, 1, 2), "first")).await;
    assert_eq!(put(&store, saying(part(7, 1, 2), "second")).await, PartResult::Waits);
    let parts = whole(&store, saying(part(7, 2, 2), "end")).await;
    assert_eq!(parts.parts, [(1, b"second".to_vec()), (2, b"end".to_vec())]);
    let left = old(&store, NOW_MS).await;
    assert_eq!(left.len(), 1, "what was answered is not lost");
    assert_eq!(left[0].parts, [(1, b"first".to_vec())]);
    assert!(!left[0].is_whole());
    assert_ne!(left[0].reference(), parts.reference());
    done(&store, &left[0], NOW_MS).await;
    assert_eq!(whole(&store, saying(part(7, 2, 2), "end")).await, parts, "the other goes on");
    done(&store, &parts, NOW_MS).await;
    assert_eq!(put(&store, saying(part(7, 2, 2), "end")).await, PartResult::Again);
    put(&store, saying(part(7, 2, 2), "another end")).await;
    let third = whole(&store, saying(part(7, 1, 2), "third")).await;
    assert_ne!(third.reference(), parts.reference(), "also in the same millisecond");
}

pub async fn a_message_that_stays_unfinished_is_handed_out(store: Shared) {
    put(&store, part(7, 2, 3)).await;
    put(&store, at(part(7, 1, 3), NOW_MS + 5_000)).await;
    put(&store, at(part(8, 1, 2), NOW_MS + 5_000)).await;
    let old_ms = NOW_MS + INBOUND_PARTS_WAIT_MS;
    assert!(old(&store, old_ms - 1).await.is_empty());
    store.prune(old_ms, old_ms, 1_000).await.expect("a number");
    let first = old(&store, old_ms).await;
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].parts, [1, 2].map(|number| (number, part(7, number, 3).payload)));
    assert_eq!(first[0].key, part(7, 1, 3).key(NOW_MS));
    assert_eq!(old(&store, old_ms).await, first, "until it is done");
    let late = put(&store, at(part(7, 3, 3), old_ms)).await;
    assert_eq!(late, PartResult::Waits, "nothing is added to what may be delivered already");
    done(&store, &first[0], old_ms).await;
    let all = old(&store, old_ms + INBOUND_PARTS_WAIT_MS).await;
    let numbers: Vec<_> = all.iter().map(|parts| (parts.key.reference, parts.parts.len())).collect();
    assert_eq!(numbers, [(7, 1), (8, 1)]);
    let one = store.inbound_parts_old(old_ms + INBOUND_PARTS_WAIT_MS, 1).await.expect("an answer");
    assert_eq!(one.len(), 1);
}

pub async fn unfinished_messages_are_bounded(store: Shared) {
    let from = |n: u32| InboundPart { from: n.to_string(), ..part(7, 1, 2) };
    let all: Vec<u32> = (0..INBOUND_PARTS_OPEN_MAX).collect();
    for some in all.chunks(500) {
        let results = join_all(some.iter().map(|n| put(&store, from(*n)))).await;
        assert!(results.iter().all(|result| *result == PartResult::Waits));
    }
    let error = store.inbound_part(from(INBOUND_PARTS_OPEN_MAX)).await.expect_err("too many");
    assert!(matches!(&error, StoreError::TooManyParts { route } if route == sample::ROUTE), "{error}");
    let anew = saying(from(5), "another message");
    store.inbound_part(anew).await.expect_err("this would be one more, too");
    assert_eq!(put(&store, from(5)).await, PartResult::Again, "and it has left what was there");
    let elsewhere = InboundPart { route: sample::name(sample::OTHER_ROUTE), ..from(INBOUND_PARTS_OPEN_MAX) };
    assert_eq!(put(&store, elsewhere).await, PartResult::Waits);
    let parts = whole(&store, InboundPart { number: 2, ..from(0) }).await;
    done(&store, &parts, NOW_MS).await;
    assert_eq!(put(&store, from(INBOUND_PARTS_OPEN_MAX)).await, PartResult::Waits);
}

pub async fn parts_that_make_no_sense_are_refused(store: Shared) {
    let long = "5".repeat(INBOUND_ADDRESS_BYTES_MAX + 1);
    for bad in [
        part(7, 0, 2),
        part(7, 3, 2),
        part(7, 0, 0),
        InboundPart { payload: vec![0; INBOUND_PART_BYTES_MAX + 1], ..part(7, 1, 2) },
        InboundPart { from: long.clone(), ..part(7, 1, 2) },
        InboundPart { to: long, ..part(7, 1, 2) },
    ] {
        let error = store.inbound_part(bad).await.expect_err("no such part");
        assert!(matches!(error, StoreError::InvalidPart(_)), "{error}");
    }
    let most = InboundPart { payload: vec![0xff; INBOUND_PART_BYTES_MAX], ..part(7, 1, 1) };
    assert_eq!(whole(&store, most.clone()).await.parts, [(1, most.payload)]);
    let empty = whole(&store, saying(part(8, 1, 1), "")).await;
    assert_eq!(empty.parts, [(1, Vec::new())]);
}
