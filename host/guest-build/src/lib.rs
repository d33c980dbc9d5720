//! Compiles the components of a guest workspace from a build script of the host.
//!
//! A guest workspace has its own lock file and profile, so it is built by a cargo of its own, for
//! [`TARGET`], into `target/guests` of the project whatever target directory the outer build uses.
//! That directory is never the outer one: the outer cargo holds a lock on its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, io};

mod environment;
mod sources;

/// The target that guests are compiled for.
pub const TARGET: &str = "wasm32-wasip2";

/// A component that was compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The name of its package.
    pub package: String,
    /// Where the component is: `target/guests/wasm32-wasip2/release/….wasm`.
    pub path: PathBuf,
}

/// Why the guests could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum GuestBuildError {
    /// The standard library for the guests' target is not there.
    #[error(
        "the target {TARGET} is not installed for {rustc}: run `rustup target add {TARGET}`",
        rustc = .rustc.display()
    )]
    TargetMissing {
        /// The compiler that was asked.
        rustc: PathBuf,
    },
    /// A program could not be run at all.
    #[error("cannot run {program}: {source}", program = .program.display())]
    Spawn {
        /// The program, cargo or rustc.
        program: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The nested cargo ended with an error.
    #[error("cannot compile the guests in {workspace}:\n{stderr}", workspace = .workspace.display())]
    Cargo {
        /// The guest workspace.
        workspace: PathBuf,
        /// All that cargo wrote to its standard error.
        stderr: String,
    },
    /// Cargo was content, but there is no component.
    #[error(
        "the package {package} leaves no component at {path}: its library needs \
         `crate-type = [\"cdylib\"]` and the name of the package",
        path = .path.display()
    )]
    NoComponent {
        /// The package.
        package: String,
        /// Where the component should be.
        path: PathBuf,
    },
    /// The list of a component's sources cannot be read.
    #[error("cannot read {path}: {source}", path = .path.display())]
    Sources {
        /// The dependency file that cargo writes beside the component.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Compiles `packages` of the guest workspace and tells the outer cargo which files to watch.
///
/// For build scripts that want to go on after a failure; most call [`build_or_exit`].
///
/// # Errors
/// See [`GuestBuildError`]; a compile error carries what cargo wrote.
pub fn build(workspace: &Path, packages: &[&str]) -> Result<Vec<Built>, GuestBuildError> {
    require_target(workspace)?;
    let guests = guests_dir();
    let mut cargo = Command::new(program("CARGO", "cargo"));
    cargo
        .current_dir(workspace)
        .args(["build", "--release", "--locked", "--target", TARGET, "--target-dir"])
        .arg(&guests);
    for package in packages {
        cargo.args(["--package", package]);
    }
    environment::isolate(&mut cargo);
    // The compiler that was asked for its target, not another one on the path.
    cargo.env("RUSTC", program("RUSTC", "rustc"));
    let output = run(&mut cargo)?;
    if !output.status.success() {
        return Err(GuestBuildError::Cargo {
            workspace: workspace.to_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }

    let release = guests.join(TARGET).join("release");
    let built = packages
        .iter()
        .map(|package| {
            let path = release.join(package.replace('-', "_")).with_extension("wasm");
            if !path.is_file() {
                return Err(GuestBuildError::NoComponent { package: (*package).to_owned(), path });
            }
            Ok(Built { package: (*package).to_owned(), path })
        })
        .collect::<Result<Vec<_>, _>>()?;
    sources::watch(&project_root(), workspace, &built)?;
    Ok(built)
}

/// As [`build`], but a failure is written to standard error and ends the build script, so that
/// cargo shows the message as it is.
#[must_use]
#[allow(clippy::print_stderr, reason = "a build script's standard error is what cargo shows")]
pub fn build_or_exit(workspace: &Path, packages: &[&str]) -> Vec<Built> {
    build(workspace, packages).unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(1)
    })
}

/// The root of the project's sources, which this crate was compiled from.
#[must_use]
pub fn project_root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_owned()
}

fn guests_dir() -> PathBuf {
    project_root().join("target").join("guests")
}

/// Asks before cargo does: its own message is one error for each crate of the standard library.
fn require_target(workspace: &Path) -> Result<(), GuestBuildError> {
    let rustc = program("RUSTC", "rustc");
    let mut command = Command::new(&rustc);
    command.current_dir(workspace).args(["--print", "target-libdir", "--target", TARGET]);
    environment::isolate(&mut command);
    let output = run(&mut command)?;
    let libdir = String::from_utf8_lossy(&output.stdout);
    let installed = output.status.success()
        && fs::read_dir(libdir.trim()).is_ok_and(|mut entries| entries.next().is_some());
    if installed { Ok(()) } else { Err(GuestBuildError::TargetMissing { rustc: rustc.into() }) }
}

/// The same program that runs the outer build: cargo names it to build scripts.
fn program(variable: &str, default: &str) -> OsString {
    env::var_os(variable).unwrap_or_else(|| default.into())
}

fn run(command: &mut Command) -> Result<Output, GuestBuildError> {
    command
        .output()
        .map_err(|source| GuestBuildError::Spawn { program: command.get_program().into(), source })
}
