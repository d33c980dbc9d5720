//! A model of a provider: it takes or refuses, loses its answers, goes down, and sends receipts
//! late, doubled, out of order, before the answer or never.

use waypost_core::backoff::RetryRules;
use waypost_core::breaker::BreakerRules;
use waypost_core::decision::{Acceptance, Failure, FailureClass, Name, Outcome, Receipt, ReceiptStatus};
use waypost_core::id::MessageId;
use waypost_core::lifecycle::{DoubtChoice, RouteRules};
use waypost_core::rate::Rate;

use crate::random::Random;

const HOUR_MS: u64 = 3_600_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Works,
    Down,
    Broken,
    /// Takes everything and answers and reports in time.
    Calm,
}

pub struct Provider {
    pub name: Name,
    pub mood: Mood,
    pub rules: RouteRules,
    pub breaker_rules: BreakerRules,
    pub rate: Rate,
    /// How many of 100 submits fail although it works.
    flaky: u64,
    references: u64,
}

/// What the provider does with one submit.
pub struct Reaction {
    /// The reference under which it has the message, where it took it.
    pub taken: Option<String>,
    pub outcome: Outcome,
    pub answer_after_ms: u64,
    /// What it will report and when, counted from the submit.
    pub receipts: Vec<(u64, Receipt)>,
}

impl Provider {
    pub fn new(number: u64, random: &mut Random) -> Self {
        let doubt_then = if number.is_multiple_of(2) { DoubtChoice::Retry } else { DoubtChoice::GiveUp };
        let retry = RetryRules {
            attempts_max: random.between(1, 4) as u16,
            base_ms: random.between(500, 5_000),
            max_ms: random.between(30_000, 600_000),
        };
        Self {
            name: Name::from(format!("provider-{number}")),
            mood: Mood::Works,
            rules: RouteRules {
                retry,
                doubt_wait_ms: random.between(60_000, 900_000),
                doubt_then,
                receipt_wait_ms: random.between(HOUR_MS, 24 * HOUR_MS),
            },
            breaker_rules: BreakerRules { failures: 5, open_ms: 20_000 },
            rate: Rate::per_second(random.between(5, 40) as f64, random.between(2, 20) as u32),
            flaky: if number == 3 { 30 } else { 1 },
            references: 0,
        }
    }

    pub fn submit(&mut self, id: MessageId, random: &mut Random) -> Reaction {
        let dice = random.below(100);
        let flaky = random.chance(self.flaky);
        let (taken, outcome) = match (self.mood, dice) {
            (Mood::Works, _) if flaky => (None, failed(FailureClass::Transient, 0)),
            (Mood::Calm, _) | (Mood::Works, 0..78) => self.take(None, random),
            (Mood::Works, 78..83) => {
                self.take(Some(Outcome::InDoubt("no answer in time".to_owned())), random)
            }
            // Its component cannot tell from the answer.
            (Mood::Works, 83..84) => self.take(Some(failed(FailureClass::InDoubt, 0)), random),
            (Mood::Works, 84..86) | (Mood::Down, 0..20) => {
                (None, Outcome::InDoubt("no answer in time".to_owned()))
            }
            (Mood::Works, 86..89) => (None, failed(FailureClass::Message, 0)),
            (Mood::Works, 89..92) => (None, failed(FailureClass::Sender, 0)),
            (Mood::Works, 92..96) => (None, failed(FailureClass::Throttled, random.spread(2 * HOUR_MS))),
            (Mood::Works, _) | (Mood::Down, 40..) => (None, failed(FailureClass::Transient, 0)),
            (Mood::Down, _) => self.take(Some(Outcome::InDoubt("connection lost".to_owned())), random),
            (Mood::Broken, _) => (None, failed(FailureClass::System, 0)),
        };
        let receipts = match (&taken, self.mood) {
            (Some(reference), Mood::Calm) => {
                vec![(2_000, receipt(reference, Some(id), ReceiptStatus::Delivered))]
            }
            (Some(reference), _) => receipts(reference, id, random),
            (None, _) => Vec::new(),
        };
        let answer_after_ms = if random.chance(90) { random.between(5, 400) } else { random.spread(60_000) };
        Reaction { taken, outcome, answer_after_ms, receipts }
    }

    fn take(&mut self, answer: Option<Outcome>, random: &mut Random) -> (Option<String>, Outcome) {
        self.references += 1;
        let reference = format!("{}-{}", self.name, self.references);
        let price_micros = random.chance(50).then_some(45_000);
        let acceptance = Acceptance { reference: reference.clone(), parts: Some(1), price_micros };
        (Some(reference), answer.unwrap_or(Outcome::Accepted(acceptance)))
    }
}

fn failed(class: FailureClass, retry_after_ms: u64) -> Outcome {
    let retry_after_ms = (retry_after_ms > 0).then_some(retry_after_ms as u32);
    Outcome::Failed(Failure { class, code: "code".to_owned(), reason: "reason".to_owned(), retry_after_ms })
}

/// The receipts of one taken message. Some never come, some twice, some before the answer, and the
/// first may come after the last.
fn receipts(reference: &str, id: MessageId, random: &mut Random) -> Vec<(u64, Receipt)> {
    let given_back = random.chance(70).then_some(id);
    let mut planned = Vec::new();
    if random.chance(20) {
        planned.push(*random.pick(&[ReceiptStatus::Accepted, ReceiptStatus::Sent]));
    }
    match random.below(100) {
        0..72 => planned.push(ReceiptStatus::Delivered),
        72..79 => planned.push(ReceiptStatus::Undelivered),
        79..84 => planned.push(ReceiptStatus::Failed),
        84..88 => planned.push(ReceiptStatus::Rejected),
        88..91 => planned.push(ReceiptStatus::Expired),
        91..94 => planned.push(ReceiptStatus::Unknown),
        _ => {}
    }
    let mut receipts = Vec::new();
    for status in planned {
        let copies = if random.chance(15) { random.between(2, 3) } else { 1 };
        for _ in 0..copies {
            receipts.push((random.spread(48 * HOUR_MS), receipt(reference, given_back, status)));
        }
    }
    receipts
}

pub fn receipt(reference: &str, id: Option<MessageId>, status: ReceiptStatus) -> Receipt {
    Receipt {
        reference: reference.to_owned(),
        message_id: id.map(|id| id.to_string()),
        status,
        code: None,
        reason: None,
        at_ms: None,
    }
}
