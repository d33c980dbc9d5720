//! Runs fixtures against a revision: the real component, in this host's engine.

use waypost_core::decision::Name;
use waypost_engine::fixture::{self, Fixture, FixtureError, Report};
use waypost_engine::{LoadRequest, NoSecrets, Reuse};

use super::{PluginError, Plugins};
use crate::pipeline::Tenant;

use std::sync::Arc;

/// Most fixtures of one request: each may load the component anew, with its own settings.
pub const FIXTURES_MAX: usize = 100;

/// What came of one fixture.
pub type Ran = Result<Report, Failure>;

/// A fixture that could not be run.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It is wrong itself.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// The component does not take the fixture's settings.
    #[error("{reason}")]
    Settings {
        /// Stable.
        code: &'static str,
        /// For people.
        reason: String,
    },
}

impl Failure {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fixture(error) => error.code(),
            Self::Settings { code, .. } => code,
        }
    }
}

impl Plugins {
    /// Asks a revision what the fixtures ask, in their order.
    ///
    /// # Errors
    /// [`PluginError`]; what is wrong with single fixtures is in their place.
    pub async fn test(
        &self,
        tenant: &Tenant,
        plugin: &str,
        revision: &str,
        fixtures: Vec<Fixture>,
    ) -> Result<Vec<Ran>, PluginError> {
        let name = &tenant.terms.name;
        let (_, record) = self.plugin(name, plugin).await?;
        let loaded = self.load(tenant, plugin, record.role, revision, record.binding).await?;
        let (_, found) = self.revision(name, plugin, revision).await?;
        let component = if fixtures.iter().any(|fixture| fixture.settings.is_some()) {
            self.store.component(name.clone(), found.component).await?
        } else {
            None
        };
        let (engine, limits) = (self.engine().clone(), waypost_engine::Limits::for_plan(&tenant.plan));
        let (plugin, role) = (Name::from(plugin), record.role);
        let run = move |fixture: &Fixture| -> Ran {
            let own;
            let asked = match (&fixture.settings, &component) {
                (Some(settings), Some(component)) => {
                    let request = LoadRequest {
                        name: plugin.clone(),
                        role,
                        component,
                        settings,
                        limits: limits.clone(),
                        reuse: Reuse::Fresh,
                        secrets: Arc::new(NoSecrets),
                    };
                    own = engine.load(request).map_err(|error| Failure::Settings {
                        code: error.code(),
                        reason: error.to_string(),
                    })?;
                    &own
                }
                _ => &loaded,
            };
            Ok(fixture::run(asked, fixture)?)
        };
        let ran = tokio::task::spawn_blocking(move || fixtures.iter().map(run).collect());
        ran.await.map_err(|error| PluginError::Unanswerable(format!("a fixture ended badly: {error}")))
    }
}
