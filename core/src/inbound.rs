//! A message on its way in (MO): what a provider's component read, and what a receiving component
//! makes of it.

use serde::{Deserialize, Serialize};

use crate::decision::Name;
use crate::number::{Sender, SenderKind};
use crate::text::Body;

/// Most messages that one inbound message may lead to.
pub const OUTGOING_MAX: usize = 4;

/// One end of a conversation, as a component wrote it. The host parses it like any other number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// E.164 with a leading `+`, the digits of a short code, or an alphanumeric sender.
    pub value: String,
    /// What the component takes it for.
    pub kind: SenderKind,
}

/// An inbound message, as the provider's component read it from a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// The provider's id, by which a repeated webhook is known.
    pub reference: String,
    /// Whoever sent it.
    pub sender: Party,
    /// The number it was sent to.
    pub to: Party,
    /// What it says.
    pub body: Body,
    /// By the provider's clock, in Unix milliseconds.
    pub at_ms: Option<u64>,
}

/// An inbound message, as a receiving component sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Whose number it was sent to.
    pub tenant: Name,
    /// When Waypost took it, in Unix milliseconds.
    pub time_ms: u64,
    /// The provider's name in the configuration.
    pub provider: Name,
    /// Whoever sent it.
    pub sender: Sender,
    /// The number it was sent to.
    pub to: Sender,
    /// What it says.
    pub body: Body,
    /// How many times a message has led to another already; 0 for one from a telephone.
    pub hops: u8,
}

/// One thing that happens because of an inbound message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It goes into this inbox.
    Inbox(String),
    /// The sender wants nothing more from the number it wrote to.
    OptOut,
    /// The sender wants messages from the number again.
    OptIn,
    /// It is forgotten.
    Drop,
}

/// A message that a receiving component asks the host to send. The tenant's policies and limits
/// apply to it like to any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// As the component wrote it; the host parses it.
    pub to: String,
    /// None: the host chooses.
    pub sender: Option<Party>,
    /// What it says.
    pub text: String,
}

/// The whole answer of a receiving component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reception {
    /// In the order in which the component named them.
    pub actions: Vec<Action>,
    /// At most [`OUTGOING_MAX`].
    pub outgoing: Vec<Outgoing>,
}
