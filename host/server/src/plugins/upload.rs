//! A component comes in: held to the tenant's plan, kept under its hash, put down for its check.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use sha2::{Digest as _, Sha256};
use waypost_core::config::is_name;
use waypost_core::decision::{Name, Role};
use waypost_core::limits::PLUGIN_SETTINGS_BYTES_MAX;
use waypost_core::rate::Rate;
use waypost_core::registry::{Kind, Plan, PluginRecord, RevisionRecord, RevisionState, Source, Written};
use waypost_engine::Revision;

use super::catalog::record;
use super::change::item;
use super::shelf::item_name;
use super::{PluginError, Plugins, apart};
use crate::clock;
use crate::pipeline::Tenant;

/// Longest note, in bytes.
pub const NOTE_BYTES_MAX: usize = 200;
/// Most uploads that are read at once: each may fill the largest component's size.
pub const AT_ONCE_MAX: usize = 8;
/// Most of them that are one tenant's: a slow upload holds its place for long.
pub const OF_A_TENANT_MAX: usize = 2;
const HOUR_S: f64 = 3600.0;

/// A component with its settings.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The plugin's name.
    pub plugin: String,
    /// The part that it plays; needed for a new plugin.
    pub role: Option<Role>,
    /// The component.
    pub component: Bytes,
    /// Its settings.
    pub settings: serde_json::Value,
    /// What its author says of it, at most [`NOTE_BYTES_MAX`] bytes.
    pub note: String,
}

/// What an upload led to.
#[derive(Debug, Clone)]
pub struct Uploaded {
    /// The revision's name.
    pub revision: String,
    /// As it is now.
    pub record: RevisionRecord,
    /// False: it was there already.
    pub is_new: bool,
}

/// When each tenant may upload next, on this host.
#[derive(Default)]
pub struct Rates(Mutex<BTreeMap<Name, u64>>);

impl Rates {
    /// # Errors
    /// Too many in the last hour.
    pub fn take(&self, tenant: &Name, plan: &Plan, now_ms: u64) -> Result<(), PluginError> {
        let per_hour = plan.uploads_per_hour.max(1);
        let rate = Rate::per_second(f64::from(per_hour) / HOUR_S, per_hour);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next_us = all.entry(tenant.clone()).or_default();
        let now_us = now_ms.saturating_mul(1000);
        match rate.take(*next_us, now_us, 1) {
            Ok(after_us) => {
                *next_us = after_us;
                Ok(())
            }
            Err(free_us) => {
                let retry_s = free_us.saturating_sub(now_us).div_ceil(1_000_000).max(1);
                Err(PluginError::UploadsLimited { per_hour, retry_s })
            }
        }
    }
}

/// Uploads that are being read, by tenant.
#[derive(Default)]
pub struct UnderWay(Mutex<BTreeMap<Name, usize>>);

/// A place for an upload, until it is dropped.
pub struct Place<'u> {
    under_way: &'u UnderWay,
    tenant: Name,
}

impl UnderWay {
    fn take(&self, tenant: &Name) -> Result<Place<'_>, PluginError> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(tenant).is_some_and(|own| *own >= OF_A_TENANT_MAX) {
            return Err(PluginError::UploadsAtOnce(OF_A_TENANT_MAX));
        }
        if all.values().sum::<usize>() >= AT_ONCE_MAX {
            return Err(PluginError::UploadsBusy);
        }
        *all.entry(tenant.clone()).or_default() += 1;
        Ok(Place { under_way: self, tenant: tenant.clone() })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut all = self.under_way.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&self.tenant) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(all.remove(&self.tenant)),
        }
    }
}

