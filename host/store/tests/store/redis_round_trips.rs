//! What operations ask of Redis: how often, what one failed answer does to the rest, and what is left
//! of records that are gone or cannot be read.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use waypost_core::decision::{FailureClass, ReceiptStatus};
use waypost_core::id::MessageId;
use waypost_core::message::{Envelope, State};
use waypost_core::rate::Rate;
use waypost_core::redis::{Clock, RedisStore};
use waypost_core::store::{
    Accept, Accepted, Claim, ClaimedMessage, NewMessage, ReceiptResult, Settle, Settled, Store, SweepRules,
};
use waypost_redis_kit::Server;
use waypost_store::redis::{RedisOptions, open};
use waypost_store::suite::sample::{self, NOW_MS};

use crate::redis_servers;
use crate::redis_tap::Tap;

/// A store whose requests are seen.
struct Seen {
    store: RedisStore<Tap>,
    server: Arc<Server>,
    prefix: String,
}

impl Seen {
    async fn new(clock: Clock) -> Self {
        let (server, prefix) = (redis_servers::one(), redis_servers::fresh_prefix());
        let options = RedisOptions::new(&server.url(), &prefix, "test");
        let opened = open(options, clock).await.expect("a store");
        let tap = Tap::new(opened.connection().clone());
        let store = RedisStore::new(tap, opened.layout().clone(), clock, sample::name("test"));
        Self { store, server, prefix }
    }

    /// Another host of the same Redis, which remembers nothing yet.
    fn beside(&self) -> Self {
        let tap = Tap::new(self.store.connection().link());
        let store = RedisStore::new(tap, self.store.layout().clone(), Clock::Caller, sample::name("beside"));
        Self { store, server: self.server.clone(), prefix: self.prefix.clone() }
    }

    fn tap(&self) -> &Tap {
        self.store.connection()
    }

    async fn accept(&self, tenant: &str, messages: Vec<NewMessage>) {
        let accept = Accept { tenant: sample::name(tenant), ..sample::accept(messages) };
        assert_eq!(self.store.accept(accept).await.expect("an answer"), Accepted::Stored);
    }

    /// Asks the server itself about a key of a tenant.
    fn order(&self, command: &str, key: &str, rest: &[&str]) -> Option<i64> {
        let key = format!("{}:{{{}}}:{key}", self.prefix, sample::TENANT);
        let mut words = vec![command, &key];
        words.extend(rest);
        self.server.order(&words).expect("an answer").integer()
    }

    async fn state(&self, id: MessageId) -> State {
        let stored = self.store.message(sample::name(sample::TENANT), id).await.expect("an answer");
        stored.expect("the message").progress.state
    }
}

fn messages(count: u64) -> Vec<NewMessage> {
    (0..count).map(sample::message).collect()
}

fn with(mut message: NewMessage, change: impl FnOnce(&mut Envelope)) -> NewMessage {
    change(Arc::make_mut(&mut message.envelope));
    message
}

fn of_tenant(tenant: &str, n: u64) -> NewMessage {
    with(sample::message(n), |envelope| {
        envelope.id = MessageId::of_tenant(envelope.id.key(), envelope.id.nonce(), tenant);
        envelope.draft.tenant = sample::name(tenant);
    })
}

/// An id as keys have it.
fn short(id: MessageId) -> String {
    id.to_string().split_off("msg_".len())
}

fn ids(messages: &[ClaimedMessage]) -> Vec<MessageId> {
    let mut ids: Vec<_> = messages.iter().map(|message| message.envelope.id).collect();
    ids.sort();
    ids
}

