//! The policies and the receiving role.

use crate::exports::waypost::sms::receiving::{self, Action, Inbound};
use crate::exports::waypost::sms::routing::{self, Candidate, Ranking};
use crate::exports::waypost::sms::screening::{self, Verdict};
use crate::exports::waypost::sms::sender_identity::{self, Choice};
use crate::waypost::sms::messaging::{self, Outgoing};
use crate::waypost::sms::types::{Address, AddressKind, Body, Message, Refusal};
use crate::{Hostile, misdeed};

impl screening::Guest for Hostile {
    fn screen(message: Message) -> Verdict {
        let Some(misdeed) = misdeed(tags(&message)) else { return Verdict::Allow };
        match misdeed.as_str() {
            "hold" => Verdict::HoldUntil(message.time_ms + 1000),
            "echo" => refusal("echo", &echo(&message)),
            other => refusal_by(other),
        }
    }
}

impl sender_identity::Guest for Hostile {
    fn choose(message: Message) -> Choice {
        let Some(misdeed) = misdeed(tags(&message)) else { return Choice::Keep };
        let replace = |value: &str| {
            Choice::Replace(Address { value: value.to_owned(), kind: AddressKind::Alphanumeric })
        };
        match misdeed.as_str() {
            "replace" => replace("Waypost"),
            "control-characters" => replace("Way\npost"),
            "huge-output" => replace(&"x".repeat(1000)),
            other => match refusal_by(other) {
                Verdict::Refuse(refusal) => Choice::Refuse(refusal),
                _ => Choice::Keep,
            },
        }
    }
}

impl routing::Guest for Hostile {
    fn rank(message: Message, candidates: Vec<Candidate>) -> Ranking {
        let mut ids: Vec<_> = candidates.into_iter().rev().map(|it| it.id).collect();
        let Some(misdeed) = misdeed(tags(&message)) else { return Ranking::Ranked(ids) };
        match misdeed.as_str() {
            "bad-route" => Ranking::Ranked(vec!["nowhere".to_owned()]),
            "same-route-twice" => {
                ids.pop();
                ids.extend(ids.first().cloned());
                Ranking::Ranked(ids)
            }
            "huge-output" => Ranking::Ranked(vec![ids.swap_remove(0); 10_000]),
            "no-route" => Ranking::Ranked(Vec::new()),
            other => match refusal_by(other) {
                Verdict::Refuse(refusal) => Ranking::Refuse(refusal),
                _ => Ranking::Ranked(ids),
            },
        }
    }
}

impl receiving::Guest for Hostile {
    fn receive(inbound: Inbound) -> Vec<Action> {
        let text = match &inbound.body {
            Body::Text(text) => text.as_str(),
            Body::Binary(_) => "",
        };
        let Some(misdeed) = misdeed([text]) else {
            return vec![Action::Inbox("main".to_owned())];
        };
        let outgoing = |text: &str| Outgoing {
            to: inbound.sender.value.clone(),
            sender: Some(inbound.to.clone()),
            text: text.to_owned(),
        };
        match misdeed.as_str() {
            "reply" => {
                let sent = messaging::send(&outgoing("stop that"));
                vec![if sent.is_ok() { Action::OptOut } else { Action::Drop }]
            }
            "flood" => {
                let refused = (0..100).filter(|_| messaging::send(&outgoing("again")).is_err());
                vec![Action::Inbox(format!("refused-{}", refused.count()))]
            }
            "claim" => {
                // A number and an inbox that another tenant of the tests has.
                let sender = Address { value: "+447400900102".to_owned(), kind: AddressKind::International };
                let _ = messaging::send(&Outgoing { sender: Some(sender), ..outgoing("I am another") });
                vec![Action::Inbox("good".to_owned())]
            }
            "huge-output" => {
                // Refused as too much for the answer, though each message may be sent.
                let _ = messaging::send(&outgoing(&"x".repeat(20_000)));
                vec![]
            }
            "many-actions" => vec![Action::OptIn; 100],
            "control-characters" => vec![Action::Inbox("a\u{7}b".to_owned())],
            other => {
                crate::misdeed::commit(other);
                vec![]
            }
        }
    }
}

fn tags(message: &Message) -> impl Iterator<Item = &str> {
    message.tags.iter().map(String::as_str)
}

/// Refusals that break a rule, and misdeeds that a refusal reports on.
fn refusal_by(misdeed: &str) -> Verdict {
    match misdeed {
        "huge-output" => refusal("huge", &"x".repeat(1 << 20)),
        "long-reason" => refusal("long", &"x".repeat(501)),
        "longest-reason" => refusal("long", &"é".repeat(500)),
        "control-characters" => refusal("control", "a\u{1b}[31m"),
        "long-code" => refusal(&"x".repeat(65), "code"),
        "strange-code" => refusal("Not A Code", "code"),
        "empty-code" => refusal("", "code"),
        other => refusal("said", &crate::misdeed::commit(other)),
    }
}

fn refusal(code: &str, reason: &str) -> Verdict {
    Verdict::Refuse(Refusal { code: code.to_owned(), reason: reason.to_owned() })
}

/// Everything that the message says, so that conversions can be compared.
fn echo(message: &Message) -> String {
    let body = match &message.body {
        Body::Text(text) => text.clone(),
        Body::Binary(bytes) => format!("{bytes:?}"),
    };
    let sender = message.sender.as_ref().map(|it| format!("{} {:?}", it.value, it.kind));
    format!(
        "{} {} {} {:?} {:?} {sender:?} {body} {:?} {} {} {:?}",
        message.tenant,
        message.time_ms,
        message.to.number,
        message.to.country,
        message.to.kind,
        message.encoding,
        message.segments,
        message.priority,
        message.tags,
    )
}
