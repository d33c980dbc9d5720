//! What is refused, at which step, and with which words.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod common;

use common::{ENGINE, load, patient, request};
use serde_json::{Value, json};
use waypost_core::decision::{FaultClass, Role};
use waypost_engine::{Limits, LoadError, LoadRequest, Stage};
use waypost_test_guests::{DENY, HOSTILE};

fn error(component: &[u8], role: Role, settings: &Value) -> LoadError {
    match load(component, role, settings) {
        Ok(_) => panic!("it was loaded"),
        Err(error) => error,
    }
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A component with the exports of a screening policy, made of `core`, a core module in WAT that
/// exports `schema`, `configure`, `screen`, a memory and `realloc`.
fn screening_in_wat(core: &str) -> Vec<u8> {
    wat(&format!(
        r#"(component
            (core module $m {core})
            (core instance $i (instantiate $m))
            (alias core export $i "memory" (core memory $memory))
            (alias core export $i "realloc" (core func $realloc))
            (func $schema (result string)
                (canon lift (core func $i "schema") (memory $memory)))
            (func $configure (param "settings-json" string) (result (result (error string)))
                (canon lift (core func $i "configure") (memory $memory) (realloc $realloc)))
            (instance $configuration
                (export "schema" (func $schema)) (export "configure" (func $configure)))
            (export "waypost:sms/configuration@0.1.0" (instance $configuration))
            (func $screen (param "message" string) (result u32)
                (canon lift (core func $i "screen") (memory $memory) (realloc $realloc)))
            (instance $screening (export "screen" (func $screen)))
            (export "waypost:sms/screening@0.1.0" (instance $screening))
        )"#
    ))
}

const CORE: &str = r#"
    (memory (export "memory") 1)
    (data (i32.const 8) "\10\00\00\00\02\00\00\00{}")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
    (func (export "schema") (result i32) i32.const 8)
    (func (export "configure") (param i32 i32) (result i32) i32.const 64)
    (func (export "screen") (param i32 i32) (result i32) i32.const 0)
"#;

