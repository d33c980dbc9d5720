//! Every function with every input from every state makes only steps that `may_follow` allows.

use super::*;
use crate::lifecycle::{dispatch, may_follow, receive, settle};

/// Every way in which a message can be in a state that a function may look at.
fn starts() -> Vec<Progress> {
    let mut starts = vec![queued_after_doubt()];
    for state in State::ALL {
        for doubted in [false, true] {
            for failures in [0, 2, 3] {
                for reference in [None, Some("r1"), Some("r2")] {
                    for class in [None, Some(FailureClass::Message), Some(FailureClass::InDoubt)] {
                        let mut start = in_state(state);
                        start.doubted = doubted;
                        start.failures = failures;
                        start.reference = reference.map(str::to_owned);
                        start.failure = class.map(failure);
                        starts.push(start.clone());
                        start.attempts = 2;
                        start.tried = vec![Name::from("second")];
                        starts.push(start);
                    }
                }
            }
        }
    }
    starts
}

fn assert_allowed(function: &str, before: &Progress, after: &Progress) {
    let same = before.state == after.state;
    assert!(same || may_follow(before.state, after.state), "{function}: {} to {}", before.state, after.state);
    assert!(!before.doubted || after.doubted, "{function} forgets a doubt");
    assert_eq!(after.due_ms.is_some(), !after.state.is_final(), "{function}: {}", after.state);
    if same && before.state.is_final() {
        assert_eq!(after.changed_ms, before.changed_ms, "{function}: a final state begins once");
    }
}

fn check(function: &str, before: &Progress, apply: impl FnOnce(&mut Progress)) {
    let mut after = before.clone();
    apply(&mut after);
    assert_allowed(function, before, &after);
}

#[test]
fn no_function_makes_a_step_that_is_not_allowed() {
    let routes = [None, Some(Name::from("first")), Some(Name::from("second")), Some(Name::from("third"))];
    let mut outcomes: Vec<Outcome> = CLASSES.map(failed).to_vec();
    outcomes.extend([accepted("r1"), accepted("r2"), Outcome::InDoubt("lost".to_owned())]);
    for before in starts() {
        for outcome in &outcomes {
            for route in &routes {
                check("settle", &before, |progress| {
                    settle::settle(progress, outcome, route.as_ref(), &RULES, NOW_MS, 1);
                });
            }
        }
        for status in STATUSES {
            for reference in ["r1", "r2"] {
                check("receipt", &before, |progress| {
                    let _ = receive::receipt(progress, &receipt(reference, status), 1_000, NOW_MS);
                });
            }
        }
        for doubt_then in [DoubtChoice::Retry, DoubtChoice::GiveUp] {
            for valid_until_ms in [NOW_MS, LATER_MS] {
                let rules = RouteRules { doubt_then, ..RULES };
                check("stop_waiting", &before, |progress| {
                    dispatch::stop_waiting(progress, &rules, valid_until_ms, NOW_MS);
                });
            }
        }
        check("lose_lease", &before, |progress| dispatch::lose_lease(progress, &RULES, NOW_MS));
        check("cancel", &before, |progress| {
            let _ = dispatch::cancel(progress, NOW_MS);
        });
        check("redrive", &before, |progress| {
            let _ = dispatch::redrive(progress, NOW_MS);
        });
        check("reroute", &before, |progress| settle::reroute(progress, &Name::from("third"), NOW_MS));
        if matches!(before.state, State::Held | State::Queued) {
            for valid_until_ms in [NOW_MS, LATER_MS] {
                check("claim", &before, |progress| {
                    dispatch::claim(progress, valid_until_ms, NOW_MS, LATER_MS);
                });
            }
        }
    }
}

/// The largest times and counts overflow nothing.
#[test]
fn the_end_of_time_is_no_panic() {
    let rules = RouteRules {
        retry: RetryRules { attempts_max: u16::MAX, base_ms: u64::MAX, max_ms: u64::MAX },
        doubt_wait_ms: u64::MAX,
        receipt_wait_ms: u64::MAX,
        ..RULES
    };
    for state in State::ALL {
        let mut start = in_state(state);
        (start.attempts, start.failures) = (u16::MAX, u16::MAX - 1);
        for outcome in
            CLASSES.map(failed).into_iter().chain([accepted("r1"), Outcome::InDoubt(String::new())])
        {
            check("settle", &start, |progress| {
                settle::settle(progress, &outcome, None, &rules, u64::MAX, u64::MAX);
            });
        }
        check("lose_lease", &start, |progress| dispatch::lose_lease(progress, &rules, u64::MAX));
        check("stop_waiting", &start, |progress| dispatch::stop_waiting(progress, &rules, 0, u64::MAX));
        if matches!(state, State::Held | State::Queued) {
            check("claim", &start, |progress| {
                dispatch::claim(progress, u64::MAX, u64::MAX - 1, u64::MAX);
            });
        }
    }
}
