//! What components decide, in the terms of the domain. The wire types of a WIT version are
//! converted to these by the engine, so the rest of Waypost knows no version.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::number::Sender;

/// A short name from the configuration: a provider, a tenant, a component. Cheap to clone.
pub type Name = Arc<str>;

/// The part a component plays in the life of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// May this message go?
    Screening,
    /// Under which sender?
    SenderIdentity,
    /// By which providers, in which order?
    Routing,
    /// How one provider is spoken to.
    Provider,
    /// What an inbound message leads to.
    Receiving,
}

impl Role {
    /// Every role, in the order of a message's life.
    pub const ALL: [Self; 5] =
        [Self::Screening, Self::SenderIdentity, Self::Routing, Self::Provider, Self::Receiving];

    /// True where one component of a tenant decides; in the other roles several are asked in order.
    #[must_use]
    pub fn has_one_place(self) -> bool {
        matches!(self, Self::SenderIdentity | Self::Routing)
    }

    /// The name of the role's interface in the WIT package.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Screening => "screening",
            Self::SenderIdentity => "sender-identity",
            Self::Routing => "routing",
            Self::Provider => "provider",
            Self::Receiving => "receiving",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a policy says no. Shown to whoever sent the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable, snake_case, at most [`crate::limits::CODE_CHARS_MAX`] characters.
    pub code: String,
    /// For people, at most [`crate::limits::REASON_CHARS_MAX`] characters.
    pub reason: String,
}

/// The answer of a screening component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The message may go.
    Allow,
    /// The message may not go.
    Refuse(Refusal),
    /// Not before this time, in Unix milliseconds.
    HoldUntil(u64),
}

/// The answer of a sender-identity component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The sender stays as it is.
    Keep,
    /// Another sender takes its place. The text is what the component said; the host parses it
    /// like any other sender.
    Replace(String),
    /// No permitted sender.
    Refuse(Refusal),
}

/// The answer of a routing component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ranking {
    /// Names of providers, best first.
    Ranked(Vec<Name>),
    /// No route is good enough.
    Refuse(Refusal),
}

/// Whether a provider can be used, as its circuit breaker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// The circuit is closed.
    Healthy,
    /// One trial at a time after a failure.
    Recovering,
    /// The circuit is open: nothing is sent there for now.
    Down,
}

/// A provider that a routing component may choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The provider's name in the configuration.
    pub id: Name,
    /// For one segment to this recipient, in millionths of the currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_micros: Option<u64>,
    /// From the provider's circuit breaker.
    pub health: Health,
    /// Messages that wait for this provider.
    pub backlog: u32,
    /// From the configuration, 0 to 1000.
    pub weight: u32,
}

/// What came of handing a message to a provider. Drives everything after a submit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The provider has taken it.
    Accepted(Acceptance),
    /// The provider has not taken it, and why.
    Failed(Failure),
    /// It may have been sent: the answer was lost or does not say.
    InDoubt(String),
}

/// The provider's word that it has a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// The provider's id for the message.
    pub reference: String,
    /// How many parts the provider counts.
    pub parts: Option<u8>,
    /// For the whole message, in millionths of the currency.
    pub price_micros: Option<u64>,
}

/// Who has to act on a failure, and so what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// This message or recipient never goes: its owner is told.
    Message,
    /// The sender is refused: another identity or route may do.
    Sender,
    /// Too fast: the same route later.
    Throttled,
    /// Another try or another route may do, and nothing was sent.
    Transient,
    /// Credentials, balance, link: the operator is told.
    System,
    /// It may have been sent, and nobody could say.
    InDoubt,
    /// A policy said no before any provider was asked.
    Policy,
}

impl FailureClass {
    /// The stable name, as the API shows it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Sender => "sender",
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::System => "system",
            Self::InDoubt => "in_doubt",
            Self::Policy => "policy",
        }
    }
}

/// A failure with its class, the provider's code and a reason for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Who has to act.
    pub class: FailureClass,
    /// The provider's or Waypost's own code.
    pub code: String,
    /// For people.
    pub reason: String,
    /// How long the provider asks to be left alone, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u32>,
}

