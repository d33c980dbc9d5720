//! A tenant's components, loaded, and the decisions that they make about a message.

mod build;
mod policies;
mod stages;

use std::sync::Arc;

use waypost_core::registry::Plan;
use waypost_core::tenant::TenantTerms;

use crate::plugins::Fitting;
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

    /// The same tenant with these plugins. `stages` begin with its configured ones.
    #[must_use]
    pub fn fitted(&self, stages: Stages, fittings: Vec<Fitting>) -> Self {
        Self { stages, fittings, ..self.clone() }
    }
}
