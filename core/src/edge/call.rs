//! The calls from a gateway component to a provider component, as JSON over HTTP inside the
//! application.

use serde::{Deserialize, Serialize};

use crate::decision::{DecisionRecord, Outcome};
use crate::message::Draft;
use crate::provider::WebhookReading;

/// `POST /submit`: hand this message to the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmitCall {
    /// The message's id.
    pub id: String,
    /// 1 for the first try of this message, whichever provider had it.
    pub attempt: u16,
    /// The message.
    pub draft: Draft,
    /// How long the provider may keep trying, in seconds.
    pub valid_for_s: Option<u32>,
    /// Where the provider is to send receipts for this message.
    pub receipt_url: String,
}

/// The answer to a [`SubmitCall`], with status 200 whatever the outcome is. Any other answer, or
/// none, leaves the message in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmitAnswer {
    /// What came of it.
    pub outcome: Outcome,
    /// What the provider's component was asked on the way.
    pub decisions: Vec<DecisionRecord>,
}

/// The answer to `POST /webhook`, whose body is a [`crate::provider::WebhookRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookAnswer {
    /// It is the provider's, and this is what it says.
    Read(WebhookReading),
    /// Not from the provider, or not intact. Nothing of it is used.
    Forged(String),
    /// From the provider, but not to be understood.
    Malformed(String),
    /// It cannot be read now; the provider tries again.
    Unavailable(String),
}
