//! `cargo xtask run`: the gateway with the simulator, ready to be tried.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Result, anyhow};

use crate::{command, setup};

/// Builds, and becomes the gateway: signals reach it directly.
pub fn run(arguments: &[String]) -> Result<()> {
    setup::wasm_target()?;
    command::build()?;
    let root = command::root();
    let error = Command::new(root.join("target/release/waypost"))
        .args(["serve", "--config", "waypost.toml", "--print-example"])
        .args(arguments)
        .current_dir(root)
        .exec();
    Err(anyhow!("cannot start the gateway: {error}"))
}
