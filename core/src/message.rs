//! A message on its way out (MT): what it is, and how far it has come.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decision::{Failure, Name};
use crate::id::MessageId;
use crate::number::{Recipient, Sender};
use crate::text::{Body, Encoding};

/// What decisions look at: a message that has been checked and planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Whose message it is.
    pub tenant: Name,
    /// When Waypost took it, in Unix milliseconds.
    pub time_ms: u64,
    /// Where it goes.
    pub to: Recipient,
    /// What the application asked for, or what an earlier decision chose.
    pub sender: Option<Sender>,
    /// The text as it goes out, after any replacement, or the bytes.
    pub body: Body,
    /// How it is encoded on the air.
    pub encoding: Encoding,
    /// How many segments it takes, 1 to 255.
    pub segments: u8,
    /// 0 (bulk) to 3 (urgent).
    pub priority: u8,
    /// The application's own labels.
    pub tags: Vec<String>,
}

/// What does not change after a message was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The message's id.
    pub id: MessageId,
    /// The id of the API key that brought it.
    pub key: Name,
    /// What decisions looked at.
    pub draft: Draft,
    /// Not submitted after this time, in Unix milliseconds.
    pub valid_until_ms: u64,
    /// The application's own reference.
    pub client_ref: Option<String>,
    /// Where final states are reported.
    pub callback_url: Option<String>,
    /// How many messages led to this one; 0 for one that an application sent.
    pub hops: u8,
}

/// Where a message is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for the time that a policy named.
    Held,
    /// Waits for its provider.
    Queued,
    /// Leased by a host, which is handing it to the provider.
    Submitting,
    /// Handed over, but the answer was lost: it may have been sent.
    InDoubt,
    /// The provider has it.
    Submitted,
    /// The handset has it. Final.
    Delivered,
    /// It did not reach the handset. Final.
    Undelivered,
    /// Its validity ended first. Final.
    Expired,
    /// Nobody could say what became of it. Final, until somebody can.
    Unknown,
    /// A policy said no. Final.
    Refused,
    /// It can never be sent. Final, a dead letter.
    Failed,
    /// Every try failed. Final, a dead letter.
    Exhausted,
    /// Taken back by the application before it was submitted. Final.
    Cancelled,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 13] = [
        Self::Held,
        Self::Queued,
        Self::Submitting,
        Self::InDoubt,
        Self::Submitted,
        Self::Delivered,
        Self::Undelivered,
        Self::Expired,
        Self::Unknown,
        Self::Refused,
        Self::Failed,
        Self::Exhausted,
        Self::Cancelled,
    ];

    /// The stable name, as API and metrics show it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Queued => "queued",
            Self::Submitting => "submitting",
            Self::InDoubt => "in_doubt",
            Self::Submitted => "submitted",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Exhausted => "exhausted",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The number by which stores keep the state. Never changes.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The state of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// True where only new knowledge of the same submit can change the state.
    #[must_use]
    pub fn is_final(self) -> bool {
        self >= Self::Delivered
    }

    /// True where the message counts against its tenant's queue.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Held | Self::Queued | Self::Submitting)
    }

    /// True where the message waits for its provider.
    #[must_use]
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Held | Self::Queued)
    }

    /// True where an operator has to look: nobody has the message and nobody will get it.
    #[must_use]
    pub fn is_dead_letter(self) -> bool {
        matches!(self, Self::Failed | Self::Exhausted)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a message has come. Small: every step of its life rewrites it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Where it is.
    pub state: State,
    /// Since when, in Unix milliseconds.
    pub changed_ms: u64,
    /// When something has to be done about it, in Unix milliseconds: the next try while it waits,
    /// the end of the lease while it is submitted, the end of waiting while it is in doubt or
    /// waits for its receipt. None in final states.
    pub due_ms: Option<u64>,
    /// The provider it waits for, or that has it.
    pub route: Option<Name>,
    /// Providers that have refused it since it last waited.
    pub tried: Vec<Name>,
    /// How many times it was handed to a provider. Also the number that fences a lease: a host
    /// that settles with an older number has lost it.
    pub attempts: u16,
    /// Tries that count against `attempts_max`.
    pub failures: u16,
    /// The provider's id for it.
    pub reference: Option<String>,
    /// Price of the whole message in millionths of the currency, where known.
    pub price_micros: Option<u64>,
    /// What went wrong last.
    pub failure: Option<Failure>,
    /// A submit of it was in doubt once, so it may have been sent twice.
    pub doubted: bool,
}
