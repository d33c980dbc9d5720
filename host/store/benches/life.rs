//! What the SQLite store takes: `cargo bench -p waypost-store`, or with arguments
//! `-- <stored messages> <directory>`.
//!
//! Prints accepts a second for 16 and 256 callers, and the time of the writer's thread for the
//! whole life of a message. "CPU" is the scheduler's own count for that thread, so waiting for the
//! disk is not in it.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measurement that people read")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use waypost_core::decision::{Acceptance, Name, Outcome, Receipt, ReceiptStatus};
use waypost_core::id::MessageId;
use waypost_core::store::{Accept, Accepted, Claim, HistoryQuery, NewMessage, ReceiptIn, Settle, Settled};
use waypost_store::Store;
use waypost_store::sqlite::{OpenMode, SqliteStore};
use waypost_store::suite::sample;

const MEASURED: u64 = 60_000;
const CLAIM_MAX: usize = 64;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let sizes = match arguments.next() {
        Some(size) => vec![size.parse().expect("a number of messages")],
        None => vec![10_000, 1_000_000],
    };
    let parent = arguments.next().unwrap_or_else(|| std::env::temp_dir().display().to_string());
    for size in sizes {
        let dir = tempfile::tempdir_in(&parent).expect("a directory");
        let store = Bench::open(&dir.path().join("bench.db"));
        store.fill(size).await;
        println!("{size} messages stored");
        for callers in [16, 256] {
            store.accepts(callers).await;
        }
        store.rest_of_life().await;
        store.whole_life(256).await;
        store.history().await;
    }
}

#[derive(Clone)]
struct Bench {
    store: Arc<SqliteStore>,
    next: Arc<AtomicU64>,
}

impl Bench {
    fn open(path: &Path) -> Self {
        let store = SqliteStore::open(path, OpenMode::Host).expect("a store");
        Self { store: Arc::new(store), next: Arc::default() }
    }

    /// Messages that have been submitted and wait for a receipt.
    async fn fill(&self, size: u64) {
        let started = Instant::now();
        while self.next.load(Ordering::Relaxed) < size {
            let adds: Vec<_> = (0..8).map(|_| tokio::spawn(self.clone().add(100))).collect();
            for add in adds {
                add.await.expect("a task");
            }
            while self.advance(CLAIM_MAX * 8, false).await > 0 {}
        }
        println!("filled in {:.1} s", started.elapsed().as_secs_f64());
    }

    async fn accepts(&self, callers: u64) {
        let span = Span::start();
        self.add_from(callers, MEASURED).await;
        span.end(&format!("accept, {callers} callers"), MEASURED);
    }

    /// Claims and settles what `accepts` left, batch after batch.
    async fn rest_of_life(&self) {
        let span = Span::start();
        let mut done = 0;
        loop {
            let moved = self.advance(CLAIM_MAX, false).await;
            if moved == 0 {
                break;
            }
            done += moved;
        }
        span.end("claim and settle, 1 dispatcher", done);
    }

    /// All messages page by page, as a backtest reads them.
    async fn history(&self) {
        let started = Instant::now();
        let (mut read, mut before) = (0_u64, None);
        while read < 100_000 {
            let tenant = Name::from(sample::TENANT);
            let rows_max = HistoryQuery::ROWS_MAX;
            let query = HistoryQuery { tenant, from_ms: 0, to_ms: u64::MAX, before, rows_max };
            let page = self.store.history(query).await.expect("a page");
            let Some(last) = page.last() else { break };
            before = Some(last.envelope.id);
            read += page.len() as u64;
        }
        let a_second = read as f64 / started.elapsed().as_secs_f64();
        println!("  history of {read} messages: {a_second:.0} messages/s");
    }

