//! The calls from a gateway component to a provider component, as JSON over HTTP inside the
//! application.

use serde::{Deserialize, Serialize};

use crate::decision::{DecisionRecord, FaultClass, Name, Outcome};
use crate::flow::exchange::Exchanged;
use crate::flow::webhook::Refused;
use crate::id::MessageIdError;
use crate::message::{Draft, Envelope};
use crate::provider::WebhookReading;

/// `POST /submit`: hand this message to the provider. Carries no more of it than the provider's
/// plugin may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmitCall {
    /// The message's id.
    pub id: String,
    /// 1 for the first try of this message, whichever provider had it.
    pub attempt: u16,
    /// The message.
    pub draft: Draft,
    /// Not submitted after this time, in Unix milliseconds.
    pub valid_until_ms: u64,
    /// The gateway's time, in Unix milliseconds.
    pub now_ms: u64,
    /// Where the provider reports: `{public_url}/hooks/{name}`.
    pub hook_url: String,
}

/// The answer to a [`SubmitCall`], with status 200 whatever the outcome is. Any other answer, or
/// none, leaves the message in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmitAnswer {
    /// What came of it.
    pub outcome: Outcome,
    /// What the provider's plugin was asked on the way.
    pub decisions: Vec<DecisionRecord>,
}

/// The answer to `POST /webhook`, whose body is a [`crate::provider::WebhookRequest`]: with status
/// 200, what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookAnswer {
    /// It is the provider's, and this is what it says.
    Read(WebhookReading),
    /// [`Refused::Forged`].
    Forged(String),
    /// [`Refused::Malformed`].
    Malformed(String),
    /// [`Refused::Component`].
    Failed(FaultClass),
    /// Every other reason: the provider tries again.
    Unavailable(String),
}

impl SubmitCall {
    /// The call for one try of a message.
    #[must_use]
    pub fn new(envelope: &Envelope, attempt: u16, now_ms: u64, hook_url: &str) -> Self {
        Self {
            id: envelope.id.to_string(),
            attempt,
            draft: envelope.draft.clone(),
            valid_until_ms: envelope.valid_until_ms,
            now_ms,
            hook_url: hook_url.to_owned(),
        }
    }

    /// The message, without what its provider has no business with.
    ///
    /// # Errors
    /// The id is none.
    pub fn envelope(&self) -> Result<Envelope, MessageIdError> {
        Ok(Envelope {
            id: self.id.parse()?,
            key: Name::from(""),
            draft: self.draft.clone(),
            valid_until_ms: self.valid_until_ms,
            client_ref: None,
            callback_url: None,
            hops: 0,
        })
    }
}

impl From<Exchanged> for SubmitAnswer {
    fn from(exchanged: Exchanged) -> Self {
        Self { outcome: exchanged.outcome, decisions: exchanged.decisions }
    }
}

impl From<SubmitAnswer> for Exchanged {
    fn from(answer: SubmitAnswer) -> Self {
        Self { outcome: answer.outcome, decisions: answer.decisions }
    }
}

impl From<Result<WebhookReading, Refused>> for WebhookAnswer {
    fn from(read: Result<WebhookReading, Refused>) -> Self {
        match read {
            Ok(reading) => Self::Read(reading),
            Err(Refused::Forged(why)) => Self::Forged(why),
            Err(Refused::Malformed(why)) => Self::Malformed(why),
            Err(Refused::Component(class)) => Self::Failed(class),
            Err(other) => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<WebhookAnswer> for Result<WebhookReading, Refused> {
    fn from(answer: WebhookAnswer) -> Self {
        match answer {
            WebhookAnswer::Read(reading) => Ok(reading),
            WebhookAnswer::Forged(why) => Err(Refused::Forged(why)),
            WebhookAnswer::Malformed(why) => Err(Refused::Malformed(why)),
            WebhookAnswer::Failed(class) => Err(Refused::Component(class)),
            WebhookAnswer::Unavailable(why) => Err(Refused::Unreachable(why)),
        }
    }
}
