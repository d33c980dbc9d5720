//! The life of a message as pure functions on [`Progress`], split by stage:
//!
//! * [`accept`]: from what a caller sent to a draft, and from a draft to the first progress;
//! * [`dispatch`]: leases, and what becomes of a lease that was lost;
//! * [`settle`]: what an outcome leads to;
//! * [`receive`]: what a receipt leads to.
//!
//! A store applies these inside its transaction; nothing else changes a state.

pub mod accept;
pub mod dispatch;
pub mod receive;
pub mod settle;

use serde::{Deserialize, Serialize};

use crate::message::{Progress, State};

#[cfg(test)]
mod tests;

/// How one provider's messages are handled when something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRules {
    /// How often and how long to try.
    pub retry: crate::backoff::RetryRules,
    /// How long a message in doubt waits for a receipt, in milliseconds.
    pub doubt_wait_ms: u64,
    /// What happens when that wait is over.
    pub doubt_then: DoubtChoice,
    /// How long a submitted message waits for its receipt, in milliseconds.
    pub receipt_wait_ms: u64,
}

/// The operator's choice for a message that stays in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DoubtChoice {
    /// Send it again: it may arrive twice.
    Retry,
    /// Do not: it may never arrive. The message ends as `unknown`.
    GiveUp,
}

/// True where the life of a message may go from one state to the other. Every function of the
/// stages keeps to it; the simulation and the stores' tests check that they do.
#[must_use]
pub fn may_follow(from: State, to: State) -> bool {
    use State::{
        Cancelled, Delivered, Exhausted, Expired, Failed, Held, InDoubt, Queued, Refused, Submitted,
        Submitting, Undelivered, Unknown,
    };
    match from {
        // One that is queued to be sent again after a doubt may turn out to have been sent.
        Queued if matches!(to, Submitted | Delivered) => true,
        Held | Queued => matches!(to, Queued | Submitting | Expired | Cancelled | Failed | Exhausted),
        Submitting => !matches!(to, Held | Refused | Cancelled),
        InDoubt => {
            matches!(
                to,
                Queued | Submitted | Delivered | Undelivered | Expired | Failed | Exhausted | Unknown
            )
        }
        Submitted => matches!(to, Delivered | Undelivered | Expired | Failed | Unknown),
        // Nobody knew; now somebody does.
        Unknown => matches!(to, Delivered | Undelivered | Expired | Failed),
        // An operator's redrive is the only way back.
        Failed | Exhausted => matches!(to, Queued),
        Delivered | Undelivered | Expired | Refused | Cancelled => false,
    }
}

/// True where a step may have led from one progress to the other: as [`may_follow`], and a message
/// that waits again after a doubt may turn out to have been sent after all.
#[must_use]
pub fn is_step(from: State, to: &Progress) -> bool {
    let after_doubt = from == State::Queued && to.doubted && may_follow(State::InDoubt, to.state);
    from == to.state || may_follow(from, to.state) || after_doubt
}

impl Progress {
    /// The first progress of a message.
    #[must_use]
    pub fn new(state: State, now_ms: u64) -> Self {
        Self {
            state,
            changed_ms: now_ms,
            due_ms: None,
            route: None,
            tried: Vec::new(),
            attempts: 0,
            failures: 0,
            reference: None,
            price_micros: None,
            failure: None,
            doubted: false,
        }
    }

    fn enter(&mut self, state: State, now_ms: u64) {
        debug_assert!(state == self.state || may_follow(self.state, state), "{} to {state}", self.state);
        self.state = state;
        self.changed_ms = now_ms;
        self.due_ms = None;
    }
}
