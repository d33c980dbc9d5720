//! `cargo xtask bench`: the figures of the issue that asked for them.

use anyhow::Result;

use crate::{command, setup};

/// The part that is measured by a test of `tests/edge`, because it needs the test host for Spin.
const EDGE: &str = "edge";
/// The part that is measured beside Kannel.
const SMPP: &str = "smpp";
/// The part that builds components in JavaScript and Python.
const COMPILES: &str = "compiles";

/// Builds everything that is measured, and measures. `--json` prints one line a figure; `--only PART`
/// measures one part.
pub fn bench(arguments: &[String]) -> Result<()> {
    setup::wasm_target()?;
    setup::redis_server()?;
    let only = arguments.iter().skip_while(|argument| *argument != "--only").nth(1).map(String::as_str);
    if only.is_none_or(|only| only == SMPP) {
        setup::kannel()?;
    }
    if only.is_none_or(|only| only == COMPILES) {
        setup::node()?;
        setup::python()?;
    }
    command::build()?;
    if only != Some(EDGE) {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        command::run(".", "target/release/waypost-bench", &arguments)?;
    }
    if only.is_none_or(|only| only == EDGE) {
        let cost = ["test", "--release", "--locked", "--workspace", "--test", "edge"];
        command::run(".", "cargo", &[&cost[..], &["--", "--ignored", "--nocapture", "cost"]].concat())?;
    }
    Ok(())
}
