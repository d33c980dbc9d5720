//! Runs fixtures against a revision: the real component, in this host's engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use waypost_core::decision::{Name, Role};
use waypost_engine::fixture::{self, Fixture, FixtureError, Report};
use waypost_engine::{CompiledRequest, Limits, LoadRequest, Loaded, NoSecrets, Reuse};

use super::{PluginError, Plugins, apart};
use crate::clock;
use crate::pipeline::Tenant;

/// Most fixtures of one request.
pub const FIXTURES_MAX: usize = 100;
/// Most settings of their own that the fixtures of one request have: for each the component is compiled.
pub const SETTINGS_MAX: usize = 8;
/// Most requests at once on this host.
pub(super) const TESTS_MAX: usize = 4;

/// What came of one fixture.
pub type Ran = Result<Report, Failure>;

/// A fixture that could not be run.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// It is wrong itself.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// The component does not take the fixture's settings, or may not be compiled for them now.
    #[error("{reason}")]
    Settings {
        /// Stable.
        code: String,
        /// For people.
        reason: String,
    },
}

impl Failure {
    /// A stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Fixture(error) => error.code(),
            Self::Settings { code, .. } => code,
        }
    }
}

/// A component with what it takes to load it under other settings.
struct Component {
    name: Name,
    role: Role,
    sha256: String,
    bytes: Vec<u8>,
    limits: Limits,
}

/// The component under settings of fixtures, by these.
type Loads = BTreeMap<String, Result<Loaded, Failure>>;

impl Plugins {
    /// Asks a revision what the fixtures ask, in their order: one request of a tenant at a time, on a
    /// thread that messages come before. Settings of a fixture that were not compiled yet count as an upload.
    ///
    /// # Errors
    /// [`PluginError`]; what is wrong with single fixtures is in their place.
    pub async fn test(
        self: &Arc<Self>,
        tenant: &Arc<Tenant>,
        plugin: &str,
        revision: &str,
        fixtures: Vec<Fixture>,
    ) -> Result<Vec<Ran>, PluginError> {
        let name = &tenant.terms.name;
        let place = self.tests.take(name).map_err(PluginError::TestsFull)?;
        let (_, record) = self.plugin(name, plugin).await?;
        let loaded = self.load(tenant, plugin, record.role, revision, record.binding).await?;
        let component = self.component_for(tenant, plugin, revision, record.role, &fixtures).await?;
        let (this, tenant) = (self.clone(), tenant.clone());
        let work = move || {
            let mut loads = Loads::new();
            let _place = place;
            let run = |fixture| this.run(&tenant, fixture, &loaded, component.as_ref(), &mut loads);
            fixtures.iter().map(run).collect()
        };
        let ran =
            apart::idle("fixtures", work).map_err(|error| PluginError::NotStarted(error.to_string()))?;
        ran.await.map_err(|_| PluginError::NotStarted("a fixture ended badly".to_owned()))
    }

    /// What fixtures with settings of their own need. None: there are no such.
    async fn component_for(
        &self,
        tenant: &Tenant,
        plugin: &str,
        revision: &str,
        role: Role,
        fixtures: &[Fixture],
    ) -> Result<Option<Component>, PluginError> {
        if fixtures.iter().all(|fixture| fixture.settings.is_none()) {
            return Ok(None);
        }
        let name = &tenant.terms.name;
        let (_, record) = self.revision(name, plugin, revision).await?;
        let bytes = self.store.component(name.clone(), record.component.clone()).await?;
        let bytes = bytes.ok_or(PluginError::RevisionUnknown)?;
        let limits = Limits::for_plan(&tenant.plan);
        Ok(Some(Component { name: plugin.into(), role, sha256: record.component, bytes, limits }))
    }

    fn run(
        &self,
        tenant: &Tenant,
        fixture: &Fixture,
        usual: &Loaded,
        component: Option<&Component>,
        loads: &mut Loads,
    ) -> Ran {
        let (Some(settings), Some(component)) = (&fixture.settings, component) else {
            return Ok(fixture::run(usual, fixture)?);
        };
        // Objects are kept by key, so that the same settings are the same text.
        let key = settings.to_string();
        if !loads.contains_key(&key) {
            let loaded = if loads.len() < SETTINGS_MAX {
                self.load_under(tenant, component, settings)
            } else {
                Err(too_many())
            };
            loads.insert(key.clone(), loaded);
        }
        match &loads[&key] {
            Ok(loaded) => Ok(fixture::run(loaded, fixture)?),
            Err(failure) => Err(failure.clone()),
        }
    }

    /// From the cache of compiled code, else compiled by a child process, as an upload is.
    fn load_under(
        &self,
        tenant: &Tenant,
        component: &Component,
        settings: &Value,
    ) -> Result<Loaded, Failure> {
        let Component { name, role, sha256, bytes, limits } = component;
        let known = self.engine().load_compiled(CompiledRequest {
            component_sha256: sha256,
            name: name.clone(),
            role: *role,
            settings,
            limits: limits.clone(),
            reuse: Reuse::Fresh,
            secrets: Arc::new(NoSecrets),
        });
        match known {
            Ok(Some(loaded)) => return Ok(loaded),
            Ok(None) => {}
            Err(error) => {
                return Err(Failure::Settings { code: error.code().to_owned(), reason: error.to_string() });
            }
        }
        self.uploads.take(&tenant.terms.name, &tenant.plan, clock::now_ms()).map_err(|error| {
            let reason = format!("these settings have to be compiled, which counts as an upload: {error}");
            Failure::Settings { code: "uploads_limited".to_owned(), reason }
        })?;
        let request = LoadRequest {
            name: name.clone(),
            role: *role,
            component: bytes,
            settings,
            limits: limits.clone(),
            reuse: Reuse::Fresh,
            secrets: Arc::new(NoSecrets),
        };
        let compiled = self.compiler.load(self.engine(), request, &mut |_| {});
        compiled
            .map(|(loaded, _)| loaded)
            .map_err(|error| Failure::Settings { code: error.code().to_owned(), reason: error.to_string() })
    }
}

fn too_many() -> Failure {
    let reason = format!(
        "the fixtures of one request may have {SETTINGS_MAX} settings of their own: send them in parts"
    );
    Failure::Settings { code: "fixture_settings_too_many".to_owned(), reason }
}
