//! The same steps in SQLite and in Redis: every answer has to be the same. The rules are one text in
//! `core`, but limits, rates and queues are SQL here and Lua there.

use std::sync::Arc;

use waypost_core::decision::{FailureClass, Name, Outcome, ReceiptStatus};
use waypost_core::id::MessageId;
use waypost_core::limits::INBOUND_PARTS_WAIT_MS;
use waypost_core::rate::{AcceptLimits, Rate};
use waypost_core::redis::Clock;
use waypost_core::store::{
    Accept, Accepted, Claim, ClaimedMessage, Filter, HistoryQuery, Idempotency, NewMessage, OptChange,
    OptOutQuery, PartResult, PartsKey, Reroute, Settle, Store, SweepRules,
};
use waypost_store::redis::{RedisOptions, open};
use waypost_store::sqlite::{OpenMode, SqliteStore};
use waypost_store::suite::sample;

use crate::redis_servers;

const STEPS: u32 = 500;
const TENANTS: [&str; 3] = ["acme", "beta", "gamma"];
const ROUTES: [&str; 2] = [sample::ROUTE, sample::OTHER_ROUTE];

/// Both stores and the time that they are told.
struct Both {
    sqlite: Arc<dyn Store>,
    redis: Arc<dyn Store>,
    seed: u64,
    now_ms: u64,
    next: u64,
    leases: Vec<ClaimedMessage>,
    ids: Vec<(Name, MessageId)>,
}

macro_rules! same {
    ($self:ident, $what:expr, |$store:ident| $ask:expr) => {{
        let $store = &$self.sqlite;
        let first = $ask.await.expect("an answer of SQLite");
        let $store = &$self.redis;
        let second = $ask.await.expect("an answer of Redis");
        assert_eq!(format!("{first:#?}"), format!("{second:#?}"), "{} at {}", $what, $self.now_ms);
        first
    }};
}

impl Both {
    /// The same numbers in each run (the constants are Knuth's for MMIX).
    fn draw(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        let place = self.draw(of.len() as u64);
        of[place as usize].clone()
    }

    fn limits(&mut self) -> AcceptLimits {
        let some = |both: &mut Self| both.draw(3) == 0;
        let rate =
            |both: &mut Self| Rate::per_second(1.0 + both.draw(300) as f64 / 7.0, 1 + both.draw(5) as u32);
        AcceptLimits {
            tenant_rate: if some(self) { Some(rate(self)) } else { None },
            key_rate: if some(self) { Some(rate(self)) } else { None },
            destination_per_hour: if some(self) { Some(self.draw(6) as u32) } else { None },
            destination_per_day: if some(self) { Some(self.draw(9) as u32) } else { None },
            queue_max: if some(self) { Some(self.draw(60)) } else { None },
        }
    }

    fn message(&mut self, tenant: &str) -> NewMessage {
        self.next += 1;
        let route = self.pick(&ROUTES);
        let (priority, number, wait_ms, valid_ms) =
            (self.draw(4) as u8, self.draw(8), self.draw(4) * 5_000, 5_000 + self.draw(900_000));
        let mut message = sample::traced_message(self.now_ms, self.next);
        let envelope = Arc::make_mut(&mut message.envelope);
        envelope.id = MessageId::of_tenant(envelope.id.key(), self.next.wrapping_mul(0x9e37_79b9), tenant);
        envelope.draft.tenant = sample::name(tenant);
        envelope.draft.priority = priority;
        envelope.draft.to = sample::recipient(&format!("+44770090000{number}"));
        envelope.valid_until_ms = self.now_ms + valid_ms;
        envelope.client_ref = (number == 0).then(|| "order".to_owned());
        envelope.draft.sender = (number % 2 == 0).then(|| sample::sender("Shop"));
        envelope.callback_url = (number == 1).then(|| "https://example.org/".to_owned());
        message.progress.route = Some(sample::name(route));
        message.progress.due_ms = Some(self.now_ms + wait_ms);
        message
    }

    async fn accept(&mut self) {
        let tenant = self.pick(&TENANTS);
        let count = 1 + self.draw(3);
        let messages: Vec<NewMessage> = (0..count).map(|_| self.message(tenant)).collect();
        let idempotency = (self.draw(3) == 0).then(|| Idempotency {
            key: format!("key {}", self.draw(9)),
            body_hash: [self.draw(2) as u8; 32],
        });
        let limits = self.limits();
        let accept = Accept {
            tenant: sample::name(tenant),
            now_ms: self.now_ms,
            idempotency,
            limits,
            ..sample::accept(messages.clone())
        };
        let answer = same!(self, "accept", |store| store.accept(accept.clone()));
        if answer == Accepted::Stored {
            self.ids.extend(messages.iter().map(|message| (sample::name(tenant), message.envelope.id)));
        }
    }

