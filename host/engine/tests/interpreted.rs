//! Components that bring an interpreter: built elsewhere, with the tools of their language, from a
//! policy that refuses the `countries` of its settings. Where no file is named the test says so and
//! passes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "test code")]

mod common;

use std::time::{Duration, Instant};

use common::{CONTEXT, draft, request};
use serde_json::json;
use waypost_core::decision::{Role, Verdict};
use waypost_core::registry::Plan;
use waypost_engine::{Engine, EngineOptions, Limits, LoadRequest, Reuse, Screening};

/// Names a component made by `componentize-js`.
const JAVASCRIPT: &str = "WAYPOST_JS_COMPONENT";
/// Names a component made by `componentize-py`.
const PYTHON: &str = "WAYPOST_PY_COMPONENT";
const CALLS: u32 = 200;

#[test]
fn a_policy_in_javascript_decides() {
    decides(JAVASCRIPT);
}

#[test]
fn a_policy_in_python_decides() {
    decides(PYTHON);
}

/// Loads with the limits of the usual plan, cold and warm, and asks fresh and reused instances.
fn decides(variable: &str) {
    let Some(path) = std::env::var_os(variable) else {
        eprintln!("skipped: {variable} names no component");
        return;
    };
    let component = std::fs::read(&path).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let options = EngineOptions { cache_dir: Some(cache.path().to_owned()), ..Default::default() };
    let engine = Engine::new(&options).unwrap();
    let settings = json!({"countries": ["GB"]});
    let load = |reuse| {
        let limits = Limits::for_plan(&Plan::default());
        let started = Instant::now();
        let loaded =
            engine.load(LoadRequest { limits, reuse, ..request(&component, Role::Screening, &settings) });
        let loaded = loaded.unwrap_or_else(|error| panic!("{variable}: {}: {error}", error.code()));
        let info = loaded.info().clone();
        eprintln!(
            "{variable}: loaded in {:?}: {} bytes, cached {}, snapshotted {}",
            started.elapsed(),
            component.len(),
            info.cached,
            info.snapshotted
        );
        loaded.screening().unwrap()
    };
    assert!(!load(Reuse::Fresh).info().cached);
    for (mode, reuse) in [("fresh", Reuse::Fresh), ("reused", Reuse::Calls { max: 1000 })] {
        let policy = load(reuse);
        assert!(policy.info().cached);
        let times = ask(&policy);
        let last = policy.screen(&draft("GB"), &CONTEXT).record;
        eprintln!(
            "{variable}: {mode}: middle {:?}, p99 {:?}, {} fuel, {} bytes of memory",
            times[times.len() / 2],
            times[times.len() * 99 / 100],
            last.fuel,
            last.memory_bytes
        );
    }
}

/// The sorted times of calls, each with the right answer.
fn ask(policy: &Screening) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..CALLS {
        let started = Instant::now();
        assert_eq!(policy.screen(&draft("DE"), &CONTEXT).answer, Ok(Verdict::Allow));
        times.push(started.elapsed());
        let refused = policy.screen(&draft("GB"), &CONTEXT);
        let Ok(Verdict::Refuse(refusal)) = refused.answer else { panic!("{:?}", refused.answer) };
        assert_eq!(refusal.code, "country_denied");
        assert!(refused.record.log.iter().any(|line| line.contains("refused")), "{:?}", refused.record.log);
    }
    times.sort_unstable();
    times
}
