//! Runs a Spin application without the `spin` command, for tests and measurements of the edge.
//!
//! Follows Spin 4.1 where a component can see it: routes, variables, allowed hosts, composition of
//! dependencies, chaining, shared instances, the Redis and variables interfaces of SDK 7. What it
//! does not know in a manifest is an error. It differs in this: connections have no `Nagle` delay,
//! outgoing https is refused, and a dependency sees the WASI of its component (Spin takes
//! environment and network away from it).
//!
//! ```no_run
//! # async fn example() -> Result<(), waypost_edge_host::EdgeHostError> {
//! use waypost_edge_host::{EdgeHost, Options};
//!
//! let host = EdgeHost::start("spin.toml".as_ref(), Options::default()).await?;
//! println!("{}", host.url());
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::application::Application;

mod allowed;
mod application;
mod compiled;
mod compose;
mod error;
mod instances;
mod manifest;
mod outgoing;
mod output;
pub mod plug;
mod redis;
mod route;
mod server;
mod state;
mod variables;
mod variables_import;

pub use error::EdgeHostError;

/// What `spin up` takes from its command line and environment.
#[derive(Debug, Clone)]
pub struct Options {
    /// Values of the application's variables, by name.
    pub variables: BTreeMap<String, String>,
    /// Requests that one instance answers in its life, at least 1.
    pub instance_requests_max: usize,
    /// Requests that one instance answers at once, at least 1.
    pub instance_concurrency_max: usize,
}

impl Default for Options {
    /// No variables; instances shared as Spin does it for WASI 0.3.
    fn default() -> Self {
        Self { variables: BTreeMap::new(), instance_requests_max: 128, instance_concurrency_max: 16 }
    }
}

/// A running application. Stops when dropped.
pub struct EdgeHost {
    application: Arc<Application>,
    address: SocketAddr,
    serving: AbortHandle,
}

impl EdgeHost {
    /// Starts the application of a manifest on a free port of the loopback interface. Files are
    /// looked for beside the manifest.
    ///
    /// # Errors
    /// See [`EdgeHostError`]; all that Spin refuses at start is refused here.
    pub async fn start(manifest: &Path, options: Options) -> Result<Self, EdgeHostError> {
        if options.instance_requests_max == 0 || options.instance_concurrency_max == 0 {
            return Err(EdgeHostError::value("options", "an instance has to take at least one request"));
        }
        let manifest = manifest.to_owned();
        let application = tokio::task::spawn_blocking(move || Application::load(&manifest, &options))
            .await
            .map_err(|error| EdgeHostError::Start(error.to_string()))??;
        let failed = |error: std::io::Error| EdgeHostError::Start(error.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let serving = tokio::spawn(server::serve(listener, Arc::clone(&application))).abort_handle();
        Ok(Self { application, address, serving })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Redis commands that components have asked for so far.
    #[must_use]
    pub fn redis_calls(&self) -> u64 {
        self.application.redis.calls.load(Ordering::Relaxed)
    }

    /// Redis connections that components have opened so far.
    #[must_use]
    pub fn redis_opens(&self) -> u64 {
        self.application.redis.opens.load(Ordering::Relaxed)
    }

    /// What the components wrote to standard output and standard error so far: messages of panics,
    /// logs. At most 1 MiB.
    #[must_use]
    pub fn output(&self) -> String {
        self.application.output.text()
    }
}

impl Drop for EdgeHost {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl std::fmt::Debug for EdgeHost {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("EdgeHost").field("address", &self.address).finish_non_exhaustive()
    }
}