    async fn claim(&mut self) {
        let route = sample::name(self.pick(&ROUTES));
        let rate = (self.draw(2) == 0).then(|| Rate::per_second(3.0, 4));
        // All that is due, so that how tenants take turns does not matter.
        let claim = Claim { route, rate: None, ..sample::claim_at(self.now_ms) };
        if rate.is_some() && self.only_tenant_waits(&claim.route).await {
            let claim = Claim { rate, messages_max: 5, ..claim };
            return self.compare_claims(claim).await;
        }
        self.compare_claims(claim).await;
    }

    async fn compare_claims(&mut self, claim: Claim) {
        let mut first = self.sqlite.claim(claim.clone()).await.expect("a batch");
        let mut second = self.redis.claim(claim).await.expect("a batch");
        first.messages.sort_by_key(|message| message.envelope.id);
        second.messages.sort_by_key(|message| message.envelope.id);
        assert_eq!(format!("{first:#?}"), format!("{second:#?}"), "claim at {}", self.now_ms);
        self.leases.extend(first.messages);
    }

    async fn only_tenant_waits(&self, route: &Name) -> bool {
        let waiting = self.sqlite.waiting(route.clone(), self.now_ms, 100).await.expect("a list");
        waiting.windows(2).all(|pair| pair[0].envelope.draft.tenant == pair[1].envelope.draft.tenant)
    }

    async fn settle(&mut self) {
        if self.leases.is_empty() {
            return;
        }
        let mut settles = Vec::new();
        for _ in 0..=self.draw(4) {
            let lease = self.pick(&self.leases.clone());
            let outcome = match self.draw(8) {
                0 => Outcome::InDoubt("the answer was lost".to_owned()),
                1 => sample::failed(FailureClass::Message),
                2 => sample::failed(FailureClass::Transient),
                3 => sample::failed(FailureClass::Sender),
                _ => sample::accepted(&sample::reference(lease.envelope.id)),
            };
            let other_route = (self.draw(2) == 0).then(|| sample::name(sample::OTHER_ROUTE));
            settles.push(Settle { outcome, other_route, now_ms: self.now_ms, ..sample::settle(&lease) });
        }
        settles.dedup_by_key(|settle| settle.id);
        let mut seen = Vec::new();
        settles.retain(|settle| {
            let first = !seen.contains(&settle.id);
            seen.push(settle.id);
            first
        });
        same!(self, "settle", |store| store.settle(settles.clone()));
    }

    async fn receipt(&mut self) {
        let Some((_, id)) = (!self.ids.is_empty()).then(|| self.pick(&self.ids.clone())) else { return };
        let status = self.pick(&[
            ReceiptStatus::Accepted,
            ReceiptStatus::Delivered,
            ReceiptStatus::Undelivered,
            ReceiptStatus::Unknown,
        ]);
        let mut receipt = sample::receipt(&sample::reference(id), status);
        receipt.now_ms = self.now_ms;
        receipt.route = sample::name(self.pick(&ROUTES));
        receipt.receipt.message_id = (self.draw(2) == 0).then(|| id.to_string());
        same!(self, "receipt", |store| store.receipt(receipt.clone()));
    }

    async fn operate(&mut self) {
        let Some((tenant, id)) = (!self.ids.is_empty()).then(|| self.pick(&self.ids.clone())) else { return };
        let now_ms = self.now_ms;
        match self.draw(4) {
            0 => drop(same!(self, "cancel", |store| store.cancel(tenant.clone(), id, now_ms))),
            1 => drop(same!(self, "redrive", |store| store.redrive(
                tenant.clone(),
                id,
                now_ms,
                now_ms + 50_000
            ))),
            2 => drop(same!(self, "discard", |store| store.discard(tenant.clone(), id))),
            _ => {
                let (from, to) = (sample::name(ROUTES[0]), sample::name(ROUTES[1]));
                let reroutes = vec![Reroute { tenant, id, from, to, now_ms, decisions: Vec::new() }];
                same!(self, "reroute", |store| store.reroute(reroutes.clone()));
            }
        }
    }

