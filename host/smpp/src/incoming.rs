//! What comes from the SMSC.

use std::fmt;

use async_trait::async_trait;
use thiserror::Error;
use waypost_core::smpp::pdu::DeliverSm;

use crate::codec::CommandStatus;
use crate::options::{BindMode, Endpoint};

/// Whoever takes what the SMSC sends.
#[async_trait]
pub trait Incoming: Send + Sync + 'static {
    /// Takes a receipt or a message. The SMSC is answered when this ends, and may send it again: when
    /// the answer does not reach it, or when this takes longer than `timeouts.deliver`, after which
    /// the future is dropped. Calls for one bind run side by side, up to `limits.incoming_max`.
    ///
    /// # Errors
    /// The status for the answer. [`CommandStatus::RX_T_APPN`] makes most SMSCs try again later,
    /// [`CommandStatus::RX_P_APPN`] give up.
    async fn deliver(&self, delivery: Delivery) -> Result<(), CommandStatus>;

    /// Hears what happens to binds. Must not block.
    fn event(&self, event: &Event) {
        let _ = event;
    }
}

/// What an SMSC delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The fields.
    pub pdu: DeliverSm,
    /// Which command it came by.
    pub kind: DeliveryKind,
    /// The number of the bind that it came over, from 0.
    pub bind: usize,
}

/// The command that a delivery came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryKind {
    /// `deliver_sm`.
    DeliverSm,
    /// `data_sm`.
    DataSm,
}

/// What happened to a bind; `bind` is its number, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is up.
    Bound {
        /// Which.
        bind: usize,
        /// What it is for.
        mode: BindMode,
        /// Where.
        endpoint: Endpoint,
        /// What the SMSC calls itself.
        smsc: String,
        /// The version that the SMSC says it speaks, 0x34 or 0x50 mostly.
        interface_version: Option<u8>,
    },
    /// It could not be made, and will be tried again.
    NotBound {
        /// Which.
        bind: usize,
        /// Where.
        endpoint: Endpoint,
        /// Why.
        why: NotBound,
        /// The wait before the next try.
        retry_in: std::time::Duration,
    },
    /// It was up and has ended. It comes back, unless the client is being stopped.
    Unbound {
        /// Which.
        bind: usize,
        /// Why.
        why: Ended,
        /// Submits that are in doubt because of it.
        lost: usize,
    },
}

/// Why there is no bind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotBound {
    /// There is no connection.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// There is no TLS on it.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The connection ended before the answer.
    #[error("the connection ended before the bind was answered")]
    Closed,
    /// It took too long.
    #[error("no answer within the time allowed for {0}")]
    TimedOut(&'static str),
    /// What came cannot be SMPP.
    #[error("the answer to the bind is no SMPP")]
    Malformed,
    /// The SMSC said no.
    #[error("the SMSC refused the bind: {status}")]
    Refused {
        /// Its reason.
        status: CommandStatus,
        /// Whether it will say so again until somebody changes something.
        for_good: bool,
    },
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// This side wanted it.
    Stopped,
    /// The SMSC sent `unbind`.
    PeerUnbound,
    /// The SMSC closed the connection.
    PeerClosed,
    /// The connection failed.
    Failed(std::io::ErrorKind),
    /// The SMSC gave no sign of life, or does not read.
    Silent,
    /// A PDU of an impossible length came: what follows cannot be told apart.
    Malformed,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("stopped"),
            Self::PeerUnbound => f.write_str("the SMSC unbound"),
            Self::PeerClosed => f.write_str("the SMSC closed the connection"),
            Self::Failed(kind) => write!(f, "the connection failed: {kind}"),
            Self::Silent => f.write_str("no sign of life from the SMSC"),
            Self::Malformed => f.write_str("the SMSC sent a PDU of an impossible length"),
        }
    }
}
