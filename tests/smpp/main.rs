//! The built `waypost` binary with carriers that speak SMPP: the simulator, and implementations of others.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests say what they expect by unwrapping it"
)]

#[allow(dead_code, unused_imports, reason = "each test binary uses its part of the kit")]
#[path = "../kit/mod.rs"]
mod kit;

mod configuration;
mod inbound;
mod link_death;
mod node;
mod submits;
mod world;
