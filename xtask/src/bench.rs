//! `cargo xtask bench`: the figures of the issue that asked for them.

use anyhow::Result;

use crate::{command, setup};

/// Builds everything that is measured, and measures. `--json` prints one line a figure.
pub fn bench(arguments: &[String]) -> Result<()> {
    setup::wasm_target()?;
    setup::redis_server()?;
    command::build()?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    command::run(".", "target/release/waypost-bench", &arguments)
}
