//! The gateway as one version of the configuration makes it: everything that requests, lanes and
//! background tasks share. [`crate::running`] replaces it while it runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use waypost_core::config::Config;
use waypost_core::decision::Name;
use waypost_core::lifecycle::RouteRules;
use waypost_core::provider::RULES_OF_A_PROVIDER_GONE;
use waypost_core::redis::fleet::Fleet;
use waypost_store::{Store, SweepRules};

use crate::clock::IdSource;
use crate::metrics::Metrics;
use crate::notices::Notices;
use crate::pipeline::Tenant;
use crate::plugins::Plugins;
use crate::provider::Provider;
use crate::reload::Files;
use crate::transport::Transport;

/// What a version of the configuration leads to, loaded.
pub struct Parts {
    /// Version of the shared configuration; 0: this host's own file.
    pub config_version: u64,
    /// Component files that come with it; empty where it is this host's own file, whose files are on disk.
    pub files: Arc<Files>,
    /// Tenants with their components.
    pub tenants: BTreeMap<Name, Arc<Tenant>>,
    /// Providers with their components.
    pub providers: BTreeMap<Name, Arc<Provider>>,
}

/// The gateway under one version of the configuration. What outlives the version is behind `Arc`.
pub struct Gateway {
    /// As the file, or what the hosts share, says.
    pub file: Arc<Config>,
    /// The same with the tenants that were registered while Waypost ran.
    pub config: Arc<Config>,
    /// Version of the shared configuration; 0: this host's own file.
    pub config_version: u64,
    /// Component files that came with it.
    pub files: Arc<Files>,
    /// What this host knows of the others; None: it has its store to itself.
    pub fleet: Option<Fleet>,
    /// Rung when a circuit has changed that the other hosts should know of.
    pub circuit_changed: Arc<tokio::sync::Notify>,
    /// What an operator should know.
    pub notices: Arc<Notices>,
    /// Where messages are kept.
    pub store: Arc<dyn Store>,
    /// Tenants with their components.
    pub tenants: BTreeMap<Name, Arc<Tenant>>,
    /// Providers with their components, circuit breakers and rates.
    pub providers: BTreeMap<Name, Arc<Provider>>,
    /// How requests reach providers.
    pub transport: Arc<Transport>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// New ids.
    pub ids: Arc<IdSource>,
    /// Wakes whoever waits for inbound messages.
    pub inbox_wake: Arc<tokio::sync::Notify>,
    /// Tenants' own components.
    pub plugins: Arc<Plugins>,
    draining: Arc<AtomicBool>,
}

impl Gateway {
    /// Puts the parts together.
    pub fn new(
        file: Arc<Config>,
        config: Arc<Config>,
        store: Arc<dyn Store>,
        parts: Parts,
        transport: Transport,
        metrics: Arc<Metrics>,
        plugins: Arc<Plugins>,
    ) -> Self {
        Self {
            file,
            config,
            config_version: parts.config_version,
            files: parts.files,
            fleet: None,
            circuit_changed: Arc::default(),
            notices: Arc::default(),
            store,
            tenants: parts.tenants,
            providers: parts.providers,
            transport: Arc::new(transport),
            metrics,
            ids: Arc::default(),
            inbox_wake: Arc::default(),
            plugins,
            draining: Arc::default(),
        }
    }

    /// The same gateway under another version of the configuration. Providers that are the same in
    /// both stay what they are: their lanes, circuits and windows go on.
    #[must_use]
    pub fn under(&self, file: Arc<Config>, config: Arc<Config>, parts: Parts) -> Self {
        Self {
            file,
            config,
            config_version: parts.config_version,
            files: parts.files,
            fleet: self.fleet.clone(),
            circuit_changed: self.circuit_changed.clone(),
            notices: self.notices.clone(),
            store: self.store.clone(),
            tenants: parts.tenants,
            providers: parts.providers,
            transport: self.transport.clone(),
            metrics: self.metrics.clone(),
            ids: self.ids.clone(),
            inbox_wake: self.inbox_wake.clone(),
            plugins: self.plugins.clone(),
            draining: self.draining.clone(),
        }
    }

    /// No new work from here on; what is in flight is finished.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        for provider in self.providers.values() {
            provider.wake.notify_one();
        }
        self.plugins.wake();
        self.inbox_wake.notify_waiters();
    }

    /// True once [`Gateway::drain`] was called.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// The rules of every provider, as the store wants them for sweeps.
    pub fn sweep_rules(&self) -> SweepRules {
        let rules: BTreeMap<Name, RouteRules> =
            self.providers.iter().map(|(name, provider)| (name.clone(), provider.terms.rules)).collect();
        Arc::new(move |route| {
            route.and_then(|name| rules.get(name)).copied().unwrap_or(RULES_OF_A_PROVIDER_GONE)
        })
    }
}