impl From<&Refusal> for Failure {
    fn from(refusal: &Refusal) -> Self {
        Self {
            class: FailureClass::Policy,
            code: refusal.code.clone(),
            reason: refusal.reason.clone(),
            retry_after_ms: None,
        }
    }
}

/// What a receipt (DLR) says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// The provider has it.
    Accepted,
    /// The network has it.
    Sent,
    /// The handset has it.
    Delivered,
    /// It did not reach the handset.
    Undelivered,
    /// The provider or network failed to send it.
    Failed,
    /// Its validity ended before the handset was reached.
    Expired,
    /// The network refused it.
    Rejected,
    /// The provider does not know.
    Unknown,
}

/// A delivery receipt, as the provider's component read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The provider's id for the message.
    pub reference: String,
    /// Our own id, where the provider gave it back.
    pub message_id: Option<String>,
    /// What happened.
    pub status: ReceiptStatus,
    /// The provider's code for the reason.
    pub code: Option<String>,
    /// For people.
    pub reason: Option<String>,
    /// By the provider's clock, in Unix milliseconds.
    pub at_ms: Option<u64>,
}

/// What a component may do wrong. Each is counted, traced, and leads to what the binding says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultClass {
    /// The component cannot be loaded: not a component, wrong world, foreign import, bad settings.
    Refused,
    /// Its answer breaks a rule: too large, not valid, a route that was not offered.
    InvalidOutput,
    /// It used up its fuel.
    OutOfFuel,
    /// It ran past the wall-clock backstop.
    Timeout,
    /// It asked for more memory than it may have.
    OutOfMemory,
    /// It trapped: panic, unreachable, stack overflow.
    Trap,
    /// The host could not run it: no free instance.
    Unavailable,
}

impl FaultClass {
    /// The stable name, as metrics and traces show it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::InvalidOutput => "invalid-output",
            Self::OutOfFuel => "out-of-fuel",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out-of-memory",
            Self::Trap => "trap",
            Self::Unavailable => "unavailable",
        }
    }
}

impl fmt::Display for FaultClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One decision as the trace of a message keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Which part was played.
    pub role: Role,
    /// The component's name in the configuration.
    pub component: Name,
    /// The revision: component and settings, by hash.
    pub revision: Name,
    /// What it said, in a few words: `allow`, `refuse country_denied: …`, `ranked a, b`.
    pub result: String,
    /// What went wrong, if anything did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultClass>,
    /// Units of fuel used. The same input and revision always use the same.
    pub fuel: u64,
    /// The largest that the component's memory has been, in bytes.
    pub memory_bytes: u64,
    /// Wall-clock time of the call in nanoseconds; the one figure that varies.
    pub time_ns: u64,
    /// What the component wrote to its log, at most 1 KiB.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// What it was given besides the message, where that is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Given>,
}

/// What a component was given that the stored message does not tell: with it, the same question can be
/// asked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// The providers that a routing component could choose from.
    Candidates(Vec<Candidate>),
    /// The sender that the message had before the component chose another.
    Sender(Option<Sender>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_an_older_version_is_read_and_candidates_come_back() {
        let old = r#"{"role":"routing","component":"c","revision":"r","result":"ranked a","fuel":1,
            "memory_bytes":2,"time_ns":3}"#;
        let mut record: DecisionRecord = serde_json::from_str(old).unwrap();
        assert_eq!(record.given, None);
        assert!(!serde_json::to_string(&record).unwrap().contains("given"));
        let candidate = Candidate {
            id: "a".into(),
            price_micros: None,
            health: Health::Recovering,
            backlog: 7,
            weight: 1000,
        };
        for given in [
            Given::Candidates(vec![candidate.clone(), Candidate { price_micros: Some(1), ..candidate }]),
            Given::Candidates(Vec::new()),
            Given::Sender(None),
            Given::Sender(crate::number::parse_sender("Shop", None).ok()),
        ] {
            record.given = Some(given);
            let json = serde_json::to_string(&record).unwrap();
            assert_eq!(serde_json::from_str::<DecisionRecord>(&json).unwrap(), record, "{json}");
        }
    }
}
