//! Revisions that are loaded on this host.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use waypost_core::decision::{Name, Role};
use waypost_core::registry::{Binding, Kind, RevisionRecord, RevisionState};
use waypost_engine::{LoadRequest, Loaded, NoSecrets, Reuse};

use super::catalog::record;
use super::{PluginError, Plugins};
use crate::pipeline::Tenant;

/// What tells a loaded revision from others: also how many calls an instance serves, and the limits of
/// the plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    tenant: Name,
    plugin: String,
    revision: String,
    reuse_calls: u32,
    component_bytes_max: u64,
    memory_bytes_max: u64,
    fuel_max: u64,
}

impl Key {
    fn new(tenant: &Tenant, plugin: &str, revision: &str, binding: Binding) -> Self {
        Self {
            tenant: tenant.terms.name.clone(),
            plugin: plugin.to_owned(),
            revision: revision.to_owned(),
            reuse_calls: binding.reuse_calls,
            component_bytes_max: tenant.plan.component_bytes_max,
            memory_bytes_max: tenant.plan.memory_bytes_max,
            fuel_max: tenant.plan.fuel_max,
        }
    }
}

/// Revisions that are loaded.
#[derive(Default)]
pub struct Shelf(Mutex<HashMap<Key, Loaded>>);

impl Shelf {
    /// Takes away what nobody uses any more.
    pub fn keep<'t>(&self, tenants: impl Iterator<Item = &'t Tenant>) {
        let used: HashSet<Key> = tenants
            .flat_map(|tenant| tenant.fittings().iter().map(move |fitting| (tenant, fitting)))
            .flat_map(|(tenant, fitting)| {
                let revisions = [&fitting.active, &fitting.shadow].into_iter().flatten();
                revisions.map(move |revision| Key::new(tenant, &fitting.plugin, revision, fitting.binding))
            })
            .collect();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|key, _| used.contains(key));
    }
}

impl Plugins {
    /// A revision's record with its version.
    ///
    /// # Errors
    /// [`PluginError::RevisionUnknown`], [`PluginError::Store`].
    pub async fn revision(
        &self,
        tenant: &Name,
        plugin: &str,
        revision: &str,
    ) -> Result<(u64, RevisionRecord), PluginError> {
        let name = item_name(plugin, revision);
        let item = self.store.registered_one(tenant.clone(), Kind::Revision, name).await?;
        let item = item.ok_or(PluginError::RevisionUnknown)?;
        Ok((item.version, record(&item).ok_or(PluginError::RevisionUnknown)?))
    }

    /// The component of a revision as it was uploaded; None: of the active one, else the newest.
    ///
    /// # Errors
    /// [`PluginError`].
    pub async fn component_of(
        &self,
        tenant: &Name,
        plugin: &str,
        revision: Option<&str>,
    ) -> Result<Vec<u8>, PluginError> {
        let revision = match revision {
            Some(revision) => revision.to_owned(),
            None => {
                let active = self.plugin(tenant, plugin).await?.1.active;
                let newest = self.revisions(tenant, plugin).await?.pop().map(|(revision, ..)| revision);
                active.or(newest).ok_or(PluginError::RevisionUnknown)?
            }
        };
        let (_, record) = self.revision(tenant, plugin, &revision).await?;
        let component = self.store.component(tenant.clone(), record.component).await?;
        component.ok_or(PluginError::RevisionUnknown)
    }

    /// A revision, loaded: from the shelf, or from the store by way of the compiled-code cache.
    ///
    /// # Errors
    /// Why it cannot be.
    pub(super) async fn load(
        &self,
        tenant: &Tenant,
        plugin: &str,
        role: Role,
        revision: &str,
        binding: Binding,
    ) -> Result<Loaded, PluginError> {
        let key = Key::new(tenant, plugin, revision, binding);
        if let Some(loaded) = self.shelf.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(loaded.clone());
        }
        let (_, record) = self.revision(&key.tenant, plugin, revision).await?;
        if !matches!(record.state, RevisionState::Ready { .. }) {
            return Err(PluginError::NotReady(state_in_words(&record.state)));
        }
        let component = self.store.component(key.tenant.clone(), record.component.clone()).await?;
        let component = component.ok_or(PluginError::RevisionUnknown)?;
        let (engine, name) = (self.engine().clone(), Name::from(plugin));
        let limits = waypost_engine::Limits::for_plan(&tenant.plan);
        let reuse =
            if binding.reuse_calls <= 1 { Reuse::Fresh } else { Reuse::Calls { max: binding.reuse_calls } };
        let loaded = tokio::task::spawn_blocking(move || {
            let secrets = Arc::new(NoSecrets);
            let settings = &record.settings;
            engine.load(LoadRequest { name, role, component: &component, settings, limits, reuse, secrets })
        });
        let loaded = loaded.await.map_err(|error| PluginError::NotLoadable {
            code: "plugin_not_loaded".to_owned(),
            reason: error.to_string(),
        })?;
        let loaded = loaded.map_err(|error| PluginError::NotLoadable {
            code: error.code().to_owned(),
            reason: error.to_string(),
        })?;
        self.shelf.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, loaded.clone());
        Ok(loaded)
    }
}

/// By which the store keeps a revision.
pub fn item_name(plugin: &str, revision: &str) -> String {
    format!("{plugin}/{revision}")
}

/// Why a revision is not ready.
pub fn state_in_words(state: &RevisionState) -> String {
    match state {
        RevisionState::Waiting => "it waits to be checked".to_owned(),
        RevisionState::Checking { .. } => "it is being checked and compiled".to_owned(),
        RevisionState::Ready { .. } => "it is ready".to_owned(),
        RevisionState::Failed(failure) => format!("{} ({})", failure.reason, failure.code),
    }
}
