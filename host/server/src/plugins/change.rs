//! Changes to a plugin: each is one write that fails where somebody else was quicker, and is then
//! tried again on what they have left.

use waypost_core::decision::{Name, Role};
use waypost_core::registry::{Binding, Item, Kind, PluginRecord, RevisionState, Written};

use super::catalog::record;
use super::shelf::{item_name, state_in_words};
use super::{PluginError, Plugins};
use crate::clock;
use crate::pipeline::Tenant;

/// Tries of one change.
const TRIES_MAX: usize = 8;
/// Most calls of one instance that a binding may ask for.
pub const REUSE_CALLS_MAX: u32 = 1_000_000;
/// Highest place in the order.
pub const ORDER_MAX: u16 = 1000;

/// What somebody wants of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// This revision decides from now on.
    Activate(String),
    /// Nobody decides for this plugin any more.
    Deactivate,
    /// This revision is asked beside whatever decides; None: none is.
    Shadow(Option<String>),
    /// The revision decides that did so before.
    RollBack,
    /// It is bound in another way.
    Bind(Binding),
}

impl Plugins {
    /// A plugin with the version of its record.
    ///
    /// # Errors
    /// [`PluginError::PluginUnknown`], [`PluginError::Store`].
    pub async fn plugin(&self, tenant: &Name, plugin: &str) -> Result<(u64, PluginRecord), PluginError> {
        let item = self.store.registered_one(tenant.clone(), Kind::Plugin, plugin.to_owned()).await?;
        let item = item.ok_or(PluginError::PluginUnknown)?;
        Ok((item.version, record(&item).ok_or(PluginError::PluginUnknown)?))
    }

    /// Changes a plugin and lets the change run here; other hosts follow by themselves.
    ///
    /// # Errors
    /// [`PluginError`]; nothing was changed.
    pub async fn change(
        &self,
        tenant: &Tenant,
        plugin: &str,
        key: &Name,
        change: &Change,
    ) -> Result<PluginRecord, PluginError> {
        let name = &tenant.terms.name;
        for _ in 0..TRIES_MAX {
            let (version, mut record) = self.plugin(name, plugin).await?;
            self.apply(tenant, plugin, &mut record, change).await?;
            record.changed_ms = clock::now_ms();
            record.changed_by = key.clone();
            let item = item(name, Kind::Plugin, plugin.to_owned(), version + 1, &record);
            if self.store.register(item).await? == Written::Done {
                self.apply_now().await?;
                return Ok(record);
            }
        }
        Err(PluginError::Busy)
    }

    /// Deletes a revision that nobody uses, and its component where no other revision has it.
    ///
    /// # Errors
    /// [`PluginError`].
    pub async fn delete_revision(
        &self,
        tenant: &Name,
        plugin: &str,
        revision: &str,
    ) -> Result<(), PluginError> {
        let (_, used) = self.plugin(tenant, plugin).await?;
        if used.uses(revision) {
            return Err(PluginError::InUse);
        }
        let (version, record) = self.revision(tenant, plugin, revision).await?;
        let name = item_name(plugin, revision);
        if self.store.unregister(tenant.clone(), Kind::Revision, name, version).await? == Written::Conflict {
            return Err(PluginError::Busy);
        }
        self.drop_component(tenant, &record.component).await
    }

    /// Deletes a plugin that decides nothing, with its revisions.
    ///
    /// # Errors
    /// [`PluginError`].
    pub async fn delete(&self, tenant: &Name, plugin: &str) -> Result<(), PluginError> {
        let (version, record) = self.plugin(tenant, plugin).await?;
        if record.active.is_some() || record.shadow.is_some() {
            return Err(PluginError::InUse);
        }
        let name = plugin.to_owned();
        if self.store.unregister(tenant.clone(), Kind::Plugin, name, version).await? == Written::Conflict {
            return Err(PluginError::Busy);
        }
        for (revision, version, record) in self.revisions(tenant, plugin).await? {
            let name = item_name(plugin, &revision);
            self.store.unregister(tenant.clone(), Kind::Revision, name, version).await?;
            self.drop_component(tenant, &record.component).await?;
        }
        Ok(self.forget_seen(tenant, plugin).await?)
    }

