//! All binds of one provider.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use waypost_core::smpp::pdu::SubmitSm;

use crate::bind::{Bind, BindState};
use crate::codec::encode;
use crate::counts::{Counters, Counts};
use crate::incoming::Incoming;
use crate::options::{Options, OptionsError};
use crate::outcome::{Lost, Submitted};
use crate::queue::{Job, Queue};

/// The binds of one provider. Clones are the same client; when the last is dropped the binds end as
/// by [`Client::stop`].
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    stop: Arc<watch::Sender<bool>>,
    tasks: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

/// Which binds are up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    /// Binds that are up.
    pub bound: usize,
    /// Of these, how many can send.
    pub sending: usize,
    /// Of these, how many can receive.
    pub receiving: usize,
}

/// What may be submitted now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Binds that are up and can send.
    pub sending: usize,
    /// Their windows together.
    pub window: usize,
    /// How many submits would leave soon: free places of windows, of binds that the SMSC does not
    /// slow down, no more than half a second of the rate, less what waits already.
    pub free: usize,
    /// Whether a rate, or the SMSC, holds one of them back: what is handed over beyond `free` may then
    /// wait for long. Otherwise it only waits for answers.
    pub paced: bool,
}

/// What a client and its binds have in common.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) incoming: Arc<dyn Incoming>,
    pub(crate) queue: Queue,
    pub(crate) counters: Counters,
    pub(crate) binds: Vec<BindState>,
    state: watch::Sender<State>,
}

impl Client {
    /// Starts all binds. Has to be called inside a tokio runtime. Does not wait for them:
    /// [`Client::state`] tells.
    ///
    /// # Errors
    /// When the options cannot be used.
    pub fn start(options: Options, incoming: Arc<dyn Incoming>) -> Result<Self, OptionsError> {
        options.check()?;
        let binds = options.binds.iter().map(|&mode| BindState::new(mode, options.limits.incoming_max));
        let shared = Arc::new(Shared {
            binds: binds.collect(),
            queue: Queue::new(options.limits.queue_max),
            counters: Counters::default(),
            state: watch::Sender::default(),
            options,
            incoming,
        });
        let stop = watch::Sender::new(false);
        let mut tasks: Vec<_> = (0..shared.binds.len())
            .map(|index| Bind { shared: Arc::clone(&shared), index, stop: stop.subscribe() })
            .map(|bind| tokio::spawn(bind.keep()))
            .collect();
        tasks.push(tokio::spawn(refuse_old(Arc::clone(&shared), stop.subscribe())));
        Ok(Self { shared, stop: Arc::new(stop), tasks: Arc::new(Mutex::new(tasks)) })
    }

    /// Sends a message over whichever bind has room, and waits for what becomes of it. When the future
    /// is dropped before the message was sent, it is not.
    pub async fn submit(&self, pdu: &SubmitSm) -> Submitted {
        let pdu = match encode::submit_sm(pdu, self.shared.options.limits.pdu_octets_max) {
            Ok(pdu) => pdu,
            Err(error) => return Submitted::NotSent(error.into()),
        };
        let (reply, outcome) = oneshot::channel();
        if let Err(why) = self.shared.queue.push(Job { pdu, reply, since: Instant::now() }) {
            return Submitted::NotSent(why);
        }
        // A bind always answers; where its task was killed nobody knows how far it had come.
        outcome.await.unwrap_or(Submitted::Lost(Lost::LinkDied))
    }

    /// What may be submitted now. An estimate: others submit, too.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        let sending = || {
            self.shared.binds.iter().filter(|bind| bind.mode.sends() && bind.bound.load(Ordering::Relaxed))
        };
        let count = sending().count();
        let free: usize = sending().map(BindState::free).sum();
        Capacity {
            sending: count,
            window: count * self.shared.options.window,
            free: free.saturating_sub(self.shared.queue.len()),
            paced: sending().any(|bind| bind.paced.load(Ordering::Relaxed)),
        }
    }

    /// Which binds are up, to look at and to wait for changes of.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.shared.state.subscribe()
    }

    /// What has been counted since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.counters.read()
    }

    /// Ends all binds: what waits is not sent, what was sent may still be answered, then `unbind`.
    /// Takes at most `timeouts.stop` and two seconds. A second call waits for nothing.
    pub async fn stop(&self) {
        self.shared.queue.stop();
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // It fails only where the task panicked or the runtime ends: it has ended, either way.
            let _ = task.await;
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Shared {
    /// Places that are free in the windows of the other binds.
    pub(crate) fn free_of_others(&self, index: usize) -> usize {
        let others = self.binds.iter().enumerate().filter(|(other, _)| *other != index);
        others.map(|(_, bind)| bind.free()).sum()
    }

    pub(crate) fn tell_state(&self) {
        self.state.send_modify(|state| {
            *state = State::default();
            for bind in self.binds.iter().filter(|bind| bind.bound.load(Ordering::Relaxed)) {
                state.bound += 1;
                state.sending += usize::from(bind.mode.sends());
                state.receiving += usize::from(bind.mode.receives());
            }
        });
    }
}

/// Refuses what has waited for too long, and at the end what waits.
async fn refuse_old(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let limit = shared.options.timeouts.queue;
    let every = (limit / 10).clamp(Duration::from_millis(10), Duration::from_millis(500));
    while tokio::time::timeout(every, stop.wait_for(|&stop| stop)).await.is_err() {
        shared.queue.refuse_older(limit);
    }
    shared.queue.stop();
}
