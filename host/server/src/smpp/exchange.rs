//! One try of one message over SMPP: its parts are submitted, and what the answers mean together.
//!
//! All parts go out at once and in order. Where the SMSC has some of them and asks to be left alone with
//! the others, or cannot have them now, only those are submitted again, for as long as the lease lasts.
//! Then the message
//! * is in doubt where any part is,
//! * has failed as its first part that did, though others may have been taken,
//! * is accepted otherwise, under the id of its last part.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;
use waypost_core::breaker::Signal;
use waypost_core::decision::{Failure, FailureClass, Name, Outcome};
use waypost_core::flow::exchange::valid_for_s;
use waypost_core::lifecycle::settle::signal;
use waypost_core::message::Envelope;
use waypost_core::provider::Submission;
use waypost_core::smpp::pdu::SubmitSm;
use waypost_core::smpp::{self as rules, status};
use waypost_smpp::{Client, Lost, NotSent, Submitted};

use super::Sessions;
use crate::clock;
use crate::gateway::Gateway;

/// Shortest and longest wait before some parts are tried again.
const AGAIN_MIN: Duration = Duration::from_millis(250);
const AGAIN_MAX: Duration = Duration::from_secs(5);

/// What came of a try.
pub struct Tried {
    /// What the message's life goes on from.
    pub outcome: Outcome,
    /// What the circuit learns. A link that died is one failure however many submits it took along,
    /// and is told where it is heard of; what was not sent says nothing of the SMSC.
    pub signal: Option<Signal>,
}

/// What became of one part.
enum Part {
    /// The SMSC has it, under this id.
    Taken(String),
    /// It has not.
    Failed { failure: Failure, is_answer: bool },
    /// Nobody knows.
    Doubted { reason: String, is_answer: bool },
}

impl Sessions {
    /// Hands a message over. `attempt` is the number of this try, from 1.
    pub async fn exchange(
        &self,
        gateway: &Gateway,
        provider: &Name,
        envelope: &Envelope,
        attempt: u16,
    ) -> Tried {
        let now_ms = clock::now_ms();
        let submission = Submission {
            id: envelope.id,
            attempt,
            draft: &envelope.draft,
            valid_for_s: Some(valid_for_s(envelope, now_ms)),
            receipt_url: "",
        };
        let pdus = match rules::submit(&submission, &self.config.submit, now_ms) {
            Ok(pdus) => pdus,
            Err(failure) => return Tried { outcome: Outcome::Failed(failure), signal: None },
        };
        let Some(client) = self.client.get() else {
            let failure = failure(FailureClass::Transient, "not_bound", "no session was started");
            return Tried { outcome: Outcome::Failed(failure), signal: None };
        };
        let submit = Submit { sessions: self, client, gateway, provider };
        let parts = match &pdus[..] {
            [pdu] => vec![submit.one(pdu).await],
            pdus => submit.all(pdus).await,
        };
        together(parts, |last, count| rules::acceptance(envelope.id, last, count, &self.config.receipts))
    }
}

/// Submits the parts of one message.
struct Submit<'a> {
    sessions: &'a Sessions,
    client: &'a Client,
    gateway: &'a Gateway,
    provider: &'a Name,
}

impl Submit<'_> {
    async fn all(&self, pdus: &[SubmitSm]) -> Vec<Part> {
        let last_round = Instant::now() + self.sessions.submit_time() - self.sessions.round_time();
        let mut parts = join_all(pdus.iter().map(|pdu| self.one(pdu))).await;
        loop {
            // Where the SMSC has none of it, the whole message can be tried again later, and elsewhere.
            let some_sent = parts.iter().any(|part| !matches!(part, Part::Failed { .. }));
            let hopeless = parts.iter().any(|part| part.failure().is_some_and(|it| !is_for_now(it)));
            let waits = parts.iter().filter_map(Part::failure).map(again_after);
            let Some(wait) = waits.max().filter(|_| some_sent && !hopeless) else { return parts };
            if Instant::now() + wait > last_round {
                return parts;
            }
            tokio::time::sleep(wait).await;
            let again = (0..parts.len()).filter(|index| parts[*index].failure().is_some());
            let again: Vec<usize> = again.collect();
            let answers = join_all(again.iter().map(|index| self.one(&pdus[*index]))).await;
            for (index, answer) in again.into_iter().zip(answers) {
                parts[index] = answer;
            }
        }
    }

    async fn one(&self, pdu: &SubmitSm) -> Part {
        let submitted = self.client.submit(pdu).await;
        self.gateway.metrics.smpp_answer(self.provider, label(&submitted));
        match submitted {
            Submitted::Accepted { message_id, .. } => Part::Taken(message_id),
            Submitted::Refused { status, .. } => {
                match status::outcome(status.0, &self.sessions.config.status) {
                    Some(Outcome::Failed(failure)) => Part::Failed { failure, is_answer: true },
                    Some(Outcome::InDoubt(reason)) => Part::Doubted { reason, is_answer: true },
                    Some(Outcome::Accepted(_)) | None => {
                        let reason = "the SMSC refused it and did not say why".to_owned();
                        Part::Doubted { reason, is_answer: true }
                    }
                }
            }
            Submitted::NotSent(why) => Part::Failed { failure: not_sent(why), is_answer: false },
            Submitted::Lost(why) => {
                Part::Doubted { reason: why.to_string(), is_answer: why == Lost::NoAnswer }
            }
        }
    }
}

