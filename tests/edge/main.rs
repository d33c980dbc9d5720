//! The components of `edge/` in the test host, over a real Redis, with the simulator's carrier as the
//! provider: what a Spin application of Waypost does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by unwrapping it")]

mod client;
mod cost;
mod faults;
mod package;
mod relay;
mod sending;
mod size;
mod stage;
mod tenants;
mod webhooks;
