//! One row's way to the server, through limits, restarts and lost connections.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use waypost_core::backoff::RetryRules;

use super::super::client::{Client, Request};
use super::super::error::{Again, CliError, Exit, Result};
use super::Stop;
use super::row::Row;

/// Waits after failures: 0.25 s, doubled up to 10 s.
const BACKOFF: RetryRules = RetryRules { attempts_max: u16::MAX, base_ms: 500, max_ms: 10_000 };
/// How long a server may be away that has answered before; then the run ends.
const AWAY_MAX: Duration = Duration::from_secs(120);
/// The same before its first answer: it is likely not there at all.
const AWAY_AT_FIRST_MAX: Duration = Duration::from_secs(3);

/// What became of a row.
#[derive(Debug)]
pub(super) enum Outcome {
    Accepted,
    /// An earlier run had sent it.
    Replayed,
    /// The server does not take it.
    Refused(CliError),
    /// The run ended before the server had answered.
    NotSent,
    /// No row can be sent.
    Fatal(CliError),
}

/// Sends rows.
pub(super) struct Sender<'c> {
    client: &'c Client,
    limit_wait: Duration,
    stop: watch::Receiver<Stop>,
    answered: AtomicBool,
    hopeless: AtomicBool,
}

impl<'c> Sender<'c> {
    /// `limit_wait` is the longest that a row waits for limits.
    pub fn new(client: &'c Client, limit_wait: Duration, stop: watch::Receiver<Stop>) -> Self {
        Self { client, limit_wait, stop, answered: AtomicBool::new(false), hopeless: AtomicBool::new(false) }
    }

    /// True while more rows are to be sent.
    pub fn goes_on(&self) -> bool {
        !self.is_interrupted() && !self.hopeless.load(Ordering::Relaxed)
    }

    /// True where somebody wants the run to end.
    pub fn is_interrupted(&self) -> bool {
        *self.stop.borrow() != Stop::Not
    }

    /// Tells when somebody wants the run to end.
    pub fn stop(&self) -> watch::Receiver<Stop> {
        self.stop.clone()
    }

    /// Sends a row until the server has said yes or no.
    pub async fn send(&self, row: Row) -> (Row, Outcome) {
        let outcome = self.outcome(&row).await;
        if matches!(outcome, Outcome::Fatal(_)) {
            self.hopeless.store(true, Ordering::Relaxed);
        }
        (row, outcome)
    }

    async fn outcome(&self, row: &Row) -> Outcome {
        let (mut failures, mut away_since, mut waited) = (0_u16, None, Duration::ZERO);
        loop {
            let error = match self.try_once(row).await {
                Ok(replayed) => return if replayed { Outcome::Replayed } else { Outcome::Accepted },
                Err(error) => error,
            };
            let wait = match (error.again, is_limit(&error)) {
                (Again::Never, _) if concerns_every_row(&error) => return Outcome::Fatal(error),
                (Again::Never, _) => return Outcome::Refused(error),
                (Again::Later(wait), true) => {
                    let wait = spread(wait.unwrap_or(Duration::from_secs(1)));
                    waited += wait;
                    if waited > self.limit_wait {
                        return Outcome::Refused(error);
                    }
                    away_since = None;
                    wait
                }
                (Again::Later(wait), false) => {
                    let since = *away_since.get_or_insert_with(Instant::now);
                    if since.elapsed() > self.patience() {
                        return Outcome::Fatal(error);
                    }
                    failures = failures.saturating_add(1);
                    let backoff =
                        Duration::from_millis(BACKOFF.wait_ms(failures, crate::clock::random_u64()));
                    wait.map_or(backoff, |wait| backoff.max(spread(wait)))
                }
            };
            if !self.rest(wait).await {
                return Outcome::NotSent;
            }
        }
    }

    async fn try_once(&self, row: &Row) -> Result<bool> {
        let request =
            Request::post(&["v1", "messages"]).json(&row.body).idempotency_key(Some(&row.idempotency_key));
        let answer = self.client.send(request).await;
        if !answer.as_ref().is_err_and(|error| error.exit == Exit::Unreachable) {
            self.answered.store(true, Ordering::Relaxed);
        }
        answer.map(|answer| answer.replayed)
    }

    fn patience(&self) -> Duration {
        if self.answered.load(Ordering::Relaxed) { AWAY_MAX } else { AWAY_AT_FIRST_MAX }
    }

    /// False where the run ends meanwhile.
    async fn rest(&self, wait: Duration) -> bool {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = sleep(wait) => self.goes_on(),
            _ = stop.wait_for(|stop| *stop != Stop::Not) => false,
        }
    }
}

fn is_limit(error: &CliError) -> bool {
    error.problem.as_ref().is_some_and(|problem| problem["status"] == 429) || error.code == "limit_reached"
}

/// The next row would be answered the same.
fn concerns_every_row(error: &CliError) -> bool {
    const CODES: [&str; 5] =
        ["key_missing", "key_invalid", "scope_missing", "path_unknown", "method_not_allowed"];
    error.problem.is_none() || CODES.contains(&error.code.as_str())
}

/// Up to a quarter longer, so that rows that were sent away together do not come back together.
fn spread(wait: Duration) -> Duration {
    wait + wait.mul_f64((crate::clock::random_u64() % 256) as f64 / 1024.0)
}