    /// Callers and a dispatcher at once, as a host runs them.
    async fn whole_life(&self, callers: u64) {
        for receipts in [false, true] {
            let span = Span::start();
            let adding = tokio::spawn({
                let bench = self.clone();
                async move { bench.add_from(callers, MEASURED).await }
            });
            let mut done = 0;
            while done < MEASURED {
                let moved = self.advance(CLAIM_MAX * 4, receipts).await;
                if moved == 0 {
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
                done += moved;
            }
            adding.await.expect("a task");
            let what = if receipts { "accept, claim, settle, receipt" } else { "accept, claim, settle" };
            span.end(&format!("{what}, {callers} callers"), MEASURED);
        }
    }

    async fn add_from(&self, callers: u64, messages: u64) {
        let tasks: Vec<_> = (0..callers)
            .map(|caller| {
                let bench = self.clone();
                let share = messages / callers + u64::from(caller < messages % callers);
                tokio::spawn(async move {
                    for _ in 0..share {
                        bench.clone().add(1).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("a task");
        }
    }

    async fn add(self, messages: u64) {
        let first = self.next.fetch_add(messages, Ordering::Relaxed);
        let messages: Vec<NewMessage> =
            (first..first + messages).map(|n| sample::traced_message(sample::NOW_MS + n / 20, n)).collect();
        let accept = Accept { messages, ..sample::accept(Vec::new()) };
        assert_eq!(self.store.accept(accept).await.expect("an answer"), Accepted::Stored);
    }

    /// One turn of a dispatcher. How many messages it moved.
    async fn advance(&self, messages_max: usize, receipts: bool) -> u64 {
        let now_ms = sample::NOW_MS + 1_000_000_000;
        let claim = Claim { messages_max, now_ms, lease_until_ms: now_ms + 60_000, ..sample::claim() };
        let batch = self.store.claim(claim).await.expect("a batch").messages;
        let moved = batch.len() as u64;
        let settles: Vec<Settle> = batch
            .iter()
            .map(|message| Settle {
                outcome: Outcome::Accepted(Acceptance {
                    reference: reference(message.envelope.id),
                    parts: Some(1),
                    price_micros: Some(45_000),
                }),
                now_ms,
                decisions: vec![sample::decision(), sample::decision()],
                ..sample::settle(message)
            })
            .collect();
        for settled in self.store.settle(settles).await.expect("answers") {
            assert!(matches!(settled, Settled::Now(_)));
        }
        if receipts {
            let sent: Vec<_> = batch
                .iter()
                .map(|message| {
                    let (store, reference) = (self.store.clone(), reference(message.envelope.id));
                    tokio::spawn(async move { store.receipt(delivered(reference, now_ms)).await })
                })
                .collect();
            for receipt in sent {
                receipt.await.expect("a task").expect("an answer");
            }
        }
        moved
    }
}

/// As random as the references of most providers.
fn reference(id: MessageId) -> String {
    let spread = id.key().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:016x}{:016x}", spread.rotate_left(29), spread)
}

fn delivered(reference: String, now_ms: u64) -> ReceiptIn {
    let receipt = Receipt {
        reference,
        message_id: None,
        status: ReceiptStatus::Delivered,
        code: None,
        reason: None,
        at_ms: Some(now_ms),
    };
    ReceiptIn { route: Name::from(sample::ROUTE), now_ms, receipt, rules: sample::RULES }
}

struct Span {
    started: Instant,
    writer_ns: u64,
    checkpoint_ns: u64,
}

impl Span {
    fn start() -> Self {
        Self {
            started: Instant::now(),
            writer_ns: thread_ns("store-writer"),
            checkpoint_ns: thread_ns("store-checkpoin"),
        }
    }

    fn end(self, what: &str, messages: u64) {
        let seconds = self.started.elapsed().as_secs_f64();
        let each = |before: u64, now: u64| (now - before) as f64 / 1e3 / messages as f64;
        println!(
            "{what:45} {:9.0}/s   writer {:6.2} us CPU each   checkpoints {:5.2} us",
            messages as f64 / seconds,
            each(self.writer_ns, thread_ns("store-writer")),
            each(self.checkpoint_ns, thread_ns("store-checkpoin")),
        );
    }
}

/// CPU time of the thread of that name, in nanoseconds; 0 where the system does not tell.
fn thread_ns(name: &str) -> u64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0 };
    tasks
        .flatten()
        .filter(|task| {
            std::fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim_end() == name)
        })
        .filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum()
}
