//! The end of a tenant, with all that is its own.

use futures_util::future::join_all;
use waypost_core::decision::Name;
use waypost_core::limits::PAGE_ROWS_MAX;
use waypost_core::message::State;
use waypost_core::registry::{Kind, RevisionRecord, TenantRecord, Written};
use waypost_core::store::{ApiKey, Filter};
use waypost_store::StoreError;

use super::Plugins;
use super::catalog::record;
use super::change::item;
use super::tenants::{Expected, TenantError, check_expected};
use crate::clock;
use crate::gateway::Gateway;

/// Most messages of a deleted tenant that are taken back.
const CANCELLED_MAX: usize = 100_000;
/// Messages in these states have not left yet.
const WAITING: [State; 3] = [State::Queued, State::Held, State::Submitting];

/// What went with a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Keys that were taken back.
    pub keys: Vec<Name>,
    /// Plugins that were deleted.
    pub plugins: usize,
    /// Messages that had not left and were taken back.
    pub messages: usize,
}

impl Plugins {
    /// Deletes a tenant: its keys end at once, its plugins go. With `force` also where it has plugins or
    /// messages that have not left, which are taken back. Of one of the configuration only the plan
    /// goes. Where it fails on the way, the tenant is disabled, and deleting it again goes on.
    ///
    /// # Errors
    /// [`TenantError`].
    pub async fn delete_tenant(
        &self,
        gateway: &Gateway,
        name: &Name,
        expected: Expected,
        force: bool,
        key: &Name,
    ) -> Result<Deleted, TenantError> {
        let before = self.tenant(gateway, name).await?;
        check_expected(Some(&before), expected)?;
        if before.is_configured {
            if before.record.is_none() {
                return Err(TenantError::Configured);
            }
            self.unregister_tenant(name, before.version).await?;
            return Ok(Deleted::default());
        }
        if !force {
            self.check_unused(name).await?;
        }
        let mut version = before.version;
        if let Some(record) = before.record.filter(|record| record.enabled) {
            version += 1;
            let (changed_ms, changed_by) = (clock::now_ms(), key.clone());
            let disabled = TenantRecord { enabled: false, changed_ms, changed_by, ..record };
            let item = item(name, Kind::Tenant, String::new(), version, &disabled);
            if self.store.register(item).await? == Written::Conflict {
                return Err(TenantError::Busy);
            }
            self.apply_now().await?;
        }
        let keys = self.revoke_keys(name).await?;
        let messages = self.take_back(name).await?;
        let plugins = self.remove_plugins(name).await?;
        self.unregister_tenant(name, version).await?;
        Ok(Deleted { keys, plugins, messages })
    }

    async fn check_unused(&self, name: &Name) -> Result<(), TenantError> {
        let plugins = self.store.registered(Some(name.clone()), Kind::Plugin).await?.len();
        let waiting =
            Filter { tenant: Some(name.clone()), states: WAITING.to_vec(), rows_max: 1, ..Filter::default() };
        let has_messages = !self.store.list(waiting).await?.is_empty();
        if plugins > 0 || has_messages {
            return Err(TenantError::InUse { plugins, has_messages });
        }
        Ok(())
    }

    async fn unregister_tenant(&self, name: &Name, version: u64) -> Result<(), TenantError> {
        let written = self.store.unregister(name.clone(), Kind::Tenant, String::new(), version).await?;
        if written == Written::Conflict {
            return Err(TenantError::Busy);
        }
        Ok(self.apply_now().await?)
    }

    /// For good: a later tenant of the same name does not bring them back.
    async fn revoke_keys(&self, name: &Name) -> Result<Vec<Name>, StoreError> {
        let mut keys = self.store.keys().await?;
        keys.retain(|key| key.tenant == *name && key.revoked_ms.is_none());
        let revoked_ms = Some(clock::now_ms());
        for key in &keys {
            self.store.put_key(ApiKey { revoked_ms, ..key.clone() }).await?;
        }
        Ok(keys.into_iter().map(|key| key.id).collect())
    }

    async fn take_back(&self, name: &Name) -> Result<usize, StoreError> {
        let mut taken_back = 0;
        let mut before = None;
        for _ in 0..CANCELLED_MAX / PAGE_ROWS_MAX as usize {
            let states = vec![State::Queued, State::Held];
            let tenant = Some(name.clone());
            let page = Filter { tenant, states, before, rows_max: PAGE_ROWS_MAX, ..Filter::default() };
            let rows = self.store.list(page).await?;
            let Some(last) = rows.last() else { break };
            before = Some(last.envelope.id);
            let cancels =
                rows.iter().map(|row| self.store.cancel(name.clone(), row.envelope.id, clock::now_ms()));
            for cancelled in join_all(cancels).await {
                taken_back += usize::from(cancelled?.is_some_and(|(_, changed)| changed));
            }
        }
        Ok(taken_back)
    }

    async fn remove_plugins(&self, name: &Name) -> Result<usize, StoreError> {
        let mut plugins = 0;
        for kind in [Kind::Plugin, Kind::Revision, Kind::Activity] {
            for item in self.store.registered(Some(name.clone()), kind).await? {
                if let (Kind::Revision, Some(revision)) = (kind, record::<RevisionRecord>(&item)) {
                    self.store.delete_component(name.clone(), revision.component).await?;
                }
                if kind == Kind::Plugin {
                    self.activities.forget(name, &item.name);
                    plugins += 1;
                }
                self.store.unregister(name.clone(), kind, item.name, item.version).await?;
            }
        }
        Ok(plugins)
    }
}
