use super::*;
use crate::lifecycle::dispatch::{claim, redrive};
use crate::lifecycle::receive;

/// The state that a receipt leads to. None: it says nothing new.
fn received(progress: &mut Progress, reference: &str, status: ReceiptStatus) -> Option<State> {
    let before = progress.clone();
    if receive::receipt(progress, &receipt(reference, status), RULES.receipt_wait_ms, NOW_MS) {
        return Some(progress.state);
    }
    assert_eq!(*progress, before, "no news changed something");
    None
}

#[test]
fn each_status_in_each_state() {
    use State::{Delivered, Expired, Failed, Submitted, Undelivered, Unknown};
    for (index, status) in STATUSES.into_iter().enumerate() {
        let target = [Submitted, Submitted, Delivered, Undelivered, Failed, Expired, Failed, Unknown][index];
        for state in State::ALL {
            let mut progress = in_state(state);
            let expected = match state {
                State::Submitting | State::InDoubt => Some(target),
                Submitted | Unknown => (target != Submitted && target != state).then_some(target),
                _ => None,
            };
            assert_eq!(received(&mut progress, "r1", status), expected, "{state} {status:?}");
            if expected.is_some() {
                let due_ms = (target == Submitted).then_some(NOW_MS + RULES.receipt_wait_ms);
                assert_eq!(progress.due_ms, due_ms, "{state} {status:?}");
                assert_eq!(progress.reference.as_deref(), Some("r1"));
                let bad = !matches!(target, Submitted | Delivered);
                assert_eq!(
                    progress.failure.is_some_and(|failure| failure.code == "42"),
                    bad,
                    "{state} {status:?}"
                );
            }
        }
    }
}

#[test]
fn a_receipt_keeps_a_doubted_message_from_being_sent_again() {
    for status in STATUSES {
        let expected = match status {
            ReceiptStatus::Accepted | ReceiptStatus::Sent => Some(State::Submitted),
            ReceiptStatus::Delivered => Some(State::Delivered),
            _ => None,
        };
        assert_eq!(received(&mut queued_after_doubt(), "r1", status), expected, "{status:?}");
    }
}

/// After a later try that surely failed, only the delivery of the first one ends the wait.
#[test]
fn a_doubt_that_is_older_than_the_last_failure_ends_by_delivery_only() {
    for status in STATUSES {
        let mut progress = queued_after_doubt();
        progress.failure = Some(failure(FailureClass::Transient));
        let expected = (status == ReceiptStatus::Delivered).then_some(State::Delivered);
        assert_eq!(received(&mut progress, "r1", status), expected, "{status:?}");
    }
}

#[test]
fn a_repeated_receipt_does_not_end_the_submit_after_a_redrive() {
    let mut progress = in_state(State::Submitted);
    progress.reference = Some("r1".to_owned());
    assert_eq!(received(&mut progress, "r1", ReceiptStatus::Failed), Some(State::Failed));
    assert!(redrive(&mut progress, NOW_MS));
    assert_eq!(received(&mut progress, "r1", ReceiptStatus::Failed), None);
    claim(&mut progress, LATER_MS, NOW_MS, LATER_MS);
    assert_eq!(received(&mut progress, "r1", ReceiptStatus::Failed), None, "while it is handed over");
    crate::lifecycle::settle::settle(&mut progress, &accepted("r2"), None, &RULES, NOW_MS, 0);
    for status in STATUSES {
        if status != ReceiptStatus::Delivered {
            assert_eq!(
                received(&mut progress, "r1", status),
                None,
                "while it waits for its receipt: {status:?}"
            );
        }
    }
    assert_eq!(received(&mut progress.clone(), "r1", ReceiptStatus::Delivered), Some(State::Delivered));
    assert_eq!(received(&mut progress, "r2", ReceiptStatus::Failed), Some(State::Failed));
}

#[test]
fn a_receipt_before_the_answer_of_a_redriven_message_names_the_new_submit() {
    let mut progress = in_state(State::Failed);
    progress.reference = Some("r1".to_owned());
    assert!(redrive(&mut progress, NOW_MS));
    claim(&mut progress, LATER_MS, NOW_MS, LATER_MS);
    assert_eq!(received(&mut progress, "r2", ReceiptStatus::Sent), Some(State::Submitted));
    assert_eq!(progress.reference.as_deref(), Some("r2"));
}

#[test]
fn the_parts_of_one_submit_may_have_references_of_their_own() {
    let mut progress = in_state(State::Submitted);
    progress.reference = Some("r1-part-1".to_owned());
    assert_eq!(received(&mut progress, "r1-part-2", ReceiptStatus::Undelivered), Some(State::Undelivered));
    assert_eq!(progress.reference.as_deref(), Some("r1-part-1"));
}
