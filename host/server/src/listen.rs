//! Connections: how many, how long they may take to say what they want, and how they end.

mod lingering;
mod pace;

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::running::Running;
use lingering::Lingering;
pub use pace::Pace;

/// Most connections at once; further ones wait in the listener's backlog.
const CONNECTIONS_MAX: usize = 10_000;
/// Longest that the head of a request may take to arrive, and that a connection may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// After the operating system refused a connection, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often a waiting listener looks whether the gateway drains.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Serves until the gateway drains, then lets open requests end for at most `grace`. False: some
/// did not.
pub async fn serve(listener: TcpListener, running: Arc<Running>, grace: Duration) -> bool {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while !running.now().is_draining() {
        let Ok(Some((stream, place))) = timeout(LOOK_EVERY, accept(&listener, &places)).await else {
            continue;
        };
        tokio::spawn(connection(stream, running.clone(), graceful.watcher(), place));
    }
    drop(listener);
    timeout(grace, graceful.shutdown()).await.is_ok()
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => {
            // Answers are written whole; waiting for more only delays them.
            let _ = stream.set_nodelay(true);
            Some((stream, place))
        }
        Err(error) if is_of_the_connection(error.kind()) => None,
        Err(error) => {
            warn!(%error, "no connection can be taken now");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

fn is_of_the_connection(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
}

async fn connection(stream: TcpStream, running: Arc<Running>, watcher: Watcher, place: OwnedSemaphorePermit) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(
            TokioIo::new(stream),
            // The API as it is when the request comes: connections outlive configurations.
            service_fn(move |request| {
                TowerToHyperService::new(running.router()).call(Lingering::of(request))
            }),
        );
    if let Err(error) = watcher.watch(served).await {
        debug!(%error, "a connection ended early");
    }
    drop(place);
}
