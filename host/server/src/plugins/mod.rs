//! Tenants' own components: from an upload to a decision, and what was seen of it.
//!
//! upload → check (in a child process) → ready → activate, or shadow → fitted into the tenant's stages
//!
//! What is registered is in the store ([`waypost_core::registry`]). Each host reads it when its
//! version moves (`follow`), loads what is bound (`shelf`) and puts it into the tenants that run
//! (`fit`): the next message is decided by it, on every host.

pub mod activity;
mod apart;
mod backtest;
mod budget;
mod catalog;
mod change;
mod checks;
mod compile;
mod error;
mod fit;
mod follow;
mod hindrance;
mod places;
mod scrape;
pub mod settings_diff;
mod shadow;
mod shelf;
mod telling;
mod tenant_removal;
mod tenants;
mod trial;
mod upload;
mod watch;

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use tokio::sync::Notify;
use waypost_core::decision::Name;
use waypost_core::registry::{Kind, PluginRecord};
use waypost_engine::Engine;
use waypost_engine::compile::{CompileLimits, Compiler};
use waypost_store::Store;

use crate::reload::Builder;
use crate::running::Running;

pub use activity::About;
pub use apart::idle;
pub use backtest::{Backtest, MESSAGES_MAX as BACKTEST_MESSAGES_MAX, Report, TIME_MAX as BACKTEST_TIME_MAX};
pub use budget::Budget;
pub use change::Change;
pub use checks::{Progress, run as check};
pub use error::PluginError;
pub use fit::Fitting;
pub use follow::run as follow;
pub use scrape::Scrape;
pub use telling::{SeenRevision, run as tell};
pub use tenant_removal::Deleted;
pub use tenants::{Expected, KnownTenant, TenantError, WantedTenant};
pub use trial::{FIXTURES_MAX, Ran};
pub use upload::{
    AT_ONCE_MAX as UPLOADS_AT_ONCE_MAX, NOTE_BYTES_MAX, OF_A_TENANT_MAX as UPLOADS_OF_A_TENANT_MAX, Upload,
    Uploaded,
};
pub use watch::{Watch, in_words};

use activity::Activities;
use budget::Budgets;
use catalog::record;
use checks::Queue;
use places::Places;
use shadow::Shadows;
use shelf::Shelf;

/// Compiles at once: messages keep the other processors.
const COMPILES_MAX: usize = 1;

/// Tenants' plugins on this host.
pub struct Plugins {
    store: Arc<dyn Store>,
    builder: Arc<Builder>,
    host: Name,
    compiler: Compiler,
    shelf: Shelf,
    activities: Activities,
    /// Shared by whoever tells the store what was seen; alone: nobody does.
    telling: tokio::sync::RwLock<()>,
    shadows: Shadows,
    queue: Queue,
    uploads: upload::Rates,
    budgets: Budgets,
    under_way: upload::UnderWay,
    backtests: Arc<Places>,
    tests: Arc<Places>,
    /// The version of the registry that runs.
    applied: Mutex<Option<u64>>,
    /// Rung when another version is heard of.
    news: Notify,
    /// Tenants that are registered, enabled or not, beside those of the configuration.
    registered: AtomicUsize,
    /// What changes are to run in, once it runs.
    running: OnceLock<Weak<Running>>,
}

impl Plugins {
    /// Nothing is loaded yet.
    ///
    /// # Errors
    /// The system has no thread for shadows.
    pub fn new(store: Arc<dyn Store>, builder: Arc<Builder>, host: &str) -> std::io::Result<Self> {
        Ok(Self {
            store,
            builder,
            host: host.into(),
            compiler: compiler()?,
            shelf: Shelf::default(),
            activities: Activities::default(),
            telling: tokio::sync::RwLock::default(),
            shadows: Shadows::start()?,
            queue: Queue::default(),
            uploads: upload::Rates::default(),
            budgets: Budgets::default(),
            under_way: upload::UnderWay::default(),
            backtests: Places::new(backtest::BACKTESTS_MAX),
            tests: Places::new(trial::TESTS_MAX),
            applied: Mutex::default(),
            news: Notify::new(),
            registered: AtomicUsize::new(0),
            running: OnceLock::new(),
        })
    }

    /// Says where changes are to run. Called once, before the first change.
    pub fn attach(&self, running: &Arc<Running>) {
        // A second gateway in one process would be a mistake that changes nothing here.
        let _ = self.running.set(Arc::downgrade(running));
    }

    /// What was seen of plugins on this host.
    pub fn activities(&self) -> &Activities {
        &self.activities
    }

    /// The host's name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// A tenant's plugins by name.
    ///
    /// # Errors
    /// [`PluginError::Store`].
    pub async fn list(&self, tenant: &Name) -> Result<Vec<(String, PluginRecord)>, PluginError> {
        let items = self.store.registered(Some(tenant.clone()), Kind::Plugin).await?;
        Ok(items.into_iter().filter_map(|item| Some((item.name.clone(), record(&item)?))).collect())
    }

    fn engine(&self) -> &Engine {
        &self.builder.engine
    }
}

/// Compiles with this very program, started anew for each component.
fn compiler() -> std::io::Result<Compiler> {
    let program = std::env::current_exe()?;
    Ok(Compiler::new(program, vec!["engine-compile".into()], CompileLimits::default(), COMPILES_MAX))
}
