//! The engine: loads components.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::cache::Cache;
use crate::load::{
    CompiledRequest, LoadError, LoadRequest, Prepared, Step, Terms, prepare, prepare_compiled, snapshot,
};
use crate::plugin::Plugin;
use crate::roles::Loaded;
use crate::runtime::{Instances, Runtime, RuntimeError};
use crate::settings::Revision;

/// How the engine runs.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Where compiled code is kept between starts. Only the host may write there; the engine sets
    /// the mode to 0700. Entries that were not used for 30 days go at the start, and the oldest
    /// above 8 GiB. None: every start compiles anew.
    pub cache_dir: Option<PathBuf>,
    /// Most instances of all components at a time, of which at most half are idle. Memory is taken only as
    /// it is used; address space is taken at the start.
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
    /// Where there is no directory for it, one is made when a child process compiles for this one.
    cache: Arc<Mutex<Option<Arc<Cache>>>>,
}

impl Engine {
    /// Starts the runtime and the thread that moves its clock.
    ///
    /// # Errors
    ///
    /// Where the process may not reserve the address space, or the cache directory cannot be
    /// made.
    pub fn new(options: &EngineOptions) -> Result<Self, EngineError> {
        let instances = Instances::Pooled { max: options.instances_max };
        let engine = Self::with_cache(instances, options.cache_dir.as_deref())?;
        if let Some(cache) = engine.cache() {
            cache.sweep(SystemTime::now());
        }
        Ok(engine)
    }

    /// As [`Engine::new`], with the cache left as it is.
    pub(crate) fn with_cache(instances: Instances, cache_dir: Option<&Path>) -> Result<Self, EngineError> {
        let runtime = Arc::new(Runtime::new(instances)?);
        let cache = cache_dir.map(|path| {
            Cache::open(path, &runtime.deciding)
                .map(Arc::new)
                .map_err(|source| EngineError::Cache { path: path.to_owned(), source })
        });
        Ok(Self { runtime, cache: Arc::new(Mutex::new(cache.transpose()?)) })
    }

    /// Checks, configures, snapshots, compiles and probes a component. Takes from milliseconds
    /// with a warm cache to seconds for an interpreter, on the caller's thread: keep it off the
    /// path of messages.
    ///
    /// # Errors
    ///
    /// What is wrong with the component or its settings, and what to do about it.
    pub fn load(&self, request: LoadRequest<'_>) -> Result<Loaded, LoadError> {
        self.load_with(request, &mut |_| {})
    }

    /// As [`Engine::load`], and says at which step it is.
    ///
    /// # Errors
    ///
    /// As [`Engine::load`].
    pub fn load_with(
        &self,
        request: LoadRequest<'_>,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Loaded, LoadError> {
        let prepared = prepare(&self.runtime, self.cache().as_deref(), &request, on_step)?;
        self.finish(prepared, request.into(), on_step)
    }

    /// Loads what was compiled before, in milliseconds. None: it is not in the cache.
    ///
    /// # Errors
    ///
    /// Where it does not answer the probe, or its settings are too large.
    pub fn load_compiled(&self, request: CompiledRequest<'_>) -> Result<Option<Loaded>, LoadError> {
        let Some(cache) = self.cache() else { return Ok(None) };
        match prepare_compiled(&self.runtime, &cache, &request)? {
            Some(prepared) => self.finish(prepared, request.into(), &mut |_| {}).map(Some),
            None => Ok(None),
        }
    }

    /// Removes the compiled code of a revision. Components that are loaded go on.
    pub fn forget(&self, revision: &Revision) {
        if let Some(cache) = self.cache() {
            cache.forget(revision);
        }
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

    pub(crate) fn cache(&self) -> Option<Arc<Cache>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The cache, which is made where there is none.
    pub(crate) fn shared_cache(&self) -> std::io::Result<Arc<Cache>> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        match &*cache {
            Some(cache) => Ok(Arc::clone(cache)),
            None => Ok(Arc::clone(cache.insert(Arc::new(Cache::temporary(&self.runtime.deciding)?)))),
        }
    }

    fn finish(
        &self,
        prepared: Prepared,
        terms: Terms,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Loaded, LoadError> {
        Ok(Loaded::new(Plugin::new(Arc::clone(&self.runtime), prepared, terms, on_step)?))
    }
}
