//! The trace of a message.

use serde::Serialize;
use waypost_core::decision::{DecisionRecord, Receipt, ReceiptStatus};
use waypost_core::trace::{Cause, Entry, Step};

use super::message::FailureObject;
use super::scalar::{Id, Status, Timestamp};

/// The life of a message, step by step.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Trace))]
pub struct TraceObject<'a> {
    /// The message.
    pub id: Id,
    /// Where it is now.
    pub status: Status,
    /// In the order in which they happened.
    pub steps: Vec<StepObject<'a>>,
}

/// A step of a message's life.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Step))]
pub struct StepObject<'a> {
    /// When.
    pub at: Timestamp,
    /// The status that it led to.
    pub status: Status,
    /// What happened.
    #[serde(flatten)]
    pub happened: Happened<'a>,
    /// What components decided in this step, in order.
    pub decisions: Vec<DecisionObject<'a>>,
    /// The inbound message that led to this one, in the first step of a message that a receiving
    /// component sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<CauseObject<'a>>,
}

/// An inbound message that led to another message.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Cause))]
pub struct CauseObject<'a> {
    /// The provider that brought it.
    pub provider: &'a str,
    /// The provider's id for it, as the inbox shows it.
    pub reference: &'a str,
    /// How many messages led to the one that it led to.
    pub hops: u8,
}

/// What happened, by kind.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", schema(as = StepKind))]
pub enum Happened<'a> {
    /// It was taken in.
    Accepted {
        /// The provider it was queued for.
        #[serde(skip_serializing_if = "Option::is_none")]
        route: Option<&'a str>,
        /// Until when a policy holds it.
        #[serde(skip_serializing_if = "Option::is_none")]
        held_until: Option<Timestamp>,
    },
    /// A policy said no.
    Refused {
        /// Its code and reason.
        failure: FailureObject<'a>,
    },
    /// It was handed to a provider.
    Attempt {
        /// Which try, from 1.
        attempt: u16,
        /// The provider.
        route: &'a str,
        /// The provider's id for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// What went wrong.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<FailureObject<'a>>,
        /// The provider that it goes to next.
        #[serde(skip_serializing_if = "Option::is_none")]
        next_route: Option<&'a str>,
    },
    /// It was moved to another provider without a try.
    Rerouted {
        /// The provider that is down.
        from: &'a str,
        /// The provider that takes over.
        to: &'a str,
    },
    /// A receipt came.
    Receipt {
        /// The provider that sent it.
        route: &'a str,
        /// What it says.
        receipt: ReceiptObject<'a>,
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

/// What a receipt says.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Receipt))]
pub struct ReceiptObject<'a> {
    /// The provider's id for the message.
    pub reference: &'a str,
    /// `accepted`, `sent`, `delivered`, `undelivered`, `failed`, `expired`, `rejected`, `unknown`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: ReceiptStatus,
    /// The provider's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a str>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// By the provider's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// A decision of a component.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Decision))]
pub struct DecisionObject<'a> {
    /// The part it played: `screening`, `sender-identity`, `routing`, `provider`, `receiving`.
    pub role: &'a str,
    /// The component's name in the configuration.
    pub component: &'a str,
    /// The hash of component and settings.
    pub revision: &'a str,
    /// What it said.
    pub result: &'a str,
    /// What went wrong, if anything did: `out-of-fuel`, `trap`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'a str>,
    /// Units of fuel used. The same input and revision always use the same.
    pub fuel: u64,
    /// The largest that the component's memory has been.
    pub memory_bytes: u64,
    /// Wall-clock time in microseconds.
    pub time_us: f64,
    /// What the component wrote to its log.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub log: &'a [String],
}

impl<'a> From<&'a Entry> for StepObject<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            at: Timestamp(entry.at_ms),
            status: Status(entry.state),
            happened: Happened::from(&entry.step),
            decisions: entry.decisions.iter().map(DecisionObject::from).collect(),
            caused_by: entry.cause.as_ref().map(CauseObject::from),
        }
    }
}

impl<'a> From<&'a Cause> for CauseObject<'a> {
    fn from(cause: &'a Cause) -> Self {
        Self { provider: &cause.route, reference: &cause.reference, hops: cause.hops }
    }
}

impl<'a> From<&'a Step> for Happened<'a> {
    fn from(step: &'a Step) -> Self {
        match step {
            Step::Accepted { route, held_until_ms } => {
                Self::Accepted { route: route.as_deref(), held_until: held_until_ms.map(Timestamp) }
            }
            Step::Refused { failure } => Self::Refused { failure: failure.into() },
            Step::Attempt { attempt, route, reference, failure, next_route } => Self::Attempt {
                attempt: *attempt,
                route,
                reference: reference.as_deref(),
                failure: failure.as_ref().map(FailureObject::from),
                next_route: next_route.as_deref(),
            },
            Step::Rerouted { from, to } => Self::Rerouted { from, to },
            Step::Receipt { route, receipt, applied } => {
                Self::Receipt { route, receipt: receipt.into(), applied: *applied }
            }
            Step::TimePassed => Self::TimePassed,
            Step::Cancelled => Self::Cancelled,
            Step::Redriven => Self::Redriven,
        }
    }
}

impl<'a> From<&'a Receipt> for ReceiptObject<'a> {
    fn from(receipt: &'a Receipt) -> Self {
        Self {
            reference: &receipt.reference,
            status: receipt.status,
            code: receipt.code.as_deref(),
            reason: receipt.reason.as_deref(),
            at: receipt.at_ms.map(Timestamp),
        }
    }
}

impl<'a> From<&'a DecisionRecord> for DecisionObject<'a> {
    fn from(record: &'a DecisionRecord) -> Self {
        Self {
            role: record.role.as_str(),
            component: &record.component,
            revision: &record.revision,
            result: &record.result,
            fault: record.fault.map(|fault| fault.as_str()),
            fuel: record.fuel,
            memory_bytes: record.memory_bytes,
            time_us: record.time_ns as f64 / 1000.0,
            log: &record.log,
        }
    }
}
