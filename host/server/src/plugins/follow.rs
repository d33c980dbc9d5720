//! Goes after the registry: what was changed, here or on another host, runs.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tracing::{info, warn};
use waypost_core::config::{Config, Tenant as TenantConfig};
use waypost_core::decision::Name;
use waypost_core::registry::TenantRecord;
use waypost_store::StoreError;

use super::catalog::Catalog;
use super::{Plugins, fit};
use crate::gateway::{Gateway, Parts};
use crate::notices::Notice;
use crate::pipeline::{Loader, Tenant};
use crate::provider::Provider;
use crate::running::Running;

/// How often the version is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Everything is read this often, whatever the version says: a host that died between a change and
/// its news has told nobody.
const READ_EVERY: Duration = Duration::from_secs(60);

/// Tenants as they are to run.
pub struct Completed {
    /// With the tenants that were registered.
    pub config: Arc<Config>,
    /// With their plugins.
    pub tenants: BTreeMap<Name, Arc<Tenant>>,
}

/// Runs until the gateway drains.
pub async fn run(running: Arc<Running>, plugins: Arc<Plugins>) {
    let mut read_at = Instant::now();
    while !running.now().is_draining() {
        tokio::time::sleep(LOOK_EVERY).await;
        let is_due = read_at.elapsed() >= READ_EVERY;
        match plugins.catch_up(&running, is_due).await {
            Ok(()) if is_due => read_at = Instant::now(),
            Ok(()) => {}
            Err(error) => tracing::debug!(%error, "the registry cannot be read"),
        }
    }
}

impl Plugins {
    /// Brings what runs up to what is registered. When this answers, the next message is decided so.
    ///
    /// # Errors
    /// [`StoreError`]; what runs goes on.
    pub async fn catch_up(&self, running: &Arc<Running>, whatever_version: bool) -> Result<(), StoreError> {
        if !whatever_version && self.applied() == Some(self.store.registry_version().await?) {
            return Ok(());
        }
        let _changing = running.changing().await;
        let before = running.now();
        let catalog = Catalog::read(&*self.store).await?;
        let file = before.file.clone();
        let configured = before.tenants.values().filter(|tenant| tenant.registered == 0);
        let configured = configured.map(|tenant| (tenant.terms.name.clone(), tenant.clone())).collect();
        let completed = self.complete(&catalog, &file, configured, &before.providers, Some(&before)).await;
        let is_same = same(&completed.tenants, &before.tenants);
        if !is_same {
            let parts = Parts {
                config_version: before.config_version,
                tenants: completed.tenants,
                providers: before.providers.clone(),
            };
            running.replace(before.under(file, completed.config, parts));
        }
        self.note_applied(catalog.version);
        Ok(())
    }

