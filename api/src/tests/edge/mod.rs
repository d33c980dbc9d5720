//! The calls as the edge answers them: by [`crate::serve`], over a shell with a store in memory.

mod receiving;
mod store;
mod world;

use http::Method;
use serde_json::json;
use waypost_core::decision::{Failure, FailureClass, Outcome};
use waypost_core::inbound::{InboundMessage, Party};
use waypost_core::message::State;
use waypost_core::number::SenderKind;
use waypost_core::provider::Event;
use waypost_core::store::Scope;
use waypost_core::text::Body;
use waypost_core::trace::Step;

use world::World;

const ONE: &str = r#"
[providers.a]
component = "sim"
[providers.b]
component = "sim"
weight = 50
[tenants.acme]
[numbers."60300"]
tenant = "acme"
inbox = "support"
"#;
const MESSAGE: &str = r#"{"to": "+447400123456", "text": "hi"}"#;

fn failed(class: FailureClass) -> Outcome {
    Outcome::Failed(Failure { class, code: "code".to_owned(), reason: String::new(), retry_after_ms: None })
}

#[test]
fn a_message_is_queued_read_traced_and_taken_back() {
    let world = World::new(ONE);
    let key = world.key("acme", &Scope::ALL);
    let (status, sent) = world.ask(&key, Method::POST, "/v1/messages", MESSAGE);
    assert_eq!((status, &sent["status"], &sent["route"]), (202, &json!("queued"), &json!("a")));
    let path = format!("/v1/messages/{}", sent["id"].as_str().unwrap());
    let (status, read) = world.ask(&key, Method::GET, &path, "");
    assert_eq!((status, &read["text"]), (200, &json!("hi")));
    let (status, trace) = world.ask(&key, Method::GET, &format!("{path}/trace"), "");
    assert_eq!((status, trace["steps"].as_array().unwrap().len()), (200, 1));
    let (status, list) = world.ask(&key, Method::GET, "/v1/messages?limit=1&status=queued", "");
    assert_eq!((status, &list["messages"][0]["id"]), (200, &sent["id"]));
    let (status, cancelled) = world.ask(&key, Method::DELETE, &path, "");
    assert_eq!((status, &cancelled["status"]), (200, &json!("cancelled")));
    let (status, unknown) = world.ask(&key, Method::GET, "/v1/messages/msg_x", "");
    assert_eq!((status, &unknown["code"]), (404, &json!("message_unknown")));
}

#[test]
fn at_once_the_first_try_is_made_within_the_request() {
    let send = |outcome, config: &str| {
        let world = World { at_once_max: 1, outcome, ..World::new(config) };
        let key = world.key("acme", &[Scope::Send]);
        let (status, sent) = world.ask(&key, Method::POST, "/v1/messages", MESSAGE);
        let first = world.store.messages.lock().unwrap()[0].1[0].state;
        (status, sent["status"].clone(), sent["route"].clone(), sent["attempts"].clone(), first)
    };
    let taken = World::new(ONE).outcome;
    // It was stored with its lease, before the provider was asked.
    let submitted = send(taken.clone(), ONE);
    assert_eq!(submitted, (202, json!("submitted"), json!("a"), json!(1), State::Submitting));
    let moved = send(failed(FailureClass::Transient), ONE);
    assert_eq!(moved, (202, json!("queued"), json!("b"), json!(1), State::Submitting));
    let doubt = send(Outcome::InDoubt(String::new()), ONE);
    assert_eq!((doubt.0, doubt.1), (202, json!("in_doubt")));
    // Only the store's claim counts a provider's rate.
    let limited = ONE.replace("[providers.a]", "[providers.a]\nrate_per_second = 1.0");
    let waits = send(taken, &limited);
    assert_eq!(waits, (202, json!("queued"), json!("a"), json!(0), State::Queued));
}

#[test]
fn at_once_is_for_as_many_messages_as_the_shell_says() {
    let world = World { at_once_max: 2, ..World::new(ONE) };
    let key = world.key("acme", &[Scope::Send]);
    let body = r#"{"to": ["+447400123456", "+447400123457", "+447400123458"], "text": "hi"}"#;
    let (_, sent) = world.ask(&key, Method::POST, "/v1/messages", body);
    let states: Vec<_> =
        sent["messages"].as_array().unwrap().iter().map(|message| message["status"].clone()).collect();
    assert_eq!(states, ["submitted", "submitted", "queued"]);
}

