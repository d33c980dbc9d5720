use super::*;
use crate::breaker::Signal;
use crate::lifecycle::settle::{reroute, settle, signal, wants_other_route};

const SEED: u64 = 99;

/// What one outcome makes of a message: its state, and whether it moved to the other provider.
fn settled(progress: &Progress, outcome: &Outcome, other: bool) -> Progress {
    let mut progress = progress.clone();
    let second = Name::from("second");
    settle(&mut progress, outcome, other.then_some(&second), &RULES, NOW_MS, SEED);
    progress
}

#[test]
fn each_class_leads_where_it_should() {
    use FailureClass as Class;
    // class, other route given, failures before: state, failures after, moved
    let table = [
        (Class::Message, false, 0, State::Failed, 0, false),
        (Class::Message, true, 0, State::Failed, 0, false),
        (Class::Policy, true, 0, State::Failed, 0, false),
        (Class::Sender, false, 0, State::Failed, 0, false),
        (Class::Sender, true, 0, State::Queued, 0, true),
        (Class::Sender, true, 2, State::Queued, 2, true),
        (Class::Throttled, false, 0, State::Queued, 0, false),
        (Class::Throttled, true, 2, State::Queued, 2, false),
        (Class::Transient, false, 0, State::Queued, 1, false),
        (Class::Transient, true, 0, State::Queued, 1, true),
        (Class::Transient, false, 1, State::Queued, 2, false),
        (Class::Transient, false, 2, State::Exhausted, 3, false),
        (Class::Transient, true, 2, State::Exhausted, 3, false),
        (Class::Transient, true, 9, State::Exhausted, 10, false),
        (Class::Transient, true, u16::MAX, State::Exhausted, u16::MAX, false),
        (Class::System, false, 0, State::Queued, 0, false),
        (Class::System, false, 2, State::Queued, 2, false),
        (Class::System, true, 2, State::Queued, 2, true),
        (Class::InDoubt, false, 0, State::InDoubt, 0, false),
        (Class::InDoubt, true, 2, State::InDoubt, 2, false),
    ];
    for (class, other, failures, state, failures_after, moved) in table {
        for from in [State::Submitting, State::InDoubt] {
            let mut before = in_state(from);
            before.failures = failures;
            let after = settled(&before, &failed(class), other);
            let case = format!("{from} {class:?} other {other} failures {failures}");
            assert_eq!(after.state, state, "{case}");
            assert_eq!(after.failures, failures_after, "{case}");
            assert_eq!(after.route.as_deref(), Some(if moved { "second" } else { "first" }), "{case}");
            assert_eq!(after.tried.len(), usize::from(moved), "{case}");
            assert_eq!(after.failure.as_ref().map(|failure| failure.class), Some(class), "{case}");
            assert_eq!(after.attempts, before.attempts, "{case}");
            assert_eq!(after.doubted, before.doubted || class == Class::InDoubt, "{case}");
            assert_eq!(after.due_ms.is_none(), state.is_final(), "{case}");
            if moved {
                assert_eq!(after.due_ms, Some(NOW_MS), "{case}");
            } else if state == State::Queued {
                assert!(after.due_ms.is_some_and(|due_ms| due_ms >= NOW_MS + 500), "{case}");
            }
        }
    }
}

#[test]
fn only_a_message_that_is_handed_over_or_in_doubt_learns_from_a_failure() {
    let outcomes = CLASSES.map(failed).into_iter().chain([Outcome::InDoubt("lost".to_owned())]);
    for outcome in outcomes {
        for state in State::ALL {
            if matches!(state, State::Submitting | State::InDoubt) {
                continue;
            }
            let before = in_state(state);
            assert_eq!(settled(&before, &outcome, true), before, "{state} {outcome:?}");
        }
        let waits = queued_after_doubt();
        assert_eq!(settled(&waits, &outcome, true), waits, "{outcome:?}");
    }
}

#[test]
fn an_acceptance_is_kept_and_only_moves_what_was_open() {
    for state in State::ALL {
        let mut before = in_state(state);
        before.failure = Some(failure(FailureClass::Message));
        let after = settled(&before, &accepted("r1"), false);
        let open = matches!(state, State::Submitting | State::InDoubt);
        assert_eq!(after.state, if open { State::Submitted } else { state });
        assert_eq!(after.reference.as_deref(), Some("r1"), "{state}");
        assert_eq!(after.price_micros, Some(45_000), "{state}");
        assert_eq!(after.failure.is_none(), open, "{state}");
        let due_ms = if open { Some(NOW_MS + RULES.receipt_wait_ms) } else { before.due_ms };
        assert_eq!(after.due_ms, due_ms, "{state}");
    }
}

