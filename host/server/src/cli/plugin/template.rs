//! What `waypost plugin new` writes, embedded in the binary: the templates of `sdk/templates`, the
//! crate of `sdk/rust` and the WIT files.

use super::folder::{Lang, PluginRole};

/// A file of the project, by its path from the root.
macro_rules! file {
    ($($part:literal),+) => {
        include_str!(concat!("../../../../../", $($part),+))
    };
}

/// Files of a template: where each goes, and its text.
type Files = &'static [(&'static str, &'static str)];

const WIT: Files =
    &[("types.wit", file!("wit/0.1.0/types.wit")), ("policies.wit", file!("wit/0.1.0/policies.wit"))];

/// The crate `waypost-plugin`, which no registry has.
const CRATE: Files = &[
    ("Cargo.toml", file!("sdk/rust/Cargo.toml")),
    ("build.rs", file!("sdk/rust/build.rs")),
    ("src/countries.rs", file!("sdk/rust/src/countries.rs")),
    ("src/glue.rs", file!("sdk/rust/src/glue.rs")),
    ("src/hash.rs", file!("sdk/rust/src/hash.rs")),
    ("src/lib.rs", file!("sdk/rust/src/lib.rs")),
    ("src/log.rs", file!("sdk/rust/src/log.rs")),
    ("src/message.rs", file!("sdk/rust/src/message.rs")),
    ("src/prefixes.rs", file!("sdk/rust/src/prefixes.rs")),
    ("src/role.rs", file!("sdk/rust/src/role.rs")),
    ("src/schema.rs", file!("sdk/rust/src/schema.rs")),
    ("src/settings.rs", file!("sdk/rust/src/settings.rs")),
    ("src/testing.rs", file!("sdk/rust/src/testing.rs")),
    ("src/time.rs", file!("sdk/rust/src/time.rs")),
];

const RUST: Files = &[
    ("Cargo.toml", file!("sdk/templates/rust/Cargo.toml.txt")),
    (".cargo/config.toml", file!("sdk/templates/rust/cargo-config.toml")),
    ("rust-toolchain.toml", file!("sdk/templates/rust/rust-toolchain.toml")),
    ("plugin.toml", file!("sdk/templates/rust/plugin.toml")),
    ("README.md", file!("sdk/templates/rust/README.md")),
    (".gitignore", file!("sdk/templates/rust/gitignore")),
];

const JAVASCRIPT: Files = &[
    ("package.json", file!("sdk/templates/javascript/package.json")),
    ("build.mjs", file!("sdk/templates/javascript/build.mjs")),
    ("waypost.js", file!("sdk/templates/javascript/waypost.js")),
    ("testing.js", file!("sdk/templates/javascript/testing.js")),
    ("plugin.toml", file!("sdk/templates/javascript/plugin.toml")),
    ("README.md", file!("sdk/templates/javascript/README.md")),
    (".gitignore", file!("sdk/templates/javascript/gitignore")),
];

const PYTHON: Files = &[
    ("requirements.txt", file!("sdk/templates/python/requirements.txt")),
    ("waypost.py", file!("sdk/templates/python/waypost.py")),
    ("configuration.py", file!("sdk/templates/python/configuration.py")),
    ("plugin.toml", file!("sdk/templates/python/plugin.toml")),
    ("README.md", file!("sdk/templates/python/README.md")),
    (".gitignore", file!("sdk/templates/python/gitignore")),
];

/// Of one role: the files that differ.
struct OfRole {
    name: &'static str,
    world: &'static str,
    shared: Files,
    rust: Files,
    javascript: Files,
    python: Files,
}

macro_rules! of_role {
    ($role:literal, $world:literal, [$($fixture:literal),+]) => {
        OfRole {
            name: $role,
            world: $world,
            shared: &[
                ("settings.json", file!("sdk/templates/roles/", $role, "/settings.json")),
                $((
                    concat!("fixtures/", $fixture, ".json"),
                    file!("sdk/templates/roles/", $role, "/fixtures/", $fixture, ".json"),
                ),)+
            ],
            rust: &[("src/lib.rs", file!("sdk/templates/rust/src/", $role, ".rs"))],
            javascript: &[
                ("plugin.js", file!("sdk/templates/javascript/plugin/", $role, ".js")),
                ("policy.js", file!("sdk/templates/javascript/policy/", $role, ".js")),
                ("policy.test.js", file!("sdk/templates/javascript/test/", $role, ".js")),
            ],
            python: &[
                ("app.py", file!("sdk/templates/python/app/", $role, ".py")),
                ("policy.py", file!("sdk/templates/python/policy/", $role, ".py")),
                ("test_policy.py", file!("sdk/templates/python/test/", $role, ".py")),
            ],
        }
    };
}

const SCREENING: OfRole =
    of_role!("screening", "screening-policy", ["with-the-tag", "without-the-tag", "another-tag"]);
