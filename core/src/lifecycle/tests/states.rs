//! Names and numbers of states, which stores and callers keep.

use crate::lifecycle::may_follow;
use crate::message::State;

/// Never edited, only added to: stores on disk hold the numbers, applications compare the names.
const GOLDEN: [(u8, &str, State); 13] = [
    (0, "held", State::Held),
    (1, "queued", State::Queued),
    (2, "submitting", State::Submitting),
    (3, "in_doubt", State::InDoubt),
    (4, "submitted", State::Submitted),
    (5, "delivered", State::Delivered),
    (6, "undelivered", State::Undelivered),
    (7, "expired", State::Expired),
    (8, "unknown", State::Unknown),
    (9, "refused", State::Refused),
    (10, "failed", State::Failed),
    (11, "exhausted", State::Exhausted),
    (12, "cancelled", State::Cancelled),
];

#[test]
fn names_and_numbers_never_change() {
    assert_eq!(State::ALL.len(), GOLDEN.len());
    for (number, name, state) in GOLDEN {
        assert_eq!((state.number(), state.as_str()), (number, name));
        assert_eq!(State::from_number(number), Some(state));
        assert_eq!(State::from_name(name), Some(state));
        assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{name}\""));
    }
    assert_eq!(State::from_number(13), None);
    assert_eq!(State::from_name("Queued"), None);
}

#[test]
fn only_dead_letters_and_unknown_leave_a_final_state() {
    for from in State::ALL.into_iter().filter(|state| state.is_final()) {
        let next: Vec<State> = State::ALL.into_iter().filter(|to| may_follow(from, *to)).collect();
        let expected: &[State] = match from {
            State::Failed | State::Exhausted => &[State::Queued],
            State::Unknown => &[State::Delivered, State::Undelivered, State::Expired, State::Failed],
            _ => &[],
        };
        assert_eq!(next, expected, "{from}");
    }
}

#[test]
fn nothing_leads_to_held_or_refused() {
    for from in State::ALL {
        assert!(!may_follow(from, State::Held) && !may_follow(from, State::Refused), "{from}");
    }
}
