//! What a fresh machine lacks, installed.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::command;

const TARGET: &str = "wasm32-wasip2";
const REDIS: &str = "redis-server";

/// The `spin` command, which is in no package registry.
pub fn spin() -> Result<()> {
    let found = Command::new("spin").arg("--version").output();
    found.context("spin is missing: install it as https://spinframework.dev/install says (4.0 or newer)")?;
    Ok(())
}

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

/// The server that tests and measurements start for themselves, on ports of their own.
pub fn redis_server() -> Result<()> {
    if runs(REDIS, &["--version"]) {
        return Ok(());
    }
    if !runs("apt-get", &["--version"]) || !is_root() {
        bail!(
            "{REDIS} is missing: install it with `sudo apt-get install redis-server` (Debian, Ubuntu), \
             `sudo dnf install redis` or, where that is gone, `sudo dnf install valkey-compat-redis` \
             (Fedora), `brew install redis` (macOS)"
        );
    }
    let without_questions = [("DEBIAN_FRONTEND", "noninteractive")];
    let install = ["install", "-y", "--no-install-recommends", REDIS];
    command::run_with(".", "apt-get", &["update"], &without_questions)?;
    command::run_with(".", "apt-get", &install, &without_questions)?;
    // The package may start one at the usual port. Where there are no services, there is none to stop.
    runs("service", &[REDIS, "stop"]);
    if !runs(REDIS, &["--version"]) {
        bail!("apt-get has installed {REDIS}, and it does not run: see `{REDIS} --version`");
    }
    Ok(())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == "0")
}

/// Runs a program without a word. False: it is not there, or fails.
fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