    /// The tenants of a configuration with those that are registered, and with everybody's plugins.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn completed(
        &self,
        file: &Arc<Config>,
        configured: BTreeMap<Name, Arc<Tenant>>,
        providers: &BTreeMap<Name, Arc<Provider>>,
    ) -> Result<Completed, StoreError> {
        let catalog = Catalog::read(&*self.store).await?;
        let completed = self.complete(&catalog, file, configured, providers, None).await;
        self.note_applied(catalog.version);
        Ok(completed)
    }

    async fn complete(
        &self,
        catalog: &Catalog,
        file: &Arc<Config>,
        mut tenants: BTreeMap<Name, Arc<Tenant>>,
        providers: &BTreeMap<Name, Arc<Provider>>,
        before: Option<&Gateway>,
    ) -> Completed {
        let mut troubles = Vec::new();
        let registered = read_registered(catalog, file, &mut troubles);
        let config = if registered.is_empty() { file.clone() } else { with_tenants(file, &registered) };
        for (name, settings) in &registered {
            let Some((version, record)) = catalog.tenants.get(name).and_then(|it| it.record.as_ref()) else {
                continue;
            };
            let known = before.and_then(|before| before.tenants.get(name));
            if let Some(known) = known.filter(|known| known.registered == *version) {
                tenants.insert(name.clone(), known.clone());
                continue;
            }
            match self.registered(&config, name, settings, record, *version, providers) {
                Ok(tenant) => {
                    tenants.insert(name.clone(), Arc::new(tenant));
                }
                Err(error) => troubles.push(error),
            }
        }
        self.fit_all(catalog, &mut tenants, &mut troubles).await;
        self.shelf.keep(
            tenants
                .values()
                .flat_map(|tenant| tenant.fittings().iter().map(|fitting| (&tenant.terms.name, fitting))),
        );
        self.tell(before, troubles);
        Completed { config, tenants }
    }

    async fn fit_all(
        &self,
        catalog: &Catalog,
        tenants: &mut BTreeMap<Name, Arc<Tenant>>,
        troubles: &mut Vec<String>,
    ) {
        for (name, tenant) in tenants {
            let wanted = catalog.tenants.get(name).map(fit::wanted).unwrap_or_default();
            if tenant.fittings() == wanted {
                continue;
            }
            let (fitted, missing) = self.fit(tenant, wanted).await;
            troubles.extend(missing);
            *tenant = Arc::new(fitted);
        }
    }

    fn registered(
        &self,
        config: &Config,
        name: &Name,
        settings: &TenantConfig,
        record: &TenantRecord,
        version: u64,
        providers: &BTreeMap<Name, Arc<Provider>>,
    ) -> Result<Tenant, String> {
        let mut loader = Loader::new(config, &self.builder.engine, &self.builder.base);
        let mut tenant = loader.tenant(name, settings, providers).map_err(|error| error.to_string())?;
        tenant.registered = version;
        tenant.plan = record.plan.clone();
        Ok(tenant)
    }

    fn tell(&self, before: Option<&Gateway>, troubles: Vec<String>) {
        for trouble in &troubles {
            warn!(%trouble, "a tenant or a plugin does not run here as it is registered");
        }
        let Some(before) = before else { return };
        if troubles.is_empty() {
            before.notices.take_back(Notice::Registry);
        } else {
            // Names are for the log: anyone may read notices.
            let text =
                format!("{} tenants or plugins do not run here as they are registered", troubles.len());
            before.notices.put(Notice::Registry, text);
        }
    }

    fn applied(&self) -> Option<u64> {
        *self.applied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_applied(&self, version: u64) {
        let before = self.applied.lock().unwrap_or_else(PoisonError::into_inner).replace(version);
        if before != Some(version) {
            info!(version, "another version of the registry runs");
        }
    }
}

/// The settings of registered tenants that can be read, without those that the file has, too.
fn read_registered(
    catalog: &Catalog,
    file: &Config,
    troubles: &mut Vec<String>,
) -> BTreeMap<Name, TenantConfig> {
    let built_in: Vec<&str> = waypost_builtins::BUILT_IN.iter().map(|built_in| built_in.name).collect();
    let mut read = BTreeMap::new();
    for (name, registered) in &catalog.tenants {
        let Some((_, record)) = registered.record.as_ref().filter(|(_, record)| record.enabled) else {
            continue;
        };
        if file.tenants.contains_key(&**name) {
            continue;
        }
        match file.read_tenant(name, &record.settings, &built_in) {
            Ok(settings) => {
                read.insert(name.clone(), settings);
            }
            Err(errors) => troubles.push(format!("{name}: {errors}")),
        }
    }
    read
}

fn with_tenants(file: &Config, registered: &BTreeMap<Name, TenantConfig>) -> Arc<Config> {
    let mut config = file.clone();
    config.tenants.extend(registered.iter().map(|(name, settings)| (name.to_string(), settings.clone())));
    Arc::new(config)
}

fn same(a: &BTreeMap<Name, Arc<Tenant>>, b: &BTreeMap<Name, Arc<Tenant>>) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((_, a), (_, b))| Arc::ptr_eq(a, b))
}
