//! What the trace of a message is made of: one entry for each step of its life.

use serde::{Deserialize, Serialize};

use crate::decision::{DecisionRecord, Failure, Name, Receipt};
use crate::message::State;

/// A step of a message's life, with the decisions that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// The state that the step led to.
    pub state: State,
    /// What happened.
    pub step: Step,
    /// Decisions of components in this step, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<DecisionRecord>,
    /// The inbound message that led to the message, in the first entry of one that no application sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// An inbound message that led to another message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The provider that brought it.
    pub route: Name,
    /// The provider's id for it; empty where the provider gives none.
    pub reference: String,
    /// How many messages led to the one that it led to, at least 1.
    pub hops: u8,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Step {
    /// The message was taken in.
    Accepted {
        /// The provider it was queued for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        route: Option<Name>,
        /// Until when a policy holds it, in Unix milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held_until_ms: Option<u64>,
    },
    /// A policy said no.
    Refused {
        /// Its code and reason.
        failure: Failure,
    },
    /// It was handed to a provider, and this came of it.
    Attempt {
        /// Which try, from 1.
        attempt: u16,
        /// The provider.
        route: Name,
        /// The provider's id for the message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// What went wrong.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
        /// Where it goes next, where that is another provider.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_route: Option<Name>,
    },
    /// It was moved to another provider without a try.
    Rerouted {
        /// The provider that is down.
        from: Name,
        /// The provider that takes over.
        to: Name,
    },
    /// A receipt came.
    Receipt {
        /// The provider that sent it.
        route: Name,
        /// What it says.
        receipt: Receipt,
        /// Whether it said anything new.
        applied: bool,
    },
    /// A lease ran out, a wait was over, a validity ended.
    TimePassed,
    /// The application took it back.
    Cancelled,
    /// An operator sent it again.
    Redriven,
}