#[test]
fn a_late_acceptance_keeps_a_doubted_message_from_being_sent_again() {
    let mut waits = queued_after_doubt();
    assert_eq!(settled(&waits, &accepted("r1"), false).state, State::Submitted);
    for route in ["second", "third"] {
        reroute(&mut waits, &Name::from(route), NOW_MS);
    }
    let after = settled(&waits, &accepted("r1"), false);
    assert_eq!((after.state, after.route.as_deref()), (State::Submitted, Some("first")));
    assert!(after.tried.is_empty() && after.doubted);
}

#[test]
fn a_lost_answer_is_marked_and_waits() {
    let after = settled(&in_state(State::Submitting), &Outcome::InDoubt("timed out".to_owned()), true);
    assert_eq!((after.state, after.doubted), (State::InDoubt, true));
    assert_eq!(after.due_ms, Some(NOW_MS + RULES.doubt_wait_ms));
    let failure = after.failure.unwrap();
    assert_eq!((failure.code.as_str(), failure.reason.as_str()), ("answer_lost", "timed out"));
}

#[test]
fn a_price_is_not_forgotten() {
    let mut before = in_state(State::Submitting);
    before.price_micros = Some(7);
    let reference = "r1".to_owned();
    let outcome = Outcome::Accepted(Acceptance { reference, parts: None, price_micros: None });
    assert_eq!(settled(&before, &outcome, false).price_micros, Some(7));
}

#[test]
fn a_provider_is_left_alone_as_long_as_it_asks_but_an_hour_at_most() {
    for (asked_ms, from_ms, to_ms) in [
        (None, 500, 1_000),
        (Some(0), 500, 1_000),
        (Some(90_000), 90_000, 90_000),
        (Some(u32::MAX), 3_600_000, 3_600_000),
    ] {
        for class in [FailureClass::Throttled, FailureClass::Transient, FailureClass::System] {
            let outcome = Outcome::Failed(Failure { retry_after_ms: asked_ms, ..failure(class) });
            let due_ms = settled(&in_state(State::Submitting), &outcome, false).due_ms.unwrap();
            assert!((from_ms..=to_ms).contains(&(due_ms - NOW_MS)), "{class:?} {asked_ms:?}");
        }
    }
}

/// A routing component that names the same providers in turn would have them tried without a wait
/// and without an end.
#[test]
fn a_route_that_was_tried_is_no_other_route() {
    let mut before = in_state(State::Submitting);
    for (route, tried) in [("second", None), ("first", Some("second"))] {
        before.route = Some(Name::from(route));
        before.tried = tried.into_iter().map(Name::from).collect();
        let after = settled(&before, &failed(FailureClass::System), true);
        assert!(after.due_ms.is_some_and(|due_ms| due_ms > NOW_MS), "{route}");
        assert!(after.tried.is_empty(), "{route}");
        assert_eq!(settled(&before, &failed(FailureClass::Sender), true).state, State::Failed);
    }
}

#[test]
fn rerouting_moves_what_waits_and_breaks_no_hold() {
    for state in State::ALL {
        let before = in_state(state);
        let mut after = before.clone();
        reroute(&mut after, &Name::from("second"), NOW_MS);
        if matches!(state, State::Held | State::Queued) {
            assert_eq!((after.state, after.route.as_deref()), (State::Queued, Some("second")));
            assert_eq!(after.tried, [Name::from("first")]);
        } else {
            assert_eq!(after, before, "{state}");
        }
    }
    let mut held = in_state(State::Held);
    held.due_ms = Some(LATER_MS);
    reroute(&mut held, &Name::from("second"), NOW_MS);
    assert_eq!(
        (held.state, held.due_ms, held.route.as_deref()),
        (State::Held, Some(LATER_MS), Some("second"))
    );
}

#[test]
fn signals_and_detours_by_class() {
    use FailureClass as Class;
    let table = [
        (Class::Message, Some(Signal::Works), false),
        (Class::Sender, Some(Signal::Works), true),
        (Class::Throttled, None, false),
        (Class::Transient, Some(Signal::Fails), true),
        (Class::System, Some(Signal::Broken), true),
        (Class::InDoubt, Some(Signal::Fails), false),
        (Class::Policy, None, false),
    ];
    for (class, expected, detour) in table {
        assert_eq!(signal(&failed(class)), expected, "{class:?}");
        assert_eq!(wants_other_route(&failed(class)), detour, "{class:?}");
    }
    let lost = Outcome::InDoubt(String::new());
    assert_eq!((signal(&accepted("r1")), wants_other_route(&accepted("r1"))), (Some(Signal::Works), false));
    assert_eq!((signal(&lost), wants_other_route(&lost)), (Some(Signal::Fails), false));
}
