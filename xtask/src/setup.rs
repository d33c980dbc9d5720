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
/// What docs/writing-plugins.md asks of Node.js, and of Python, as a program of each that fails without it.
const NODE: &[&str] = &["-e", "process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)"];
const PYTHON: &[&str] = &["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"];

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
    let own = folder.join("bin/python").display().to_string();
    if runs(&own, &["-c", "import smpplib.client"]) {
        return Ok(());
    }
    python()?;
    command::run(".", "python3", &["-m", "venv", &folder.display().to_string()])?;
    command::run(".", &own, &["-m", "pip", "install", "--quiet", SMPPLIB])
}

/// An SMSC that shares no code with Waypost, for the tests: npm's `smpp`, in `target/smpp-peers`.
pub fn node_smpp() -> Result<()> {
    let folder = command::root().join("target/smpp-peers");
    if folder.join("node_modules/smpp/package.json").is_file() {
        return Ok(());
    }
    node()?;
    let folder = folder.display().to_string();
    command::run(
        ".",
        "npm",
        &["install", "--silent", "--no-audit", "--no-fund", "--prefix", &folder, NODE_SMPP],
    )
}

/// Node.js with npm, as plugins in JavaScript are built with it.
pub fn node() -> Result<()> {
    let otherwise = "install it with `sudo apt-get install npm` (Debian, Ubuntu), `sudo dnf install npm` \
                     (Fedora), `brew install node` (macOS)";
    debian_package("npm", "npm", otherwise)?;
    if !runs("node", NODE) {
        bail!("node is too old: install Node.js 20 or newer, as https://nodejs.org says");
    }
    Ok(())
}

/// Python with its module `venv`, as plugins in Python are built with it.
pub fn python() -> Result<()> {
    let otherwise = "install Python 3.10 or newer with `sudo apt-get install python3-venv` (Debian, Ubuntu), \
                     `sudo dnf install python3` (Fedora), `brew install python` (macOS)";
    debian_package_for("python3-venv", "python3", PYTHON, otherwise)
}

fn debian_package(package: &str, program: &str, otherwise: &str) -> Result<()> {
    debian_package_for(package, program, &["--version"], otherwise)
}

/// Installs a package of Debian's where `program` with `arguments` fails, and stops the service that it may
/// start.
fn debian_package_for(package: &str, program: &str, arguments: &[&str], otherwise: &str) -> Result<()> {
    if runs(program, arguments) {
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
    if !runs(program, arguments) {
        let call = format!("{program} {}", arguments.join(" "));
        bail!("apt-get has installed {package}, and `{call}` fails all the same: {otherwise}");
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
