//! The roles: a trait for each, and what it answers.

use crate::bindings::waypost::sms::messaging;
use crate::{Address, Body, Message, Outgoing, Refusal, Settings};

/// May this message go?
pub trait Screening: Settings {
    /// Decides about one message.
    fn screen(&self, message: &Message) -> Verdict;

    /// What a schema cannot say of the settings. The text of an error is shown to whoever set them.
    ///
    /// # Errors
    /// Which setting is wrong, and why.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Under which sender does a message go?
pub trait SenderIdentity: Settings {
    /// Decides about one message.
    fn choose(&self, message: &Message) -> Choice;

    /// As [`Screening::check`].
    ///
    /// # Errors
    /// Which setting is wrong, and why.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// By which providers does a message go, in which order?
pub trait Routing: Settings {
    /// Decides about one message.
    fn rank(&self, message: &Message, candidates: &[Candidate]) -> Ranking;

    /// As [`Screening::check`].
    ///
    /// # Errors
    /// Which setting is wrong, and why.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// What happens because of a message that came in?
pub trait Receiving: Settings {
    /// Decides about one inbound message. [`send`] and [`reply`] answer it.
    fn receive(&self, inbound: &Inbound) -> Vec<Action>;

    /// As [`Screening::check`].
    ///
    /// # Errors
    /// Which setting is wrong, and why.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The answer of [`Screening`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The message may go.
    Allow,
    /// The message may not go. [`refuse`](crate::refuse) makes one.
    Refuse(Refusal),
    /// Not before this time, in Unix milliseconds.
    HoldUntil(u64),
}

/// The answer of [`SenderIdentity`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The sender stays.
    Keep,
    /// This one: a number in E.164, a short code, or a name of at most 11 characters.
    Replace(String),
    /// There is no permitted sender.
    Refuse(Refusal),
}

/// The answer of [`Routing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ranking {
    /// Ids of candidates, best first. One that is left out is not used.
    Ranked(Vec<String>),
    /// No route is good enough.
    Refuse(Refusal),
}

/// A provider that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name in the configuration.
    pub id: String,
    /// For one segment to this recipient, in millionths of the currency. None: not stated.
    pub price_micros: Option<u64>,
    /// Whether it works, as its circuit breaker says.
    pub health: Health,
    /// Messages that wait for it.
    pub backlog: u32,
    /// From the configuration, 0 to 1000.
    pub weight: u32,
}

/// Whether a provider works. In the order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// The circuit is closed.
    Healthy,
    /// One trial at a time after a failure.
    Recovering,
    /// The circuit is open: nothing is sent there for now.
    Down,
}

/// A message that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Whose it is.
    pub tenant: String,
    /// When it came, in Unix milliseconds.
    pub time_ms: u64,
    /// The provider that brought it.
    pub provider: String,
    /// Whoever sent it.
    pub sender: Address,
    /// What it was sent to.
    pub to: Address,
    /// What it says.
    pub body: Body,
    /// How many messages led to this one; 0 for one from a telephone.
    pub hops: u8,
}

/// One answer of [`Receiving`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Put it into this inbox.
    Inbox(String),
    /// The sender wants nothing more from the number it wrote to.
    OptOut,
    /// The sender wants messages again.
    OptIn,
    /// Forget it.
    Drop,
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

impl From<Refusal> for Choice {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

impl From<Refusal> for Ranking {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

impl Ranking {
    /// These candidates, in this order.
    #[must_use]
    pub fn of<'a>(candidates: impl IntoIterator<Item = &'a Candidate>) -> Self {
        Self::Ranked(candidates.into_iter().map(|candidate| candidate.id.clone()).collect())
    }
}

/// Asks the host to send a message, for [`Receiving`]. The host does so when the call has ended well,
/// under the tenant's policies and limits.
///
/// # Errors
/// A call asked for more than four messages.
pub fn send(message: &Outgoing) -> Result<(), String> {
    #[cfg(target_arch = "wasm32")]
    return messaging::send(message);
    #[cfg(not(target_arch = "wasm32"))]
    return crate::testing::sent(message.clone());
}

/// Answers whoever sent an inbound message, from the number that it was sent to.
///
/// # Errors
/// As [`send`].
pub fn reply(inbound: &Inbound, text: impl Into<String>) -> Result<(), String> {
    send(&messaging::Outgoing {
        to: inbound.sender.value.clone(),
        sender: Some(inbound.to.clone()),
        text: text.into(),
    })
}
