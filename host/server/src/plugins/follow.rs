//! Goes after the registry: what was changed, here or on another host, runs.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tracing::{debug, info, warn};
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
use crate::reload::Files;
use crate::running::Running;

/// How often the version is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Everything is read this often, whatever the version says: a host that died between a change and
/// its news has told nobody.
const READ_EVERY: Duration = Duration::from_secs(60);

/// What a registered tenant is loaded from, beside its own record.
#[derive(Clone, Copy)]
pub(super) struct Base<'b> {
    /// With the tenant's own settings.
    pub config: &'b Config,
    /// Component files that came with it.
    pub files: &'b Files,
    /// Those of the configuration.
    pub providers: &'b BTreeMap<Name, Arc<Provider>>,
}

/// Tenants as they are to run.
struct Completed {
    /// With the tenants that were registered.
    config: Arc<Config>,
    /// With their plugins.
    tenants: BTreeMap<Name, Arc<Tenant>>,
}

/// Runs until the gateway drains. Where hosts share a store, each hears of another version with its look
/// at the others ([`Plugins::heard`]); a store of its own is asked for the version.
pub async fn run(running: Arc<Running>, plugins: Arc<Plugins>) {
    let is_told = running.now().fleet.is_some();
    let mut read_at = Instant::now();
    while !running.now().is_draining() {
        let heard = timeout(LOOK_EVERY, plugins.news.notified()).await.is_ok();
        let is_due = read_at.elapsed() >= READ_EVERY;
        if is_told && !heard && !is_due {
            continue;
        }
        match plugins.catch_up(&running, heard || is_due).await {
            Ok(()) if heard || is_due => read_at = Instant::now(),
            Ok(()) => {}
            Err(error) => debug!(%error, "the registry cannot be read"),
        }
    }
    plugins.compiler.stop();
}

impl Plugins {
    /// The registry has this version now. What does not run here yet is read, beside whatever runs.
    pub fn heard(&self, version: u64) {
        if self.applied() != Some(version) {
            self.news.notify_one();
        }
    }

