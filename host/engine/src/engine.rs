//! The engine: loads components.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cache::Cache;
use crate::load::{LoadError, LoadRequest, prepare, snapshot};
use crate::plugin::Plugin;
use crate::roles::Loaded;
use crate::runtime::{Runtime, RuntimeError};

/// How the engine runs.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Where compiled code is kept between starts. Only the host may write there; the engine sets
    /// the mode to 0700. None: every start compiles anew.
    pub cache_dir: Option<PathBuf>,
    /// Most instances of all components at a time, idle ones included. Each takes 8 GiB of address
    /// space, and memory only as it is used.
    pub instances_max: u32,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { cache_dir: None, instances_max: 256 }
    }
}

/// The engine could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The runtime does not start.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The cache directory cannot be used.
    #[error("the cache directory {} cannot be used: {source}; make it writable for the host", path.display())]
    Cache {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Loads components. One for the whole process; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    runtime: Arc<Runtime>,
    cache: Option<Arc<Cache>>,
}

impl Engine {
    /// Starts the runtime and the thread that moves its clock.
    ///
    /// # Errors
    ///
    /// Where the process may not reserve the address space, or the cache directory cannot be
    /// made.
    pub fn new(options: &EngineOptions) -> Result<Self, EngineError> {
        let runtime = Arc::new(Runtime::new(options.instances_max)?);
        let cache = match &options.cache_dir {
            None => None,
            Some(path) => {
                let cache = Cache::open(path, &runtime.deciding)
                    .map_err(|source| EngineError::Cache { path: path.clone(), source })?;
                Some(Arc::new(cache))
            }
        };
        Ok(Self { runtime, cache })
    }

    /// Checks, configures, snapshots, compiles and probes a component. Takes from milliseconds
    /// with a warm cache to seconds for an interpreter, on the caller's thread: keep it off the
    /// path of messages.
    ///
    /// # Errors
    ///
    /// What is wrong with the component or its settings, and what to do about it.
    pub fn load(&self, request: LoadRequest<'_>) -> Result<Loaded, LoadError> {
        let prepared = prepare(&self.runtime, self.cache.as_deref(), &request)?;
        Ok(Loaded::new(Plugin::new(Arc::clone(&self.runtime), prepared, request)?))
    }

    /// The component as it is after it has taken its settings: for runtimes that run components
    /// without configuring them. Goes through the checks of [`Engine::load`] but the probe, with
    /// nothing of the request's secrets. The same request gives the same bytes.
    ///
    /// None: there is no snapshot of this component, so that each instance has to be configured.
    ///
    /// # Errors
    ///
    /// As [`Engine::load`].
    pub fn snapshot(&self, request: &LoadRequest<'_>) -> Result<Option<Vec<u8>>, LoadError> {
        snapshot(&self.runtime, request)
    }
}