#[test]
fn who_wants_no_messages_gets_none_and_the_others_do() {
    let world = World { at_once_max: 2, ..World::new(ONE) };
    world.store.opted_out.lock().unwrap().insert(("+447400123457".to_owned(), None));
    let key = world.key("acme", &Scope::ALL);
    let body = r#"{"to": ["+447400123456", "+447400123457", "+447400123458"], "text": "hi"}"#;
    let (status, sent) = world.ask(&key, Method::POST, "/v1/messages", body);
    let states: Vec<_> =
        sent["messages"].as_array().unwrap().iter().map(|message| message["status"].clone()).collect();
    assert_eq!(
        (status, states.as_slice()),
        (202, &[json!("submitted"), json!("refused"), json!("submitted")][..])
    );
    let messages = world.store.messages.lock().unwrap();
    assert_eq!(messages.len(), 3, "each is stored once");
    let (refused, entries) = &messages[1];
    let failure = refused.progress.failure.as_ref().unwrap();
    assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Policy, "opted_out"));
    assert!(failure.reason.contains("wants no messages from this sender"), "{}", failure.reason);
    assert_eq!(entries[0].step, Step::Refused { failure: failure.clone() });
    assert_eq!((refused.progress.route.as_ref(), refused.progress.attempts), (None, 0));
}

#[test]
fn one_idempotency_key_is_one_message() {
    let world = World { at_once_max: 1, ..World::new(ONE) };
    let bearer = format!("Bearer {}", world.key("acme", &[Scope::Send]));
    let send = |key: &str, body: &str| {
        let headers =
            [("authorization", &*bearer), ("content-type", "application/json"), ("idempotency-key", key)];
        let answer = world.call(Method::POST, "/v1/messages", &headers, body);
        let replayed = answer.headers().contains_key("idempotency-replayed");
        (answer.status().as_u16(), replayed)
    };
    assert_eq!(send("k", MESSAGE), (202, false));
    assert_eq!(send("k", MESSAGE), (202, true));
    assert_eq!(send("k", r#"{"to": "+447400123456", "text": "ho"}"#), (409, false));
    assert_eq!(send("k\u{e9}", MESSAGE), (400, false));
    assert_eq!(world.store.messages.lock().unwrap().len(), 1);
}

#[test]
fn explaining_stores_nothing() {
    let world = World { at_once_max: 1, ..World::new(ONE) };
    let key = world.key("acme", &[Scope::Send]);
    let (status, explained) = world.ask(&key, Method::POST, "/v1/messages/explain", MESSAGE);
    assert_eq!((status, &explained["messages"][0]["routes"]), (200, &json!(["a", "b"])));
    assert!(world.store.messages.lock().unwrap().is_empty());
}

#[test]
fn dead_letters_are_listed_sent_again_and_deleted() {
    let world = World { at_once_max: 3, outcome: failed(FailureClass::Message), ..World::new(ONE) };
    let key = world.key("acme", &Scope::ALL);
    let body = r#"{"to": ["+447400123456", "+447400123457", "+447400123458"], "text": "hi"}"#;
    world.ask(&key, Method::POST, "/v1/messages", body);
    let (_, list) = world.ask(&key, Method::GET, "/v1/dead-letters", "");
    let letters = list["dead_letters"].as_array().unwrap();
    assert_eq!(letters.len(), 3);
    let path = |index: usize| format!("/v1/dead-letters/{}", letters[index]["id"].as_str().unwrap());
    let (status, again) = world.ask(&key, Method::POST, &format!("{}/redrive", path(0)), "");
    assert_eq!((status, &again["status"]), (200, &json!("queued")));
    let (status, alive) = world.ask(&key, Method::DELETE, &path(0), "");
    assert_eq!((status, &alive["code"]), (409, &json!("not_a_dead_letter")));
    assert_eq!(world.ask(&key, Method::DELETE, &path(1), "").0, 204);
    let (status, all) = world.ask(&key, Method::POST, "/v1/dead-letters/redrive", "{}");
    assert_eq!((status, &all["redriven"]), (200, &json!(1)));
}

fn inbound(to: &str) -> Event {
    let party = |value: &str, kind| Party { value: value.to_owned(), kind };
    Event::Inbound(InboundMessage {
        reference: format!("r-{to}"),
        sender: party("+447400123456", SenderKind::International),
        to: party(to, SenderKind::ShortCode),
        body: Body::Text("hello".to_owned()),
        at_ms: None,
    })
}

#[test]
fn a_webhook_fills_an_inbox() {
    let world = World::new(ONE);
    for (to, inbox) in [("60300", "support"), ("60301", "default")] {
        world.events.lock().unwrap().push(inbound(to));
        let answer = world.call(Method::POST, "/hooks/a?x=1", &[], "thanks");
        assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (200, b"thanks".as_slice()));
        let key = world.key("acme", &[Scope::Inbox]);
        let (status, read) =
            world.ask(&key, Method::GET, &format!("/v1/inbox?inbox={inbox}&wait_seconds=9"), "");
        assert_eq!((status, &read["messages"][0]["to"]), (200, &json!(to)));
    }
    let key = world.key("acme", &[Scope::Inbox]);
    let (status, done) = world.ask(&key, Method::POST, "/v1/inbox/ack", r#"{"sequences": [1]}"#);
    assert_eq!((status, &done["acknowledged"]), (200, &json!(1)));
    let unknown = world.call(Method::POST, "/hooks/x", &[], "");
    assert_eq!(unknown.status(), 404);
}

#[test]
fn an_inbound_message_of_nobody_is_asked_for_again() {
    let world = World::new(&format!("{ONE}\n[tenants.other]\n"));
    world.events.lock().unwrap().push(inbound("60301"));
    let answer = world.call(Method::POST, "/hooks/a", &[], "");
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"60".parse().unwrap()));
    let problem: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(problem["code"], "inbound_unrouted");
    assert!(!problem.to_string().contains("60301"));
}

