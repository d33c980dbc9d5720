//! A tenant's components, loaded, and the decisions that they make about a message.

mod build;
mod policies;
mod stages;

use std::sync::Arc;

use tokio::sync::SemaphorePermit;
use waypost_core::registry::Plan;
use waypost_core::tenant::TenantTerms;

use crate::plugins::{Budget, Fitting};
use crate::provider::Provider;
use crate::secrets::Secret;

pub use build::{BuildError, Loader, wants_simulator};
pub use stages::{Bound, Deciding, Stages};

/// A tenant as the gateway runs it.
#[derive(Clone)]
pub struct Tenant {
    /// What holds for it.
    pub terms: TenantTerms,
    /// What its own components may use.
    pub plan: Plan,
    /// What they have used of the plan's time.
    pub budget: Budget,
    /// Signs callbacks.
    pub callback_secret: Option<Secret>,
    /// The version of its record in the registry; 0: it is in the configuration.
    pub registered: u64,
    /// The operator's components.
    configured: Stages,
    /// These and the tenant's plugins: what is asked.
    stages: Stages,
    /// What the plugins in `stages` were fitted from.
    fittings: Vec<Fitting>,
    providers: Vec<Arc<Provider>>,
}

impl Tenant {
    /// Providers that may carry this tenant's messages.
    pub fn providers(&self) -> &[Arc<Provider>] {
        &self.providers
    }

    /// What its plugins were fitted from.
    pub fn fittings(&self) -> &[Fitting] {
        &self.fittings
    }

    /// The operator's components alone.
    pub fn configured(&self) -> &Stages {
        &self.configured
    }

    /// True where one of its own plugins is asked about messages.
    pub fn asks_own(&self) -> bool {
        self.fittings.iter().any(|fitting| fitting.active.is_some())
    }

    /// Waits until another request of this tenant may be decided: at once, unless its own plugins are slow.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        if self.asks_own() { self.budget.turn().await } else { None }
    }

    /// The same tenant under another plan, without its plugins: they are loaded under the plan's limits.
    /// `configured_percent` is how many messages its settings record.
    #[must_use]
    pub fn planned(&self, plan: Plan, budget: Budget, configured_percent: u32) -> Self {
        Self {
            terms: self.terms.under(&plan, configured_percent),
            plan,
            budget,
            stages: self.configured.clone(),
            fittings: Vec::new(),
            ..self.clone()
        }
    }

    /// The same tenant with these plugins. `stages` begin with its configured ones.
    #[must_use]
    pub fn fitted(&self, stages: Stages, fittings: Vec<Fitting>) -> Self {
        Self { stages, fittings, ..self.clone() }
    }
}
