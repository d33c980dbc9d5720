//! A tenant's components, loaded, and the decisions that they make about a draft.

mod build;
mod decide;

use std::sync::Arc;

use waypost_core::config::{AllowedHost, OnFailure};
use waypost_core::decision::{DecisionRecord, Name, Refusal};
use waypost_core::lifecycle::accept::Rules;
use waypost_core::message::Draft;
use waypost_core::rate::AcceptLimits;
use waypost_engine::{Routing, Screening, SenderIdentity};

use crate::provider::Provider;
use crate::secrets::Secret;

pub use build::{BuildError, Loader, wants_simulator};

/// A tenant as the gateway runs it.
pub struct Tenant {
    /// Its name in the configuration.
    pub name: Name,
    /// How its numbers are read and its texts planned.
    pub rules: Rules,
    /// What its messages are held to when they are accepted.
    pub limits: AcceptLimits,
    /// Signs callbacks.
    pub callback_secret: Option<Secret>,
    screening: Vec<Bound<Screening>>,
    sender: Option<Bound<SenderIdentity>>,
    routing: Option<Bound<Routing>>,
    providers: Vec<Arc<Provider>>,
    callback_hosts: Vec<AllowedHost>,
}

/// A component in its place, with what happens when it fails.
struct Bound<T> {
    component: T,
    on_failure: OnFailure,
}

/// What the components decided about a draft.
pub struct Decided {
    /// With the sender that was chosen.
    pub draft: Draft,
    /// Every decision, in order.
    pub records: Vec<DecisionRecord>,
    /// Where it goes, or why not.
    pub answer: Result<Admission, Refusal>,
}

/// A message may go.
pub struct Admission {
    /// Providers, best first; at least one.
    pub routes: Vec<Arc<Provider>>,
    /// Not before this time, in Unix milliseconds.
    pub held_until_ms: Option<u64>,
    /// By the first route, for the whole message, in millionths of the currency.
    pub price_micros: Option<u64>,
}

impl Tenant {
    /// Providers that may carry this tenant's messages.
    pub fn providers(&self) -> &[Arc<Provider>] {
        &self.providers
    }

    /// True where the configuration allows the URL's host to be called back.
    pub fn permits_callback(&self, url: &str) -> bool {
        crate::transport::is_allowed(url, &self.callback_hosts)
    }
}
