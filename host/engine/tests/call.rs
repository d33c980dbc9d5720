//! What a component may do in a call, and what each misdeed comes to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod common;

use common::{
    CONTEXT, ENGINE, TIME_MS, candidates, draft, hostile, inbound, load, patient, provocation, request,
};
use serde_json::json;
use waypost_core::decision::{Choice, FaultClass, Ranking, Refusal, Role, Verdict};
use waypost_core::inbound::Action;
use waypost_core::message::Draft;
use waypost_core::text::{Body, Encoding};
use waypost_engine::{CallContext, Decision, Limits, LoadRequest};
use waypost_test_guests::{DENY, HOSTILE};

fn screen(misdeed: &str) -> Decision<Verdict> {
    hostile(Role::Screening).screening().unwrap().screen(&provocation(misdeed), &CONTEXT)
}

/// What the component says of its misdeed, as the reason of a refusal.
fn said(misdeed: &str) -> String {
    match screen(misdeed).answer {
        Ok(Verdict::Refuse(Refusal { reason, .. })) => reason,
        other => panic!("{misdeed}: {other:?}"),
    }
}

fn fault_of<T: std::fmt::Debug>(decision: Decision<T>) -> FaultClass {
    let fault = decision.answer.unwrap_err();
    assert_eq!(decision.record.fault, Some(fault.class));
    assert!(!decision.record.result.is_empty() && !fault.message.is_empty());
    fault.class
}

#[test]
fn a_policy_decides() {
    let settings = json!({"countries": ["GB", "KP"]});
    let policy = load(DENY, Role::Screening, &settings).unwrap().screening().unwrap();
    assert_eq!(policy.screen(&draft("DE"), &CONTEXT).answer, Ok(Verdict::Allow));
    let refused = policy.screen(&draft("GB"), &CONTEXT);
    assert_eq!(
        refused.answer,
        Ok(Verdict::Refuse(Refusal {
            code: "country_denied".to_owned(),
            reason: "messages to GB are not sent".to_owned(),
        }))
    );
    let record = refused.record;
    assert_eq!(record.result, "refuse country_denied: messages to GB are not sent");
    assert_eq!(&*record.component, "test");
    assert_eq!(record.revision, *policy.info().revision.short());
    assert!(record.fuel > 100 && record.fuel < 100_000, "{}", record.fuel);
    assert!(record.memory_bytes >= 65_536 && record.memory_bytes < 1 << 20);
    assert!(record.time_ns > 0);
    assert_eq!(record.fault, None);
}

#[test]
fn each_misdeed_has_its_class() {
    let table = [
        ("endless-loop", FaultClass::OutOfFuel),
        ("memory-bomb", FaultClass::OutOfMemory),
        ("deep-recursion", FaultClass::Trap),
        ("panic", FaultClass::Trap),
        ("trap", FaultClass::Trap),
        ("exit", FaultClass::Trap),
        ("huge-output", FaultClass::InvalidOutput),
        ("huge-log-line", FaultClass::InvalidOutput),
        ("long-reason", FaultClass::InvalidOutput),
        ("control-characters", FaultClass::InvalidOutput),
        ("long-code", FaultClass::InvalidOutput),
        ("strange-code", FaultClass::InvalidOutput),
        ("empty-code", FaultClass::InvalidOutput),
    ];
    for (misdeed, expected) in table {
        let component = hostile(Role::Screening).screening().unwrap();
        let decision = component.screen(&provocation(misdeed), &CONTEXT);
        assert_eq!(fault_of(decision), expected, "{misdeed}");
        let after = component.screen(&draft("DE"), &CONTEXT);
        assert_eq!(after.answer, Ok(Verdict::Allow), "the call after {misdeed}");
    }
}

#[test]
fn the_clock_on_the_wall_stops_what_fuel_does_not() {
    let settings = json!({"when": "call"});
    let limits = Limits { fuel_max: u64::MAX / 2, wall_ms: 10, ..patient() };
    let request = LoadRequest { limits, ..request(HOSTILE, Role::Screening, &settings) };
    let component = ENGINE.load(request).unwrap().screening().unwrap();
    let decision = component.screen(&provocation("endless-loop"), &CONTEXT);
    assert!(decision.record.time_ns >= 10_000_000);
    assert_eq!(fault_of(decision), FaultClass::Timeout);
}

#[test]
fn fuel_grows_with_the_segments() {
    let component = hostile(Role::Screening).screening().unwrap();
    let fuel = |segments| {
        let draft = Draft { segments, ..provocation("endless-loop") };
        component.screen(&draft, &CONTEXT).record.fuel
    };
    let (one, ten) = (fuel(1), fuel(10));
    assert!((5_500_000..5_500_100).contains(&one), "{one}");
    assert!((10_000_000..10_000_100).contains(&ten), "{ten}");
}

#[test]
fn the_longest_reason_is_still_well() {
    let Ok(Verdict::Refuse(refusal)) = screen("longest-reason").answer else { panic!() };
    assert_eq!(refusal.reason.chars().count(), 500);
}

#[test]
fn the_log_is_kept_and_cut() {
    assert_eq!(screen("log").record.log, ["debug: one", "warn: two", "warn: three"]);
    assert_eq!(screen("print").record.log, ["print: printed", "print: also this"]);
    let log = screen("huge-log").record.log;
    assert!(log.last().unwrap().contains("cut"), "{log:?}");
    let bytes: usize = log[..log.len() - 1].iter().map(String::len).sum();
    assert!(bytes <= 1024 && bytes > 1000, "{bytes}");
    let log = screen("panic").record.log;
    assert!(log.iter().any(|line| line.contains("I wanted to")), "{log:?}");
}