#[test]
fn a_store_that_is_down_is_said_with_a_time_to_wait() {
    let world = World::new(ONE);
    let bearer = format!("Bearer {}", world.key("acme", &Scope::ALL));
    *world.store.is_down.lock().unwrap() = true;
    world.events.lock().unwrap().push(inbound("60300"));
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    for (method, path) in
        [(Method::POST, "/v1/messages"), (Method::GET, "/readyz"), (Method::POST, "/hooks/a")]
    {
        let answer = world.call(method, path, &headers, if path == "/readyz" { "" } else { MESSAGE });
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (503, &"1".parse().unwrap())
        );
    }
    assert_eq!(world.call(Method::GET, "/healthz", &[], "").status(), 200);
}

#[test]
fn keys_open_what_they_are_for() {
    let world = World::new(&format!("{ONE}\n[tenants.other]\n"));
    let (send, read) = (world.key("acme", &[Scope::Send]), world.key("acme", &[Scope::Read]));
    let foreign = world.key("other", &Scope::ALL);
    let gone = world.key("gone", &Scope::ALL);
    let revoked = world.key("acme", &Scope::ALL);
    world.store.keys.lock().unwrap()[4].revoked_ms = Some(1);
    let expired = world.key("acme", &Scope::ALL);
    world.store.keys.lock().unwrap()[5].expires_ms = Some(1);
    let (_, sent) = world.ask(&send, Method::POST, "/v1/messages", MESSAGE);
    let path = format!("/v1/messages/{}", sent["id"].as_str().unwrap());
    let forged = format!("{}B", &read[..read.len() - 1]);
    for (key, expected) in [
        (read.as_str(), 200),
        (&send, 403),
        (&foreign, 404),
        (&gone, 401),
        (&revoked, 401),
        (&expired, 401),
        (&forged, 401),
        ("wp_x", 401),
        ("", 401),
    ] {
        assert_eq!(world.ask(key, Method::GET, &path, "").0, expected, "{key}");
    }
    assert_eq!(world.ask(&expired, Method::GET, &path, "").1["code"], "key_expired");
    let admin = world.key("acme", &[Scope::Admin]);
    let (status, hosts) = world.ask(&admin, Method::GET, "/v1/keys", "");
    assert_eq!((status, &hosts["code"]), (404, &json!("path_unknown")));
    let no_type = [("authorization", &*format!("Bearer {send}"))];
    assert_eq!(world.call(Method::POST, "/v1/messages", &no_type, MESSAGE).status(), 415);
}

#[test]
fn head_is_get_without_a_body() {
    let world = World::new(ONE);
    let answer = world.call(Method::HEAD, "/healthz", &[], "");
    assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 0));
}
