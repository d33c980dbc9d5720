//! What an inbound message causes, by way of the webhook that brings it.

use std::sync::atomic::Ordering;

use http::Method;
use serde_json::{Value, json};
use waypost_core::decision::FaultClass;
use waypost_core::inbound::{Action, Inbound, InboundMessage, Outgoing, Party, Reception};
use waypost_core::limits::{HOPS_MAX, HOPS_WINDOW_MS, REPLIES_PER_HOUR_MAX};
use waypost_core::number::SenderKind;
use waypost_core::provider::Event;
use waypost_core::store::Scope;
use waypost_core::text::Body;

use super::world::World;

const CONFIG: &str = r#"
[providers.a]
component = "sim"
[tenants.acme]
"#;
const OURS: &str = "+447400900101";
const THEIRS: &str = "+447400123456";

type Answer = Result<Reception, FaultClass>;

fn world(components: Vec<fn(&Inbound) -> Answer>) -> World {
    let world = World::new(CONFIG);
    let mut receiving = world.receiving.lock().unwrap();
    for says in components {
        receiving.push(Box::new(says));
    }
    drop(receiving);
    world
}

fn reception(actions: &[Action], replies: &[(&str, &str)]) -> Answer {
    let outgoing =
        |(to, text): &(&str, &str)| Outgoing { to: (*to).to_owned(), sender: None, text: (*text).to_owned() };
    Ok(Reception { actions: actions.to_vec(), outgoing: replies.iter().map(outgoing).collect() })
}

fn text(inbound: &Inbound) -> &str {
    match &inbound.body {
        Body::Text(text) => text,
        Body::Binary(_) => "",
    }
}

/// Answers words as a helpful service does.
fn keywords(inbound: &Inbound) -> Answer {
    let theirs = inbound.sender.address.as_str();
    match text(inbound) {
        "STOP" => reception(&[Action::OptOut], &[(theirs, "no more"), (theirs, "but buy this")]),
        "START" => reception(&[Action::OptIn, Action::Drop], &[(theirs, "welcome back")]),
        "HELP" => reception(&[], &[(theirs, "this is help")]),
        _ => reception(&[], &[]),
    }
}

impl World {
    /// The status of the answer to a webhook with this message.
    fn brings(&self, reference: &str, text: &str) -> u16 {
        self.brings_from(THEIRS, reference, text)
    }

    fn brings_from(&self, from: &str, reference: &str, text: &str) -> u16 {
        let party = |value: &str| Party { value: value.to_owned(), kind: SenderKind::International };
        self.events.lock().unwrap().push(Event::Inbound(InboundMessage {
            reference: reference.to_owned(),
            sender: party(from),
            to: party(OURS),
            body: Body::Text(text.to_owned()),
            at_ms: None,
        }));
        self.call(Method::POST, "/hooks/a", &[], "").status().as_u16()
    }

    fn get(&self, path: &str) -> Value {
        self.ask(&self.key("acme", &Scope::ALL), Method::GET, path, "").1
    }

    /// Text and state of every message, oldest first; of a refused one its code.
    fn sent(&self) -> Vec<(String, String)> {
        let messages = self.store.messages.lock().unwrap();
        let said = messages.iter().map(|(stored, _)| {
            let text = match &stored.envelope.draft.body {
                Body::Text(text) => text.clone(),
                Body::Binary(_) => String::new(),
            };
            let progress = &stored.progress;
            let code = progress.failure.as_ref().map(|failure| failure.code.clone());
            (text, code.unwrap_or_else(|| progress.state.to_string()))
        });
        said.collect()
    }

    fn inbox(&self, name: &str) -> usize {
        self.get(&format!("/v1/inbox?inbox={name}"))["messages"].as_array().unwrap().len()
    }
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(text, state)| ((*text).to_owned(), (*state).to_owned())).collect()
}

#[test]
fn a_repeated_webhook_leads_to_one_reply_that_names_its_cause() {
    let world = world(vec![keywords]);
    for _ in 0..3 {
        assert_eq!(world.brings("in-1", "HELP"), 200);
    }
    assert_eq!(world.sent(), pairs(&[("this is help", "queued")]));
    assert_eq!(world.inbox("default"), 1);
    let message = &world.get("/v1/messages")["messages"][0];
    assert_eq!((&message["from"], &message["to"]), (&json!(OURS), &json!(THEIRS)));
    let trace = world.get(&format!("/v1/messages/{}/trace", message["id"].as_str().unwrap()));
    let step = &trace["steps"][0];
    assert_eq!(step["caused_by"], json!({ "provider": "a", "reference": "in-1", "hops": 1 }));
    assert_eq!(step["decisions"][0]["role"], "receiving");
}

#[test]
fn whatever_ended_before_the_inbox_is_done_again_without_harm() {
    let world = world(vec![keywords]);
    *world.store.is_full.lock().unwrap() = true;
    assert_eq!(world.brings("in-1", "STOP"), 503);
    assert_eq!(world.inbox("default"), 0);
    *world.store.is_full.lock().unwrap() = false;
    // The confirmation was sent before, so the repetition sends nothing though it has opted out now.
    assert_eq!(world.brings("in-1", "STOP"), 200);
    assert_eq!(world.sent(), pairs(&[("no more", "queued"), ("but buy this", "opted_out")]));
    assert_eq!(world.inbox("default"), 1);
}

