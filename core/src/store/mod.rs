//! What a store is asked and what it answers, as data: one operation for each step of a
//! message's life, each of them atomic.

mod error;
mod history;
mod operations;
mod opt_out;
mod parts;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::decision::{DecisionRecord, Name, Receipt};
use crate::id::MessageId;
use crate::lifecycle::RouteRules;
use crate::message::{Envelope, Progress, State};
use crate::rate::{AcceptLimits, LimitReached, Rate};
use crate::trace::Entry;

pub use error::StoreError;
pub use history::{HistoryQuery, Recorded};
pub use operations::{Shared, Store, SweepRules, TRACE_ENTRIES_MAX};
pub use opt_out::{OptChange, OptOut, OptOutQuery};
pub use parts::{InboundPart, InboundParts, PartResult, PartsKey};

/// Takes in the messages of one request, all of them or none.
#[derive(Debug, Clone)]
pub struct Accept {
    /// Whose messages they are.
    pub tenant: Name,
    /// The API key that brought them.
    pub key: Name,
    /// When, in Unix milliseconds.
    pub now_ms: u64,
    /// Makes a repeated request harmless.
    pub idempotency: Option<Idempotency>,
    /// What the request is held to. Refused messages count against rates, but not against caps.
    pub limits: AcceptLimits,
    /// In the order of the request.
    pub messages: Vec<NewMessage>,
}

/// The key of a request and the hash of what it asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Chosen by the application; belongs to the tenant.
    pub key: String,
    /// SHA-256 of the request's body.
    pub body_hash: [u8; 32],
}

/// A message with its first progress: `queued` or `held` with a route and a due time, `refused`, or
/// `submitting` with a route and the end of its lease where the shell hands it over itself
/// ([`crate::flow::Shell::at_once_max`]).
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// What does not change.
    pub envelope: Arc<Envelope>,
    /// What does.
    pub progress: Progress,
    /// The first entry of its trace.
    pub entry: Entry,
}

/// What became of an [`Accept`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// The messages are stored, durably.
    Stored,
    /// The same request was taken before; these are its messages, in order.
    Replayed(Vec<MessageId>),
    /// The idempotency key was used with another body.
    KeyReused,
    /// A limit said no, and nothing is stored.
    Limited(LimitReached),
    /// An id is taken. Make new ids and try again.
    IdTaken,
    /// The recipients at these places of the request, ascending, want no messages from the sender
    /// of theirs or from any sender of the tenant. Nothing is stored: refuse these, and try again.
    OptedOut(Vec<usize>),
}

/// Leases messages that wait for one provider, the most urgent first.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The provider.
    pub route: Name,
    /// When, in Unix milliseconds.
    pub now_ms: u64,
    /// At most this many.
    pub messages_max: usize,
    /// When the lease ends, in Unix milliseconds.
    pub lease_until_ms: u64,
    /// The provider's rate, counted in messages, for all hosts together.
    pub rate: Option<Rate>,
}

/// A leased message.
#[derive(Debug, Clone)]
pub struct ClaimedMessage {
    /// What does not change.
    pub envelope: Arc<Envelope>,
    /// With the state `submitting` and the number of this attempt.
    pub progress: Progress,
}

/// The messages of a claim.
#[derive(Debug, Clone, Default)]
pub struct ClaimedBatch {
    /// Leased by this call.
    pub messages: Vec<ClaimedMessage>,
    /// When the route will have something to claim, in Unix milliseconds: because a message falls
    /// due, or because the rate frees. None: nothing waits.
    pub next_due_ms: Option<u64>,
}

/// Ends a lease: what `lifecycle::settle` made of the outcome.
#[derive(Debug, Clone)]
pub struct Settle {
    /// Whose message it is.
    pub tenant: Name,
    /// The message.
    pub id: MessageId,
    /// The attempt that was made. Another number in the store: the lease was lost.
    pub attempt: u16,
    /// The provider that was tried.
    pub route: Name,
    /// When, in Unix milliseconds.
    pub now_ms: u64,
    /// What came of it.
    pub outcome: crate::decision::Outcome,
    /// Where to go next, where another route was wanted and found.
    pub other_route: Option<Name>,
    /// The rules of the provider that was tried.
    pub rules: RouteRules,
    /// Spreads waits.
    pub seed: u64,
    /// Decisions made on the way, for the trace.
    pub decisions: Vec<DecisionRecord>,
}

/// What became of a [`Settle`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The message is now in this state.
    Now(Progress),
    /// Another attempt has begun since, or the message is gone: nothing was changed.
    LeaseLost,
}