fn rules() -> SweepRules {
    Arc::new(|_| sample::RULES)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_claimed_is_given_where_the_next_round_fails() {
    let seen = Seen::new(Clock::Caller).await;
    seen.accept(sample::TENANT, messages(3)).await;
    seen.tap().fail("SMEMBERS", 1);
    let batch = seen.store.claim(sample::claim()).await.expect("what was claimed before");
    assert_eq!(batch.messages.len(), 3);
    assert!(seen.tap().has_failed(), "there was a next round");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_claimed_is_given_where_an_expiry_is_not_written() {
    let seen = Seen::new(Clock::Caller).await;
    let late = with(sample::message(1), |envelope| envelope.valid_until_ms = NOW_MS + 1);
    let late_id = late.envelope.id;
    seen.accept(sample::TENANT, vec![late, sample::message(2), sample::message(3)]).await;
    seen.tap().fail("step", 1);
    let batch = seen.store.claim(sample::claim_at(NOW_MS + 5)).await.expect("what was claimed");
    assert_eq!(ids(&batch.messages), [2, 3].map(|n| sample::id(NOW_MS, n)));
    assert!(seen.tap().has_failed());
    for claimed in &batch.messages {
        seen.store.settle(vec![sample::settle(claimed)]).await.expect("an answer");
    }
    let lease_over_ms = NOW_MS + 5 + sample::LEASE_MS;
    assert_eq!(seen.store.sweep(lease_over_ms, 100, rules()).await.expect("a number"), 1);
    assert_eq!(seen.state(late_id).await, State::Expired, "the sweep has written it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_claimed_is_given_where_the_rate_cannot_be_given_back() {
    let seen = Seen::new(Clock::Caller).await;
    seen.accept(sample::TENANT, messages(3)).await;
    seen.tap().fail("rate", 2);
    let claim = Claim { rate: Some(Rate::per_second(10.0, 10)), ..sample::claim() };
    let batch = seen.store.claim(claim).await.expect("what was claimed");
    assert_eq!(batch.messages.len(), 3);
    assert!(seen.tap().has_failed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_cannot_be_read_holds_nobody_up() {
    let seen = Seen::new(Clock::Caller).await;
    seen.accept(sample::TENANT, messages(4)).await;
    let broken = sample::id(NOW_MS, 1);
    seen.order("HSET", &format!("m:{}", short(broken)), &["e", "{"]);
    let batch = seen.store.claim(sample::claim()).await.expect("the others");
    assert_eq!(ids(&batch.messages), [0, 2, 3].map(|n| sample::id(NOW_MS, n)));
    let later_ms = NOW_MS + sample::LEASE_MS;
    assert_eq!(seen.store.sweep(later_ms, 100, rules()).await.expect("a number"), 3);
    assert_eq!(seen.state(sample::id(NOW_MS, 3)).await, State::InDoubt);
    assert_eq!(seen.store.sweep(later_ms, 1, rules()).await.expect("a number"), 0);
    seen.accept(sample::TENANT, vec![sample::message(9)]).await;
    let claimed = seen.store.claim(sample::claim_at(later_ms)).await.expect("a batch").messages;
    assert_eq!(claimed.len(), 1);
    let second_ms = later_ms + sample::LEASE_MS;
    let swept = seen.store.sweep(second_ms, 1, rules()).await.expect("a number");
    assert_eq!(swept, 1, "what cannot be read takes nobody's place");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_without_a_message_are_not_leased() {
    let seen = Seen::new(Clock::Caller).await;
    seen.accept(sample::TENANT, messages(4)).await;
    for n in [1, 2] {
        seen.order("DEL", &format!("m:{}", short(sample::id(NOW_MS, n))), &[]);
    }
    let batch = seen.store.claim(sample::claim()).await.expect("a batch");
    assert_eq!(ids(&batch.messages), [0, 3].map(|n| sample::id(NOW_MS, n)));
    assert_eq!(seen.order("HLEN", "leases", &[]), Some(2));
    assert_eq!(seen.order("ZCARD", "timers", &[]), Some(2));
    assert_eq!(seen.store.backlog().await.expect("a backlog").iter().map(|(_, n)| n).sum::<u64>(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_removes_ids_without_a_message() {
    let seen = Seen::new(Clock::Caller).await;
    seen.accept(sample::TENANT, messages(3)).await;
    seen.store.claim(sample::claim()).await.expect("a batch");
    for n in [0, 1] {
        seen.order("DEL", &format!("m:{}", short(sample::id(NOW_MS, n))), &[]);
    }
    let over_ms = NOW_MS + sample::LEASE_MS;
    seen.store.sweep(over_ms, 2, rules()).await.expect("a number");
    let changed = seen.store.sweep(over_ms, 2, rules()).await.expect("a number");
    assert_eq!(changed, 1, "the two that are gone do not starve the third");
    assert_eq!(seen.order("HLEN", "leases", &[]), Some(0));
    assert_eq!(seen.order("ZCARD", "timers", &[]), Some(1), "in doubt");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settles_of_several_tenants_are_one_round_trip() {
    let seen = Seen::new(Clock::Caller).await;
    for (n, tenant) in ["acme", "beta", "gamma", "delta"].into_iter().enumerate() {
        let first = 10 * n as u64;
        seen.accept(tenant, (first..first + 3).map(|n| of_tenant(tenant, n)).collect()).await;
    }
    let claimed = seen.store.claim(sample::claim()).await.expect("a batch").messages;
    assert_eq!(claimed.len(), 12);
    let settles: Vec<Settle> = claimed.iter().map(sample::settle).collect();
    seen.tap().forget();
    let settled = seen.store.settle(settles[..8].to_vec()).await.expect("answers");
    assert!(settled.iter().all(|settled| matches!(settled, Settled::Now(_))), "{settled:?}");
    assert_eq!(seen.tap().asked().len(), 1, "{:?}", seen.tap().asked());
    assert_eq!(seen.tap().count("bind"), 1, "one for the provider");
    let beside = seen.beside();
    let settled = beside.store.settle(settles).await.expect("answers");
    assert_eq!(settled.len(), 12);
    assert!(settled[8..].iter().all(|settled| matches!(settled, Settled::Now(_))), "{settled:?}");
    assert_eq!(beside.tap().asked().len(), 2, "reads, and writes: {:?}", beside.tap().asked());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_ask_only_tenants_that_have_some() {
    let seen = Seen::new(Clock::Caller).await;
    for n in 0..12 {
        let tenant = format!("tenant{n}");
        let url = (n >= 9).then(|| "https://example.org/".to_owned());
        let message = with(of_tenant(&tenant, n), |envelope| envelope.callback_url = url);
        seen.accept(&tenant, vec![message]).await;
    }
    let claimed = seen.store.claim(sample::claim()).await.expect("a batch").messages;
    let outcome = sample::failed(FailureClass::Message);
    let settles = claimed.iter().map(|one| Settle { outcome: outcome.clone(), ..sample::settle(one) });
    seen.store.settle(settles.collect()).await.expect("answers");
    seen.tap().forget();
    let due = seen.store.callbacks(NOW_MS + 1_000, 1_000, 2).await.expect("callbacks");
    assert_eq!(due.len(), 2, "as many as there is room for");
    let rest = seen.store.callbacks(NOW_MS + 1_000, 1_000, 2).await.expect("callbacks");
    assert_eq!(rest.len(), 1, "the third was not held back by the first question");
    assert_eq!(seen.tap().count("callbacks"), 3);
    seen.tap().forget();
    assert!(seen.store.callbacks(NOW_MS + 1_000, 1_000, 2).await.expect("callbacks").is_empty());
    assert_eq!(seen.tap().asked().len(), 2, "who there is, and who has some: {:?}", seen.tap().asked());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_fall_due_by_the_time_of_redis() {
    let seen = Seen::new(Clock::Redis).await;
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64;
    let message = with(sample::message_at(now_ms, 1), |envelope| {
        envelope.callback_url = Some("https://example.org/".to_owned());
    });
    seen.accept(sample::TENANT, vec![message]).await;
    let claimed = seen.store.claim(sample::claim_at(now_ms)).await.expect("a batch").messages;
    let outcome = sample::failed(FailureClass::Message);
    let settle = Settle { outcome, now_ms, ..sample::settle(&claimed[0]) };
    seen.store.settle(vec![settle]).await.expect("answers");
    let due = seen.store.callbacks(now_ms + 1_000, 60_000, 10).await.expect("callbacks");
    assert_eq!(due.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_with_our_own_id_finds_its_tenant_without_asking_who_there_is() {
    let seen = Seen::new(Clock::Caller).await;
    seen.accept(sample::TENANT, messages(2)).await;
    let claimed = seen.store.claim(sample::claim()).await.expect("a batch").messages;
    seen.store.settle(claimed.iter().map(sample::settle).collect()).await.expect("answers");
    let report = |place: usize| {
        let id = claimed[place].envelope.id;
        let mut receipt = sample::receipt(&sample::reference(id), ReceiptStatus::Delivered);
        receipt.receipt.message_id = Some(id.to_string());
        (id, receipt)
    };
    seen.tap().forget();
    let (id, receipt) = report(0);
    let answer = seen.store.receipt(receipt).await.expect("an answer");
    assert_eq!(answer, ReceiptResult::Applied(id, State::Delivered));
    assert_eq!(seen.tap().count("SMEMBERS"), 0, "{:?}", seen.tap().asked());
    let beside = seen.beside();
    let (id, receipt) = report(1);
    let answer = beside.store.receipt(receipt).await.expect("an answer");
    assert_eq!(answer, ReceiptResult::Applied(id, State::Delivered), "a host that knows no tenant asks");
}
