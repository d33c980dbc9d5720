//! An SMSC to use and test SMPP clients with: it binds, answers, throttles, sends receipts and inbound
//! messages, and fails, as a [`Script`] and the recipients' numbers say.
//!
//! SMPP 3.4 and 5.0, the server's side. In process:
//!
//! ```
//! # tokio_test();
//! # fn tokio_test() {
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use waypost_simulator::smsc::{Script, Smsc};
//!
//! let smsc = Smsc::start(Script::from_toml("[receipts]\ndelay_ms = 0").unwrap()).await.unwrap();
//! assert_ne!(smsc.addr.port(), 0);
//! assert_eq!(smsc.control.counts().submits, 0);
//! # });
//! # }
//! ```

mod chance;
mod control;
mod control_http;
mod counts;
mod hub;
mod inbound;
mod link;
mod log;
pub mod pdu;
mod plans;
mod receipt;
mod requests;
mod responses;
mod rows;
pub mod script;
mod script_file;
mod status;
mod text;
mod write;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

pub use control::{Control, DeliverOrder, LinkOrder, MalformedOrder, RawOrder, ReceiptOrder};
pub use counts::Report;
pub use hub::Link;
pub use log::{Address, Bind, Entry, Event, Part, Submitted, Tlv};
pub use receipt::{Carrier, Dialect, IdInReceipt, State};
pub use rows::{Row, markdown, table};
pub use script::{Drop, Mode, Parts, Script};
pub use script_file::ScriptError;
pub use status::Status;
pub use write::Malformation;

use counts::add;
use hub::Hub;

/// Wait after the operating system refused a connection, for want of file descriptors mostly.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
/// How often an inbound message of the script looks for a receiver.
const RECEIVER_AGAIN: Duration = Duration::from_millis(20);

/// Why an SMSC cannot start, or not do what it is told.
#[derive(Debug, thiserror::Error)]
pub enum SmscError {
    /// An address cannot be listened on.
    #[error("listen_failed: {address}: {source}; give another port, or 0 for any")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The log file cannot be opened.
    #[error("log_unwritable: {path}: {source}; give a file that can be written")]
    Log {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// An order has a field that is out of range.
    #[error("order_invalid: {0}")]
    Order(String),
    /// Nobody is bound who could get it.
    #[error(
        "nobody_bound: no receiver or transceiver is bound; bind one, or name a system_id to keep it for"
    )]
    NobodyBound,
    /// There is no such link.
    #[error("no_link: no such link is open; GET /links lists them")]
    NoLink,
    /// An ESME cannot be reached for an `outbind`.
    #[error("outbind_failed: {address}: {source}")]
    Outbind {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// A running SMSC. It ends, with all its links, when it is dropped.
pub struct Smsc {
    /// Where SMPP is listened on.
    pub addr: SocketAddr,
    /// Where the HTTP control listens, if anywhere.
    pub control_addr: Option<SocketAddr>,
    /// Looks at it, and tells it what to do.
    pub control: Control,
    _task: AbortOnDrop,
}

impl Smsc {
    /// Starts one, in tasks of the tokio runtime that it is called in.
    ///
    /// # Errors
    /// Where an address cannot be listened on, or the log file cannot be opened.
    pub async fn start(script: Script) -> Result<Self, SmscError> {
        let listener = listen(script.listen).await?;
        let controls = match script.control {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let address = |listener: &TcpListener| listener.local_addr();
        let addr =
            address(&listener).map_err(|source| SmscError::Listen { address: script.listen, source })?;
        let control_addr = controls.as_ref().and_then(|listener| address(listener).ok());
        let inbound = script.inbound.clone();
        let hub = Arc::new(Hub::new(script)?);
        let (orders, outbinds) = tokio::sync::mpsc::channel(16);
        let control = Control::new(hub.clone(), orders);
        let mut tasks = JoinSet::new();
        for order in inbound {
            tasks.spawn(repeat(control.clone(), order));
        }
        if let Some(listener) = controls {
            tasks.spawn(control_http::serve(listener, control.clone()));
        }
        let task = tokio::spawn(async move {
            // Dropped with this task, and all others with it.
            let _tasks = tasks;
            accept(hub, listener, outbinds).await;
        });
        Ok(Self { addr, control_addr, control, _task: AbortOnDrop(task.abort_handle()) })
    }

    /// Serves until `stop` is ready.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        stop.await;
    }
}

struct AbortOnDrop(AbortHandle);

impl std::ops::Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, SmscError> {
    TcpListener::bind(address).await.map_err(|source| SmscError::Listen { address, source })
}

async fn accept(hub: Arc<Hub>, listener: TcpListener, mut outbinds: control::Outbinds) {
    let mut links = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => (stream, peer),
                Err(_) => {
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                    continue;
                }
            },
            Some(connected) = outbinds.recv() => connected,
        };
        while links.try_join_next().is_some() {}
        if hub.counts.links_open.load(Relaxed) >= hub.script().limits.links as u64 {
            add(&hub.counts.links_refused);
            continue;
        }
        links.spawn(link::serve(hub.clone(), stream, peer.to_string()));
    }
}

/// Sends an inbound message of the script, again and again where it says so.
async fn repeat(control: Control, order: script::Inbound) {
    tokio::time::sleep(Duration::from_millis(order.after_ms)).await;
    let once = script::Inbound { after_ms: 0, every_ms: 0, times: 1, ..order.clone() };
    for _ in 0..order.times {
        while let Err(error) = control.deliver(DeliverOrder::Inbound(once.clone())) {
            if !matches!(error, SmscError::NobodyBound) {
                tracing::error!(%error, "an inbound message of the script cannot be sent");
                return;
            }
            tokio::time::sleep(RECEIVER_AGAIN).await;
        }
        tokio::time::sleep(Duration::from_millis(order.every_ms)).await;
    }
}
