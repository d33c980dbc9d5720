//! Black-box tests: the built `waypost` binary as a process of its own, spoken to over HTTP and by
//! its command line, with providers that really answer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests say what they expect by unwrapping it"
)]

#[allow(dead_code, reason = "each test binary uses its part of the kit")]
#[path = "../kit/mod.rs"]
mod kit;

mod activity;
mod backtests;
mod bad_input;
mod border;
mod callbacks;
mod command_line;
mod crash;
mod failover;
mod hostile_tenant;
mod keys;
mod lifecycle;
mod limits;
mod numbers;
mod plugins;
mod privacy;
mod quick_start;
mod receiving;
mod shutdown;
mod tenants;
mod twilio;
mod vectors;
