//! Leases, order, rates of providers, outcomes.
#![allow(missing_docs, reason = "the names say it")]

use waypost_core::decision::{Failure, FailureClass, Outcome};
use waypost_core::message::State;
use waypost_core::rate::Rate;
use waypost_core::store::{Claim, Reroute, Settle, Settled};
use waypost_core::trace::Step;

use super::sample::{self, LEASE_MS, NOW_MS};
use super::steps::{Shared, claim_one, claimed, progress_of, rules, settle, state_of, store_all, with};

pub async fn urgent_messages_go_first_and_then_the_oldest(store: Shared) {
    let mut messages = Vec::new();
    for (n, (priority, due_ms)) in
        [(0, 0), (3, 50), (1, 10), (3, 20), (2, 90), (1, 5)].into_iter().enumerate()
    {
        let mut message = with(sample::message(n as u64), |envelope| envelope.draft.priority = priority);
        message.progress.due_ms = Some(NOW_MS + due_ms);
        messages.push(message);
    }
    let ids = store_all(&store, messages).await;
    let now_ms = NOW_MS + 60;
    let waiting = store.waiting(sample::name(sample::ROUTE), now_ms, 100).await.expect("a list");
    let waiting: Vec<_> = waiting.iter().map(|stored| stored.envelope.id).collect();
    let expected = [3, 1, 5, 2, 0].map(|n: usize| ids[n]);
    assert_eq!(waiting, expected);
    let first = store.claim(Claim { messages_max: 2, ..sample::claim_at(now_ms) }).await.expect("a batch");
    assert_eq!(first.next_due_ms, Some(now_ms), "more is due");
    let rest = store.claim(sample::claim_at(now_ms)).await.expect("a batch");
    assert_eq!(rest.next_due_ms, Some(NOW_MS + 90), "when the last falls due");
    let claimed: Vec<_> =
        first.messages.iter().chain(&rest.messages).map(|message| message.envelope.id).collect();
    assert_eq!(claimed, expected);
    for message in first.messages.iter().chain(&rest.messages) {
        assert_eq!((message.progress.state, message.progress.attempts), (State::Submitting, 1));
        assert_eq!(message.progress.due_ms, Some(now_ms + LEASE_MS));
    }
}

pub async fn a_held_message_waits_for_its_time(store: Shared) {
    let mut held = sample::message(1);
    held.progress.state = State::Held;
    held.progress.due_ms = Some(NOW_MS + 1_000);
    let ids = store_all(&store, vec![held]).await;
    let early = store.claim(sample::claim_at(NOW_MS + 999)).await.expect("a batch");
    assert!(early.messages.is_empty());
    assert_eq!(early.next_due_ms, Some(NOW_MS + 1_000));
    let detour = Reroute {
        tenant: sample::name(sample::TENANT),
        id: ids[0],
        from: sample::name(sample::ROUTE),
        to: sample::name(sample::OTHER_ROUTE),
        now_ms: NOW_MS + 500,
        decisions: Vec::new(),
    };
    assert_eq!(store.reroute(vec![detour]).await.expect("an answer"), 0, "no way round the policy");
    let claimed = claim_one(&store, sample::claim_at(NOW_MS + 1_000)).await;
    assert_eq!(claimed.envelope.id, ids[0]);
}

pub async fn a_provider_rate_is_exact(store: Shared) {
    store_all(&store, (0..100).map(sample::message).collect()).await;
    let rate = Some(Rate::per_second(10.0, 3));
    let mut now_ms = NOW_MS + 10;
    let mut sent_ms = Vec::new();
    while sent_ms.len() < 33 {
        let batch = store.claim(Claim { rate, ..sample::claim_at(now_ms) }).await.expect("a batch");
        sent_ms.extend(batch.messages.iter().map(|_| now_ms));
        let next_ms = batch.next_due_ms.expect("messages wait");
        assert!(next_ms > now_ms, "the rate is used up");
        let early = store.claim(Claim { rate, ..sample::claim_at(next_ms - 1) }).await.expect("a batch");
        assert!(early.messages.is_empty(), "not before the named time");
        now_ms = next_ms;
    }
    assert_eq!(sent_ms[2] - sent_ms[0], 0, "the burst at once");
    assert_eq!(sent_ms[32] - sent_ms[2], 3_000, "then ten a second, no more and no fewer");
}

pub async fn a_message_is_claimed_once(store: Shared) {
    store_all(&store, (0..200).map(sample::message).collect()).await;
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let store = store.clone();
            let claim = Claim { messages_max: 10, ..sample::claim() };
            tokio::spawn(async move { store.claim(claim).await.expect("a batch").messages })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.extend(task.await.expect("a task").iter().map(|message| message.envelope.id));
    }
    assert_eq!(ids.len(), 200);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 200);
    assert_eq!(store.backlog().await.expect("a backlog"), vec![(sample::name(sample::ROUTE), 0)]);
}

