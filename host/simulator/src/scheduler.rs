//! Sends planned webhooks when they are due.
//!
//! One task and one ordered map of ticks serve all of them: a webhook costs no timer of its own.
//! What fails is put back with a growing wait, so a receiver that is down holds nothing up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::webhook::{Planned, Signer, Webhook};

/// Due times are rounded up to a multiple of this: at most 200 wake-ups a second.
const TICK_MS: u64 = 5;

/// How much longer each wait for a further attempt is than the one before.
const RETRY_GROWTH: u64 = 3;

/// Takes webhooks to be sent later. Must not block.
pub trait Plans: Send + Sync + 'static {
    /// Takes one.
    fn plan(&self, planned: Planned);
}

/// Carries webhooks to the gateway.
#[async_trait]
pub trait WebhookSink: Send + Sync + 'static {
    /// Delivers one webhook. `Ok` means that the receiver has it (status 2xx).
    async fn deliver(&self, webhook: Webhook) -> Result<(), DeliveryError>;
}

/// Why a webhook did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// There was no answer. Tried again.
    #[error("webhook_unanswered: the receiver did not answer: {0}")]
    Unanswered(String),
    /// The answer was no. Tried again.
    #[error("webhook_not_accepted: the receiver answered with status {0}")]
    NotAccepted(u16),
    /// It must not be sent there. Not tried again.
    #[error("webhook_refused: {0}")]
    Refused(&'static str),
}

/// Limits of a scheduler.
#[derive(Debug, Clone)]
pub struct SchedulerOptions {
    /// Most webhooks that wait; beyond, the one that is due first is dropped and counted.
    pub waiting_max: usize,
    /// Most webhooks under way at a time.
    pub in_flight_max: usize,
    /// Further attempts after the first.
    pub retries_max: u32,
    /// Wait before the first further attempt, in milliseconds; each wait is three times the one
    /// before.
    pub retry_first_ms: u64,
}

impl Default for SchedulerOptions {
    fn default() -> Self {
        Self { waiting_max: 1_000_000, in_flight_max: 256, retries_max: 5, retry_first_ms: 200 }
    }
}

/// Counts since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Webhooks that are not yet due, or due and not yet under way.
    pub waiting: u64,
    /// Webhooks that arrived.
    pub delivered: u64,
    /// Further attempts.
    pub retried: u64,
    /// Webhooks that were given up after their last attempt.
    pub given_up: u64,
    /// Webhooks dropped because too many were waiting.
    pub dropped: u64,
}

/// A running scheduler; it ends when the last clone of it is dropped.
#[derive(Clone)]
pub struct Scheduler {
    shared: Arc<Shared>,
    _task: Arc<AbortOnDrop>,
}

impl Scheduler {
    /// Starts the task. To be called in a tokio runtime with its timer on.
    pub fn start(signer: Signer, sink: Arc<dyn WebhookSink>, options: SchedulerOptions) -> Self {
        let shared = Arc::new(Shared {
            permits: Arc::new(Semaphore::new(options.in_flight_max.max(1))),
            options,
            signer,
            sink,
            queue: Mutex::default(),
            earlier: Notify::new(),
            started: Instant::now(),
            started_unix_ms: unix_ms(),
            delivered: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        });
        let task = tokio::spawn(run(shared.clone()));
        Self { shared, _task: Arc::new(AbortOnDrop(task.abort_handle())) }
    }

    /// The counts.
    pub fn statistics(&self) -> Statistics {
        let (waiting, dropped) = {
            let queue = self.shared.queue();
            (queue.waiting as u64, queue.dropped)
        };
        Statistics {
            waiting,
            delivered: self.shared.delivered.load(Relaxed),
            retried: self.shared.retried.load(Relaxed),
            given_up: self.shared.given_up.load(Relaxed),
            dropped,
        }
    }
}

impl Plans for Scheduler {
    fn plan(&self, planned: Planned) {
        let due_ms = self.shared.due_ms(planned.after);
        self.shared.wait(Waiting { planned, at_ms: due_ms, attempts: 0 }, due_ms);
    }
}

