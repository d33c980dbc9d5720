//! Recipients that want no messages.
#![allow(missing_docs, reason = "the names say it")]

use waypost_core::message::{Progress, State};
use waypost_core::store::{Accept, Accepted, Idempotency, NewMessage, OptChange, OptOut, OptOutQuery};

use super::sample::{self, NOW_MS};
use super::steps::{Shared, store_all, with};

const NUMBER: &str = "+447700900001";

fn change(number: &str, sender: Option<&str>, out: bool) -> OptChange {
    OptChange {
        tenant: sample::name(sample::TENANT),
        number: number.to_owned(),
        sender: sender.map(str::to_owned),
        out,
        at_ms: NOW_MS,
    }
}

async fn opt(store: &Shared, number: &str, sender: Option<&str>, out: bool) -> bool {
    store.opt(change(number, sender, out)).await.expect("an answer")
}

/// A message from a sender to the number that ends with `to`.
fn message(n: u64, to: u64, from: Option<&str>) -> NewMessage {
    with(sample::message(n), |envelope| {
        envelope.draft.to = sample::recipient(&format!("+4477009{to:05}"));
        envelope.draft.sender = from.map(sample::sender);
    })
}

async fn accept(store: &Shared, messages: Vec<NewMessage>) -> Accepted {
    store.accept(sample::accept(messages)).await.expect("an answer")
}

fn query() -> OptOutQuery {
    OptOutQuery { tenant: sample::name(sample::TENANT), number: None, after: None, rows_max: 100 }
}

pub async fn who_has_opted_out_gets_nothing(store: Shared) {
    assert!(opt(&store, NUMBER, None, true).await);
    assert!(!opt(&store, NUMBER, None, true).await, "it was known");
    let three = vec![message(1, 2, None), message(2, 1, None), message(3, 1, Some("Shop"))];
    assert_eq!(accept(&store, three.clone()).await, Accepted::OptedOut(vec![1, 2]));
    for message in &three {
        let found = store.message(sample::name(sample::TENANT), message.envelope.id).await;
        assert!(found.expect("an answer").is_none(), "nothing was stored");
    }
    assert!(opt(&store, NUMBER, None, false).await);
    assert!(!opt(&store, NUMBER, None, false).await);
    assert_eq!(accept(&store, three).await, Accepted::Stored);
}

pub async fn one_sender_is_not_the_others(store: Shared) {
    assert!(opt(&store, NUMBER, Some("Shop"), true).await);
    assert_eq!(accept(&store, vec![message(1, 1, Some("Shop"))]).await, Accepted::OptedOut(vec![0]));
    assert_eq!(
        accept(&store, vec![message(2, 1, Some("Bank")), message(3, 1, None)]).await,
        Accepted::Stored
    );
    assert!(opt(&store, NUMBER, None, true).await);
    assert!(opt(&store, NUMBER, None, false).await);
    let still = accept(&store, vec![message(4, 1, Some("Shop"))]).await;
    assert_eq!(still, Accepted::OptedOut(vec![0]), "the word about one sender stands");
}

pub async fn an_opt_out_is_for_one_tenant(store: Shared) {
    assert!(opt(&store, NUMBER, None, true).await);
    let foreign = with(message(1, 1, None), |envelope| envelope.draft.tenant = sample::name("other"));
    store_all(&store, vec![foreign]).await;
    let query = OptOutQuery { tenant: sample::name("other"), ..query() };
    assert!(store.opted_out(query).await.expect("a list").is_empty());
}

pub async fn a_refused_message_may_name_who_has_opted_out(store: Shared) {
    assert!(opt(&store, NUMBER, None, true).await);
    let mut refused = message(1, 1, None);
    refused.progress = Progress::new(State::Refused, NOW_MS);
    refused.entry.state = State::Refused;
    assert_eq!(accept(&store, vec![refused, message(2, 2, None)]).await, Accepted::Stored);
}

pub async fn an_opt_out_takes_no_limit_and_a_repeated_request_is_answered(store: Shared) {
    let idempotency = Some(Idempotency { key: "order".to_owned(), body_hash: [1; 32] });
    let before = message(1, 1, None);
    let id = before.envelope.id;
    let keyed = |messages| Accept { idempotency: idempotency.clone(), ..sample::accept(messages) };
    assert_eq!(store.accept(keyed(vec![before])).await.expect("an answer"), Accepted::Stored);
    assert!(opt(&store, NUMBER, None, true).await);
    let again = store.accept(keyed(vec![message(2, 1, None)])).await.expect("an answer");
    assert_eq!(again, Accepted::Replayed(vec![id]), "it was taken before");
    let mut capped = sample::accept(vec![message(3, 1, None), message(4, 2, None)]);
    capped.limits.destination_per_hour = Some(1);
    assert_eq!(store.accept(capped.clone()).await.expect("an answer"), Accepted::OptedOut(vec![0]));
    capped.messages.remove(0);
    assert_eq!(store.accept(capped).await.expect("an answer"), Accepted::Stored, "the cap was not touched");
}

pub async fn opt_outs_are_paged_and_found_by_number(store: Shared) {
    let mut all = Vec::new();
    for number in ["+447700900002", "+44770090000", NUMBER] {
        for sender in [Some("Shop"), None, Some("A b")] {
            assert!(opt(&store, number, sender, true).await);
            let (number, sender) = (number.to_owned(), sender.map(str::to_owned));
            all.push(OptOut { number, sender, at_ms: NOW_MS });
        }
    }
    all.sort_by(|a, b| (&a.number, &a.sender).cmp(&(&b.number, &b.sender)));
    for number in [None, Some(NUMBER), Some("+44"), Some("' OR 1=1 --")] {
        let mut pages = Vec::new();
        let mut after = None;
        loop {
            let query = OptOutQuery {
                number: number.map(str::to_owned),
                after: after.clone(),
                rows_max: 2,
                ..query()
            };
            let page = store.opted_out(query).await.expect("a page");
            let Some(last) = page.last() else { break };
            after = Some((last.number.clone(), last.sender.clone()));
            assert!(page.len() <= 2);
            pages.extend(page);
        }
        let expected: Vec<_> =
            all.iter().filter(|row| number.is_none_or(|number| row.number == number)).cloned().collect();
        assert_eq!(pages, expected, "{number:?}");
    }
    let beyond = Some(("+449".to_owned(), None));
    let query = OptOutQuery { number: Some(NUMBER.to_owned()), after: beyond, ..query() };
    assert!(store.opted_out(query).await.expect("a page").is_empty());
}
