//! What stays between calls, what does not, and what others feel of a hostile component.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod common;

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{CONTEXT, ENGINE, draft, hostile, load, provocation, request};
use serde_json::json;
use waypost_core::decision::{FaultClass, Refusal, Role, Verdict};
use waypost_engine::{Engine, EngineOptions, LoadRequest, Loaded, Reuse, Screening};
use waypost_test_guests::{DENY, HOSTILE};

fn reused(max: u32) -> Screening {
    let settings = json!({"when": "call"});
    let request = request(HOSTILE, Role::Screening, &settings);
    let request = LoadRequest { reuse: Reuse::Calls { max }, ..request };
    ENGINE.load(request).unwrap().screening().unwrap()
}

fn count(component: &Screening) -> String {
    match component.screen(&provocation("count-calls"), &CONTEXT).answer {
        Ok(Verdict::Refuse(Refusal { reason, .. })) => reason,
        other => panic!("{other:?}"),
    }
}

fn deny(engine: &Engine) -> Loaded {
    engine.load(request(DENY, Role::Screening, &json!({"countries": ["GB"]}))).unwrap()
}

#[test]
fn the_same_input_gives_the_same_answer_and_the_same_fuel() {
    for misdeed in ["read-random", "read-clock", "log", "longest-reason", "panic", "endless-loop"] {
        let component = hostile(Role::Screening).screening().unwrap();
        let first = component.screen(&provocation(misdeed), &CONTEXT);
        for _ in 0..3 {
            let mut again = component.screen(&provocation(misdeed), &CONTEXT);
            again.record.time_ns = first.record.time_ns;
            assert_eq!(again, first, "{misdeed}");
        }
    }
}

#[test]
fn a_revision_loaded_twice_is_the_same() {
    let (one, two) = (hostile(Role::Screening).screening().unwrap(), reused(1));
    assert_eq!(one.info().revision, two.info().revision);
    let random = provocation("read-random");
    let (one, two) = (one.screen(&random, &CONTEXT), two.screen(&random, &CONTEXT));
    assert_eq!((one.answer, one.record.fuel), (two.answer, two.record.fuel));
}

#[test]
fn fresh_calls_share_no_state() {
    let component = hostile(Role::Screening).screening().unwrap();
    for _ in 0..10 {
        assert_eq!(count(&component), "1");
    }
}

#[test]
fn reused_instances_keep_state_for_a_bounded_number_of_calls() {
    let component = reused(8);
    let counts: Vec<u32> = (0..200).map(|_| count(&component).parse().unwrap()).collect();
    assert!(counts.iter().any(|count| *count > 1), "no instance was reused");
    assert!(counts.iter().all(|count| *count <= 8), "{counts:?}");
    let starts = counts.iter().filter(|count| **count == 1).count();
    assert!((25..=100).contains(&starts), "lifetimes are drawn from 1 to 8: {starts}");
}

#[test]
fn a_failure_ends_a_reused_instance() {
    let component = reused(1000);
    for _ in 0..3 {
        assert_eq!(component.screen(&draft("DE"), &CONTEXT).answer, Ok(Verdict::Allow));
        let fault = component.screen(&provocation("panic"), &CONTEXT).answer.unwrap_err();
        assert_eq!(fault.class, FaultClass::Trap);
    }
}

#[test]
fn memory_that_grows_by_call_ends_the_instance_and_not_the_component() {
    let component = reused(1000);
    let mut peak = 0;
    for _ in 0..50 {
        let decision = component.screen(&provocation("grow-by-call"), &CONTEXT);
        peak = peak.max(decision.record.memory_bytes);
        if let Err(fault) = decision.answer {
            assert_eq!(fault.class, FaultClass::OutOfMemory);
        }
    }
    assert!(peak > 4 << 20 && peak <= 8 << 20, "{peak}");
    assert_eq!(component.screen(&draft("DE"), &CONTEXT).answer, Ok(Verdict::Allow));
}

#[test]
fn configuring_happens_once_and_its_result_is_in_the_snapshot() {
    let component = load(DENY, Role::Screening, &json!({"countries": ["GB"]})).unwrap();
    assert!(component.info().snapshotted);
    let long: Vec<String> = (0..2000).map(|n| format!("{}{}", letter(n / 26 % 26), letter(n % 26))).collect();
    let many = load(DENY, Role::Screening, &json!({"countries": long})).unwrap();
    assert!(many.info().snapshotted);
    // Reading 2000 countries from JSON takes far more fuel than looking one of them up.
    let fuel = many.screening().unwrap().screen(&draft("DE"), &CONTEXT).record.fuel;
    assert!(fuel < 60_000, "{fuel}");
}

fn letter(n: u32) -> char {
    char::from_u32(u32::from('A') + n).unwrap()
}

#[test]
fn a_component_that_holds_handles_is_configured_for_each_instance() {
    let settings = json!({"when": "configure", "do": "print"});
    let component = load(HOSTILE, Role::Screening, &settings).unwrap();
    assert!(!component.info().snapshotted);
    let component = component.screening().unwrap();
    for _ in 0..3 {
        let decision = component.screen(&draft("DE"), &CONTEXT);
        assert_eq!(decision.answer, Ok(Verdict::Allow));
        assert_eq!(decision.record.log, [""; 0]);
    }
}

