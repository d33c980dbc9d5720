//! What was recorded when messages were taken in.
#![allow(missing_docs, reason = "the names say it")]

use waypost_core::decision::{Candidate, Given, Health, ReceiptStatus};
use waypost_core::store::{HistoryQuery, NewMessage};

use super::sample::{self, NOW_MS};
use super::steps::{Shared, claim_one, report, settle, store_all, with};

const HOUR_MS: u64 = 3_600_000;

fn query() -> HistoryQuery {
    HistoryQuery {
        tenant: sample::name(sample::TENANT),
        from_ms: 0,
        to_ms: u64::MAX,
        before: None,
        rows_max: 100,
    }
}

fn message(time_ms: u64, n: u64) -> NewMessage {
    let mut message = sample::traced_message(time_ms, n);
    let candidate = Candidate {
        id: sample::name(sample::ROUTE),
        price_micros: n.is_multiple_of(2).then_some(45_000),
        health: Health::Recovering,
        backlog: 7,
        weight: 100,
    };
    message.entry.decisions[0].given =
        Some(Given::Sender(n.is_multiple_of(3).then(|| sample::sender("Shop"))));
    message.entry.decisions[2].given = Some(Given::Candidates(vec![candidate]));
    message
}

pub async fn history_is_what_was_taken_in(store: Shared) {
    let new = with(message(NOW_MS, 1), |envelope| {
        envelope.draft.sender = Some(sample::sender("Bank"));
        envelope.draft.tags = vec!["otp".to_owned()];
        envelope.client_ref = Some("order".to_owned());
        envelope.hops = 1;
    });
    let id = new.envelope.id;
    store_all(&store, vec![new.clone()]).await;
    let claimed = claim_one(&store, sample::claim()).await;
    settle(&store, sample::settle(&claimed)).await;
    report(&store, id, ReceiptStatus::Delivered).await;
    let page = store.history(query()).await.expect("a page");
    let [recorded] = page.as_slice() else { panic!("one message: {page:?}") };
    assert_eq!(recorded.envelope, new.envelope);
    assert_eq!(recorded.entry, new.entry, "later steps are not in it");
}

pub async fn history_is_paged_within_its_range(store: Shared) {
    // Over three days, so that a store that keeps days has to go on to the next.
    let times: Vec<u64> = (0..12).map(|n| NOW_MS + n * 6 * HOUR_MS).collect();
    for (n, time_ms) in (0..).zip(&times) {
        store_all(&store, vec![message(*time_ms, n)]).await;
    }
    store_all(&store, vec![with(message(NOW_MS, 50), |it| it.draft.tenant = sample::name("other"))]).await;
    let within = async |from_ms, to_ms, rows_max| {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let query = HistoryQuery { from_ms, to_ms, before, rows_max, ..query() };
            let page = store.history(query).await.expect("a page");
            assert!(page.len() <= rows_max as usize);
            let Some(last) = page.last() else { return found };
            before = Some(last.envelope.id);
            found.extend(page.iter().map(|recorded| recorded.envelope.id.key() & 0xffff));
        }
    };
    for rows_max in [1, 5, 12, 5_000] {
        assert_eq!(within(0, u64::MAX, rows_max).await, (0..12).rev().collect::<Vec<_>>());
        assert_eq!(within(times[3], times[9], rows_max).await, (3..9).rev().collect::<Vec<_>>());
        assert_eq!(within(times[3] + 1, times[9] + 1, rows_max).await, (4..10).rev().collect::<Vec<_>>());
    }
    assert!(within(times[5], times[5], 5).await.is_empty());
    assert!(within(times[9], times[3], 5).await.is_empty());
    let nobody = HistoryQuery { tenant: sample::name("nobody"), ..query() };
    assert!(store.history(nobody).await.expect("a page").is_empty());
}
