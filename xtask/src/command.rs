//! Running other programs, with what is run said first.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// Builds everything at once: other selections of packages would compile wasmtime again, with other
/// features of what it depends on.
pub fn build() -> Result<()> {
    run(".", "cargo", &["build", "--release", "--locked", "--workspace"])
}

/// Runs a command in a folder of the project and fails where it fails.
pub fn run(folder: &str, program: &str, arguments: &[&str]) -> Result<()> {
    run_with(folder, program, arguments, &[])
}

/// As [`run`], with additional environment variables.
pub fn run_with(folder: &str, program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Result<()> {
    eprintln!("xtask: {program} {}", arguments.join(" "));
    let mut command = Command::new(program);
    // What `cargo run` told this program of itself: build scripts that look at it would run again, and all
    // that depends on them, whenever cargo is called by hand in between.
    for (name, _) in std::env::vars_os() {
        let told =
            name.to_str().is_some_and(|it| it.starts_with("CARGO_PKG_") || it.starts_with("CARGO_MANIFEST_"));
        if told {
            command.env_remove(&name);
        }
    }
    let status = command
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(root().join(folder))
        .status()
        .with_context(|| format!("cannot start {program}"))?;
    if !status.success() {
        bail!("`{program} {}` failed ({status})", arguments.join(" "));
    }
    Ok(())
}
