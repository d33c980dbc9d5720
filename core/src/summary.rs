//! The answers of components in a few words, as the trace of a message shows them: the same words
//! whatever ran the component.

use crate::decision::{Choice, Failure, Name, Outcome, Ranking, Refusal, Verdict};
use crate::inbound::Reception;
use crate::provider::{Description, HttpRequest, WebhookResult};

/// What a component said, in a few words.
pub trait Summary {
    /// One line. May hold a number or what a provider wrote.
    fn summary(&self) -> String;
}

impl Summary for Verdict {
    fn summary(&self) -> String {
        match self {
            Self::Allow => "allow".to_owned(),
            Self::HoldUntil(time_ms) => format!("hold until {time_ms}"),
            Self::Refuse(refusal) => refused(refusal),
        }
    }
}

impl Summary for Choice {
    fn summary(&self) -> String {
        match self {
            Self::Keep => "keep".to_owned(),
            Self::Replace(sender) => format!("replace {sender}"),
            Self::Refuse(refusal) => refused(refusal),
        }
    }
}

impl Summary for Ranking {
    fn summary(&self) -> String {
        match self {
            Self::Ranked(ids) => format!("ranked {}", names(ids)),
            Self::Refuse(refusal) => refused(refusal),
        }
    }
}

impl Summary for Description {
    fn summary(&self) -> String {
        format!("describe {}", self.title)
    }
}

impl Summary for Result<HttpRequest, Failure> {
    fn summary(&self) -> String {
        match self {
            Ok(request) => format!("request {}", request.method.as_str()),
            Err(failure) => failed(failure),
        }
    }
}

impl Summary for Outcome {
    fn summary(&self) -> String {
        match self {
            Self::Accepted(it) => format!("accepted {}", it.reference),
            Self::Failed(failure) => failed(failure),
            Self::InDoubt(reason) => format!("in doubt: {reason}"),
        }
    }
}

impl Summary for WebhookResult {
    fn summary(&self) -> String {
        match self {
            Self::Read(reading) => format!("read {} events", reading.events.len()),
            Self::Forged(reason) => format!("forged: {reason}"),
            Self::Malformed(reason) => format!("malformed: {reason}"),
            Self::Fetch(_) => "fetch".to_owned(),
        }
    }
}

impl Summary for Reception {
    fn summary(&self) -> String {
        format!("{} actions, {} messages", self.actions.len(), self.outgoing.len())
    }
}

fn refused(refusal: &Refusal) -> String {
    format!("refuse {}: {}", refusal.code, refusal.reason)
}

fn failed(failure: &Failure) -> String {
    format!("failed {} {}: {}", failure.class.as_str(), failure.code, failure.reason)
}

fn names(names: &[Name]) -> String {
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(name);
    }
    text
}
