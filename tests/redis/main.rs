//! Waypost on Redis: many hosts, and what happens when Redis fails. Real `redis-server` processes, real
//! hosts, the simulator's carrier as a process of its own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests say what they expect by unwrapping it"
)]

#[path = "../kit/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the tests of one host")]
mod kit;

mod circuits;
mod faults;
mod hosts;
mod limits;
mod plugins;
mod shared_config;
mod start;
mod tenants;
mod world;
