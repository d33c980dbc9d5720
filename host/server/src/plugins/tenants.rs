//! Tenants that are made, changed and deleted while Waypost runs, and the plans of those of the
//! configuration.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use waypost_core::config::{Config, ConfigErrors};
use waypost_core::decision::Name;
use waypost_core::limits::REGISTRY_RECORD_BYTES_MAX;
use waypost_core::registry::{Item, Kind, Plan, PlanProblem, TenantRecord, Written};
use waypost_store::StoreError;

use super::catalog::record;
use super::change::item;
use super::follow::{Base, built_in, with_tenants};
use super::{PluginError, Plugins};
use crate::clock;
use crate::gateway::Gateway;

/// Tries of one change.
const TRIES_MAX: usize = 8;
/// Most tenants of configuration and registry together: as many as a file may have.
const TENANTS_MAX: usize = waypost_core::config::limits::TENANTS_MAX;

/// A tenant as it is known here.
#[derive(Debug, Clone)]
pub struct KnownTenant {
    /// Its name.
    pub name: Name,
    /// The configuration has it; its record, if there is one, holds only its plan.
    pub is_configured: bool,
    /// The version of its record; 0: it has none.
    pub version: u64,
    /// What is registered.
    pub record: Option<TenantRecord>,
    /// It runs on this host.
    pub runs: bool,
}

/// What somebody wants of a tenant. What is left out stays as it is.
#[derive(Debug, Clone, Default)]
pub struct WantedTenant {
    /// What `[tenants.<name>]` would say. None for a new one: nothing.
    pub settings: Option<Value>,
    /// What its components may use. None for a new one: the usual plan.
    pub plan: Option<Plan>,
    /// Whether its keys are taken. None for a new one: they are.
    pub enabled: Option<bool>,
}

/// What a change takes for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Anything,
    /// There is no such tenant.
    Nothing,
    /// There is one.
    Something,
    /// Its record has this version.
    Version(u64),
}

/// Why a tenant was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// There is none of that name.
    #[error("there is no tenant of this name; `GET /v1/tenants` lists them")]
    Unknown,
    /// The settings are wrong.
    #[error("{0}")]
    Settings(ConfigErrors),
    /// The settings are well-formed and cannot be run here.
    #[error("{0}")]
    NotLoadable(String),
    /// The settings are too large.
    #[error("settings and plan are larger than {REGISTRY_RECORD_BYTES_MAX} bytes")]
    TooLarge,
    /// The plan is wrong.
    #[error("the plan is out of range")]
    Plan(Vec<PlanProblem>),
    /// The configuration says what the tenant is.
    #[error(
        "the configuration file has this tenant: change or remove it there; only its `plan` can be set here"
    )]
    Configured,
    /// It would leave something behind.
    #[error("the tenant has {plugins} plugins{}", if *has_messages { " and messages that have not left" } else { "" })]
    InUse {
        /// How many plugins.
        plugins: usize,
        /// Whether messages wait.
        has_messages: bool,
    },
    /// As many tenants as there may be.
    #[error("there are {TENANTS_MAX} tenants, which is the limit")]
    Full,
    /// It is not as the caller takes it for.
    #[error("the tenant has the version {0} now: read it again")]
    Changed(u64),
    /// Others change it all the time.
    #[error("others are changing the same tenant: try again")]
    Busy,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PluginError> for TenantError {
    fn from(error: PluginError) -> Self {
        match error {
            PluginError::Store(error) => Self::Store(error),
            _ => Self::Busy,
        }
    }
}

impl KnownTenant {
    /// The plan that holds for it.
    pub fn plan(&self) -> Plan {
        self.record.as_ref().map(|record| record.plan.clone()).unwrap_or_default()
    }
}

