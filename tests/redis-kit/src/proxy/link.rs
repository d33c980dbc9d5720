//! One connection through a proxy: a thread that reads the client, one that writes to the server after
//! the delay, one for the way back.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Fault;
use super::state::State;

/// How long the server may take to accept a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(2);
/// Most bytes that are read at once.
const CHUNK_BYTES: usize = 16 << 10;
/// Most chunks of a connection on their way to the server; the client waits then.
const CHUNKS_MAX: usize = 1024;

/// Both ends of a connection.
#[derive(Debug)]
pub(super) struct Link {
    client: TcpStream,
    ends: Mutex<Ends>,
    closed: Condvar,
    /// The last bytes came from the client.
    client_spoke: AtomicBool,
    /// Something was swallowed.
    lost: AtomicBool,
}

#[derive(Debug, Default)]
struct Ends {
    server: Option<TcpStream>,
    closed: bool,
}

/// Bytes of the client, and when they go on.
struct Chunk {
    bytes: Vec<u8>,
    due: Instant,
}

impl Link {
    pub(super) fn new(client: TcpStream) -> Self {
        Self {
            client,
            ends: Mutex::default(),
            closed: Condvar::new(),
            client_spoke: AtomicBool::new(false),
            lost: AtomicBool::new(false),
        }
    }

    /// Closes both ends; threads that read, write or wait go on at once.
    pub(super) fn close(&self) {
        let mut ends = self.ends();
        ends.closed = true;
        // Errors: that end is closed already.
        let _ = self.client.shutdown(Shutdown::Both);
        if let Some(server) = &ends.server {
            let _ = server.shutdown(Shutdown::Both);
        }
        self.closed.notify_all();
    }

    /// Whether bytes, or the server's close, were swallowed.
    pub(super) fn has_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// Something was swallowed: what comes after it makes no sense.
    pub(super) fn lose(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }

    /// The server's end. None: it cannot be reached, or the link was closed meanwhile.
    fn connect(&self, upstream: SocketAddr) -> Option<TcpStream> {
        let server = TcpStream::connect_timeout(&upstream, CONNECT_WAIT).ok()?;
        // Without these, small packets would wait for one another.
        server.set_nodelay(true).ok()?;
        self.client.set_nodelay(true).ok()?;
        let mut ends = self.ends();
        ends.server = Some(server.try_clone().ok()?);
        (!ends.closed).then_some(server)
    }

    /// Waits until `due`. False: the link was closed.
    fn wait_until(&self, due: Instant) -> bool {
        let mut ends = self.ends();
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if ends.closed || left.is_zero() {
                return !ends.closed;
            }
            ends = self.closed.wait_timeout(ends, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries bytes both ways until both ends are closed.
pub(super) fn run(link: &Link, upstream: SocketAddr, state: &State) {
    if let Some(server) = link.connect(upstream) {
        let (sender, receiver) = sync_channel(CHUNKS_MAX);
        thread::scope(|scope| {
            let reader = || read_client(link, state, sender);
            let writer = || write_server(link, state, &server, receiver);
            let reads = thread::Builder::new().spawn_scoped(scope, reader).is_ok();
            if !reads || thread::Builder::new().spawn_scoped(scope, writer).is_err() {
                return link.close();
            }
            carry_down(link, state, &server);
        });
    }
    link.close();
}

fn read_client(link: &Link, state: &State, sender: SyncSender<Chunk>) {
    let mut buffer = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = (&link.client).read(&mut buffer) {
        state.bytes_up.fetch_add(count as u64, Ordering::SeqCst);
        if !link.client_spoke.swap(true, Ordering::SeqCst) {
            state.turns.fetch_add(1, Ordering::SeqCst);
        }
        let delay_ms = if let Fault::DelayMs(delay_ms) = state.fault() { delay_ms } else { 0 };
        let due = Instant::now() + Duration::from_millis(delay_ms);
        if sender.send(Chunk { bytes: buffer[..count].to_vec(), due }).is_err() {
            return;
        }
    }
}

/// Ends with the client's last bytes: the server is told that no more come, and may still answer.
fn write_server(link: &Link, state: &State, mut server: &TcpStream, receiver: Receiver<Chunk>) {
    for chunk in receiver {
        if !link.wait_until(chunk.due) {
            return;
        }
        if state.swallows(link) {
            continue;
        }
        if server.write_all(&chunk.bytes).is_err() {
            return link.close();
        }
    }
    // An error: the server's end is closed already.
    let _ = server.shutdown(Shutdown::Write);
}

/// Ends with the server's last bytes.
fn carry_down(link: &Link, state: &State, mut server: &TcpStream) {
    let mut buffer = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = server.read(&mut buffer) {
        state.bytes_down.fetch_add(count as u64, Ordering::SeqCst);
        // Before the client can see the answer: what it sends after it is a new turn.
        link.client_spoke.store(false, Ordering::SeqCst);
        if state.swallows(link) {
            continue;
        }
        if (&link.client).write_all(&buffer[..count]).is_err() {
            return link.close();
        }
    }
    if !state.swallows(link) {
        // An error: the client's end is closed already.
        let _ = link.client.shutdown(Shutdown::Write);
    }
}