/// Moves a waiting message to another provider.
#[derive(Debug, Clone)]
pub struct Reroute {
    /// Whose message it is.
    pub tenant: Name,
    /// The message.
    pub id: MessageId,
    /// Where it waits now. Elsewhere by now: nothing is changed.
    pub from: Name,
    /// Where it goes.
    pub to: Name,
    /// When, in Unix milliseconds.
    pub now_ms: u64,
    /// The decision that chose it.
    pub decisions: Vec<DecisionRecord>,
}

/// A receipt from a provider.
#[derive(Debug, Clone)]
pub struct ReceiptIn {
    /// The provider.
    pub route: Name,
    /// When it came, in Unix milliseconds.
    pub now_ms: u64,
    /// What it says.
    pub receipt: Receipt,
    /// The rules of the provider.
    pub rules: RouteRules,
}

/// What became of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptResult {
    /// It changed the message's state to this.
    Applied(MessageId, State),
    /// It said nothing new.
    NoNews(MessageId),
    /// No message has that reference yet; it is kept for one that may.
    Kept,
}

/// An inbound message (MO).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbound {
    /// Whose it is.
    pub tenant: Name,
    /// The inbox it is in.
    pub inbox: Name,
    /// The provider that brought it.
    pub route: Name,
    /// The provider's id; with the route it makes a repeated webhook harmless.
    pub reference: String,
    /// Who sent it.
    pub from: String,
    /// The number it was sent to.
    pub to: String,
    /// Its text or bytes.
    pub body: crate::text::Body,
    /// When it came, in Unix milliseconds.
    pub received_ms: u64,
}

/// An inbound message, and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundIn {
    /// The message. Its own `inbox`, which is one of the configuration, gets it in place of one that would
    /// be the tenant's [`crate::limits::INBOXES_MAX`]th and one more.
    pub inbound: Inbound,
    /// Each gets the message once. None: it is known from now on, and that is all.
    pub inboxes: Vec<Name>,
}

/// An inbound message in an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxItem {
    /// Ascending within the store; acknowledged by this number.
    pub sequence: u64,
    /// The message.
    pub inbound: Inbound,
}

/// A message as a store gives it back.
#[derive(Debug, Clone)]
pub struct Stored {
    /// What does not change.
    pub envelope: Arc<Envelope>,
    /// What does.
    pub progress: Progress,
}

/// Which messages a list names. All conditions hold together.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Whose. None: everybody's (operators only).
    pub tenant: Option<Name>,
    /// In one of these states; empty: any.
    pub states: Vec<State>,
    /// To this number.
    pub to: Option<String>,
    /// With this reference of the application.
    pub client_ref: Option<String>,
    /// With this class of failure.
    pub class: Option<crate::decision::FailureClass>,
    /// With this code of failure.
    pub code: Option<String>,
    /// Waiting for or handed to this provider.
    pub route: Option<Name>,
    /// Older than this one, exclusive: where the last page ended.
    pub before: Option<MessageId>,
    /// At most this many rows, newest first.
    pub rows_max: u32,
}

/// An API key. The secret itself is nowhere stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Public part, by which it is found: `[a-z0-9]{12}`.
    pub id: Name,
    /// Whose it is.
    pub tenant: Name,
    /// For people.
    pub label: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// SHA-256 of the whole key text.
    pub hash: [u8; 32],
    /// When it was made, in Unix milliseconds.
    pub created_ms: u64,
    /// When it was taken back.
    pub revoked_ms: Option<u64>,
    /// From when on it is refused, in Unix milliseconds. None: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
}

/// What an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Send, explain and cancel messages.
    Send,
    /// Read messages, traces and dead letters.
    Read,
    /// Read and acknowledge inboxes.
    Inbox,
    /// Redrive and delete dead letters, see providers and keys.
    Admin,
    /// Upload, try out and activate the tenant's own components.
    Plugins,
    /// Make, change and delete tenants: for those who run Waypost.
    Operator,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] =
        [Self::Send, Self::Read, Self::Inbox, Self::Admin, Self::Plugins, Self::Operator];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Read => "read",
            Self::Inbox => "inbox",
            Self::Admin => "admin",
            Self::Plugins => "plugins",
            Self::Operator => "operator",
        }
    }
}

/// A report of a final state that an application asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Ascending within the store.
    pub sequence: u64,
    /// The message.
    pub id: MessageId,
    /// Whose it is.
    pub tenant: Name,
    /// Where to report.
    pub url: String,
    /// What to report.
    pub state: State,
    /// When the state was reached, in Unix milliseconds.
    pub at_ms: u64,
    /// Reports that failed so far.
    pub failures: u16,
}
