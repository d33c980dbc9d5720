//! `cargo xtask bench`: the figures of the issue that asked for them.

use anyhow::Result;

use crate::{command, setup};

/// Builds everything that is measured, and measures. `--json` prints one line a figure.
pub fn bench(arguments: &[String]) -> Result<()> {
    setup::wasm_target()?;
    command::run(".", "cargo", &["build", "--release", "--locked", "--package", "waypost"])?;
    let mut run = vec!["run", "--release", "--locked", "--quiet", "--package", "waypost-bench", "--"];
    run.extend(arguments.iter().map(String::as_str));
    command::run(".", "cargo", &run)
}
