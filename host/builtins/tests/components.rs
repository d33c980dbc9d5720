//! What every built-in component has to be.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use wasmparser::{ComponentExternalKind, Encoding, Parser, Payload, Validator, WasmFeatures};
use waypost_builtins::{BUILT_IN, find};
use waypost_core::decision::Role;

const COMPONENT_BYTES_MAX: usize = 300 * 1024;
const VERSION: &str = "@0.1.0";

/// The names of what the outermost component imports and exports.
fn interfaces(component: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.unwrap() {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                imports.extend(section.into_iter().map(|import| import.unwrap().name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    let export = export.unwrap();
                    assert_eq!(export.kind, ComponentExternalKind::Instance);
                    exports.push(export.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    (imports, exports)
}

#[test]
fn each_is_a_valid_small_component() {
    for built_in in BUILT_IN {
        let name = built_in.name;
        assert!(built_in.component.len() < COMPONENT_BYTES_MAX, "{built_in:?}");
        let first = Parser::new(0).parse_all(built_in.component).next().unwrap().unwrap();
        assert!(matches!(first, Payload::Version { encoding: Encoding::Component, .. }), "{name}");
        Validator::new_with_features(WasmFeatures::default())
            .validate_all(built_in.component)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn each_imports_only_what_the_sandbox_has() {
    for built_in in BUILT_IN {
        let (imports, _) = interfaces(built_in.component);
        assert!(!imports.is_empty(), "{}", built_in.name);
        for import in imports {
            let of_waypost = match import.strip_suffix(VERSION) {
                Some("waypost:sms/types" | "waypost:sms/log") => true,
                Some("waypost:sms/signing") => built_in.roles.contains(&Role::Provider),
                _ => false,
            };
            assert!(of_waypost || import.starts_with("wasi:"), "{}: {import}", built_in.name);
            assert!(!import.starts_with("wasi:sockets/"), "{}: {import}", built_in.name);
            assert!(!import.starts_with("wasi:http/"), "{}: {import}", built_in.name);
        }
    }
}

#[test]
fn each_exports_its_roles_and_no_others() {
    for built_in in BUILT_IN {
        let (_, exports) = interfaces(built_in.component);
        let expected: BTreeSet<_> = built_in
            .roles
            .iter()
            .map(|role| role.as_str())
            .chain(["configuration"])
            .map(|interface| format!("waypost:sms/{interface}{VERSION}"))
            .collect();
        assert_eq!(exports.into_iter().collect::<BTreeSet<_>>(), expected, "{}", built_in.name);
    }
}

#[test]
fn each_is_found_by_its_name() {
    for built_in in BUILT_IN {
        assert_eq!(find(built_in.name), Some(built_in));
    }
    assert_eq!(find("Twilio"), None);
    let names: BTreeSet<_> = BUILT_IN.iter().map(|built_in| built_in.name).collect();
    assert_eq!(names.len(), BUILT_IN.len());
}
