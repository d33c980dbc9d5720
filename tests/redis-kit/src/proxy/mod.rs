//! A TCP proxy in front of a server: it makes faults, and it counts.

mod link;
mod state;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::KitError;
use link::Link;
use state::State;

/// Most connections at a time; further ones are closed at once.
const CONNECTIONS_MAX: usize = 1024;
/// How long a dropped proxy waits for the threads of its connections.
const END_WAIT: Duration = Duration::from_secs(2);

/// What goes wrong between client and server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// What a client sends arrives this many milliseconds later, so each round trip takes that much
    /// longer. Later bytes do not wait for earlier ones: this is distance, not a slow server.
    DelayMs(u64),
    /// Connections are closed, the open ones at once, new ones as soon as they are accepted.
    Refuse,
    /// Bytes are swallowed both ways, and so is a close by the server; connections stay open. Those that
    /// lost something are closed when the fault ends, because what came next would make no sense.
    Blackhole,
}

/// A proxy on a loopback port. Ends, with its connections, when it goes out of scope.
#[derive(Debug)]
pub struct Proxy {
    state: Arc<State>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts one in front of an address, without a fault. The server need not be there yet.
    pub fn start(upstream: SocketAddr) -> Result<Self, KitError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(KitError::io("bind the proxy"))?;
        let address = listener.local_addr().map_err(KitError::io("bind the proxy"))?;
        let state = Arc::new(State::default());
        let shared = state.clone();
        let acceptor = thread::Builder::new()
            .name("proxy".to_owned())
            .spawn(move || accept(&listener, upstream, &shared))
            .map_err(KitError::io("start a thread"))?;
        Ok(Self { state, address, acceptor: Some(acceptor) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Sets the fault, for open connections too, from now on.
    pub fn set(&self, fault: Fault) {
        self.state.set(fault);
    }

    /// Bytes read from clients, whether they were passed on or swallowed.
    pub fn bytes_up(&self) -> u64 {
        self.state.bytes_up.load(Ordering::SeqCst)
    }

    /// Bytes read from the server, whether they were passed on or swallowed.
    pub fn bytes_down(&self) -> u64 {
        self.state.bytes_down.load(Ordering::SeqCst)
    }

    /// Connections accepted so far, those closed at once included.
    pub fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Round trips so far: how often, on one connection, a client's bytes came first or after the server's.
    /// Commands sent together count once. Where a connection is shared, a command that is sent while
    /// another's answer arrives may count once more, or not at all.
    pub fn turns(&self) -> u64 {
        self.state.turns.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stop();
        // Wakes the acceptor, which then sees that it is over.
        let woken = TcpStream::connect_timeout(&self.address, END_WAIT).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            // It does not panic; were it to, its thread is gone all the same.
            let _ = acceptor.join();
        }
        self.state.wait_until_empty(END_WAIT);
    }
}

fn accept(listener: &TcpListener, upstream: SocketAddr, state: &Arc<State>) {
    loop {
        let Ok((client, _)) = listener.accept() else {
            // Out of descriptors, or a client that left at once: the next one may do better.
            thread::sleep(Duration::from_millis(5));
            if state.is_stopped() {
                return;
            }
            continue;
        };
        if state.is_stopped() {
            return;
        }
        state.connections.fetch_add(1, Ordering::SeqCst);
        let Some((id, link)) = state.add(Link::new(client), CONNECTIONS_MAX) else { continue };
        let shared = state.clone();
        let run = move || {
            link::run(&link, upstream, &shared);
            shared.remove(id);
        };
        if thread::Builder::new().name("proxy link".to_owned()).spawn(run).is_err() {
            state.remove(id);
        }
    }
}