pub async fn a_message_past_its_validity_expires(store: Shared) {
    let late = with(sample::message(1), |envelope| envelope.valid_until_ms = NOW_MS + 10);
    let ids = store_all(&store, vec![late, sample::message(2)]).await;
    let claim = Claim { messages_max: 1, ..sample::claim_at(NOW_MS + 10) };
    let claimed = claim_one(&store, claim).await;
    assert_eq!(claimed.envelope.id, ids[1], "an expired message takes no place in the batch");
    assert_eq!(state_of(&store, ids[0]).await, State::Expired);
    let trace = store.trace(sample::name(sample::TENANT), ids[0]).await.expect("a trace");
    assert!(matches!(trace.last().expect("an entry").step, Step::TimePassed));
}

pub async fn an_old_lease_cannot_settle(store: Shared) {
    let first = claimed(&store, sample::message(1)).await;
    let id = first.envelope.id;
    let over_ms = NOW_MS + LEASE_MS;
    assert_eq!(store.sweep(over_ms, 10, rules()).await.expect("a sweep"), 1);
    let again_ms = over_ms + sample::RULES.doubt_wait_ms;
    assert_eq!(store.sweep(again_ms, 10, rules()).await.expect("a sweep"), 1);
    assert_eq!(state_of(&store, id).await, State::Queued);
    let failed = Settle { outcome: sample::failed(FailureClass::Message), ..sample::settle(&first) };
    assert_eq!(store.settle(vec![failed.clone()]).await.expect("answers"), vec![Settled::LeaseLost]);
    let second = claim_one(&store, sample::claim_at(again_ms)).await;
    assert_eq!(second.progress.attempts, 2);
    assert_eq!(store.settle(vec![failed]).await.expect("answers"), vec![Settled::LeaseLost]);
    assert_eq!(store.settle(vec![sample::settle(&first)]).await.expect("answers"), vec![Settled::LeaseLost]);
    assert_eq!(state_of(&store, id).await, State::Submitting);
    assert_eq!(settle(&store, sample::settle(&second)).await.state, State::Submitted);
    let gone = Settle { id: sample::id(NOW_MS, 999), ..sample::settle(&second) };
    assert_eq!(store.settle(vec![gone]).await.expect("answers"), vec![Settled::LeaseLost]);
}

pub async fn a_lost_lease_leaves_a_doubt(store: Shared) {
    let message = claimed(&store, sample::message(1)).await;
    let id = message.envelope.id;
    let over_ms = NOW_MS + LEASE_MS;
    assert_eq!(store.sweep(over_ms - 1, 10, rules()).await.expect("a sweep"), 0);
    assert_eq!(store.sweep(over_ms, 10, rules()).await.expect("a sweep"), 1);
    let progress = progress_of(&store, id).await;
    assert_eq!((progress.state, progress.doubted), (State::InDoubt, true));
    let batch = store.claim(sample::claim_at(over_ms)).await.expect("a batch");
    assert!(batch.messages.is_empty(), "nobody sends it a second time meanwhile");
    let late = settle(&store, Settle { now_ms: over_ms + 1, ..sample::settle(&message) }).await;
    assert_eq!(late.state, State::Submitted, "the answer came after all");
}

pub async fn a_restart_ends_every_lease(store: Shared) {
    let ids = store_all(&store, (0..30).map(sample::message).collect()).await;
    let claim = Claim { messages_max: 20, ..sample::claim() };
    assert_eq!(store.claim(claim).await.expect("a batch").messages.len(), 20);
    assert_eq!(store.recover(NOW_MS + 1, rules()).await.expect("a number"), 20);
    let mut in_doubt = 0;
    for id in ids {
        in_doubt += usize::from(state_of(&store, id).await == State::InDoubt);
    }
    assert_eq!(in_doubt, 20);
    assert_eq!(store.recover(NOW_MS + 2, rules()).await.expect("a number"), 0);
}

pub async fn every_outcome_has_its_state(store: Shared) {
    let cases = [
        (sample::accepted("r1"), State::Submitted),
        (Outcome::InDoubt("the answer was lost".to_owned()), State::InDoubt),
        (sample::failed(FailureClass::Message), State::Failed),
        (sample::failed(FailureClass::Policy), State::Failed),
        (sample::failed(FailureClass::Sender), State::Failed),
        (sample::failed(FailureClass::Throttled), State::Queued),
        (sample::failed(FailureClass::Transient), State::Queued),
        (sample::failed(FailureClass::System), State::Queued),
    ];
    for (n, (outcome, state)) in cases.into_iter().enumerate() {
        let message = claimed(&store, sample::message(n as u64)).await;
        let answer = Settle { outcome: outcome.clone(), ..sample::settle(&message) };
        let progress = settle(&store, answer).await;
        assert_eq!(progress.state, state, "{outcome:?}");
        assert_eq!(progress_of(&store, message.envelope.id).await, progress, "told as it is stored");
        let trace = store.trace(sample::name(sample::TENANT), message.envelope.id).await.expect("a trace");
        assert_eq!(trace.len(), 2);
        assert_eq!(trace[1].state, state);
        let Step::Attempt { attempt: 1, reference, failure, .. } = &trace[1].step else {
            panic!("an attempt: {:?}", trace[1])
        };
        assert_eq!(reference.is_some(), state == State::Submitted);
        assert_eq!(failure.is_some(), state != State::Submitted);
    }
}

