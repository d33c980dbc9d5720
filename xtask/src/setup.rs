//! What a fresh machine lacks, installed.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::command;

const TARGET: &str = "wasm32-wasip2";

/// The target that components are compiled for.
pub fn wasm_target() -> Result<()> {
    let listed = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .current_dir(command::root())
        .output()
        .with_context(|| {
            format!("rustup is missing: install it, or add the target {TARGET} to your toolchain")
        })?;
    if String::from_utf8_lossy(&listed.stdout).lines().any(|line| line.trim() == TARGET) {
        return Ok(());
    }
    command::run(".", "rustup", &["target", "add", TARGET])
}
