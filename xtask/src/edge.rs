//! `cargo xtask edge`: the Spin application of `edge.toml`, so that `spin up` starts it.

use anyhow::Result;

use crate::{command, setup};

/// Builds, and packages: `spin.toml` at the root names what is in `target/edge`.
pub fn edge(arguments: &[String]) -> Result<()> {
    setup::wasm_target()?;
    command::build()?;
    let mut all =
        vec!["edge", "package", "--config", "edge.toml", "--out", "target/edge", "--manifest", "spin.toml"];
    all.extend(arguments.iter().map(String::as_str));
    command::run(".", "target/release/waypost", &all)
}