pub async fn another_route_takes_over(store: Shared) {
    let message = claimed(&store, sample::message(1)).await;
    let other = sample::name(sample::OTHER_ROUTE);
    let progress = settle(
        &store,
        Settle {
            outcome: sample::failed(FailureClass::Transient),
            other_route: Some(other.clone()),
            decisions: vec![sample::decision()],
            ..sample::settle(&message)
        },
    )
    .await;
    assert_eq!((progress.state, progress.route.clone()), (State::Queued, Some(other.clone())));
    let trace = store.trace(sample::name(sample::TENANT), message.envelope.id).await.expect("a trace");
    assert_eq!(trace[1].decisions, vec![sample::decision()]);
    assert!(matches!(&trace[1].step, Step::Attempt { next_route: Some(next), .. } if *next == other));
    assert!(store.claim(sample::claim_at(NOW_MS + 200)).await.expect("a batch").messages.is_empty());
    let claim = Claim { route: other, ..sample::claim_at(NOW_MS + 200) };
    assert_eq!(claim_one(&store, claim).await.envelope.id, message.envelope.id);
}

pub async fn waiting_messages_are_rerouted(store: Shared) {
    let ids = store_all(&store, (0..3).map(sample::message).collect()).await;
    let (first, other) = (sample::name(sample::ROUTE), sample::name(sample::OTHER_ROUTE));
    let reroute = |id| Reroute {
        tenant: sample::name(sample::TENANT),
        id,
        from: first.clone(),
        to: other.clone(),
        now_ms: NOW_MS + 1,
        decisions: vec![sample::decision()],
    };
    let reroutes: Vec<_> = ids[..2].iter().copied().map(reroute).collect();
    assert_eq!(store.reroute(reroutes.clone()).await.expect("an answer"), 2);
    assert_eq!(store.reroute(reroutes).await.expect("an answer"), 0, "they are elsewhere now");
    let mut backlog = store.backlog().await.expect("a backlog");
    backlog.sort();
    assert_eq!(backlog, vec![(first.clone(), 1), (other.clone(), 2)]);
    let trace = store.trace(sample::name(sample::TENANT), ids[0]).await.expect("a trace");
    assert!(matches!(trace[1].step, Step::Rerouted { .. }));
    let claimed = claim_one(&store, sample::claim()).await;
    assert_eq!(store.reroute(vec![reroute(claimed.envelope.id)]).await.expect("an answer"), 0, "leased");
}

pub async fn retries_end_as_a_dead_letter(store: Shared) {
    let mut message = claimed(&store, sample::message(1)).await;
    let id = message.envelope.id;
    for attempt in 1..=sample::RULES.retry.attempts_max {
        assert_eq!(message.progress.attempts, attempt);
        let outcome = sample::failed(FailureClass::Transient);
        let progress = settle(&store, Settle { outcome, ..sample::settle(&message) }).await;
        if attempt == sample::RULES.retry.attempts_max {
            assert_eq!((progress.state, progress.due_ms), (State::Exhausted, None));
            return;
        }
        let due_ms = progress.due_ms.expect("a time");
        let early = store.claim(sample::claim_at(due_ms - 1)).await.expect("a batch");
        assert!(early.messages.is_empty() && early.next_due_ms == Some(due_ms));
        message = claim_one(&store, sample::claim_at(due_ms)).await;
        assert_eq!(message.envelope.id, id);
    }
}

pub async fn waits_that_are_over_end(store: Shared) {
    let lost = Outcome::Failed(Failure {
        class: FailureClass::Throttled,
        code: "slow_down".to_owned(),
        reason: "too fast".to_owned(),
        retry_after_ms: Some(90_000),
    });
    let throttled = claimed(&store, sample::message(1)).await;
    let progress = settle(&store, Settle { outcome: lost, ..sample::settle(&throttled) }).await;
    assert!(progress.due_ms.expect("a time") >= NOW_MS + 90_000);
    let sent = super::steps::submitted(&store, sample::message(2)).await.envelope.id;
    let due_ms = progress_of(&store, sent).await.due_ms.expect("a time");
    assert_eq!(store.sweep(due_ms - 1, 10, rules()).await.expect("a sweep"), 0);
    assert_eq!(store.sweep(due_ms, 10, rules()).await.expect("a sweep"), 1);
    assert_eq!(state_of(&store, sent).await, State::Unknown);
}
