//! A neutral question for each role, asked once when a component is loaded: a component that
//! always fails is found then, not by the first message.

use std::sync::Arc;

use waypost_core::decision::{Candidate, FaultClass, Health, Role};
use waypost_core::inbound::Inbound;
use waypost_core::message::Draft;
use waypost_core::number::{parse_recipient, parse_sender};
use waypost_core::text::{Body, Encoding};

use crate::fault::Fault;
use crate::plugin::Plugin;
use crate::question::Question;
use crate::state::CallContext;

/// 2020-01-01 UTC, in Unix milliseconds.
const TIME_MS: u64 = 1_577_836_800_000;

/// A number whose plan is known, so that it parses.
const NUMBER: &str = "+4915112345678";

/// Asks, and forgets the answer: only whether there is one counts.
pub(crate) fn ask(plugin: &Plugin) -> Result<(), (Fault, Vec<String>)> {
    let (Some(draft), Some(inbound)) = (draft(), inbound()) else {
        let fault = Fault::new(FaultClass::Unavailable, "the host has no neutral question");
        return Err((fault, Vec::new()));
    };
    let candidates = [candidate()];
    let question = match plugin.info.role {
        Role::Screening => Question::Screen(&draft),
        Role::SenderIdentity => Question::Choose(&draft),
        Role::Routing => Question::Rank(&draft, &candidates),
        Role::Provider => Question::Describe,
        Role::Receiving => Question::Receive(&inbound),
    };
    let (answer, record) = plugin.ask(&question, &CallContext { time_ms: TIME_MS, seed: 0 });
    answer.map(|_| ()).map_err(|fault| (fault, record.log))
}

fn draft() -> Option<Draft> {
    Some(Draft {
        tenant: Arc::from("probe"),
        time_ms: TIME_MS,
        to: parse_recipient(NUMBER, None).ok()?,
        sender: None,
        body: Body::Text("Hello".to_owned()),
        encoding: Encoding::Gsm7,
        segments: 1,
        priority: 1,
        tags: Vec::new(),
    })
}

fn candidate() -> Candidate {
    Candidate { id: Arc::from("probe"), price_micros: None, health: Health::Healthy, backlog: 0, weight: 100 }
}

fn inbound() -> Option<Inbound> {
    Some(Inbound {
        tenant: Arc::from("probe"),
        time_ms: TIME_MS,
        provider: Arc::from("probe"),
        sender: parse_sender(NUMBER, None).ok()?,
        to: parse_sender(NUMBER, None).ok()?,
        body: Body::Text("Hello".to_owned()),
        hops: 0,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_a_neutral_question_for_each_role() {
        assert!(super::draft().is_some() && super::inbound().is_some());
    }
}
