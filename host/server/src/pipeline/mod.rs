//! A tenant's components, loaded, and the decisions that they make about a message.

mod build;
mod policies;

use std::sync::Arc;

use waypost_core::config::OnFailure;
use waypost_core::tenant::TenantTerms;
use waypost_engine::{Receiving, Routing, Screening, SenderIdentity};

use crate::provider::Provider;
use crate::secrets::Secret;

pub use build::{BuildError, Loader, wants_simulator};

/// A tenant as the gateway runs it.
pub struct Tenant {
    /// What holds for it.
    pub terms: TenantTerms,
    /// Signs callbacks.
    pub callback_secret: Option<Secret>,
    screening: Vec<Bound<Screening>>,
    sender: Option<Bound<SenderIdentity>>,
    routing: Option<Bound<Routing>>,
    receiving: Vec<Bound<Receiving>>,
    providers: Vec<Arc<Provider>>,
}

/// A component in its place, with what happens when it fails.
struct Bound<T> {
    component: T,
    on_failure: OnFailure,
}

impl Tenant {
    /// Providers that may carry this tenant's messages.
    pub fn providers(&self) -> &[Arc<Provider>] {
        &self.providers
    }
}
