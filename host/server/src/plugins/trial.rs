//! Runs fixtures against a revision: the real component, in this host's engine.

use waypost_core::decision::Name;
use waypost_engine::fixture::{self, Fixture, FixtureError, Report};
use waypost_engine::{LoadRequest, NoSecrets, Reuse};

use super::{PluginError, Plugins, apart};
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

impl Plugins {
    /// Asks a revision what the fixtures ask, in their order.
    ///
    /// # Errors
    /// [`PluginError`]; what is wrong with single fixtures is in their place.
    pub async fn test(
        self: &Arc<Self>,
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
        // Until they have ended, whether or not somebody waits for them.
        let turn = tenant.budget.test().await;
        let (this, limits) = (self.clone(), waypost_engine::Limits::for_plan(&tenant.plan));
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
                    // In a child process: settings may keep a component busy for long.
                    let loaded = this.compiler.load(this.engine(), request, &mut |_| {});
                    (own, _) = loaded.map_err(|error| Failure::Settings {
                        code: error.code().to_owned(),
                        reason: error.to_string(),
                    })?;
                    &own
                }
                _ => &loaded,
            };
            Ok(fixture::run(asked, fixture)?)
        };
        let ran = apart::idle("fixtures", move || {
            let _turn = turn;
            fixtures.iter().map(run).collect()
        });
        let ran = ran.map_err(|error| PluginError::Unanswerable(error.to_string()))?;
        ran.await.map_err(|error| PluginError::Unanswerable(format!("a fixture ended badly: {error}")))
    }
}
