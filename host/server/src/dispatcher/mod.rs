//! From the store to the provider and back: one lane for each provider, so that a slow one holds
//! up nobody else.
//!
//! claim (store) → submit (component, transport, component) → settle (store)

mod bell;
mod lane;
mod lease;
mod reroute;
mod submit;
mod trial;

pub use bell::ring;
pub use lane::run as lane;
pub use reroute::leave_route;
