//! What is registered, read from the store as a whole.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use tracing::error;
use waypost_core::decision::Name;
use waypost_core::registry::{Item, Kind, PluginRecord, TenantRecord};
use waypost_store::{Store, StoreError};

/// Everything that is registered but revisions.
#[derive(Debug, Default)]
pub struct Catalog {
    /// The registry's version before it was read: what was changed meanwhile is read again.
    pub version: u64,
    /// By tenant.
    pub tenants: BTreeMap<Name, Registered>,
}

/// What is registered of one tenant.
#[derive(Debug, Default)]
pub struct Registered {
    /// Its own record, with the version of that, where it was made while Waypost ran.
    pub record: Option<(u64, TenantRecord)>,
    /// Its plugins by name.
    pub plugins: BTreeMap<String, PluginRecord>,
}

impl Catalog {
    /// Reads all of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let mut catalog = Self { version: store.registry_version().await?, ..Self::default() };
        for item in store.registered(None, Kind::Tenant).await? {
            if let Some(record) = record(&item) {
                catalog.tenants.entry(item.tenant).or_default().record = Some((item.version, record));
            }
        }
        for item in store.registered(None, Kind::Plugin).await? {
            if let Some(record) = record(&item) {
                catalog.tenants.entry(item.tenant).or_default().plugins.insert(item.name, record);
            }
        }
        Ok(catalog)
    }
}

/// An item's record. None: it is from another version, and the log says so.
pub fn record<T: DeserializeOwned>(item: &Item) -> Option<T> {
    match serde_json::from_str(&item.record) {
        Ok(record) => Some(record),
        Err(error) => {
            let (tenant, kind, name) = (&item.tenant, item.kind.as_str(), &item.name);
            error!(%tenant, kind, %name, %error, "something registered cannot be read, and is left out");
            None
        }
    }
}
