//! Sessions against an SMSC made of raw octets, and against independent ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by unwrapping it")]

mod deliveries;
mod hostile;
mod link_death;
mod node_peer;
mod sessions;
mod smsc;
mod submits;
mod tls;
mod trace;