impl Plugins {
    /// Every tenant, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tenants(&self, gateway: &Gateway) -> Result<Vec<KnownTenant>, StoreError> {
        let items = self.store.registered(None, Kind::Tenant).await?;
        let mut items: BTreeMap<Name, Item> =
            items.into_iter().map(|item| (item.tenant.clone(), item)).collect();
        let mut names: BTreeSet<Name> = items.keys().cloned().collect();
        names.extend(gateway.file.tenants.keys().map(|name| Name::from(name.as_str())));
        Ok(names
            .into_iter()
            .filter_map(|name| {
                let item = items.remove(&name);
                known(gateway, &name, item.as_ref())
            })
            .collect())
    }

    /// One tenant.
    ///
    /// # Errors
    /// [`TenantError::Unknown`], [`TenantError::Store`].
    pub async fn tenant(&self, gateway: &Gateway, name: &Name) -> Result<KnownTenant, TenantError> {
        let item = self.store.registered_one(name.clone(), Kind::Tenant, String::new()).await?;
        known(gateway, name, item.as_ref()).ok_or(TenantError::Unknown)
    }

    /// Makes or changes a tenant, or sets the plan of one of the configuration. When this answers, it holds
    /// here; other hosts follow by themselves.
    ///
    /// # Errors
    /// [`TenantError`]; nothing was changed.
    pub async fn put_tenant(
        &self,
        gateway: &Gateway,
        name: &Name,
        wanted: &WantedTenant,
        expected: Expected,
        key: &Name,
    ) -> Result<KnownTenant, TenantError> {
        for _ in 0..TRIES_MAX {
            let before = match self.tenant(gateway, name).await {
                Ok(before) => Some(before),
                Err(TenantError::Unknown) => None,
                Err(error) => return Err(error),
            };
            check_expected(before.as_ref(), expected)?;
            let record = self.wanted_record(gateway, name, before.as_ref(), wanted, key).await?;
            let version = before.map_or(0, |before| before.version) + 1;
            let item = item(name, Kind::Tenant, String::new(), version, &record);
            if item.record.len() > REGISTRY_RECORD_BYTES_MAX {
                return Err(TenantError::TooLarge);
            }
            if self.store.register(item).await? == Written::Done {
                self.apply_now().await?;
                let runs = record.enabled;
                let is_configured = gateway.file.tenants.contains_key(&**name);
                return Ok(KnownTenant {
                    name: name.clone(),
                    is_configured,
                    version,
                    record: Some(record),
                    runs,
                });
            }
        }
        Err(TenantError::Busy)
    }

    async fn wanted_record(
        &self,
        gateway: &Gateway,
        name: &Name,
        before: Option<&KnownTenant>,
        wanted: &WantedTenant,
        key: &Name,
    ) -> Result<TenantRecord, TenantError> {
        let is_configured = gateway.file.tenants.contains_key(&**name);
        if is_configured && (wanted.settings.is_some() || wanted.enabled == Some(false)) {
            return Err(TenantError::Configured);
        }
        let now_ms = clock::now_ms();
        let known = before.and_then(|before| before.record.as_ref());
        let settings = wanted.settings.clone().or_else(|| known.and_then(|record| record.settings.clone()));
        let plan =
            wanted.plan.clone().or_else(|| known.map(|record| record.plan.clone())).unwrap_or_default();
        let problems = plan.problems();
        if !problems.is_empty() {
            return Err(TenantError::Plan(problems));
        }
        let record = TenantRecord {
            settings: (!is_configured).then(|| settings.unwrap_or_else(|| json!({}))),
            plan,
            enabled: wanted.enabled.or(known.map(|record| record.enabled)).unwrap_or(true),
            created_ms: known.map_or(now_ms, |record| record.created_ms),
            changed_ms: now_ms,
            changed_by: key.clone(),
        };
        if before.is_none() && self.tenants(gateway).await?.len() >= TENANTS_MAX {
            return Err(TenantError::Full);
        }
        if let Some(settings) = &record.settings {
            self.check_settings(gateway, name, settings, &record)?;
        }
        Ok(record)
    }

    /// Reads the settings as a file is read, and loads what they name.
    fn check_settings(
        &self,
        gateway: &Gateway,
        name: &Name,
        settings: &Value,
        record: &TenantRecord,
    ) -> Result<(), TenantError> {
        let file: &Config = &gateway.file;
        let read = file.read_tenant(name, settings, &built_in()).map_err(TenantError::Settings)?;
        gateway.config.check_numbers(name, &read).map_err(TenantError::Settings)?;
        let all = BTreeMap::from([(name.clone(), read)]);
        let config = with_tenants(&gateway.file, &all, &mut Vec::new());
        for read in all.values() {
            let base = Base { config: &config, files: &gateway.files, providers: &gateway.providers };
            self.registered(base, name, read, record, 0).map_err(TenantError::NotLoadable)?;
        }
        Ok(())
    }
}

pub(super) fn check_expected(before: Option<&KnownTenant>, expected: Expected) -> Result<(), TenantError> {
    let version = before.map(|before| before.version);
    let is_so = match expected {
        Expected::Anything => true,
        Expected::Nothing => version.is_none(),
        Expected::Something => version.is_some(),
        Expected::Version(expected) => version == Some(expected),
    };
    if is_so { Ok(()) } else { Err(TenantError::Changed(version.unwrap_or(0))) }
}

fn known(gateway: &Gateway, name: &Name, item: Option<&Item>) -> Option<KnownTenant> {
    let is_configured = gateway.file.tenants.contains_key(&**name);
    if item.is_none() && !is_configured {
        return None;
    }
    Some(KnownTenant {
        name: name.clone(),
        is_configured,
        version: item.map_or(0, |item| item.version),
        record: item.and_then(record),
        runs: gateway.tenants.contains_key(name),
    })
}
