//! The running gateway: everything that requests, lanes and background tasks share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use waypost_core::config::Config;
use waypost_core::decision::Name;
use waypost_core::lifecycle::RouteRules;
use waypost_core::provider::RULES_OF_A_PROVIDER_GONE;
use waypost_store::{Store, SweepRules};

use crate::clock::IdSource;
use crate::metrics::Metrics;
use crate::pipeline::Tenant;
use crate::provider::Provider;
use crate::transport::Transport;

/// The running gateway.
pub struct Gateway {
    /// As the file says.
    pub config: Config,
    /// Where messages are kept.
    pub store: Arc<dyn Store>,
    /// Tenants with their components.
    pub tenants: BTreeMap<Name, Arc<Tenant>>,
    /// Providers with their components, circuit breakers and rates.
    pub providers: BTreeMap<Name, Arc<Provider>>,
    /// How requests reach providers.
    pub transport: Transport,
    /// Counters.
    pub metrics: Metrics,
    /// New ids.
    pub ids: IdSource,
    /// Wakes whoever waits for inbound messages.
    pub inbox_wake: tokio::sync::Notify,
    draining: AtomicBool,
}

impl Gateway {
    /// Puts the parts together.
    pub fn new(
        config: Config,
        store: Arc<dyn Store>,
        tenants: BTreeMap<Name, Arc<Tenant>>,
        providers: BTreeMap<Name, Arc<Provider>>,
        transport: Transport,
        metrics: Metrics,
    ) -> Self {
        Self {
            config,
            store,
            tenants,
            providers,
            transport,
            metrics,
            ids: IdSource::default(),
            inbox_wake: tokio::sync::Notify::new(),
            draining: AtomicBool::new(false),
        }
    }

    /// No new work from here on; what is in flight is finished.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        for provider in self.providers.values() {
            provider.wake.notify_one();
        }
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
