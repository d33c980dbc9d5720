use super::*;
use crate::decision::Refusal;
use crate::lifecycle::accept::{Rules, Submission, SubmissionError, admitted, chosen_sender, plan, refused};
use crate::limits::PRIORITY_MAX;
use crate::number::Country;
use crate::text::{Body, Encoding, EncodingChoice};

fn rules() -> Rules {
    Rules { tenant: Name::from("acme"), default_region: Country::from_bytes(*b"US"), segments_max: 2 }
}

fn submission(body: &Body) -> Submission<'_> {
    Submission {
        to: "(415) 867-5309",
        from: Some("Acme"),
        body,
        encoding: EncodingChoice::Auto,
        segments_max: None,
        replace_lookalikes: false,
        priority: 1,
        tags: &[],
    }
}

#[test]
fn a_plan_holds_what_goes_out() {
    let body = Body::Text("Hello".to_owned());
    let planned = plan(&submission(&body), &rules(), NOW_MS).unwrap();
    let draft = planned.draft;
    assert_eq!(draft.to.address.as_str(), "+14158675309");
    assert_eq!(draft.sender.unwrap().address.as_str(), "Acme");
    assert_eq!((draft.encoding, draft.segments, draft.time_ms), (Encoding::Gsm7, 1, NOW_MS));
    assert_eq!((draft.body, planned.replaced), (body, Vec::new()));
}

#[test]
fn the_first_wrong_part_is_named() {
    let (good, long) = (Body::Text("Hello".to_owned()), Body::Text("x".repeat(400)));
    let bad_to = Submission { to: "12", from: Some(""), ..submission(&long) };
    assert!(matches!(plan(&bad_to, &rules(), NOW_MS), Err(SubmissionError::To(_))));
    let bad_from = Submission { from: Some(""), ..submission(&long) };
    assert!(matches!(plan(&bad_from, &rules(), NOW_MS), Err(SubmissionError::From(_))));
    let bad_body = plan(&submission(&long), &rules(), NOW_MS).unwrap_err();
    assert!(matches!(bad_body, SubmissionError::Body(_)) && !bad_body.code().is_empty());
    let more = Submission { segments_max: Some(3), ..submission(&long) };
    assert_eq!(plan(&more, &rules(), NOW_MS).unwrap().draft.segments, 3);
    assert!(plan(&submission(&good), &rules(), NOW_MS).is_ok());
}

#[test]
fn replaced_characters_are_told_and_sent() {
    let body = Body::Text("It\u{2019}s".to_owned());
    let asked = Submission { replace_lookalikes: true, ..submission(&body) };
    let planned = plan(&asked, &rules(), NOW_MS).unwrap();
    assert_eq!((planned.draft.body, planned.draft.encoding), (Body::Text("It's".to_owned()), Encoding::Gsm7));
    assert_eq!(planned.replaced.len(), 1);
    let kept = plan(&submission(&body), &rules(), NOW_MS).unwrap();
    assert_eq!((kept.draft.body, kept.draft.encoding), (body, Encoding::Ucs2));
}

#[test]
fn priority_and_tags_pass_within_their_limits() {
    let body = Body::Text("Hello".to_owned());
    let tags = ["otp".to_owned()];
    for (asked, expected) in [(0, 0), (PRIORITY_MAX, PRIORITY_MAX), (u8::MAX, PRIORITY_MAX)] {
        let asked = Submission { priority: asked, tags: &tags, from: None, ..submission(&body) };
        let draft = plan(&asked, &rules(), NOW_MS).unwrap().draft;
        assert_eq!((draft.priority, draft.tags.as_slice(), draft.sender), (expected, tags.as_slice(), None));
    }
}

#[test]
fn a_chosen_sender_is_read_like_any_other() {
    assert_eq!(chosen_sender("Acme", None).unwrap().address.as_str(), "Acme");
    assert!(chosen_sender("", None).is_err());
}

#[test]
fn an_admitted_message_is_due_now_or_when_its_hold_ends() {
    for (held_until_ms, state, due_ms) in [
        (None, State::Queued, NOW_MS),
        (Some(NOW_MS - 1), State::Queued, NOW_MS),
        (Some(NOW_MS), State::Queued, NOW_MS),
        (Some(NOW_MS + 1), State::Held, NOW_MS + 1),
    ] {
        let progress = admitted(Name::from("first"), held_until_ms, Some(9), NOW_MS);
        assert_eq!((progress.state, progress.due_ms), (state, Some(due_ms)));
        assert_eq!((progress.attempts, progress.price_micros, progress.doubted), (0, Some(9), false));
        assert_eq!(progress.route.as_deref(), Some("first"));
    }
}

#[test]
fn a_refused_message_is_final_and_says_why() {
    let refusal = Refusal { code: "country_denied".to_owned(), reason: "not there".to_owned() };
    let progress = refused(&refusal, NOW_MS);
    assert_eq!((progress.state, progress.due_ms, progress.route), (State::Refused, None, None));
    let failure = progress.failure.unwrap();
    assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Policy, "country_denied"));
}