impl Plugins {
    /// A place for one upload, before its body is read: none of the plan's uploads is left, or too
    /// many are being read.
    ///
    /// # Errors
    /// [`PluginError::UploadsLimited`], [`PluginError::UploadsAtOnce`], [`PluginError::UploadsBusy`].
    pub fn begin_upload(&self, tenant: &Tenant) -> Result<Place<'_>, PluginError> {
        let place = self.under_way.take(&tenant.terms.name)?;
        self.uploads.take(&tenant.terms.name, &tenant.plan, clock::now_ms())?;
        Ok(place)
    }

    /// Takes an upload in. What comes of its check is in the revision's state, later.
    ///
    /// # Errors
    /// [`PluginError`]; nothing was kept.
    pub async fn upload(&self, tenant: &Tenant, key: &Name, upload: Upload) -> Result<Uploaded, PluginError> {
        let (name, plan) = (&tenant.terms.name, &tenant.plan);
        if !is_name(&upload.plugin) {
            return Err(PluginError::NameInvalid);
        }
        check_size(&upload, plan)?;
        let role = self.role(name, &upload, plan).await?;
        // Of many megabytes, which takes a while.
        let component = apart::beside(|| hex(&Sha256::digest(&upload.component)));
        let revision = Revision::of_hash(&component, &upload.settings);
        let revision = revision.map(|revision| revision.short().to_string()).unwrap_or_default();
        let known = match self.revision(name, &upload.plugin, &revision).await {
            Ok(known) => Some(known),
            Err(PluginError::RevisionUnknown) => None,
            Err(error) => return Err(error),
        };
        if let Some((_, record)) = &known
            && !matches!(record.state, RevisionState::Failed(_))
        {
            return Ok(Uploaded { revision, record: record.clone(), is_new: false });
        }
        if known.is_none() {
            self.make_room(name, &upload.plugin, plan).await?;
        }
        let bytes: Arc<[u8]> = apart::beside(|| upload.component.as_ref().into());
        self.store.put_component(name.clone(), component.clone(), bytes).await?;
        let record = RevisionRecord {
            component,
            component_bytes: upload.component.len() as u64,
            settings: upload.settings,
            state: RevisionState::Waiting,
            created_ms: clock::now_ms(),
            source: Source { key: key.clone(), note: upload.note },
        };
        let version = known.map_or(0, |(version, _)| version) + 1;
        let written = item(name, Kind::Revision, item_name(&upload.plugin, &revision), version, &record);
        if self.store.register(written).await? == Written::Conflict {
            return Err(PluginError::Busy);
        }
        let plugin = PluginRecord::new(role, clock::now_ms(), key.clone());
        // A conflict: the plugin is there already.
        self.store.register(item(name, Kind::Plugin, upload.plugin.clone(), 1, &plugin)).await?;
        self.queue.add(name, &upload.plugin, &revision);
        Ok(Uploaded { revision, record, is_new: true })
    }

    /// The revisions of a plugin with their versions, oldest first.
    ///
    /// # Errors
    /// [`PluginError::Store`].
    pub async fn revisions(
        &self,
        tenant: &Name,
        plugin: &str,
    ) -> Result<Vec<(String, u64, RevisionRecord)>, PluginError> {
        let items = self.store.registered(Some(tenant.clone()), Kind::Revision).await?;
        let own = items.iter().filter_map(|item| {
            let (of, revision) = item.name.split_once('/')?;
            (of == plugin).then_some((revision.to_owned(), item.version, record::<RevisionRecord>(item)?))
        });
        let mut revisions: Vec<_> = own.collect();
        revisions.sort_by(|a, b| (a.2.created_ms, &a.0).cmp(&(b.2.created_ms, &b.0)));
        Ok(revisions)
    }

    /// The role of the plugin, which an upload may leave out once it is known.
    async fn role(&self, tenant: &Name, upload: &Upload, plan: &Plan) -> Result<Role, PluginError> {
        match self.plugin(tenant, &upload.plugin).await {
            Ok((_, known)) if upload.role.is_none_or(|role| role == known.role) => Ok(known.role),
            Ok((_, known)) => Err(PluginError::RoleDiffers(known.role)),
            Err(PluginError::PluginUnknown) => {
                let role = upload.role.ok_or(PluginError::RoleMissing)?;
                if role == Role::Provider {
                    return Err(PluginError::RoleRefused(role));
                }
                let plugins = self.store.registered(Some(tenant.clone()), Kind::Plugin).await?.len();
                if plugins >= plan.plugins_max as usize {
                    return Err(PluginError::PluginsFull(plan.plugins_max));
                }
                Ok(role)
            }
            Err(error) => Err(error),
        }
    }

    /// The oldest revision that nobody uses, nor may want to roll back to, goes.
    async fn make_room(&self, tenant: &Name, plugin: &str, plan: &Plan) -> Result<(), PluginError> {
        let revisions = self.revisions(tenant, plugin).await?;
        if revisions.len() < plan.revisions_max as usize {
            return Ok(());
        }
        let (_, used) = self.plugin(tenant, plugin).await?;
        let spare = revisions.iter().find(|(revision, _, record)| {
            let is_checked = matches!(record.state, RevisionState::Ready { .. } | RevisionState::Failed(_));
            is_checked && !used.uses(revision) && !used.previous.contains(revision)
        });
        let Some((revision, ..)) = spare else { return Err(PluginError::RevisionsFull(plan.revisions_max)) };
        self.delete_revision(tenant, plugin, revision).await
    }
}

fn check_size(upload: &Upload, plan: &Plan) -> Result<(), PluginError> {
    let bytes = upload.component.len() as u64;
    if bytes > plan.component_bytes_max {
        return Err(PluginError::TooLarge { bytes, bytes_max: plan.component_bytes_max });
    }
    if upload.settings.to_string().len() > PLUGIN_SETTINGS_BYTES_MAX {
        return Err(PluginError::SettingsTooLarge);
    }
    Ok(())
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_uploads_ends_with_the_time_of_the_next() {
        let rates = Rates::default();
        let (acme, other) = (Name::from("acme"), Name::from("other"));
        let plan = Plan { uploads_per_hour: 60, ..Plan::default() };
        let taken = (0..100).filter(|_| rates.take(&acme, &plan, 1_000_000).is_ok()).count();
        assert_eq!(taken, 60);
        let refused = rates.take(&acme, &plan, 1_000_000);
        assert!(matches!(refused, Err(PluginError::UploadsLimited { per_hour: 60, retry_s: 60 })));
        assert!(rates.take(&other, &plan, 1_000_000).is_ok(), "another tenant's");
        assert!(rates.take(&acme, &plan, 1_060_000).is_ok());
    }

    #[test]
    fn nobody_takes_all_places() {
        let (under_way, slow) = (UnderWay::default(), Name::from("slow"));
        let held: Vec<_> = (0..10).filter_map(|_| under_way.take(&slow).ok()).collect();
        assert_eq!(held.len(), OF_A_TENANT_MAX);
        assert!(matches!(under_way.take(&slow), Err(PluginError::UploadsAtOnce(OF_A_TENANT_MAX))));
        let name = |number: usize| Name::from(format!("other-{number}").as_str());
        let others: Vec<_> = (0..20).filter_map(|number| under_way.take(&name(number)).ok()).collect();
        assert_eq!(others.len(), AT_ONCE_MAX - OF_A_TENANT_MAX);
        assert!(matches!(under_way.take(&"late".into()), Err(PluginError::UploadsBusy)));
        drop(held);
        assert!(under_way.take(&slow).is_ok());
        drop(others);
        assert!(under_way.0.lock().unwrap().is_empty());
    }
}
