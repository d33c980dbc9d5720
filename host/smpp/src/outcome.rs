//! What becomes of a submit.

use thiserror::Error;
use tokio::sync::oneshot;
use waypost_core::smpp::pdu::Tlv;

use crate::codec::CommandStatus;
pub use crate::codec::encode::EncodeError;

/// Whoever waits for the outcome of a submit.
pub(crate) type Reply = oneshot::Sender<Submitted>;

/// What became of a submit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// The SMSC has it.
    Accepted {
        /// As the SMSC gave it, at most 255 octets; empty where it gave none.
        message_id: String,
        /// Optional parameters of the answer.
        tlvs: Vec<Tlv>,
    },
    /// The SMSC has refused it, by `submit_sm_resp` or `generic_nack`.
    Refused {
        /// Why, never `ESME_ROK`.
        status: CommandStatus,
        /// Optional parameters of the answer.
        tlvs: Vec<Tlv>,
    },
    /// No octet of it has left this host: another try is safe.
    NotSent(NotSent),
    /// At least a part of it was handed to the connection, and there is no answer: in doubt.
    Lost(Lost),
}

/// Why a submit was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotSent {
    /// No bind that may send is up.
    #[error("no bind that can send is up")]
    NotBound,
    /// As many wait as may wait.
    #[error("too many messages wait for a bind")]
    QueueFull,
    /// It waited for a free place in a window for as long as it may.
    #[error("no bind had room in time")]
    WaitedTooLong,
    /// The client is being stopped.
    #[error("the client is stopping")]
    Stopping,
    /// It cannot be written as a PDU. It will not be on another try, either.
    #[error("it does not fit SMPP: {0}")]
    Unencodable(#[from] EncodeError),
}

/// Why nobody knows what became of a submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Lost {
    /// The connection ended before the answer.
    #[error("the connection ended before the answer came")]
    LinkDied,
    /// The answer did not come in time.
    #[error("no answer came in time")]
    NoAnswer,
}
