//! Providers that are spoken to over SMPP: the host's own sessions in place of a component.
//!
//! [`Setup`] makes [`Sessions`] from the configuration. Their lane starts and stops them, and hands
//! messages over by [`Sessions::exchange`]; what the SMSC sends comes in by `incoming`.

mod exchange;
mod incoming;
mod parts;
mod setup;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{error, warn};
use waypost_core::config::smpp as config;
use waypost_smpp::{Capacity, Client, Options, Password, State, Tls, Trace, TraceOptions};

use crate::clock;
use crate::gateway::Gateway;
use crate::notices::Notice;
use crate::provider::Provider;
use crate::running::Running;
use crate::secrets::Secret;
use incoming::Inlet;

pub use exchange::Tried;
pub use parts::deliver_old_parts;
pub use setup::{Setup, SetupError};

/// A host that has had no session which can send for this long lets messages take other routes.
const CUT_OFF_AFTER_MS: u64 = 5_000;
/// Longest wait for the sessions of the configuration before, which may count against the account.
const PREDECESSOR_MAX: Duration = Duration::from_secs(30);
/// Size of a trace file, in bytes; one more is kept.
const TRACE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The SMPP sessions of one provider on this host.
pub struct Sessions {
    config: Arc<config::Smpp>,
    password: Secret,
    ca_pem: Option<Vec<u8>>,
    tls: Option<Tls>,
    trace_file: Option<PathBuf>,
    title: String,
    revision: String,
    client: OnceLock<Client>,
    /// Since when nothing can be sent, in Unix milliseconds; 0: something can.
    unbound_since_ms: AtomicU64,
    /// Told when they have ended.
    ended: watch::Sender<bool>,
    /// The sessions that these take the place of.
    predecessor: Mutex<Option<watch::Receiver<bool>>>,
    /// Some bind has ended and `readyz` was told.
    told: AtomicBool,
}

impl Sessions {
    /// Starts them: binds come up by themselves, one after another.
    pub async fn start(&self, provider: &Arc<Provider>, running: &Arc<Running>) {
        let predecessor = self.predecessor.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut ended) = predecessor {
            // Where they do not end in time, the SMSC says whether it minds.
            let _ = timeout(PREDECESSOR_MAX, ended.wait_for(|ended| *ended)).await;
        }
        let name = provider.name();
        let inlet = Inlet::new(provider, running, self.config.clone());
        self.unbound_since_ms.store(clock::now_ms(), Ordering::Relaxed);
        match Client::start(self.options(name, self.trace(name)), Arc::new(inlet)) {
            Ok(client) => {
                tokio::spawn(follow_state(Arc::downgrade(provider), client.state()));
                // It is started once, by its lane.
                let _ = self.client.set(client);
            }
            Err(error) => error!(provider = %name, %error, "the SMPP sessions cannot start"),
        }
    }

    /// Ends them cleanly: by `unbind`, after what is outstanding was answered.
    pub async fn stop(&self) {
        if let Some(client) = self.client.get() {
            client.stop().await;
        }
        self.ended.send_replace(true);
    }

    /// Begins only when the sessions before these have ended: accounts allow for so many.
    pub fn follow(&self, before: &Self) {
        *self.predecessor.lock().unwrap_or_else(PoisonError::into_inner) = Some(before.ended.subscribe());
    }

    /// True where password and authorities are the same. The configuration is not looked at.
    pub fn is_same(&self, other: &Self) -> bool {
        self.password == other.password && self.ca_pem == other.ca_pem
    }

    /// How long a submit may take: twice a wait for a place and an answer, so that a part which was
    /// refused for now can be tried again.
    pub fn submit_time(&self) -> Duration {
        self.round_time() * 2
    }

    /// How many messages can be handed over now: none without a bind that can send, what the rate
    /// allows where one holds back, and otherwise as many as there are places.
    pub fn room(&self) -> usize {
        match self.capacity() {
            Capacity { sending: 0, .. } => 0,
            Capacity { paced: true, free, .. } => free,
            _ => usize::MAX,
        }
    }

    /// True where nothing could be sent for so long that messages should take other routes.
    pub fn is_cut_off(&self, now_ms: u64) -> bool {
        let since_ms = self.unbound_since_ms.load(Ordering::Relaxed);
        since_ms != 0 && now_ms.saturating_sub(since_ms) >= CUT_OFF_AFTER_MS
    }

    /// For people.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// By which two configurations are told apart.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    fn capacity(&self) -> Capacity {
        self.client.get().map(Client::capacity).unwrap_or_default()
    }

    fn state(&self) -> State {
        self.client.get().map(|client| *client.state().borrow()).unwrap_or_default()
    }

    /// One wait for a place in a window, and for the answer.
    fn round_time(&self) -> Duration {
        let response = Duration::from_millis(self.config.response_timeout_ms.into());
        response + response.min(waypost_smpp::Timeouts::default().queue)
    }

    fn options(&self, name: &str, trace: Option<Arc<Trace>>) -> Options {
        // Its text was checked when it was read.
        let password = Password::new(String::from_utf8_lossy(self.password.expose()));
        Options::from_config(name, &self.config, password, self.tls.clone(), trace, clock::random_u64())
    }

    fn trace(&self, name: &str) -> Option<Arc<Trace>> {
        let path = self.trace_file.clone()?;
        let bodies = self.config.trace.as_ref().is_some_and(|trace| trace.bodies);
        match Trace::open(&TraceOptions { path, bytes_max: TRACE_BYTES_MAX, bodies }) {
            Ok(trace) => Some(Arc::new(trace)),
            Err(error) => {
                warn!(provider = name, %error, "PDUs are not traced: trace_file cannot be opened");
                None
            }
        }
    }

    fn heard(&self, state: State, now_ms: u64) {
        let since_ms = &self.unbound_since_ms;
        if state.sending > 0 {
            since_ms.store(0, Ordering::Relaxed);
        } else if since_ms.load(Ordering::Relaxed) == 0 {
            since_ms.store(now_ms, Ordering::Relaxed);
        }
    }
}

/// Rings the lane whenever a bind comes or goes.
async fn follow_state(provider: Weak<Provider>, mut state: watch::Receiver<State>) {
    loop {
        let now = *state.borrow_and_update();
        let Some(provider) = provider.upgrade() else { return };
        if let Some(sessions) = provider.sessions() {
            sessions.heard(now, clock::now_ms());
        }
        provider.wake.notify_one();
        drop(provider);
        if state.changed().await.is_err() {
            return;
        }
    }
}

/// Counts binds, and has `/readyz` say which providers have none for a second look.
pub fn look_at_sessions(gateway: &Gateway) {
    let mut unbound = Vec::new();
    for (name, provider) in &gateway.providers {
        let Some(sessions) = provider.sessions() else { continue };
        let state = sessions.state();
        gateway.metrics.smpp_sessions(name, state, sessions.capacity());
        let was_unbound = sessions.told.swap(state.bound == 0, Ordering::Relaxed);
        if state.bound == 0 && was_unbound {
            unbound.push(&**name);
        }
    }
    if unbound.is_empty() {
        gateway.notices.take_back(Notice::Unbound);
    } else {
        let text = format!("no SMPP session is up to {}: the log says why", unbound.join(", "));
        gateway.notices.put(Notice::Unbound, text);
    }
}
