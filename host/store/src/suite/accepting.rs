//! Taking messages in: all or none, and once.
#![allow(missing_docs, reason = "the names say it")]

use waypost_core::limits::IDEMPOTENCY_MS;
use waypost_core::message::{Progress, State};
use waypost_core::store::{Accept, Accepted, Filter, Idempotency, NewMessage};
use waypost_core::text::{Body, Encoding};
use waypost_core::trace::Step;

use super::sample;
use super::steps::{Shared, state_of, store_all, with};

fn keyed(n: u64, key: &str, body: u8) -> Accept {
    let idempotency = Some(Idempotency { key: key.to_owned(), body_hash: [body; 32] });
    Accept { idempotency, ..sample::accept(vec![sample::message(n)]) }
}

async fn count(store: &Shared) -> usize {
    store.list(Filter { rows_max: 10_000, ..Filter::default() }).await.expect("a list").len()
}

pub async fn messages_come_back_as_they_were(store: Shared) {
    let full = with(sample::traced_message(sample::NOW_MS, 1), |envelope| {
        envelope.client_ref = Some("order 7".to_owned());
        envelope.callback_url = Some("https://example.org/states".to_owned());
        envelope.hops = 2;
        envelope.valid_until_ms = u64::from(u32::MAX) * 1_000;
        envelope.draft.body = Body::Binary(vec![0, 1, 255]);
        envelope.draft.encoding = Encoding::Binary;
        envelope.draft.tags = vec!["otp".to_owned(), "müller".to_owned()];
        envelope.draft.priority = 3;
        envelope.draft.segments = 4;
    });
    let plain = sample::message(2);
    store_all(&store, vec![full.clone(), plain.clone()]).await;
    for message in [full, plain] {
        let stored = store
            .message(sample::name(sample::TENANT), message.envelope.id)
            .await
            .expect("an answer")
            .expect("the message");
        assert_eq!(stored.envelope, message.envelope);
        assert_eq!(stored.progress, message.progress);
        let trace = store.trace(sample::name(sample::TENANT), message.envelope.id).await.expect("a trace");
        assert_eq!(trace, vec![message.entry]);
    }
    let other_nonce = waypost_core::id::MessageId::from_parts(sample::id(sample::NOW_MS, 2).key(), 1);
    assert!(
        store.message(sample::name(sample::TENANT), other_nonce).await.expect("an answer").is_none(),
        "an id cannot be guessed by time"
    );
    assert!(store.trace(sample::name(sample::TENANT), other_nonce).await.expect("an answer").is_empty());
}

pub async fn a_refused_message_is_stored_and_waits_for_nobody(store: Shared) {
    let mut refused = sample::message(1);
    refused.progress = Progress::new(State::Refused, sample::NOW_MS);
    refused.entry.state = State::Refused;
    refused.entry.step = Step::TimePassed;
    let ids = store_all(&store, vec![refused]).await;
    assert_eq!(state_of(&store, ids[0]).await, State::Refused);
    let batch = store.claim(sample::claim()).await.expect("a batch");
    assert!(batch.messages.is_empty() && batch.next_due_ms.is_none());
}

pub async fn a_repeated_request_is_answered_as_before(store: Shared) {
    assert_eq!(store.accept(keyed(1, "order", 1)).await.expect("an answer"), Accepted::Stored);
    let again = store.accept(keyed(2, "order", 1)).await.expect("an answer");
    assert_eq!(again, Accepted::Replayed(vec![sample::message(1).envelope.id]));
    let other_tenant = Accept { tenant: sample::name("other"), ..keyed(3, "order", 1) };
    assert_eq!(
        store.accept(other_tenant).await.expect("an answer"),
        Accepted::Stored,
        "keys belong to tenants"
    );
    assert_eq!(count(&store).await, 2);
}

pub async fn a_reused_key_is_told(store: Shared) {
    assert_eq!(store.accept(keyed(1, "order", 1)).await.expect("an answer"), Accepted::Stored);
    assert_eq!(store.accept(keyed(2, "order", 2)).await.expect("an answer"), Accepted::KeyReused);
    assert_eq!(count(&store).await, 1);
}

pub async fn a_key_is_forgotten_after_a_day(store: Shared) {
    assert_eq!(store.accept(keyed(1, "order", 1)).await.expect("an answer"), Accepted::Stored);
    let later = Accept { now_ms: sample::NOW_MS + IDEMPOTENCY_MS, ..keyed(2, "order", 2) };
    assert_eq!(store.accept(later).await.expect("an answer"), Accepted::Stored);
}

pub async fn one_key_at_once_stores_one_message(store: Shared) {
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.accept(keyed(n, "order", 1)).await.expect("an answer") })
        })
        .collect();
    let mut stored = 0;
    let mut replayed = Vec::new();
    for task in tasks {
        match task.await.expect("a task") {
            Accepted::Stored => stored += 1,
            Accepted::Replayed(ids) => replayed.extend(ids),
            other => panic!("{other:?}"),
        }
    }
    replayed.dedup();
    assert_eq!((stored, replayed.len(), count(&store).await), (1, 1, 1));
}

pub async fn a_taken_id_stores_nothing(store: Shared) {
    store_all(&store, vec![sample::message(1)]).await;
    let fresh_and_taken = vec![sample::message(2), sample::message(1)];
    let twice_the_same = vec![sample::message(3), sample::message(3)];
    for messages in [fresh_and_taken, twice_the_same] {
        let answer = store.accept(sample::accept(messages)).await.expect("an answer");
        assert_eq!(answer, Accepted::IdTaken);
    }
    assert_eq!(count(&store).await, 1);
}

pub async fn what_is_stored_is_what_was_accepted(store: Shared) {
    let tasks: Vec<_> = (0..40_u64)
        .map(|n| {
            let store = store.clone();
            let messages: Vec<NewMessage> = (n * 5..n * 5 + 5).map(sample::message).collect();
            tokio::spawn(async move { store.accept(sample::accept(messages)).await.expect("an answer") })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.expect("a task"), Accepted::Stored);
    }
    assert_eq!(count(&store).await, 200);
    let backlog = store.backlog().await.expect("a backlog");
    assert_eq!(backlog, vec![(sample::name(sample::ROUTE), 200)]);
}
