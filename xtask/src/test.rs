//! `cargo xtask test`: everything that has to hold before a change lands, cheapest first.

use anyhow::Result;

use crate::command::{run, run_with};
use crate::{setup, tidy};

/// Workspaces of guests, which have their own lock files.
const GUESTS: [&str; 6] =
    ["edge", "examples/plugins", "plugins", "sdk/rust", "tests/edge-host/guests", "tests/guests"];

/// Insists on real Spin, where the tests otherwise go without it.
const SPIN: &str = "--spin";

/// Runs all of it. `arguments` go to the test binaries, but for `--spin`.
pub fn test(arguments: &[String]) -> Result<()> {
    if arguments.iter().any(|argument| argument == SPIN) {
        setup::spin()?;
    }
    setup::wasm_target()?;
    setup::redis_server()?;
    setup::node()?;
    setup::python()?;
    setup::smpplib()?;
    setup::node_smpp()?;
    format()?;
    tidy::tidy()?;
    lint()?;
    without_host()?;
    tests(arguments)?;
    documentation()
}

fn format() -> Result<()> {
    run(".", "cargo", &["fmt", "--all", "--check"])?;
    for folder in GUESTS {
        run(folder, "cargo", &["fmt", "--all", "--check"])?;
    }
    Ok(())
}

fn lint() -> Result<()> {
    let clippy = ["clippy", "--release", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run(".", "cargo", &clippy)?;
    for folder in GUESTS {
        let wasm = [
            "clippy",
            "--release",
            "--locked",
            "--workspace",
            "--target",
            "wasm32-wasip2",
            "--target-dir",
            GUEST_TARGET,
            "--",
            "-D",
            "warnings",
        ];
        let target = format!("{}target/guests", "../".repeat(folder.split('/').count()));
        run(
            folder,
            "cargo",
            &wasm.map(|argument| if argument == GUEST_TARGET { &target } else { argument }),
        )?;
    }
    Ok(())
}

/// Stands for the folder that all guests are compiled in.
const GUEST_TARGET: &str = "{guests}";

/// Invariants 1 and 8: `core` and `api` are free of host things, so they compile for the edge.
fn without_host() -> Result<()> {
    for package in ["waypost-core", "waypost-api"] {
        let check = ["check", "--release", "--locked", "--package", package, "--target", "wasm32-wasip2"];
        run(".", "cargo", &check)?;
    }
    Ok(())
}

fn tests(arguments: &[String]) -> Result<()> {
    // All that fails is shown by one run.
    let mut all = vec!["test", "--release", "--locked", "--workspace", "--no-fail-fast"];
    all.extend(arguments.iter().map(String::as_str).filter(|argument| *argument != SPIN));
    run(".", "cargo", &all)?;
    let guests = ["test", "--locked", "--workspace", "--target-dir", "../target/guests"];
    run("plugins", "cargo", &guests)?;
    run("edge", "cargo", &guests)?;
    let sdk = ["test", "--locked", "--target-dir", "../../target/guests"];
    run("sdk/rust", "cargo", &sdk)
}

fn documentation() -> Result<()> {
    let doc = ["doc", "--release", "--locked", "--workspace", "--no-deps"];
    run_with(".", "cargo", &doc, &[("RUSTDOCFLAGS", "-D warnings")])
}