    /// Tenants that are registered beside those of the configuration, enabled or not.
    pub fn registered_count(&self) -> usize {
        self.registered.load(Ordering::Relaxed)
    }

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
        let (files, providers) = (&*before.files, &before.providers);
        let base = Base { config: &file, files, providers };
        let completed = self.complete(&catalog, &file, base, configured, Some(&before)).await;
        let is_same = same(&completed.tenants, &before.tenants);
        if !is_same {
            let parts = Parts {
                config_version: before.config_version,
                files: before.files.clone(),
                tenants: completed.tenants,
                providers: before.providers.clone(),
            };
            running.replace(before.under(file, completed.config, parts));
        }
        self.note_applied(catalog.version);
        Ok(())
    }

    /// Adds the tenants that are registered to those of a configuration, and everybody's plugins. Gives
    /// the configuration with them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn completed(&self, file: &Arc<Config>, parts: &mut Parts) -> Result<Arc<Config>, StoreError> {
        let catalog = Catalog::read(&*self.store).await?;
        let configured = std::mem::take(&mut parts.tenants);
        let base = Base { config: file, files: &parts.files, providers: &parts.providers };
        let completed = self.complete(&catalog, file, base, configured, None).await;
        parts.tenants = completed.tenants;
        self.note_applied(catalog.version);
        Ok(completed.config)
    }

    async fn complete(
        &self,
        catalog: &Catalog,
        file: &Arc<Config>,
        base: Base<'_>,
        mut tenants: BTreeMap<Name, Arc<Tenant>>,
        before: Option<&Gateway>,
    ) -> Completed {
        let mut troubles = Vec::new();
        let registered = read_registered(catalog, file, &mut troubles);
        let config = with_tenants(file, &registered, &mut troubles);
        for (name, settings) in &registered {
            let Some((version, record)) = catalog.tenants.get(name).and_then(|it| it.record.as_ref()) else {
                continue;
            };
            let known = before.and_then(|before| before.tenants.get(name));
            if let Some(known) = known.filter(|known| known.registered == *version) {
                tenants.insert(name.clone(), known.clone());
                continue;
            }
            match self.registered(Base { config: &config, ..base }, name, settings, record, *version) {
                Ok(tenant) => {
                    tenants.insert(name.clone(), Arc::new(tenant));
                }
                Err(error) => troubles.push(error),
            }
        }
        self.plan_configured(catalog, file, &mut tenants);
        self.fit_all(catalog, &mut tenants, &mut troubles).await;
        self.shelf.keep(tenants.values().map(|tenant| &**tenant));
        let is_there = |name: &Name| tenants.contains_key(name) || catalog.tenants.contains_key(name);
        self.budgets.keep(is_there);
        let beside = catalog
            .tenants
            .iter()
            .filter(|(name, it)| it.record.is_some() && !file.tenants.contains_key(&***name));
        self.registered.store(beside.count(), Ordering::Relaxed);
        self.tell(before, troubles);
        Completed { config, tenants }
    }

    /// A record of a tenant of the configuration holds its plan.
    fn plan_configured(&self, catalog: &Catalog, file: &Config, tenants: &mut BTreeMap<Name, Arc<Tenant>>) {
        for (name, settings) in &file.tenants {
            let Some(tenant) = tenants.get_mut(&**name) else { continue };
            let record = catalog.tenants.get(&**name).and_then(|it| it.record.as_ref());
            let plan = record.map(|(_, record)| record.plan.clone()).unwrap_or_default();
            let budget = self.budgets.of(&tenant.terms.name, &plan);
            if tenant.plan != plan || !tenant.budget.is_same(&budget) {
                *tenant = Arc::new(tenant.planned(plan, budget, settings.recorded_percent));
            }
        }
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

    /// A registered tenant, loaded.
    ///
    /// # Errors
    /// Why it cannot be.
    pub(super) fn registered(
        &self,
        base: Base<'_>,
        name: &Name,
        settings: &TenantConfig,
        record: &TenantRecord,
        version: u64,
    ) -> Result<Tenant, String> {
        let Base { config, files, providers } = base;
        let loader = Loader::new(config, &self.builder.engine, &self.builder.base);
        let mut loader = loader.with_files(files);
        let tenant = loader.tenant(name, settings, providers).map_err(|error| error.to_string())?;
        let budget = self.budgets.of(name, &record.plan);
        let mut tenant = tenant.planned(record.plan.clone(), budget, settings.recorded_percent);
        tenant.registered = version;
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
    let built_in = built_in();
    let mut read = BTreeMap::new();
    for (name, registered) in &catalog.tenants {
        let Some((_, record)) = registered.record.as_ref().filter(|(_, record)| record.enabled) else {
            continue;
        };
        if file.tenants.contains_key(&**name) {
            continue;
        }
        // It was in the configuration and is no more: nothing says what it is.
        let Some(settings) = &record.settings else { continue };
        match file.read_tenant(name, settings, &built_in) {
            Ok(settings) => {
                read.insert(name.clone(), settings);
            }
            Err(errors) => troubles.push(format!("{name}: {errors}")),
        }
    }
    read
}

/// The components that settings may name beside those of the configuration.
pub(super) fn built_in() -> Vec<&'static str> {
    waypost_builtins::BUILT_IN.iter().map(|built_in| built_in.name).collect()
}

/// The configuration with these tenants.
pub(super) fn with_tenants(
    file: &Arc<Config>,
    registered: &BTreeMap<Name, TenantConfig>,
    troubles: &mut Vec<String>,
) -> Arc<Config> {
    if registered.is_empty() {
        return file.clone();
    }
    let mut config = Config::clone(file);
    for (name, settings) in registered {
        let taken = config.add_tenant(name, settings.clone());
        // The file has got one meanwhile, or two hosts gave it away at once.
        troubles.extend(
            (!taken.is_empty()).then(|| format!("{name}: others have {} of its numbers", taken.len())),
        );
    }
    Arc::new(config)
}

fn same(a: &BTreeMap<Name, Arc<Tenant>>, b: &BTreeMap<Name, Arc<Tenant>>) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((_, a), (_, b))| Arc::ptr_eq(a, b))
}
