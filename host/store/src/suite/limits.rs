//! Rates, caps and queue depth: exact, and told with the time at which they free.
#![allow(missing_docs, reason = "the names say it")]

use waypost_core::message::{Progress, State};
use waypost_core::rate::{AcceptLimits, LimitKind, LimitReached, Rate, Window};
use waypost_core::store::{Accept, Accepted, NewMessage};

use super::sample;
use super::steps::{Shared, claim_one, settle};

fn same_number(n: u64) -> NewMessage {
    super::steps::with(sample::message(n), |envelope| {
        envelope.draft.to = sample::recipient("+447700900123");
    })
}

fn limited(n: u64, limits: AcceptLimits) -> Accept {
    Accept { limits, ..sample::accept(vec![same_number(n)]) }
}

async fn ask(store: &Shared, accept: Accept) -> Result<(), LimitReached> {
    match store.accept(accept).await.expect("an answer") {
        Accepted::Stored => Ok(()),
        Accepted::Limited(limit) => Err(limit),
        other => panic!("{other:?}"),
    }
}

pub async fn a_cap_holds_under_concurrency(store: Shared) {
    let limits = AcceptLimits { destination_per_hour: Some(10), ..AcceptLimits::default() };
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { ask(&store, limited(n, limits)).await })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        match task.await.expect("a task") {
            Ok(()) => accepted += 1,
            Err(limit) => {
                let free_at_ms = Window::Hour.end_ms(sample::NOW_MS);
                assert_eq!(
                    limit,
                    LimitReached { limit: LimitKind::DestinationPerHour, free_at_ms, index: 0 }
                );
            }
        }
    }
    assert_eq!(accepted, 10);
    let next_hour = Accept { now_ms: Window::Hour.end_ms(sample::NOW_MS), ..limited(100, limits) };
    assert_eq!(ask(&store, next_hour).await, Ok(()));
    let other_tenant = Accept { tenant: sample::name("other"), ..limited(101, limits) };
    assert_eq!(ask(&store, other_tenant).await, Ok(()), "caps belong to tenants");
}

pub async fn the_longer_cap_names_the_time(store: Shared) {
    let limits = AcceptLimits {
        destination_per_hour: Some(1),
        destination_per_day: Some(1),
        ..AcceptLimits::default()
    };
    assert_eq!(ask(&store, limited(1, limits)).await, Ok(()));
    let limit = ask(&store, limited(2, limits)).await.expect_err("both caps are full");
    assert_eq!(limit.limit, LimitKind::DestinationPerDay);
    assert_eq!(limit.free_at_ms, Window::Day.end_ms(sample::NOW_MS));
}

pub async fn a_request_over_a_cap_takes_nothing(store: Shared) {
    let limits = AcceptLimits {
        destination_per_day: Some(2),
        tenant_rate: Some(Rate::per_second(1.0, 4)),
        ..AcceptLimits::default()
    };
    let three = Accept { messages: (1..4).map(same_number).collect(), ..limited(0, limits) };
    let limit = ask(&store, three).await.expect_err("the third is too many");
    assert_eq!((limit.limit, limit.index), (LimitKind::DestinationPerDay, 2));
    let two = Accept { messages: (4..6).map(same_number).collect(), ..limited(0, limits) };
    assert_eq!(ask(&store, two).await, Ok(()), "neither the cap nor the rate was touched");
}

pub async fn a_tenant_rate_holds(store: Shared) {
    let limits = AcceptLimits { tenant_rate: Some(Rate::per_second(10.0, 5)), ..AcceptLimits::default() };
    let mut accepted = 0;
    for n in 0..100_u64 {
        let now_ms = sample::NOW_MS + n * 20;
        match ask(&store, Accept { now_ms, ..limited(n, limits) }).await {
            Ok(()) => accepted += 1,
            Err(limit) => {
                assert_eq!(limit.limit, LimitKind::TenantRate);
                assert!(limit.free_at_ms > now_ms && limit.free_at_ms <= now_ms + 100, "{limit:?}");
            }
        }
    }
    assert_eq!(accepted, 5 + 19, "the burst, and one for each 100 ms after it");
}

pub async fn a_key_rate_is_for_one_key(store: Shared) {
    let limits = AcceptLimits { key_rate: Some(Rate::per_second(1.0, 1)), ..AcceptLimits::default() };
    assert_eq!(ask(&store, limited(1, limits)).await, Ok(()));
    let limit = ask(&store, limited(2, limits)).await.expect_err("one a second");
    assert_eq!((limit.limit, limit.free_at_ms), (LimitKind::KeyRate, sample::NOW_MS + 1_000));
    let other_key = Accept { key: sample::name("k00000000002"), ..limited(3, limits) };
    assert_eq!(ask(&store, other_key).await, Ok(()));
}

pub async fn the_queue_depth_counts_what_waits(store: Shared) {
    let limits = AcceptLimits { queue_max: Some(2), ..AcceptLimits::default() };
    for n in 0..2 {
        assert_eq!(ask(&store, limited(n, limits)).await, Ok(()));
    }
    let limit = ask(&store, limited(2, limits)).await.expect_err("the queue is full");
    assert_eq!(limit.limit, LimitKind::QueueDepth);
    assert!(limit.free_at_ms > sample::NOW_MS);
    let claim = waypost_core::store::Claim { messages_max: 1, ..sample::claim() };
    let claimed = claim_one(&store, claim).await;
    assert!(ask(&store, limited(3, limits)).await.is_err(), "what is being submitted is still there");
    settle(&store, sample::settle(&claimed)).await;
    assert_eq!(ask(&store, limited(4, limits)).await, Ok(()));
    assert!(ask(&store, limited(5, limits)).await.is_err());
}

pub async fn refused_messages_do_not_count_against_caps(store: Shared) {
    let limits = AcceptLimits { destination_per_day: Some(1), queue_max: Some(1), ..AcceptLimits::default() };
    for n in 0..3 {
        let mut refused = same_number(n);
        refused.progress = Progress::new(State::Refused, sample::NOW_MS);
        let accept = Accept { messages: vec![refused], ..limited(0, limits) };
        assert_eq!(ask(&store, accept).await, Ok(()));
    }
    assert_eq!(ask(&store, limited(9, limits)).await, Ok(()));
}
