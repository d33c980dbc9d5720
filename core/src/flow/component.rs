//! What a shell gets from a component, whatever runs it.

use std::fmt;

use crate::config::OnFailure;
use crate::decision::{DecisionRecord, FaultClass};

/// A call that gave no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {message}")]
pub struct Fault {
    /// What kind of failure it is.
    pub class: FaultClass,
    /// For the component's owner. Never carries a number, a body or a secret.
    pub message: String,
}

impl Fault {
    /// A fault of that class.
    #[must_use]
    pub fn new(class: FaultClass, message: impl fmt::Display) -> Self {
        Self { class, message: message.to_string() }
    }
}

/// What a call came to, and the record of it for the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<T> {
    /// The answer, or what went wrong.
    pub answer: Result<T, Fault>,
    /// For the trace of the message.
    pub record: DecisionRecord,
}

/// What a policy said, and what its binding says of its failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<T> {
    /// What the call came to.
    pub decision: Decision<T>,
    /// What a fault leads to.
    pub on_failure: OnFailure,
}
