//! One change of one message, as the store made it: what the invariants look at, and what a failure
//! prints.

use std::fmt;

use waypost_core::decision::{FailureClass, Name, ReceiptStatus};
use waypost_core::id::MessageId;
use waypost_core::message::{Progress, State};

/// Why a message changed.
#[derive(Debug, Clone)]
pub enum Cause {
    Accepted,
    Claimed,
    Settled { attempt: u16, answer: Answer },
    Rerouted,
    Receipt { route: Name, reference: String, status: ReceiptStatus },
    LeaseLost,
    WaitOver,
    Cancelled,
    Redriven,
}

/// The kind of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Accepted,
    InDoubt,
    Failed(FailureClass, u64),
}

#[derive(Debug, Clone)]
pub struct Change {
    pub id: MessageId,
    pub at_ms: u64,
    /// None for a new message.
    pub from: Option<(State, Option<Name>)>,
    pub to: State,
    pub route: Option<Name>,
    pub attempts: u16,
    pub doubted: bool,
    pub due_ms: Option<u64>,
    pub cause: Cause,
}

impl Change {
    pub fn new(id: MessageId, at_ms: u64, before: Option<&Progress>, after: &Progress, cause: Cause) -> Self {
        Self {
            id,
            at_ms,
            from: before.map(|before| (before.state, before.route.clone())),
            to: after.state,
            route: after.route.clone(),
            attempts: after.attempts,
            doubted: after.doubted,
            due_ms: after.due_ms,
            cause,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from.as_ref().map_or("new", |(state, _)| state.as_str());
        let route = self.route.as_deref().unwrap_or("-");
        write!(f, "{} ms {from} -> {} route {route} attempts {}", self.at_ms, self.to, self.attempts)?;
        if self.doubted {
            f.write_str(" doubted")?;
        }
        if let Some(due_ms) = self.due_ms {
            write!(f, " due {due_ms}")?;
        }
        write!(f, " by {:?}", self.cause)
    }
}
