//! The test host does what Spin does, shown with the components of `tests/edge-host/guests`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by unwrapping it")]

mod chaining;
mod composition;
mod instances;
mod redis;
mod requests;
mod start;
#[path = "../../benches/support/mod.rs"]
mod support;