struct Shared {
    options: SchedulerOptions,
    signer: Signer,
    sink: Arc<dyn WebhookSink>,
    permits: Arc<Semaphore>,
    queue: Mutex<Queue>,
    /// Something is due before the task would wake.
    earlier: Notify,
    started: Instant,
    started_unix_ms: u64,
    delivered: AtomicU64,
    retried: AtomicU64,
    given_up: AtomicU64,
}

#[derive(Default)]
struct Queue {
    /// By due time, in milliseconds of Unix time.
    ticks: BTreeMap<u64, VecDeque<Waiting>>,
    waiting: usize,
    dropped: u64,
    /// When the task wakes by itself; 0 while it is awake.
    wakes_ms: u64,
}

struct Waiting {
    planned: Planned,
    /// When the event happened, which a further attempt does not change.
    at_ms: u64,
    attempts: u32,
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(shared: Arc<Shared>) {
    while let Ok(permit) = shared.permits.clone().acquire_owned().await {
        match shared.next_due() {
            Ok(waiting) => {
                tokio::spawn(attempt(shared.clone(), waiting, permit));
            }
            Err(wakes_ms) => {
                drop(permit);
                let until =
                    shared.started + Duration::from_millis(wakes_ms.saturating_sub(shared.started_unix_ms));
                tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    () = shared.earlier.notified() => {}
                }
            }
        }
    }
}

async fn attempt(shared: Arc<Shared>, mut waiting: Waiting, _permit: OwnedSemaphorePermit) {
    let webhook = shared.signer.sign(&waiting.planned, waiting.at_ms, shared.now_ms());
    let Err(error) = shared.sink.deliver(webhook).await else {
        shared.delivered.fetch_add(1, Relaxed);
        return;
    };
    let again = !matches!(error, DeliveryError::Refused(_)) && waiting.attempts < shared.options.retries_max;
    if !again {
        shared.given_up.fetch_add(1, Relaxed);
        tracing::warn!(%error, attempts = waiting.attempts + 1, "a webhook is given up");
        return;
    }
    shared.retried.fetch_add(1, Relaxed);
    let growth = RETRY_GROWTH.saturating_pow(waiting.attempts);
    let after = Duration::from_millis(shared.options.retry_first_ms.saturating_mul(growth));
    waiting.attempts += 1;
    shared.wait(waiting, shared.due_ms(after));
}

impl Shared {
    fn wait(&self, waiting: Waiting, due_ms: u64) {
        let mut queue = self.queue();
        if queue.waiting >= self.options.waiting_max {
            queue.pop_first(u64::MAX);
            queue.dropped += 1;
        }
        queue.ticks.entry(due_ms).or_default().push_back(waiting);
        queue.waiting += 1;
        if due_ms < queue.wakes_ms {
            queue.wakes_ms = 0;
            drop(queue);
            self.earlier.notify_one();
        }
    }

    /// What is due now, or when to look again.
    fn next_due(&self) -> Result<Waiting, u64> {
        let mut queue = self.queue();
        if let Some(waiting) = queue.pop_first(self.now_ms()) {
            queue.wakes_ms = 0;
            return Ok(waiting);
        }
        // A day at most: adding much more to an `Instant` overflows.
        let idle_ms = self.now_ms() + 86_400_000;
        queue.wakes_ms = queue.ticks.first_key_value().map_or(idle_ms, |(due_ms, _)| idle_ms.min(*due_ms));
        Err(queue.wakes_ms)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn due_ms(&self, after: Duration) -> u64 {
        let now_ms = self.now_ms();
        match u64::try_from(after.as_millis()) {
            Ok(0) => now_ms,
            Ok(after_ms) => now_ms.saturating_add(after_ms).div_ceil(TICK_MS).saturating_mul(TICK_MS),
            Err(_) => u64::MAX,
        }
    }

    fn now_ms(&self) -> u64 {
        let since_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.started_unix_ms.saturating_add(since_ms)
    }
}

impl Queue {
    /// The one that is due first, if that is not after `until_ms`.
    fn pop_first(&mut self, until_ms: u64) -> Option<Waiting> {
        let mut tick = self.ticks.first_entry().filter(|tick| *tick.key() <= until_ms)?;
        let first = tick.get_mut().pop_front();
        if tick.get().is_empty() {
            tick.remove();
        }
        self.waiting -= usize::from(first.is_some());
        first
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
