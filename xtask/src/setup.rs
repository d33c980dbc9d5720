//! What a fresh machine lacks, installed.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::command;

const TARGET: &str = "wasm32-wasip2";
const REDIS: &str = "redis-server";
/// The version that the tests of the SMSC simulator install where it is missing.
const SMPPLIB: &str = "smpplib==2.2.3";
/// The version of the SMSC in JavaScript that the tests of SMPP install where it is missing.
const NODE_SMPP: &str = "smpp@0.5.1";

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
    debian_package(
        REDIS,
        REDIS,
        "install it with `sudo apt-get install redis-server` (Debian, Ubuntu), `sudo dnf install redis` or, \
         where that is gone, `sudo dnf install valkey-compat-redis` (Fedora), `brew install redis` (macOS)",
    )
}

/// The gateway that SMPP is measured beside: `bearerbox` and `smsbox`.
pub fn kannel() -> Result<()> {
    debian_package("kannel", "smsbox", "install it with `sudo apt-get install kannel` (Debian, Ubuntu)")
}

/// An SMPP client that shares no code with Waypost, for the tests: PyPI's `smpplib`, in `target/smpplib`.
pub fn smpplib() -> Result<()> {
    let folder = command::root().join("target/smpplib");
    let python = folder.join("bin/python").display().to_string();
    if runs(&python, &["-c", "import smpplib.client"]) {
        return Ok(());
    }
    if !runs("python3", &["-c", "import venv, ensurepip"]) {
        bail!(
            "python3 or its venv module is missing: `sudo apt-get install python3-venv` (Debian, Ubuntu), \
             `sudo dnf install python3` (Fedora), `brew install python` (macOS)"
        );
    }
    command::run(".", "python3", &["-m", "venv", &folder.display().to_string()])?;
    command::run(".", &python, &["-m", "pip", "install", "--quiet", SMPPLIB])
}

/// An SMSC that shares no code with Waypost, for the tests: npm's `smpp`, in `target/smpp-peers`.
pub fn node_smpp() -> Result<()> {
    let folder = command::root().join("target/smpp-peers");
    if folder.join("node_modules/smpp/package.json").is_file() {
        return Ok(());
    }
    let otherwise = "install it with `sudo apt-get install npm` (Debian, Ubuntu), `sudo dnf install npm` \
                     (Fedora), `brew install node` (macOS)";
    debian_package("npm", "npm", otherwise)?;
    let folder = folder.display().to_string();
    command::run(
        ".",
        "npm",
        &["install", "--silent", "--no-audit", "--no-fund", "--prefix", &folder, NODE_SMPP],
    )
}

/// Installs a package of Debian's where `program` does not run, and stops the service that it may start.
fn debian_package(package: &str, program: &str, otherwise: &str) -> Result<()> {
    if runs(program, &["--version"]) {
        return Ok(());
    }
    if !runs("apt-get", &["--version"]) || !is_root() {
        bail!("{program} is missing: {otherwise}");
    }
    let without_questions = [("DEBIAN_FRONTEND", "noninteractive")];
    let install = ["install", "-y", "--no-install-recommends", package];
    command::run_with(".", "apt-get", &["update"], &without_questions)?;
    command::run_with(".", "apt-get", &install, &without_questions)?;
    // The package may start one at the usual port. Where there are no services, there is none to stop.
    runs("service", &[package, "stop"]);
    if !runs(program, &["--version"]) {
        bail!("apt-get has installed {package}, and {program} does not run: see `{program} --version`");
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