#[test]
fn an_opt_out_is_confirmed_once_and_holds_until_the_opt_in() {
    let world = world(vec![keywords]);
    let key = world.key("acme", &Scope::ALL);
    let body = json!({ "to": THEIRS, "from": OURS, "text": "offer" }).to_string();
    let send = || world.ask(&key, Method::POST, "/v1/messages", &body).0;
    assert_eq!(send(), 202);
    assert_eq!(world.brings("in-1", "STOP"), 200);
    assert_eq!(send(), 422);
    assert_eq!(world.brings("in-2", "STOP"), 200);
    assert_eq!(world.brings("in-3", "START"), 200);
    assert_eq!(world.brings("in-1", "STOP"), 200, "an old one again");
    assert_eq!(send(), 202);
    let expected = [
        ("offer", "queued"),
        ("no more", "queued"),
        ("but buy this", "opted_out"),
        ("offer", "opted_out"),
        ("no more", "opted_out"),
        ("but buy this", "opted_out"),
        ("welcome back", "queued"),
        ("offer", "queued"),
    ];
    assert_eq!(world.sent(), pairs(&expected));
    assert_eq!(world.inbox("default"), 2, "START was dropped");
}

#[test]
fn components_are_asked_in_order_until_one_drops() {
    let sales = |_: &Inbound| reception(&[Action::Inbox("sales".to_owned()), Action::OptOut], &[]);
    let spam = |inbound: &Inbound| match text(inbound) {
        "spam" => reception(&[Action::Drop], &[]),
        _ => reception(&[Action::Inbox("sales".to_owned()), Action::OptIn], &[]),
    };
    let all = |_: &Inbound| reception(&[Action::Inbox("all".to_owned())], &[]);
    let world = world(vec![sales, spam, all]);
    assert_eq!(world.brings("in-1", "hello"), 200);
    assert_eq!(world.store.opted_out.lock().unwrap().len(), 0, "the last word counts");
    assert_eq!(world.brings("in-2", "spam"), 200);
    assert_eq!([world.inbox("sales"), world.inbox("all"), world.inbox("default")], [2, 1, 0]);
    assert_eq!(world.store.opted_out.lock().unwrap().len(), 1);
}

#[test]
fn what_a_component_fails_on_is_in_its_inbox() {
    let broken = |_: &Inbound| Err(FaultClass::Trap);
    let drops = |_: &Inbound| reception(&[Action::Drop], &[]);
    let world = world(vec![broken, keywords, drops]);
    assert_eq!(world.brings("in-1", "HELP"), 200);
    assert_eq!(world.sent(), pairs(&[("this is help", "queued")]), "the others are asked");
    assert_eq!(world.inbox("default"), 1, "though one dropped it");
}

#[test]
fn a_number_that_no_plan_knows_can_opt_out() {
    let world = world(vec![keywords]);
    assert_eq!(world.brings_from("+4400000", "in-1", "STOP"), 200);
    let expected = ("+4400000".to_owned(), Some(OURS.to_owned()));
    assert!(world.store.opted_out.lock().unwrap().contains(&expected));
    assert_eq!(world.sent(), []);
}

#[test]
fn machines_that_answer_each_other_are_stopped_by_the_hops() {
    let world = world(vec![keywords]);
    for n in 0..HOPS_MAX + 3 {
        assert_eq!(world.brings(&format!("in-{n}"), "HELP"), 200);
    }
    let states: Vec<_> = world.sent().into_iter().map(|(_, state)| state).collect();
    let (good, bad) = states.split_at(HOPS_MAX.into());
    assert!(good.iter().all(|state| state == "queued"), "{states:?}");
    assert!(bad.len() == 3 && bad.iter().all(|state| state == "hops_exceeded"), "{states:?}");
    assert_eq!(world.inbox("default"), usize::from(HOPS_MAX) + 3);
    // A person takes longer.
    world.now_ms.fetch_add(HOPS_WINDOW_MS + 1, Ordering::Relaxed);
    assert_eq!(world.brings("in-late", "HELP"), 200);
    assert_eq!(world.sent().last().unwrap().1, "queued");
}

#[test]
fn machines_that_take_their_time_are_stopped_by_the_number_of_replies() {
    let world = world(vec![keywords]);
    for n in 0..=REPLIES_PER_HOUR_MAX {
        world.now_ms.fetch_add(HOPS_WINDOW_MS + 1, Ordering::Relaxed);
        assert_eq!(world.brings(&format!("in-{n}"), "HELP"), 200);
    }
    let states: Vec<_> = world.sent().into_iter().map(|(_, state)| state).collect();
    let count = |wanted: &str| states.iter().filter(|state| *state == wanted).count();
    assert_eq!((count("queued"), count("replies_per_hour")), (REPLIES_PER_HOUR_MAX as usize, 1));
}
