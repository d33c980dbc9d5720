//! Components that were compiled against a released version of the plugin API decide for ever.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod common;

use std::fs;
use std::path::Path;

use common::{CONTEXT, draft, load};
use serde_json::json;
use sha2::{Digest, Sha256};
use waypost_core::decision::{Role, Verdict};

const RELEASED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/guests/released");

/// The file as it was when the version was released, proven by the hash that stands beside it.
fn released(version: &str) -> Vec<u8> {
    let folder = Path::new(RELEASED).join(version);
    let bytes = fs::read(folder.join("screening.wasm")).unwrap();
    let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(sums.trim(), format!("{hash}  screening.wasm"), "a released guest never changes");
    bytes
}

#[test]
fn a_component_of_0_1_0_still_decides() {
    let component = released("0.1.0");
    let loaded = load(&component, Role::Screening, &json!({"countries": ["GB"]})).unwrap();
    assert_eq!(loaded.info().api, "0.1.0");
    assert!(loaded.info().snapshotted);
    let policy = loaded.screening().unwrap();
    assert_eq!(policy.screen(&draft("DE"), &CONTEXT).answer, Ok(Verdict::Allow));
    let Ok(Verdict::Refuse(refusal)) = policy.screen(&draft("GB"), &CONTEXT).answer else {
        panic!("allowed")
    };
    assert_eq!(refusal.code, "country_denied");
    let error = load(&component, Role::Screening, &json!({"countries": [1]})).err().unwrap();
    assert_eq!(error.code(), "plugin_settings_invalid");
}

#[test]
fn each_released_folder_of_the_api_has_its_guest() {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    for folder in fs::read_dir(wit).unwrap() {
        let version = folder.unwrap().file_name().into_string().unwrap();
        assert!(!released(&version).is_empty());
    }
}
