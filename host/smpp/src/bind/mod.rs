//! One bind: connects, binds, runs its session, and comes back when that has ended.

mod clock;
mod connect;
mod deliveries;
mod out;
mod pace;
mod reading;
mod session;
mod window;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};
use waypost_core::backoff::RetryRules;

use crate::client::Shared;
use crate::codec::HEADER_OCTETS;
use crate::codec::frame::Header;
use crate::incoming::{Ended, Event, NotBound};
use crate::options::{BindMode, Endpoint};
use crate::trace::{Traced, Way};
use session::Session;

/// A session that has lasted this long was a good one: the next wait is the shortest again.
const GOOD_SESSION: Duration = Duration::from_secs(30);

/// What others may know of a bind.
#[derive(Debug)]
pub(crate) struct BindState {
    pub(crate) mode: BindMode,
    pub(crate) bound: AtomicBool,
    /// Places in the window that are free and may be used soon.
    pub(crate) free: AtomicUsize,
    /// A rate, or the SMSC, holds it back, and not its window alone.
    pub(crate) paced: AtomicBool,
    /// Deliveries that may be worked on; those of an ended session count until they are done.
    deliveries: Arc<Semaphore>,
}

impl BindState {
    pub(crate) fn new(mode: BindMode, deliveries_max: usize) -> Self {
        Self {
            mode,
            bound: AtomicBool::new(false),
            free: AtomicUsize::new(0),
            paced: AtomicBool::new(false),
            deliveries: Arc::new(Semaphore::new(deliveries_max.min(Semaphore::MAX_PERMITS))),
        }
    }

    pub(crate) fn free(&self) -> usize {
        self.free.load(Ordering::Relaxed)
    }
}

/// One bind of a client.
pub(crate) struct Bind {
    pub(crate) shared: Arc<Shared>,
    /// From 0.
    pub(crate) index: usize,
    pub(crate) stop: watch::Receiver<bool>,
}

/// What to do after a try or a session.
struct Next {
    endpoint: usize,
    wait: Duration,
}

impl Bind {
    /// Holds the bind until the client is stopped.
    pub(crate) async fn keep(mut self) {
        let mut endpoint = 0;
        let mut failures: u16 = 0;
        loop {
            let shared = Arc::clone(&self.shared);
            let address = &shared.options.endpoints[endpoint];
            let tried = tokio::select! {
                tried = connect::establish(&self, address) => tried,
                () = stopped(self.stop.clone()) => return,
            };
            let next = match tried {
                Ok(link) => {
                    let began = Instant::now();
                    if self.run(address, link).await == Ended::Stopped {
                        return;
                    }
                    failures = if began.elapsed() >= GOOD_SESSION { 1 } else { failures.saturating_add(1) };
                    Next { endpoint: 0, wait: self.back_off(failures) }
                }
                Err(why) => {
                    let next = self.after_failure(endpoint, &mut failures, &why);
                    self.tell_not_bound(address, why, next.wait);
                    next
                }
            };
            endpoint = next.endpoint;
            tokio::select! {
                () = tokio::time::sleep(next.wait) => {}
                () = stopped(self.stop.clone()) => return,
            }
        }
    }

    async fn run(&mut self, endpoint: &Endpoint, link: connect::Link) -> Ended {
        let bind = self.index;
        let mode = self.mode();
        self.state().bound.store(true, Ordering::Relaxed);
        self.shared.counters.bound.one();
        if mode.sends() {
            self.shared.queue.sender_came();
        }
        self.shared.tell_state();
        tracing::info!(provider = %self.shared.options.name, bind, mode = mode.as_str(), %endpoint, "SMPP bind is up");
        self.shared.incoming.event(&Event::Bound {
            bind,
            mode,
            endpoint: endpoint.clone(),
            smsc: link.smsc.system_id,
            interface_version: link.smsc.interface_version,
        });
        let over = Session::new(self, link.input).run(link.stream, self.stop.clone()).await;
        self.state().bound.store(false, Ordering::Relaxed);
        self.state().free.store(0, Ordering::Relaxed);
        if mode.sends() {
            self.shared.queue.sender_went(over.unsent);
        }
        self.shared.tell_state();
        let lost = over.lost;
        tracing::info!(provider = %self.shared.options.name, bind, why = %over.why, lost, "SMPP bind has ended");
        self.shared.incoming.event(&Event::Unbound { bind, why: over.why, lost });
        over.why
    }

    /// The next address at once, while there is one; after the last one the first, later. Where the
    /// account is refused another address would only bring the lock nearer.
    fn after_failure(&self, endpoint: usize, failures: &mut u16, why: &NotBound) -> Next {
        let options = &self.shared.options;
        if matches!(why, NotBound::Refused { for_good: true, .. }) {
            return Next {
                endpoint: (endpoint + 1) % options.endpoints.len(),
                wait: options.reconnect.refused,
            };
        }
        if endpoint + 1 < options.endpoints.len() {
            return Next { endpoint: endpoint + 1, wait: Duration::ZERO };
        }
        *failures = failures.saturating_add(1);
        Next { endpoint: 0, wait: self.back_off(*failures) }
    }

    fn back_off(&self, failures: u16) -> Duration {
        let reconnect = &self.shared.options.reconnect;
        let rules =
            RetryRules { attempts_max: 1, base_ms: millis(reconnect.base), max_ms: millis(reconnect.max) };
        // Binds of one client differ, or they would all come back together.
        let seed = self.shared.options.seed ^ ((self.index as u64 + 1) << 32);
        Duration::from_millis(rules.wait_ms(failures, seed))
    }

    fn tell_not_bound(&self, endpoint: &Endpoint, why: NotBound, retry_in: Duration) {
        let bind = self.index;
        self.shared.counters.not_bound.one();
        tracing::warn!(
            provider = %self.shared.options.name, bind, %endpoint, %why, retry_in_ms = millis(retry_in),
            "SMPP bind failed"
        );
        self.shared.incoming.event(&Event::NotBound { bind, endpoint: endpoint.clone(), why, retry_in });
    }

    pub(crate) fn state(&self) -> &BindState {
        &self.shared.binds[self.index]
    }

    pub(crate) fn mode(&self) -> BindMode {
        self.state().mode
    }

    /// Traces a whole PDU.
    fn trace(&self, way: Way, pdu: &[u8]) {
        let Some(trace) = &self.shared.options.trace else { return };
        let Some((header, body)) = pdu.split_at_checked(HEADER_OCTETS) else { return };
        let number =
            |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        trace.pdu(&Traced {
            way,
            provider: &self.shared.options.name,
            bind: self.index,
            command: number(4),
            status: number(8),
            sequence: number(12),
            body,
        });
    }

    fn trace_in(&self, header: Header, body: &[u8]) {
        let Some(trace) = &self.shared.options.trace else { return };
        trace.pdu(&Traced {
            way: Way::In,
            provider: &self.shared.options.name,
            bind: self.index,
            command: header.command,
            status: header.status,
            sequence: header.sequence,
            body,
        });
    }
}

/// Ends when the client is stopped, or there is nobody left who could.
async fn stopped(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|&stop| stop).await;
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
