//! The test host does what Spin does, shown with the components of `tests/edge-host/guests`.

mod chaining;
mod composition;
mod instances;
mod redis;
mod requests;
mod start;
#[path = "../../benches/support/mod.rs"]
mod support;