    /// Few numbers, references and texts, so that they meet.
    async fn parts(&mut self) {
        for _ in 0..4 {
            let total = 1 + self.draw(3) as u8;
            let number = 1 + self.draw(u64::from(total)) as u8;
            let mut part = sample::part(self.draw(2) as u16, number, total);
            part.tenant = sample::name(self.pick(&TENANTS));
            part.from = self.draw(2).to_string();
            part.payload = if self.draw(6) == 0 { b"another".to_vec() } else { part.payload };
            part.now_ms = self.now_ms;
            if let PartResult::Whole(parts) = same!(self, "part", |store| store.inbound_part(part.clone()))
                && self.draw(3) > 0
            {
                self.parts_done(parts.key).await;
            }
        }
        let now_ms = self.now_ms + if self.draw(8) == 0 { INBOUND_PARTS_WAIT_MS } else { 0 };
        let mut old = self.sqlite.inbound_parts_old(now_ms, 10_000).await.expect("an answer");
        let mut second = self.redis.inbound_parts_old(now_ms, 10_000).await.expect("an answer");
        old.sort_by(|a, b| a.key.cmp(&b.key));
        second.sort_by(|a, b| a.key.cmp(&b.key));
        assert_eq!(old, second, "old parts at {}", self.now_ms);
        for parts in old {
            if self.draw(2) == 0 {
                self.parts_done(parts.key).await;
            }
        }
    }

    async fn parts_done(&mut self, key: PartsKey) {
        let now_ms = self.now_ms;
        same!(self, "parts done", |store| store.inbound_parts_done(key.clone(), now_ms));
    }

    async fn opt(&mut self) {
        let change = OptChange {
            tenant: sample::name(self.pick(&TENANTS)),
            number: format!("+44770090000{}", self.draw(8)),
            sender: (self.draw(2) == 0).then(|| "Shop".to_owned()),
            out: self.draw(2) == 0,
            at_ms: self.now_ms,
        };
        same!(self, "opt", |store| store.opt(change.clone()));
    }

    async fn pass_time(&mut self) {
        let rules: SweepRules = Arc::new(|_| sample::RULES);
        let now_ms = self.now_ms;
        same!(self, "sweep", |store| store.sweep(now_ms, 10_000, rules.clone()));
        if self.draw(4) == 0 {
            let before_ms = now_ms.saturating_sub(3_000_000);
            same!(self, "prune", |store| store.prune(now_ms, before_ms, 10_000));
        }
    }

    async fn compare(&mut self) {
        for tenant in TENANTS {
            let filter = Filter { tenant: Some(sample::name(tenant)), rows_max: 500, ..Filter::default() };
            let rows = same!(self, "list", |store| store.list(filter.clone()));
            if let Some(last) = rows.last() {
                let (tenant, id) = (sample::name(tenant), last.envelope.id);
                same!(self, "trace", |store| store.trace(tenant.clone(), id));
            }
            let history = HistoryQuery {
                tenant: sample::name(tenant),
                from_ms: sample::NOW_MS + self.draw(self.now_ms - sample::NOW_MS),
                to_ms: self.now_ms + 1 - self.draw(2),
                before: None,
                rows_max: 200,
            };
            same!(self, "history", |store| store.history(history.clone()));
            let tenant = sample::name(tenant);
            let opt_outs = OptOutQuery { tenant, number: None, after: None, rows_max: 100 };
            same!(self, "opt-outs", |store| store.opted_out(opt_outs.clone()));
        }
        for route in ROUTES {
            let (route, now_ms) = (sample::name(route), self.now_ms);
            same!(self, "waiting", |store| store.waiting(route.clone(), now_ms, 1_000));
        }
        for tenant in TENANTS {
            let orders = Filter {
                tenant: Some(sample::name(tenant)),
                client_ref: Some("order".to_owned()),
                rows_max: 100,
                ..Filter::default()
            };
            same!(self, "orders", |store| store.list(orders.clone()));
        }
        let backlog = |backlog: Vec<(Name, u64)>| -> Vec<_> {
            backlog.into_iter().filter(|(_, waiting)| *waiting > 0).collect()
        };
        let first = backlog(self.sqlite.backlog().await.expect("a backlog"));
        let second = backlog(self.redis.backlog().await.expect("a backlog"));
        assert_eq!(first, second, "backlog at {}", self.now_ms);
    }
}

async fn walk(seed: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = redis_servers::one();
    let sqlite = SqliteStore::open(&folder.path().join("d.db"), OpenMode::Host).expect("a store");
    let options = RedisOptions::new(&server.url(), &redis_servers::fresh_prefix(), "test");
    let redis = open(options, Clock::Caller).await.expect("a store");
    let mut both = Both {
        sqlite: Arc::new(sqlite),
        redis: Arc::new(redis),
        seed,
        now_ms: sample::NOW_MS,
        next: 0,
        leases: Vec::new(),
        ids: Vec::new(),
    };
    for step in 0..STEPS {
        both.now_ms += both.draw(9_000);
        match both.draw(12) {
            0..=2 => both.accept().await,
            3 => both.claim().await,
            4 | 5 => both.settle().await,
            6 | 7 => both.receipt().await,
            8 => both.operate().await,
            9 => both.parts().await,
            10 => both.opt().await,
            _ => both.pass_time().await,
        }
        if step % 20 == 19 {
            both.compare().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_stores_answer_alike() {
    for seed in 1..=6 {
        walk(seed).await;
    }
}
