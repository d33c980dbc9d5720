//! Tenants' own components: from an upload to a decision, and what was seen of it.
//!
//! upload → check (in a child process) → ready → activate, or shadow → fitted into the tenant's stages
//!
//! What is registered is in the store ([`waypost_core::registry`]). Each host reads it when its
//! version moves ([`follow`]), loads what is bound ([`shelf`]) and puts it into the tenants that run
//! ([`fit`]): the next message is decided by it, on every host.

pub mod activity;
mod backtest;
mod catalog;
mod change;
mod checks;
mod compile;
mod error;
mod fit;
mod follow;
mod shadow;
mod shelf;
mod upload;
mod watch;

use std::sync::{Arc, Mutex};

use waypost_core::decision::Name;
use waypost_engine::Engine;
use waypost_store::Store;

use crate::reload::Builder;

pub use activity::About;
pub use backtest::{Backtest, Report};
pub use change::Change;
pub use error::PluginError;
pub use fit::Fitting;
pub use follow::run as follow;
pub use checks::run as check;
pub use upload::{NOTE_BYTES_MAX, Upload, Uploaded};
pub use watch::{Watch, in_words};

use activity::Activities;
use checks::Queue;
use shadow::Shadows;
use shelf::Shelf;

/// Tenants' plugins on this host.
pub struct Plugins {
    store: Arc<dyn Store>,
    builder: Arc<Builder>,
    host: Name,
    shelf: Shelf,
    activities: Activities,
    shadows: Shadows,
    queue: Queue,
    uploads: upload::Rates,
    backtests: backtest::Places,
    /// The version of the registry that runs.
    applied: Mutex<Option<u64>>,
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
            shelf: Shelf::default(),
            activities: Activities::default(),
            shadows: Shadows::start()?,
            queue: Queue::default(),
            uploads: upload::Rates::default(),
            backtests: backtest::Places::default(),
            applied: Mutex::default(),
        })
    }

    /// What was seen of plugins on this host.
    pub fn activities(&self) -> &Activities {
        &self.activities
    }

    fn engine(&self) -> &Engine {
        &self.builder.engine
    }
}