#[test]
fn others_keep_answering_while_hostile_components_run() {
    let stop = AtomicBool::new(false);
    let good = deny(&ENGINE).screening().unwrap();
    std::thread::scope(|scope| {
        for misdeed in ["endless-loop", "memory-bomb", "deep-recursion", "huge-output"] {
            let hostile = hostile(Role::Screening).screening().unwrap();
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    assert!(hostile.screen(&provocation(misdeed), &CONTEXT).answer.is_err());
                }
            });
        }
        for _ in 0..300 {
            assert_eq!(good.screen(&draft("DE"), &CONTEXT).answer, Ok(Verdict::Allow));
            assert!(matches!(good.screen(&draft("GB"), &CONTEXT).answer, Ok(Verdict::Refuse(_))));
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_full_pool_is_unavailable_and_recovers() {
    let engine = Engine::new(&EngineOptions { instances_max: 1, ..Default::default() }).unwrap();
    let good = deny(&engine).screening().unwrap();
    let hostile = engine.load(request(HOSTILE, Role::Screening, &json!({"when": "call"})));
    let hostile = hostile.unwrap().screening().unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let _ = hostile.screen(&provocation("endless-loop"), &CONTEXT);
            }
        });
        let start = Instant::now();
        let is_unavailable = || {
            let answer = good.screen(&draft("DE"), &CONTEXT).answer;
            answer.is_err_and(|fault| fault.class == FaultClass::Unavailable)
        };
        while !is_unavailable() {
            assert!(start.elapsed() < Duration::from_secs(20), "the only instance is the other's");
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(good.screen(&draft("DE"), &CONTEXT).answer, Ok(Verdict::Allow));
}

#[test]
fn idle_instances_leave_room_for_calls() {
    let engine = Engine::new(&EngineOptions { instances_max: 4, ..Default::default() }).unwrap();
    let load = || {
        let settings = json!({"when": "call"});
        let request = request(HOSTILE, Role::Screening, &settings);
        let request = LoadRequest { reuse: Reuse::Calls { max: u32::MAX }, ..request };
        engine.load(request).unwrap().screening().unwrap()
    };
    let calls = |policy: &Screening| count(policy).parse::<u32>().unwrap();
    let many = [(); 6].map(|()| load());
    for _ in 0..3 {
        assert!(many.iter().all(|policy| calls(policy) > 0));
    }
    let kept = many.iter().filter(|policy| calls(policy) > 1).count();
    assert!(kept <= 2, "{kept} are idle");
    drop(many);
    // The room of those that are gone is there again.
    let again = load();
    let before = calls(&again);
    assert_eq!(calls(&again), before + 1);
}

#[test]
fn who_loads_the_same_shares_the_code_and_nothing_else() {
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    let load = |name: &str, settings| {
        let request = request(HOSTILE, Role::Screening, settings);
        let request = LoadRequest { name: name.into(), reuse: Reuse::Calls { max: 1_000_000 }, ..request };
        engine.load(request).unwrap().screening().unwrap()
    };
    let settings = json!({"when": "call"});
    let (one, two) = (load("one", &settings), load("two", &settings));
    assert!(!one.info().cached && two.info().cached, "the second is compiled, too");
    let calls = |policy: &Screening| count(policy).parse::<u32>().unwrap();
    let before = (calls(&one), calls(&two));
    for _ in 0..3 {
        calls(&one);
    }
    assert_eq!((calls(&one), calls(&two)), (before.0 + 4, before.1 + 1), "each has instances of its own");
    let record = two.screen(&draft("DE"), &CONTEXT).record;
    assert_eq!(&*record.component, "two");
    drop(one);
    calls(&two);
    drop(two);
    assert!(!load("three", &settings).info().cached, "nobody uses it, and it is still there");
}

#[test]
fn compiled_code_is_cached_and_damage_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("code");
    let options = EngineOptions { cache_dir: Some(path.clone()), ..Default::default() };
    let first = deny(&Engine::new(&options).unwrap());
    assert!(!first.info().cached);
    let entries: Vec<_> = fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()).collect();
    assert_eq!(entries.len(), 1, "{entries:?}");

    let second = deny(&Engine::new(&options).unwrap());
    assert!(second.info().cached && second.info().snapshotted);
    assert_eq!(second.info().schema, first.info().schema);
    let (one, two) = (first.screening().unwrap(), second.screening().unwrap());
    let (one, two) = (one.screen(&draft("GB"), &CONTEXT), two.screen(&draft("GB"), &CONTEXT));
    assert_eq!((one.answer, one.record.fuel), (two.answer, two.record.fuel));

    let whole = fs::read(&entries[0]).unwrap();
    // As a new file: code that runs is mapped from the old one.
    let replace = |bytes: &[u8]| {
        fs::remove_file(&entries[0]).unwrap();
        fs::write(&entries[0], bytes).unwrap();
    };
    for damaged in [&whole[..whole.len() - 1], &whole[..20], &whole[..4], &[], &[0; 4096], &[0xff; 4096]] {
        replace(damaged);
        assert!(!deny(&Engine::new(&options).unwrap()).info().cached, "{} bytes", damaged.len());
        assert_eq!(fs::read(&entries[0]).unwrap().len(), whole.len());
    }
    for at in [whole.len() / 2, whole.len() - 1, whole.len() - 9] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        replace(&flipped);
        assert!(!deny(&Engine::new(&options).unwrap()).info().cached, "a bit at {at}");
    }
}

#[cfg(unix)]
#[test]
fn only_the_host_may_look_into_the_cache() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("code");
    let options = EngineOptions { cache_dir: Some(path.clone()), ..Default::default() };
    Engine::new(&options).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}
