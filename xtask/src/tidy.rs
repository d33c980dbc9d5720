//! `cargo xtask tidy`: the project's own rules, each with the reason it is there for. The numbers
//! are those of the invariants in ARCHITECTURE.md.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::command::root;

/// Longest source file: above that it has more than one subject.
const LINES_MAX: usize = 600;
/// What `core` must not name, so that it stays a pure function of its arguments (invariant 1).
const FOREIGN_TO_CORE: [&str; 12] = [
    "tokio",
    "wasmtime",
    "rusqlite",
    "redis::",
    "reqwest",
    "axum",
    "Instant::now",
    "SystemTime::now",
    "std::env",
    "std::fs",
    "getrandom",
    "rand::",
];
/// What `api` must not depend on, so that it builds for the edge (invariant 8).
const FOREIGN_TO_API: [&str; 7] = ["axum", "hyper", "tokio", "reqwest", "rusqlite", "wasmtime", "getrandom"];
/// File names that say nothing of what is in them.
const EMPTY_NAMES: [&str; 6] = ["util.rs", "utils.rs", "helper.rs", "helpers.rs", "common.rs", "misc.rs"];
/// Who may name wasmtime (invariant 2): the engine; the test host that stands for Spin, for which
/// wasmtime-wasi-http is what Spin itself uses, and which is never shipped; and this rule.
const WASMTIME_USERS: [&str; 3] = ["host/engine", "tests/edge-host", "xtask"];
/// The crates that may use `anyhow`: those with nobody above them (invariant 2).
const BINARIES: [&str; 4] = ["host/server", "xtask", "bench", "host/guest-build"];
/// What each crate of the workspace may depend on of the others (design, section 3).
const ARROWS: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("api", &["waypost-core"]),
    ("host/engine", &["waypost-core", "waypost-guest-build", "waypost-test-guests", "waypost-builtins"]),
    ("host/store", &["waypost-core", "waypost-store", "waypost-redis-kit"]),
    ("host/simulator", &[]),
    ("host/smpp", &["waypost-core"]),
    ("host/builtins", &["waypost-core", "waypost-guest-build"]),
    ("host/guest-build", &[]),
    ("tests/redis-kit", &[]),
];

/// Checks every rule and reports every breach.
pub fn tidy() -> Result<()> {
    let root = root();
    let sources = sources(&root)?;
    let mut breaches = Vec::new();
    for (path, text) in &sources {
        check_source(path, text, &mut breaches);
    }
    check_manifests(&root, &mut breaches)?;
    check_api(&root, &mut breaches)?;
    check_wit(&root, &mut breaches)?;
    check_tracked(&root, &mut breaches)?;
    if !breaches.is_empty() {
        bail!("tidy:\n  {}", breaches.join("\n  "));
    }
    println!("xtask: tidy, {} source files", sources.len());
    Ok(())
}

fn check_source(path: &str, text: &str, breaches: &mut Vec<String>) {
    let lines = text.lines().count();
    if lines > LINES_MAX {
        breaches.push(format!("{path}: {lines} lines, more than {LINES_MAX}: split it by subject"));
    }
    if EMPTY_NAMES.iter().any(|name| path.ends_with(&format!("/{name}"))) {
        breaches.push(format!("{path}: a name that says nothing"));
    }
    if path.starts_with("core/src") {
        for (number, line) in code_lines(text) {
            // The layout of the store in Redis is a module of its own there.
            let line = line.replace("crate::redis::", "");
            if let Some(word) = FOREIGN_TO_CORE.iter().find(|word| line.contains(*word)) {
                breaches.push(format!("{path}:{number}: `core` must not name {word} (invariant 1)"));
            }
        }
    }
    if !WASMTIME_USERS.iter().any(|user| path.starts_with(user)) {
        for (number, line) in code_lines(text) {
            if line.contains("wasmtime::") || line.contains("use wasmtime") {
                breaches.push(format!("{path}:{number}: only host/engine names wasmtime (invariant 2)"));
            }
        }
    }
    for (number, line) in code_lines(text) {
        if line.contains("unsafe {") && !path.starts_with("host/engine/") && !path.starts_with("xtask") {
            breaches.push(format!("{path}:{number}: unsafe outside host/engine"));
        }
    }
}

/// Lines with their numbers, without those that are comments.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim_start()))
        .filter(|(_, line)| !line.starts_with("//"))
}

fn check_manifests(root: &Path, breaches: &mut Vec<String>) -> Result<()> {
    for (folder, allowed) in ARROWS {
        let manifest = read(&root.join(folder).join("Cargo.toml"))?;
        for line in manifest.lines().filter(|line| line.starts_with("waypost")) {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if !allowed.contains(&name) {
                breaches.push(format!("{folder}/Cargo.toml: must not depend on {name} (invariant 2)"));
            }
        }
        if manifest.lines().any(|line| line.starts_with("anyhow")) && !BINARIES.contains(folder) {
            breaches
                .push(format!("{folder}/Cargo.toml: libraries have typed errors, not anyhow (invariant 2)"));
        }
    }
    Ok(())
}

/// Invariant 8: `api` is the HTTP API without a server.
fn check_api(root: &Path, breaches: &mut Vec<String>) -> Result<()> {
    let manifest = read(&root.join("api/Cargo.toml"))?;
    for line in manifest.lines() {
        if let Some(name) = FOREIGN_TO_API.iter().find(|name| line.starts_with(*name)) {
            breaches.push(format!("api/Cargo.toml: must not depend on {name} (invariant 8)"));
        }
    }
    Ok(())
}

/// Invariant 5: a released WIT folder never changes. Its hash stands in its documentation.
fn check_wit(root: &Path, breaches: &mut Vec<String>) -> Result<()> {
    let documentation = read(&root.join("docs/wit.md"))?;
    let mut versions: Vec<PathBuf> = fs::read_dir(root.join("wit"))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_dir())
        .collect();
    versions.sort();
    for version in versions {
        let mut files: Vec<PathBuf> =
            fs::read_dir(&version)?.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        files.sort();
        let mut hash = Sha256::new();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            hash.update(name.as_bytes());
            hash.update([0]);
            hash.update(read(&file)?.as_bytes());
            hash.update([0]);
        }
        let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if !documentation.contains(&hex) {
            let name = version.file_name().unwrap_or_default().to_string_lossy().into_owned();
            breaches.push(format!("docs/wit.md does not have the hash of wit/{name}, {hex} (invariant 5)"));
        }
    }
    Ok(())
}

/// What is built is never committed.
fn check_tracked(root: &Path, breaches: &mut Vec<String>) -> Result<()> {
    let listed = std::process::Command::new("git").arg("ls-files").current_dir(root).output()?;
    for path in String::from_utf8_lossy(&listed.stdout).lines() {
        let built = [".wasm", ".cwasm", ".so", ".a", ".o", ".db", ".sqlite"];
        // Guests of released versions stay as they were compiled on the day of the release.
        let released = path.starts_with("tests/guests/released/");
        if !released && built.iter().any(|ending| path.ends_with(ending)) {
            breaches.push(format!("{path}: a built file is in the tree"));
        }
    }
    Ok(())
}

/// Every Rust file of the project with its path from the root.
fn sources(root: &Path) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for folder in ["core", "api", "edge", "examples", "host", "plugins", "sdk", "tests", "bench", "xtask"] {
        collect(root, &root.join(folder), &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                collect(root, &path, found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            found.push((name, read(&path)?));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
