//! Fixtures against real components: what they ask, what they expect, and what is wrong with them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod common;

use common::{hostile, load};
use serde_json::{Value, json};
use waypost_core::decision::Role;
use waypost_engine::Loaded;
use waypost_engine::fixture::{Answer, FIXTURE_BYTES_MAX, Fixture, FixtureError, Report, run};
use waypost_test_guests::DENY;

fn deny() -> Loaded {
    load(DENY, Role::Screening, &json!({"countries": ["GB"]})).unwrap()
}

fn report(loaded: &Loaded, fixture: &Value) -> Report {
    run(loaded, &Fixture::from_value(fixture).unwrap()).unwrap()
}

fn differences(loaded: &Loaded, fixture: &Value) -> String {
    let lines: Vec<_> = report(loaded, fixture).differences.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn asked(role: Role, misdeed: &str, expect: &Value) -> Value {
    let tags = [format!("misbehave:{misdeed}")];
    let message = json!({"to": "+4915112345678", "from": "Shop", "text": "Hi", "tags": tags});
    match role {
        Role::Routing => {
            json!({"message": message, "candidates": [{"id": "a"}, {"id": "b"}], "expect": expect})
        }
        Role::Receiving => json!({
            "inbound": {"from": "+4915112345678", "to": "+447400123456", "text": tags[0]}, "expect": expect
        }),
        _ => json!({"message": message, "expect": expect}),
    }
}

#[test]
fn every_answer_can_be_expected() {
    let reply = json!({"to": "+49 1511 2345678", "text": "stop that", "from": "+447400123456"});
    let table = [
        (Role::Screening, "none", json!({"refuse": "said"})),
        (Role::Screening, "hold", json!({"hold_until": "2026-01-01T10:00:01+01:00"})),
        (Role::Screening, "endless-loop", json!({"fault": "out-of-fuel"})),
        (Role::Screening, "panic", json!({"fault": "trap"})),
        (Role::SenderIdentity, "replace", json!({"replace": "Waypost"})),
        (Role::Routing, "bad-route", json!({"fault": "invalid-output"})),
        (Role::Routing, "no-route", json!({"ranked": []})),
        (Role::Receiving, "reply", json!({"actions": [{"opt_out": true}], "sent": [reply]})),
    ];
    for (role, misdeed, expect) in table {
        let fixture = asked(role, misdeed, &expect);
        assert_eq!(differences(&hostile(role), &fixture), "", "{misdeed}");
        let answer = report(&hostile(role), &fixture).answer;
        let again = asked(role, misdeed, &answer.to_json());
        assert_eq!(differences(&hostile(role), &again), "", "{misdeed}: what came is what can be expected");
    }
    let plain = json!({"message": {"to": "+4915112345678", "text": "Hi"}});
    assert_eq!(report(&hostile(Role::Screening), &plain).answer, Answer::Allow);
    assert_eq!(report(&hostile(Role::SenderIdentity), &plain).answer, Answer::Keep);
}

#[test]
fn a_difference_says_what_was_expected_and_what_came() {
    let table = [
        (Role::Screening, "none", json!({"allow": true}), "answer: expected allow, came refuse said: none"),
        (
            Role::Screening,
            "hold",
            json!({"hold_until": "2026-01-01T09:00:00Z"}),
            "answer: expected hold until 2026-01-01T09:00:00.000Z, came hold until 2026-01-01T09:00:01.000Z",
        ),
        (
            Role::SenderIdentity,
            "replace",
            json!({"keep": true}),
            "answer: expected keep, came replace Waypost",
        ),
        (
            Role::Routing,
            "no-route",
            json!({"ranked": ["a"]}),
            "answer: expected ranked a, came ranked nothing",
        ),
        (
            Role::Receiving,
            "reply",
            json!({"actions": [{"opt_out": true}]}),
            "answer: expected opt out, came opt out, send to +4915112345678 from +447400123456: \"stop that\"",
        ),
        (
            Role::Screening,
            "endless-loop",
            json!({"allow": true}),
            "answer: expected allow, came fault out-of-fuel: the call used up its fuel",
        ),
    ];
    for (role, misdeed, expect, expected) in table {
        assert_eq!(differences(&hostile(role), &asked(role, misdeed, &expect)), expected);
    }
}

#[test]
fn fuel_has_a_bound_and_a_fault_is_no_answer() {
    let fixture = |fuel_max: u64| {
        json!({"message": {"to": "+447400123456", "text": "Hi"},
            "expect": {"refuse": "country_denied"}, "fuel_max": fuel_max})
    };
    let fuel = report(&deny(), &fixture(1_000_000)).record.fuel;
    assert!(report(&deny(), &fixture(fuel)).holds());
    let one_less = differences(&deny(), &fixture(fuel - 1));
    assert_eq!(one_less, format!("fuel: expected at most {}, came {fuel}", fuel - 1));

    let mut any = asked(Role::Screening, "panic", &json!(null));
    any.as_object_mut().unwrap().remove("expect");
    let came = differences(&hostile(Role::Screening), &any);
    assert!(came.starts_with("answer: expected any answer, came fault trap"), "{came}");
}

#[test]
fn a_wrong_fixture_is_refused_with_its_place() {
    let message = r#""message": {"to": "+4915112345678", "text": "Hi"}"#;
    let table = [
        ("", "fixture_malformed", "EOF"),
        ("[]", "fixture_malformed", "expected struct"),
        ("{}", "fixture_invalid", "`message` or `inbound`"),
        (r#"{"mesage": {}}"#, "fixture_malformed", "mesage"),
        (
            r#"{"message": {"to": "+4915112345678", "text": "Hi", "priority": "1"}}"#,
            "fixture_malformed",
            "message.priority",
        ),
        (
            r#"{"message": {"to": "+4915112345678", "text": "Hi", "priority": 4}}"#,
            "fixture_invalid",
            "message.priority",
        ),
        (r#"{"message": {"to": "+49", "text": "Hi"}}"#, "fixture_invalid", "message.to"),
        (
            r#"{"message": {"to": "+4915112345678", "from": "Far too long a name", "text": "Hi"}}"#,
            "fixture_invalid",
            "message.from",
        ),
        (r#"{"message": {"to": "+4915112345678"}}"#, "fixture_invalid", "message.text"),
        (r#"{"message": {"to": "+4915112345678", "text": ""}}"#, "fixture_invalid", "message.text"),
        (r#"{"message": {"to": "+4915112345678", "data": "!"}}"#, "fixture_invalid", "message.data"),
        (
            r#"{"message": {"to": "+4915112345678", "text": "Hi", "time": "today"}}"#,
            "fixture_invalid",
            "message.time",
        ),
        (
            &format!(r#"{{{message}, "candidates": [{{"id": "a"}}, {{"id": "a"}}]}}"#),
            "fixture_invalid",
            "candidates[1].id",
        ),
        (
            &format!(r#"{{{message}, "candidates": [{{"id": "a", "health": "ill"}}]}}"#),
            "fixture_malformed",
            "candidates[0].health",
        ),
        (&format!(r#"{{{message}, "expect": {{}}}}"#), "fixture_invalid", "name one answer"),
        (
            &format!(r#"{{{message}, "expect": {{"allow": true, "keep": true}}}}"#),
            "fixture_invalid",
            "name one answer",
        ),
        (&format!(r#"{{{message}, "expect": {{"allow": false}}}}"#), "fixture_malformed", "expect.allow"),
        (
            &format!(r#"{{{message}, "expect": {{"hold_until": "noon"}}}}"#),
            "fixture_invalid",
            "expect.hold_until",
        ),
        (
            &format!(r#"{{{message}, "expect": {{"fault": "bad-luck"}}}}"#),
            "fixture_malformed",
            "expect.fault",
        ),
        (
            &format!(r#"{{{message}, "expect": {{"actions": [{{"reply": "x"}}]}}}}"#),
            "fixture_malformed",
            "expect.actions[0]",
        ),
        (&format!(r#"{{{message}}} more"#), "fixture_malformed", "trailing"),
        (
            &format!(r#"{{{message}, "inbound": {{"from": "+4915112345678", "to": "1", "text": "x"}}}}"#),
            "fixture_invalid",
            "inbound",
        ),
        (
            r#"{"inbound": {"from": "+4915112345678", "to": "", "text": "x"}}"#,
            "fixture_invalid",
            "inbound.to",
        ),
    ];
    for (json, code, named) in table {
        let error = Fixture::parse(json.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{json}: {error}");
        assert!(error.to_string().contains(named), "{json}: {error}");
    }
    let large = vec![b' '; FIXTURE_BYTES_MAX + 1];
    assert_eq!(Fixture::parse(&large).unwrap_err(), FixtureError::TooLarge { bytes: large.len() });
}

#[test]
fn a_fixture_for_another_role_is_not_run() {
    let routing = asked(Role::Routing, "none", &json!({"ranked": ["a"]}));
    let fixture = Fixture::from_value(&routing).unwrap();
    assert!(fixture.fits(Role::Routing) && !fixture.fits(Role::Screening));
    let error = run(&deny(), &fixture).unwrap_err();
    assert_eq!(
        (error.code(), error.clone()),
        ("fixture_wrong_role", FixtureError::WrongRole { role: Role::Screening })
    );
}

#[test]
fn settings_stand_beside_the_question() {
    let fixture = json!({"message": {"to": "+447400123456", "text": "Hi"}, "settings": {"countries": []}});
    let fixture = Fixture::from_value(&fixture).unwrap();
    assert_eq!(fixture.settings, Some(json!({"countries": []})));
}