#[test]
fn the_sandbox_knows_the_message_and_nothing_else() {
    assert_eq!(said("read-clock"), TIME_MS.to_string());
    assert_eq!(said("measure-time"), "0");
    assert_eq!(said("sleep"), "slept");
    assert_eq!(said("read-env"), "0 0");
    assert_eq!(said("read-stdin"), "0 bytes");
    for misdeed in ["open-file", "connect-socket", "spawn-thread"] {
        assert!(said(misdeed).starts_with("error"), "{misdeed}: {}", said(misdeed));
    }
}

#[test]
fn randomness_comes_from_the_seed() {
    let component = hostile(Role::Screening).screening().unwrap();
    let with = |seed| {
        let context = CallContext { seed, ..CONTEXT };
        component.screen(&provocation("read-random"), &context).answer
    };
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
}

#[test]
fn a_message_arrives_as_it_was_given() {
    let component = hostile(Role::Screening).screening().unwrap();
    let mut draft = provocation("echo");
    draft.body = Body::Binary(vec![0, 255]);
    draft.encoding = Encoding::Binary;
    draft.segments = 2;
    draft.priority = 3;
    draft.tags.push("otp".to_owned());
    let Ok(Verdict::Refuse(refusal)) = component.screen(&draft, &CONTEXT).answer else { panic!() };
    assert_eq!(
        refusal.reason,
        "acme 1700000000123 +4915112345678 Some(\"DE\") NumberKind::Mobile \
         Some(\"Waypost AddressKind::Alphanumeric\") [0, 255] Encoding::Binary 2 3 \
         [\"misbehave:echo\", \"otp\"]"
    );
}

#[test]
fn an_input_above_the_limit_is_not_handed_over() {
    let component = hostile(Role::Screening).screening().unwrap();
    let draft = Draft { body: Body::Text("x".repeat(70_000)), ..draft("DE") };
    assert_eq!(fault_of(component.screen(&draft, &CONTEXT)), FaultClass::Unavailable);
}

#[test]
fn a_hold_carries_its_time() {
    assert_eq!(screen("hold").answer, Ok(Verdict::HoldUntil(TIME_MS + 1000)));
}

#[test]
fn senders_are_kept_replaced_and_checked() {
    let choose = |misdeed| {
        let component = hostile(Role::SenderIdentity).sender_identity().unwrap();
        assert_eq!(component.choose(&draft("DE"), &CONTEXT).answer, Ok(Choice::Keep));
        component.choose(&provocation(misdeed), &CONTEXT)
    };
    assert_eq!(choose("replace").answer, Ok(Choice::Replace("Waypost".to_owned())));
    assert_eq!(fault_of(choose("control-characters")), FaultClass::InvalidOutput);
    assert_eq!(fault_of(choose("huge-output")), FaultClass::InvalidOutput);
    assert_eq!(fault_of(choose("panic")), FaultClass::Trap);
}

#[test]
fn only_offered_routes_are_ranked() {
    let offered = candidates(&["a", "b", "c"]);
    let rank = |misdeed| {
        let component = hostile(Role::Routing).routing().unwrap();
        let decision = component.rank(&draft("DE"), &offered, &CONTEXT);
        assert_eq!(decision.record.result, "ranked c, b, a");
        component.rank(&provocation(misdeed), &offered, &CONTEXT)
    };
    assert_eq!(fault_of(rank("bad-route")), FaultClass::InvalidOutput);
    assert_eq!(fault_of(rank("same-route-twice")), FaultClass::InvalidOutput);
    assert_eq!(fault_of(rank("huge-output")), FaultClass::InvalidOutput);
    assert_eq!(rank("no-route").answer, Ok(Ranking::Ranked(Vec::new())));
    assert!(matches!(rank("count-calls").answer, Ok(Ranking::Refuse(_))));
}

#[test]
fn inbound_messages_lead_to_actions_and_at_most_four_messages() {
    let receive = |misdeed: &str| {
        let component = hostile(Role::Receiving).receiving().unwrap();
        component.receive(&inbound(&format!("misbehave:{misdeed}")), &CONTEXT)
    };
    let reception = receive("reply").answer.unwrap();
    assert_eq!(reception.actions, [Action::OptOut]);
    assert_eq!(reception.outgoing.len(), 1);
    assert_eq!(reception.outgoing[0].to, "+4915112345678");
    assert_eq!(reception.outgoing[0].text, "stop that");
    assert_eq!(reception.outgoing[0].sender.as_ref().unwrap().value, "+447400123456");

    let reception = receive("flood").answer.unwrap();
    assert_eq!(reception.actions, [Action::Inbox("refused-96".to_owned())]);
    assert_eq!(reception.outgoing.len(), 4);

    assert_eq!(fault_of(receive("huge-output")), FaultClass::InvalidOutput);
    assert_eq!(fault_of(receive("many-actions")), FaultClass::InvalidOutput);
    assert_eq!(fault_of(receive("control-characters")), FaultClass::InvalidOutput);
}

#[test]
fn a_failed_call_sends_nothing() {
    let component = hostile(Role::Receiving).receiving().unwrap();
    let decision = component.receive(&inbound("misbehave:panic"), &CONTEXT);
    assert_eq!(fault_of(decision), FaultClass::Trap);
    let reception = component.receive(&inbound("hello"), &CONTEXT).answer.unwrap();
    assert_eq!(reception.actions, [Action::Inbox("main".to_owned())]);
    assert!(reception.outgoing.is_empty());
}
