//! Steps in any order, with what has to hold after each of them.
#![allow(missing_docs, reason = "the names say it")]

use std::collections::BTreeMap;

use waypost_core::decision::{FailureClass, Outcome, ReceiptStatus};
use waypost_core::id::MessageId;
use waypost_core::lifecycle::may_follow;
use waypost_core::message::{Progress, State};
use waypost_core::store::{Claim, ClaimedMessage, Filter, Settle};

use super::sample::{self, NOW_MS};
use super::steps::{Shared, rules, store_all};

const STEPS: usize = 600;

struct Walk {
    store: Shared,
    seed: u64,
    now_ms: u64,
    next: u64,
    leases: Vec<ClaimedMessage>,
    seen: BTreeMap<MessageId, Progress>,
}

impl Walk {
    /// The same numbers in each run (the constants are Knuth's for MMIX).
    fn draw(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    fn some_id(&mut self) -> Option<MessageId> {
        let count = self.seen.len() as u64;
        let place = if count == 0 { 0 } else { self.draw(count) };
        self.seen.keys().nth(usize::try_from(place).unwrap_or(0)).copied()
    }

    fn some_outcome(&mut self) -> Outcome {
        match self.draw(8) {
            0 => Outcome::InDoubt("the answer was lost".to_owned()),
            1 => sample::failed(FailureClass::Message),
            2 => sample::failed(FailureClass::Transient),
            3 => sample::failed(FailureClass::Throttled),
            4 => sample::failed(FailureClass::System),
            _ => {
                let reference = self.draw(200);
                sample::accepted(&format!("walk-{reference}"))
            }
        }
    }

    async fn step(&mut self) {
        self.now_ms += self.draw(20_000);
        let tenant = sample::name(sample::TENANT);
        match self.draw(10) {
            0 | 1 => {
                let first = self.next;
                self.next += 1 + self.draw(3);
                let messages = (first..self.next).map(|n| sample::message_at(self.now_ms, n)).collect();
                store_all(&self.store, messages).await;
            }
            2 | 3 => {
                let messages_max = usize::try_from(self.draw(4)).unwrap_or(0);
                let claim = Claim { messages_max, ..sample::claim_at(self.now_ms) };
                let batch = self.store.claim(claim).await.expect("a batch");
                assert!(batch.messages.len() <= messages_max);
                self.leases.extend(batch.messages);
            }
            4 | 5 if !self.leases.is_empty() => {
                let place = self.draw(self.leases.len() as u64);
                // Some are settled twice, some never.
                let lease = self.leases[usize::try_from(place).unwrap_or(0)].clone();
                let outcome = self.some_outcome();
                let settle = Settle { outcome, now_ms: self.now_ms, ..sample::settle(&lease) };
                self.store.settle(vec![settle]).await.expect("answers");
            }
            6 | 7 => {
                let status = [
                    ReceiptStatus::Accepted,
                    ReceiptStatus::Delivered,
                    ReceiptStatus::Undelivered,
                    ReceiptStatus::Unknown,
                ][usize::try_from(self.draw(4)).unwrap_or(0)];
                let mut receipt = sample::receipt(&format!("walk-{}", self.draw(200)), status);
                receipt.now_ms = self.now_ms;
                if self.draw(2) == 0 {
                    receipt.receipt.message_id = self.some_id().map(|id| id.to_string());
                }
                self.store.receipt(receipt).await.expect("an answer");
            }
            8 => {
                self.store.sweep(self.now_ms, 100, rules()).await.expect("a sweep");
            }
            _ => {
                let Some(id) = self.some_id() else { return };
                if self.draw(2) == 0 {
                    self.store.cancel(tenant, id, self.now_ms).await.expect("an answer");
                } else {
                    let until_ms = self.now_ms + 10_000_000;
                    self.store
                        .redrive(sample::name(sample::TENANT), id, self.now_ms, until_ms)
                        .await
                        .expect("an answer");
                }
            }
        }
    }

    async fn check(&mut self) {
        let filter = Filter { rows_max: 100_000, ..Filter::default() };
        let all = self.store.list(filter).await.expect("a list");
        assert_eq!(all.len() as u64, self.next, "what was accepted is there, and nothing else");
        let mut waiting = 0;
        for stored in all {
            let (id, now) = (stored.envelope.id, stored.progress);
            waiting += u64::from(matches!(now.state, State::Held | State::Queued));
            if let Some(before) = self.seen.get(&id) {
                let same = before.state == now.state;
                let after_doubt = before.doubted && may_follow(State::InDoubt, now.state);
                assert!(same || may_follow(before.state, now.state) || after_doubt, "{before:?} to {now:?}");
                assert!(before.attempts <= now.attempts, "attempts never go back");
                assert!(!before.doubted || now.doubted, "a doubt is not forgotten");
            }
            let timed = !now.state.is_final();
            assert_eq!(now.due_ms.is_some(), timed, "somebody will look at it again: {now:?}");
            self.seen.insert(id, now);
        }
        let backlog: u64 = self.store.backlog().await.expect("a backlog").iter().map(|(_, n)| n).sum();
        assert_eq!(backlog, waiting, "the counts are those of the messages");
    }
}

pub async fn any_order_of_steps_keeps_the_rules(store: Shared) {
    let mut walk =
        Walk { store, seed: 42, now_ms: NOW_MS, next: 0, leases: Vec::new(), seen: BTreeMap::new() };
    for _ in 0..STEPS {
        walk.step().await;
        walk.check().await;
    }
    let delivered = walk.seen.values().filter(|progress| progress.state == State::Delivered).count();
    assert!(delivered > 0 && walk.next > 100, "the walk went somewhere");
}
