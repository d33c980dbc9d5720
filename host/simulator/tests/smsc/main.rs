//! The SMSC against clients that share no code with it: one of raw octets, and PyPI's `smpplib`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by unwrapping it")]

mod answers;
mod binds;
mod breaks;
mod client;
mod control;
mod python;
mod receipts;
mod table;

use waypost_simulator::smsc::{Script, Smsc};

async fn start(script: &str) -> Smsc {
    Smsc::start(Script::from_toml(script).unwrap()).await.unwrap()
}
