//! Which files the outer cargo has to watch.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Built, GuestBuildError};

/// Prints `cargo:rerun-if-changed` for all that went into the components: their sources as cargo
/// itself recorded them, the manifests of those sources, and what holds for the whole workspace.
#[allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]
pub(crate) fn watch(root: &Path, workspace: &Path, built: &[Built]) -> Result<(), GuestBuildError> {
    let mut watched = BTreeSet::from([
        root.join("wit"),
        root.join("rust-toolchain.toml"),
        workspace.join("Cargo.toml"),
        workspace.join("Cargo.lock"),
        workspace.join(".cargo").join("config.toml"),
    ]);
    for component in built {
        let list = component.path.with_extension("d");
        let text =
            fs::read_to_string(&list).map_err(|source| GuestBuildError::Sources { path: list, source })?;
        for source in prerequisites(&text) {
            watched.extend(manifest_of(&source));
            watched.insert(source);
        }
    }
    // A path that does not exist would make cargo run the script each time.
    for path in watched.iter().filter(|path| path.exists()) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    Ok(())
}

/// The files after the colon of a make rule; a space inside a name is written `\ `.
fn prerequisites(rule: &str) -> Vec<PathBuf> {
    rule.lines()
        .filter_map(|line| line.split_once(": "))
        .flat_map(|(_, files)| {
            files
                .replace("\\ ", "\0")
                .split_whitespace()
                .map(|file| PathBuf::from(file.replace('\0', " ")))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn manifest_of(source: &Path) -> Option<PathBuf> {
    source.ancestors().skip(1).map(|dir| dir.join("Cargo.toml")).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::prerequisites;

    #[test]
    fn a_rule_names_its_files() {
        let table: [(&str, &[&str]); 4] = [
            ("/t/a.wasm: /p/src/lib.rs /w/types.wit\n", &["/p/src/lib.rs", "/w/types.wit"]),
            ("/t/a.wasm: /my\\ p/src/lib.rs\n", &["/my p/src/lib.rs"]),
            ("/t/a.wasm:\n", &[]),
            ("", &[]),
        ];
        for (rule, expected) in table {
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(prerequisites(rule), expected, "{rule:?}");
        }
    }
}