const SENDER_IDENTITY: OfRole =
    of_role!("sender-identity", "sender-policy", ["named-country", "other-country"]);
const ROUTING: OfRole =
    of_role!("routing", "routing-policy", ["preferred", "preferred-is-down", "not-offered"]);
const RECEIVING: OfRole =
    of_role!("receiving", "receiving-policy", ["keyword", "anything-else", "from-a-machine"]);

/// Every file of a new folder: its path in the folder, and its text.
pub(super) fn files(name: &str, lang: Lang, role: PluginRole) -> Vec<(String, String)> {
    let role = match role {
        PluginRole::Screening => SCREENING,
        PluginRole::SenderIdentity => SENDER_IDENTITY,
        PluginRole::Routing => ROUTING,
        PluginRole::Receiving => RECEIVING,
    };
    let filled = |text: &str| {
        text.replace("{{name}}", name)
            .replace("{{module}}", &name.replace('-', "_"))
            .replace("{{role}}", role.name)
            .replace("{{world}}", role.world)
    };
    let mut files = Vec::new();
    let mut add = |folder: &str, of: Files, fill: bool| {
        for (path, text) in of {
            let text = if fill { filled(text) } else { (*text).to_owned() };
            files.push((format!("{folder}{path}"), text));
        }
    };
    let (of_lang, of_role) = match lang {
        Lang::Rust => (RUST, role.rust),
        Lang::Javascript => (JAVASCRIPT, role.javascript),
        Lang::Python => (PYTHON, role.python),
    };
    add("", of_lang, true);
    add("", of_role, true);
    add("", role.shared, false);
    if lang == Lang::Rust {
        add("waypost-plugin/", CRATE, false);
        add("waypost-plugin/wit/", WIT, false);
    } else {
        add("wit/", WIT, false);
    }
    files
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::super::folder::{Folder, Manifest};
    use super::*;

    fn below(dir: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { below(&path, found) } else { _ = found.insert(path) }
        }
    }

    #[test]
    fn the_whole_crate_is_embedded() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/rust");
        let mut found = BTreeSet::new();
        below(&sources.join("src"), &mut found);
        let found: BTreeSet<_> = found.iter().map(|path| path.strip_prefix(&sources).unwrap()).collect();
        let embedded: BTreeSet<_> =
            CRATE.iter().map(|(path, _)| Path::new(path)).filter(|path| path.starts_with("src")).collect();
        assert_eq!(found, embedded);
    }

    /// What is not in Rust cannot name the library by its path, and brings it along. `UPDATE_GOLDEN=1`
    /// writes it anew.
    #[test]
    fn examples_bring_the_library_as_it_is_now() {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/plugins");
        let own =
            ["policy.js", "policy.test.js", "policy.py", "test_policy.py", "settings.json", "README.md"];
        let mut compared = 0;
        for entry in std::fs::read_dir(examples).unwrap() {
            let Ok(folder) = Folder::open(&entry.unwrap().path()) else { continue };
            let Manifest { name, lang, role, .. } = folder.manifest.clone();
            if lang == Lang::Rust {
                continue;
            }
            for (path, text) in files(&name, lang, role) {
                if path.starts_with("fixtures/") || own.contains(&path.as_str()) {
                    continue;
                }
                let file = folder.dir().join(&path);
                if std::env::var_os("UPDATE_GOLDEN").is_some() {
                    std::fs::write(&file, &text).unwrap();
                }
                let found = std::fs::read_to_string(&file).unwrap_or_default();
                assert!(
                    found == text,
                    "examples/plugins/{name}/{path} is not what `waypost plugin new` writes: run the tests with \
                     UPDATE_GOLDEN=1"
                );
                compared += 1;
            }
        }
        assert!(compared >= 15, "{compared}");
    }

    #[test]
    fn every_template_is_used_and_no_place_is_left_open() {
        let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/templates");
        let mut found = BTreeSet::new();
        below(&templates, &mut found);
        let of_roles = [SCREENING, SENDER_IDENTITY, ROUTING, RECEIVING];
        let mut used = RUST.len() + JAVASCRIPT.len() + PYTHON.len();
        for role in of_roles {
            used += role.shared.len() + role.rust.len() + role.javascript.len() + role.python.len();
        }
        assert_eq!(found.len(), used);
        for lang in [Lang::Rust, Lang::Javascript, Lang::Python] {
            for role in [
                PluginRole::Screening,
                PluginRole::SenderIdentity,
                PluginRole::Routing,
                PluginRole::Receiving,
            ] {
                for (path, text) in files("a-b", lang, role) {
                    assert!(path.starts_with("waypost-plugin/") || !text.contains("{{name"), "{path}");
                    assert!(!path.contains("..") && !text.is_empty(), "{path}");
                }
            }
        }
    }
}