impl Part {
    fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed { failure, .. } => Some(failure),
            Self::Taken(_) | Self::Doubted { .. } => None,
        }
    }
}

fn together(
    parts: Vec<Part>,
    accept: impl FnOnce(&str, usize) -> waypost_core::decision::Acceptance,
) -> Tried {
    let count = parts.len();
    let taken = parts.iter().filter(|part| matches!(part, Part::Taken(_))).count();
    let mut failed = None;
    let mut last = String::new();
    for part in parts {
        match part {
            Part::Doubted { reason, is_answer } => return tried(Outcome::InDoubt(reason), is_answer),
            Part::Failed { failure, is_answer } => failed = failed.or(Some((failure, is_answer))),
            Part::Taken(id) => last = id,
        }
    }
    match failed {
        Some((mut failure, is_answer)) => {
            if taken > 0 {
                failure.reason = format!("{}; it has {taken} of {count} parts", failure.reason);
            }
            tried(Outcome::Failed(failure), is_answer)
        }
        None => tried(Outcome::Accepted(accept(&last, count)), true),
    }
}

fn tried(outcome: Outcome, is_answer: bool) -> Tried {
    Tried { signal: signal(&outcome).filter(|_| is_answer), outcome }
}

fn is_for_now(failure: &Failure) -> bool {
    matches!(failure.class, FailureClass::Throttled | FailureClass::Transient)
}

fn again_after(failure: &Failure) -> Duration {
    Duration::from_millis(failure.retry_after_ms.unwrap_or(0).into()).clamp(AGAIN_MIN, AGAIN_MAX)
}

fn not_sent(why: NotSent) -> Failure {
    let (class, code) = match why {
        NotSent::NotBound => (FailureClass::Transient, "not_bound"),
        NotSent::QueueFull => (FailureClass::Transient, "queue_full"),
        NotSent::WaitedTooLong => (FailureClass::Transient, "no_place_in_window"),
        NotSent::Stopping => (FailureClass::Transient, "stopping"),
        NotSent::Unencodable(_) => (FailureClass::Message, "not_encodable"),
    };
    failure(class, code, &why.to_string())
}

fn failure(class: FailureClass, code: &str, reason: &str) -> Failure {
    Failure { class, code: code.to_owned(), reason: reason.to_owned(), retry_after_ms: None }
}

/// Names come from a closed list, so that an SMSC cannot make the metrics grow.
fn label(submitted: &Submitted) -> &'static str {
    match submitted {
        Submitted::Accepted { .. } => "ESME_ROK",
        Submitted::Refused { status, .. } => match status::find(status.0) {
            Some(known) => known.name,
            None if status::VENDOR.contains(&status.0) => "vendor",
            None => "undefined",
        },
        Submitted::NotSent(_) => "not_sent",
        Submitted::Lost(_) => "lost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_core::decision::Acceptance;

    fn accept(last: &str, count: usize) -> Acceptance {
        Acceptance { reference: last.to_owned(), parts: u8::try_from(count).ok(), price_micros: None }
    }

    fn taken(id: &str) -> Part {
        Part::Taken(id.to_owned())
    }

    fn refused(class: FailureClass) -> Part {
        Part::Failed { failure: failure(class, "code", "why"), is_answer: true }
    }

    fn doubted(is_answer: bool) -> Part {
        Part::Doubted { reason: "lost".to_owned(), is_answer }
    }

    #[test]
    fn a_message_is_what_its_parts_are_together() {
        let all = together(vec![taken("1"), taken("2")], accept);
        assert!(matches!(&all.outcome, Outcome::Accepted(it) if it.reference == "2" && it.parts == Some(2)));
        assert_eq!(all.signal, Some(Signal::Works));
        let some = together(vec![taken("1"), refused(FailureClass::System), taken("3")], accept);
        assert!(matches!(&some.outcome, Outcome::Failed(it) if it.reason.ends_with("it has 2 of 3 parts")));
        assert_eq!(some.signal, Some(Signal::Broken));
        let doubt = together(vec![taken("1"), refused(FailureClass::Message), doubted(true)], accept);
        assert!(matches!(doubt.outcome, Outcome::InDoubt(_)));
        assert_eq!(doubt.signal, Some(Signal::Fails));
    }

    #[test]
    fn a_dead_link_tells_the_circuit_nothing_by_each_message() {
        assert_eq!(together(vec![doubted(false)], accept).signal, None);
        let unsent = Part::Failed { failure: not_sent(NotSent::NotBound), is_answer: false };
        let tried = together(vec![unsent], accept);
        assert_eq!(tried.signal, None);
        assert!(matches!(tried.outcome, Outcome::Failed(it) if it.code == "not_bound"));
    }
}