#[test]
fn bytes_that_are_no_component_of_the_role_are_refused() {
    let precompiled = {
        let engine = wasmtime::Engine::default();
        engine.precompile_component(DENY).unwrap()
    };
    let noise: Vec<u8> = (0..10_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let table: &[(&str, Vec<u8>, &str)] = &[
        ("empty", Vec::new(), "plugin_not_valid"),
        ("noise", noise, "plugin_not_valid"),
        ("text", b"(component)".to_vec(), "plugin_not_valid"),
        ("precompiled", precompiled, "plugin_precompiled"),
        ("another ELF file", b"\x7fELF\x02\x01\x01".to_vec(), "plugin_precompiled"),
        ("core module", wat("(module)"), "plugin_not_component"),
        ("nothing exported", wat("(component)"), "plugin_export_missing"),
        (
            "a nested module is not the component itself",
            wat("(component (core module))"),
            "plugin_export_missing",
        ),
        (
            "foreign import",
            wat(r#"(component
                (import "evil:host/files@1.0.0" (instance (export "read" (func))))
                (instance $empty)
                (export "waypost:sms/configuration@0.1.0" (instance $empty))
                (export "waypost:sms/screening@0.1.0" (instance $empty)))"#),
            "plugin_import_refused",
        ),
        (
            "HTTP",
            wat(r#"(component
                (import "wasi:http/outgoing-handler@0.2.0" (instance))
                (instance $empty)
                (export "waypost:sms/configuration@0.1.0" (instance $empty))
                (export "waypost:sms/screening@0.1.0" (instance $empty)))"#),
            "plugin_import_refused",
        ),
        (
            "signing without the provider role",
            wat(r#"(component
                (import "waypost:sms/signing@0.1.0" (instance))
                (instance $empty)
                (export "waypost:sms/configuration@0.1.0" (instance $empty))
                (export "waypost:sms/screening@0.1.0" (instance $empty)))"#),
            "plugin_import_refused",
        ),
        (
            "an import of the root",
            wat(r#"(component
                (import "read" (func))
                (instance $empty)
                (export "waypost:sms/configuration@0.1.0" (instance $empty))
                (export "waypost:sms/screening@0.1.0" (instance $empty)))"#),
            "plugin_import_refused",
        ),
        (
            "another version",
            wat(r#"(component
                (instance $empty)
                (export "waypost:sms/configuration@0.9.0" (instance $empty))
                (export "waypost:sms/screening@0.9.0" (instance $empty)))"#),
            "plugin_version_unknown",
        ),
        (
            "no configuration",
            wat(r#"(component (instance $empty)
                (export "waypost:sms/screening@0.1.0" (instance $empty)))"#),
            "plugin_export_missing",
        ),
        (
            "empty interfaces",
            wat(r#"(component (instance $empty)
                (export "waypost:sms/configuration@0.1.0" (instance $empty))
                (export "waypost:sms/screening@0.1.0" (instance $empty)))"#),
            "plugin_type_mismatch",
        ),
        ("functions of another type", screening_in_wat(CORE), "plugin_type_mismatch"),
        (
            "a log of another type",
            wat(r#"(component
                (import "waypost:sms/log@0.1.0" (instance (export "write" (func (param "n" u32)))))
                (instance $empty)
                (export "waypost:sms/configuration@0.1.0" (instance $empty))
                (export "waypost:sms/screening@0.1.0" (instance $empty)))"#),
            "plugin_type_mismatch",
        ),
    ];
    for (what, bytes, code) in table {
        let error = error(bytes, Role::Screening, &json!({}));
        assert_eq!(error.code(), *code, "{what}: {error}");
        assert_eq!(error.class(), FaultClass::Refused, "{what}");
    }
}

#[test]
fn the_refusal_names_the_import() {
    let component = wat(r#"(component
        (import "evil:host/files@1.0.0" (instance))
        (instance $empty)
        (export "waypost:sms/configuration@0.1.0" (instance $empty))
        (export "waypost:sms/screening@0.1.0" (instance $empty)))"#);
    let error = error(&component, Role::Screening, &json!({}));
    assert!(error.to_string().contains("evil:host/files@1.0.0"), "{error}");
}

#[test]
fn a_component_of_another_role_is_refused() {
    let error = error(DENY, Role::Routing, &json!({"countries": []}));
    assert_eq!(error.code(), "plugin_export_missing");
    assert!(error.to_string().contains("waypost:sms/routing@0.1.0"), "{error}");
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever_it_is_cut() {
    for parts in 0..24 {
        let cut = DENY.len() * parts / 24;
        let error = error(&DENY[..cut], Role::Screening, &json!({"countries": []}));
        assert_eq!(error.class(), FaultClass::Refused, "at {cut}: {error}");
    }
    for cut in 1..16 {
        let bytes = &DENY[..DENY.len() - cut];
        assert_eq!(error(bytes, Role::Screening, &json!({})).class(), FaultClass::Refused);
    }
}

#[test]
fn changed_bytes_never_bring_the_host_down() {
    let mut bytes = DENY.to_vec();
    for step in 0..60_usize {
        let at = step.wrapping_mul(7919) % bytes.len();
        let before = bytes[at];
        bytes[at] ^= 1 << (step % 8);
        // Loaded or refused: both are well.
        let _ = load(&bytes, Role::Screening, &json!({"countries": []}));
        bytes[at] = before;
    }
}

#[test]
fn a_component_above_the_limit_is_refused_before_anything_else() {
    let settings = json!({"countries": []});
    let limits = Limits { component_bytes_max: DENY.len() - 1, ..patient() };
    let request = LoadRequest { limits, ..request(DENY, Role::Screening, &settings) };
    let error = ENGINE.load(request).err().unwrap();
    assert_eq!(error.code(), "plugin_too_large");
}

#[test]
fn settings_must_fit_the_schema() {
    let table = [
        (json!({}), "countries"),
        (json!({"countries": "KP"}), "/countries"),
        (json!({"countries": ["KP", "kp"]}), "/countries/1"),
        (json!({"countries": [], "contries": []}), "contries"),
        (json!(null), "/"),
    ];
    for (settings, place) in table {
        let error = error(DENY, Role::Screening, &settings);
        assert_eq!(error.code(), "plugin_settings_invalid", "{settings}");
        assert!(error.to_string().contains(place), "{settings}: {error}");
    }
}

#[test]
fn what_configure_says_is_passed_on_in_one_line() {
    let error = error(HOSTILE, Role::Screening, &json!({"when": "configure", "do": "reject"}));
    assert_eq!(error, LoadError::Rejected { reason: "I do not like these settings".to_owned() });
}

#[test]
fn misbehaviour_while_configuring_has_its_class() {
    let table = [
        ("endless-loop", FaultClass::OutOfFuel),
        ("memory-bomb", FaultClass::OutOfMemory),
        ("deep-recursion", FaultClass::Trap),
        ("panic", FaultClass::Trap),
        ("trap", FaultClass::Trap),
        ("exit", FaultClass::Trap),
    ];
    for (misdeed, expected) in table {
        let settings = json!({"when": "configure", "do": misdeed});
        let limits = patient();
        let request = LoadRequest { limits, ..request(HOSTILE, Role::Screening, &settings) };
        let error = ENGINE.load(request).err().unwrap();
        assert!(matches!(&error, LoadError::Failed { stage: Stage::Configure, .. }), "{misdeed}: {error}");
        assert_eq!(error.class(), expected, "{misdeed}: {error}");
    }
}

#[test]
fn configuring_that_takes_too_long_is_stopped() {
    let settings = json!({"when": "configure", "do": "endless-loop"});
    let limits = Limits { setup_fuel_max: u64::MAX / 2, setup_wall_ms: 20, ..Limits::default() };
    let request = LoadRequest { limits, ..request(HOSTILE, Role::Screening, &settings) };
    let error = ENGINE.load(request).err().unwrap();
    assert_eq!(error.class(), FaultClass::Timeout, "{error}");
}

#[test]
fn a_component_that_always_fails_is_found_by_the_probe() {
    for role in Role::ALL {
        let settings = json!({"when": "always", "do": "panic"});
        let error = error(HOSTILE, role, &settings);
        let LoadError::Failed { stage, class, log, .. } = &error else { panic!("{role}: {error}") };
        assert_eq!((*stage, *class), (Stage::Probe, FaultClass::Trap), "{role}");
        assert!(log.iter().any(|line| line.contains("I wanted to")), "{role}: {error}");
    }
}

#[test]
fn a_start_function_that_traps_is_a_failure_of_its_stage() {
    let component = component_with_types("(func $start unreachable) (start $start)");
    let error = error(&component, Role::Screening, &json!({}));
    assert!(matches!(error, LoadError::Failed { stage: Stage::Schema, .. }), "{error}");
    assert_eq!(error.class(), FaultClass::Trap);
}

#[test]
fn a_memory_that_is_too_large_from_the_start_is_out_of_memory() {
    let component = component_with_types("(memory $large 1024)");
    let error = error(&component, Role::Screening, &json!({}));
    assert_eq!(error.class(), FaultClass::OutOfMemory, "{error}");
}

/// A component with the right types, made by adding a core module with `fields` to a real one.
fn component_with_types(fields: &str) -> Vec<u8> {
    let module = wat(&format!("(module {fields})"));
    let mut component = DENY.to_vec();
    // Section 1: a core module. It becomes the last module of the component.
    section(&mut component, 1, &module);
    let modules = wasmparser::Parser::new(0)
        .parse_all(DENY)
        .filter(|it| matches!(it, Ok(wasmparser::Payload::ModuleSection { .. })))
        .count();
    // Section 2: one core instance, made of that module, without arguments.
    let index = u8::try_from(modules).unwrap();
    section(&mut component, 2, &[1, 0, index, 0]);
    component
}

fn section(component: &mut Vec<u8>, id: u8, content: &[u8]) {
    component.push(id);
    let mut length = content.len();
    loop {
        let byte = (length & 0x7f) as u8;
        length >>= 7;
        component.push(if length == 0 { byte } else { byte | 0x80 });
        if length == 0 {
            break;
        }
    }
    component.extend_from_slice(content);
}
