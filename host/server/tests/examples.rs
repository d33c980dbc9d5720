//! The examples of `examples/plugins`: every fixture against the real component. Those in Rust are
//! compiled by the build of this test. Those in JavaScript and Python run their own tests, and their
//! fixtures where somebody has built their component: their tools are in other registries.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, missing_docs, reason = "test code")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use waypost_test_guests::EXAMPLES;

/// Fewest fixtures of an example.
const FIXTURES_MIN: usize = 5;

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/plugins");
    let entries = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.join("plugin.toml").is_file()).collect();
    folders.sort();
    folders
}

fn name(folder: &Path) -> &str {
    folder.file_name().unwrap().to_str().unwrap()
}

fn lang(folder: &Path) -> String {
    let manifest = std::fs::read_to_string(folder.join("plugin.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    assert_eq!(manifest["name"].as_str(), Some(name(folder)));
    manifest["lang"].as_str().unwrap().to_owned()
}

/// `waypost plugin test`, as its user would.
fn test(folder: &Path, component: &Path, cache: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_waypost"))
        .args(["plugin", "test", "--json", "--dir"])
        .arg(folder)
        .arg("--component")
        .arg(component)
        .env("XDG_CACHE_HOME", cache)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let document: Value = serde_json::from_str(&said)
        .unwrap_or_else(|_| panic!("{}: {said}{}", name(folder), String::from_utf8_lossy(&output.stderr)));
    let fixtures = document["fixtures"].as_array().unwrap_or_else(|| panic!("{}: {said}", name(folder)));
    for fixture in fixtures {
        assert_eq!(fixture["holds"], true, "{}: {fixture:#}", name(folder));
    }
    assert!(fixtures.len() >= FIXTURES_MIN, "{}", name(folder));
    assert!(output.status.success());
}

#[test]
fn every_fixture_of_the_examples_in_rust_holds() {
    let cache = tempfile::tempdir().unwrap();
    let folders: Vec<_> = folders().into_iter().filter(|folder| lang(folder) == "rust").collect();
    assert_eq!(folders.len(), EXAMPLES.len(), "host/engine/test-guests builds the examples by name");
    for folder in folders {
        let component = EXAMPLES.iter().find(|(example, _)| *example == name(&folder)).unwrap().1;
        test(&folder, Path::new(component), cache.path());
        let bytes = std::fs::metadata(component).unwrap().len();
        assert!(bytes <= 150_000, "{}: {bytes} bytes", name(&folder));
    }
}

#[test]
fn the_other_examples_pass_their_own_tests() {
    let cache = tempfile::tempdir().unwrap();
    for folder in folders() {
        let (program, arguments, component): (_, &[&str], _) = match lang(&folder).as_str() {
            "javascript" => ("node", &["--test"], format!("build/{}.wasm", name(&folder))),
            "python" => ("python3", &["-m", "unittest"], "component.wasm".to_owned()),
            _ => continue,
        };
        let mut own = Command::new(program);
        own.args(arguments).current_dir(&folder).env("PYTHONDONTWRITEBYTECODE", "1");
        match own.output() {
            Ok(output) => assert!(
                output.status.success(),
                "{}: {}{}",
                name(&folder),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ),
            Err(error) => eprintln!("{}: not tested, {program}: {error}", name(&folder)),
        }
        let component = folder.join(component);
        if component.is_file() {
            test(&folder, &component, cache.path());
        }
    }
}

#[test]
fn examples_have_the_library_of_the_templates() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read =
        |path: PathBuf| std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()));
    for folder in folders() {
        let (templates, files): (_, &[&str]) = match lang(&folder).as_str() {
            "javascript" => ("javascript", &["waypost.js", "testing.js"]),
            "python" => ("python", &["waypost.py", "requirements.txt"]),
            _ => continue,
        };
        for file in files {
            let template = read(root.join("sdk/templates").join(templates).join(file));
            assert_eq!(read(folder.join(file)), template, "{}/{file}", name(&folder));
        }
        for file in ["types.wit", "policies.wit"] {
            assert_eq!(
                read(folder.join("wit").join(file)),
                read(root.join("wit/0.1.0").join(file)),
                "{file}"
            );
        }
    }
}
