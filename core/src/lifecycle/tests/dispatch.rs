use super::*;
use crate::lifecycle::dispatch::{Claimed, cancel, claim, lose_lease, redrive, stop_waiting};

#[test]
fn a_claim_leases_until_the_validity_is_over() {
    for (valid_until_ms, expected) in
        [(NOW_MS + 1, Claimed::Leased), (NOW_MS, Claimed::Expired), (NOW_MS - 1, Claimed::Expired)]
    {
        for state in [State::Held, State::Queued] {
            let mut progress = in_state(state);
            assert_eq!(claim(&mut progress, valid_until_ms, NOW_MS, NOW_MS + 30_000), expected);
            if expected == Claimed::Leased {
                assert_eq!((progress.state, progress.attempts), (State::Submitting, 1));
                assert_eq!(progress.due_ms, Some(NOW_MS + 30_000));
            } else {
                assert_eq!((progress.state, progress.attempts, progress.due_ms), (State::Expired, 0, None));
            }
            assert_eq!(progress.changed_ms, NOW_MS);
        }
    }
}

#[test]
fn a_lost_lease_is_a_doubt_and_nothing_else_is_touched() {
    for state in State::ALL {
        let before = in_state(state);
        let mut after = before.clone();
        lose_lease(&mut after, &RULES, NOW_MS);
        if state == State::Submitting {
            assert_eq!((after.state, after.doubted), (State::InDoubt, true));
            assert_eq!(after.due_ms, Some(NOW_MS + RULES.doubt_wait_ms));
            assert_eq!(after.failure.map(|failure| failure.class), Some(FailureClass::InDoubt));
        } else {
            assert_eq!(after, before, "{state}");
        }
    }
}

#[test]
fn waits_end_as_the_operator_chose() {
    use DoubtChoice::{GiveUp, Retry};
    // state, choice, still valid, failures before: state after, failures after
    let table = [
        (State::InDoubt, Retry, true, 0, State::Queued, 1),
        (State::InDoubt, Retry, true, 1, State::Queued, 2),
        (State::InDoubt, Retry, true, 2, State::Unknown, 2),
        (State::InDoubt, Retry, true, u16::MAX, State::Unknown, u16::MAX),
        (State::InDoubt, Retry, false, 0, State::Unknown, 0),
        (State::InDoubt, GiveUp, true, 0, State::Unknown, 0),
        (State::InDoubt, GiveUp, false, 0, State::Unknown, 0),
        (State::Submitted, Retry, true, 0, State::Unknown, 0),
        (State::Submitted, GiveUp, false, 0, State::Unknown, 0),
    ];
    for (state, doubt_then, valid, failures, state_after, failures_after) in table {
        let mut progress = in_state(state);
        progress.failures = failures;
        progress.tried = vec![Name::from("second")];
        let valid_until_ms = if valid { NOW_MS + 1 } else { NOW_MS };
        stop_waiting(&mut progress, &RouteRules { doubt_then, ..RULES }, valid_until_ms, NOW_MS);
        let case = format!("{state} {doubt_then:?} valid {valid} failures {failures}");
        assert_eq!((progress.state, progress.failures), (state_after, failures_after), "{case}");
        assert_eq!(progress.due_ms, (state_after == State::Queued).then_some(NOW_MS), "{case}");
        assert_eq!(progress.tried.is_empty(), state_after == State::Queued, "{case}");
        assert_eq!(progress.doubted, state == State::InDoubt, "{case}");
    }
}

#[test]
fn what_waits_for_nothing_does_not_stop_waiting() {
    for state in State::ALL {
        if !matches!(state, State::InDoubt | State::Submitted) {
            let before = in_state(state);
            let mut after = before.clone();
            stop_waiting(&mut after, &RULES, LATER_MS, NOW_MS);
            assert_eq!(after, before, "{state}");
        }
    }
}

#[test]
fn only_what_waits_can_be_taken_back() {
    for state in State::ALL {
        let before = in_state(state);
        let mut after = before.clone();
        let waits = matches!(state, State::Held | State::Queued);
        assert_eq!(cancel(&mut after, NOW_MS), waits, "{state}");
        if waits {
            assert_eq!((after.state, after.due_ms), (State::Cancelled, None));
        } else {
            assert_eq!(after, before, "{state}");
        }
    }
}

#[test]
fn only_dead_letters_are_sent_again_with_all_their_tries() {
    for state in State::ALL {
        let mut before = in_state(state);
        before.failures = 3;
        before.tried = vec![Name::from("second")];
        let mut after = before.clone();
        assert_eq!(redrive(&mut after, NOW_MS), state.is_dead_letter(), "{state}");
        if state.is_dead_letter() {
            assert_eq!((after.state, after.failures, after.due_ms), (State::Queued, 0, Some(NOW_MS)));
            assert_eq!((after.attempts, after.tried.len()), (before.attempts, 0));
        } else {
            assert_eq!(after, before, "{state}");
        }
    }
}