    /// Lets changes run here now, and not with the next look.
    pub(super) async fn apply_now(&self) -> Result<(), PluginError> {
        if let Some(running) = self.running.get().and_then(std::sync::Weak::upgrade) {
            self.catch_up(&running, true).await?;
        }
        Ok(())
    }

    async fn drop_component(&self, tenant: &Name, component: &str) -> Result<(), PluginError> {
        let revisions = self.store.registered(Some(tenant.clone()), Kind::Revision).await?;
        let mut records = revisions.iter().filter_map(record::<waypost_core::registry::RevisionRecord>);
        if records.all(|record| record.component != component) {
            self.store.delete_component(tenant.clone(), component.to_owned()).await?;
        }
        Ok(())
    }

    async fn apply(
        &self,
        tenant: &Tenant,
        plugin: &str,
        record: &mut PluginRecord,
        change: &Change,
    ) -> Result<(), PluginError> {
        match change {
            Change::Activate(revision) => {
                self.check_ready(tenant, plugin, record, revision).await?;
                self.check_stage(tenant, plugin, record.role).await?;
                record.activate(revision);
            }
            Change::Deactivate => {
                if let Some(before) = record.active.take() {
                    record.previous.insert(0, before);
                    record.previous.truncate(PluginRecord::HISTORY_MAX);
                }
            }
            Change::Shadow(None) => record.shadow = None,
            Change::Shadow(Some(revision)) => {
                self.check_ready(tenant, plugin, record, revision).await?;
                record.shadow = Some(revision.clone());
            }
            Change::RollBack => {
                let before = record.roll_back().ok_or(PluginError::NothingBefore)?.to_owned();
                self.check_ready(tenant, plugin, record, &before).await?;
                self.check_stage(tenant, plugin, record.role).await?;
            }
            Change::Bind(binding) => record.binding = checked(*binding, record.role)?,
        }
        Ok(())
    }

    /// Loads it here, so that what cannot be loaded is found before it decides.
    async fn check_ready(
        &self,
        tenant: &Tenant,
        plugin: &str,
        record: &PluginRecord,
        revision: &str,
    ) -> Result<(), PluginError> {
        let (_, found) = self.revision(&tenant.terms.name, plugin, revision).await?;
        if !matches!(found.state, RevisionState::Ready { .. }) {
            return Err(PluginError::NotReady(state_in_words(&found.state)));
        }
        self.load(tenant, plugin, record.role, revision, record.binding).await?;
        Ok(())
    }

    /// Sender and routing have one place each.
    async fn check_stage(&self, tenant: &Tenant, plugin: &str, role: Role) -> Result<(), PluginError> {
        if !role.has_one_place() {
            return Ok(());
        }
        if tenant.configured().has_taken(role) {
            return Err(PluginError::StageTaken("a component of the operator's configuration".to_owned()));
        }
        for item in self.store.registered(Some(tenant.terms.name.clone()), Kind::Plugin).await? {
            let Some(other) = record::<PluginRecord>(&item) else { continue };
            if item.name != plugin && other.role == role && other.active.is_some() {
                return Err(PluginError::StageTaken(format!("the plugin {}", item.name)));
            }
        }
        Ok(())
    }
}

fn checked(binding: Binding, role: Role) -> Result<Binding, PluginError> {
    if !binding.fits(role) {
        let text = if role == Role::Routing {
            "`on_failure` of routing is `default` or `refuse`"
        } else {
            "`on_failure` is `refuse` or `skip`; `default` is for routing"
        };
        return Err(PluginError::BindingUnfit(text));
    }
    if binding.order > ORDER_MAX {
        return Err(PluginError::BindingUnfit("`order` is 0 to 1000"));
    }
    if !(1..=REUSE_CALLS_MAX).contains(&binding.reuse_calls) {
        return Err(PluginError::BindingUnfit("`reuse_calls` is 1 to 1000000"));
    }
    Ok(binding)
}

/// An item with its record as JSON.
pub(super) fn item(
    tenant: &Name,
    kind: Kind,
    name: String,
    version: u64,
    record: &impl serde::Serialize,
) -> Item {
    // Records are strings, numbers and JSON values: writing them does not fail.
    let record = serde_json::to_string(record).unwrap_or_default();
    Item { tenant: tenant.clone(), kind, name, version, record }
}
