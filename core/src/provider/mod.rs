//! How one provider is spoken to: the HTTP that its component asks for and reads. Credentials
//! appear as templates that only the host can fill in.

mod allow;
pub mod template;
mod terms;

use serde::{Deserialize, Serialize};

use crate::decision::Receipt;
use crate::id::MessageId;
use crate::inbound::InboundMessage;
use crate::message::Draft;

pub use allow::is_allowed;
pub use terms::{ProviderTerms, RULES_OF_A_PROVIDER_GONE};

/// What a provider's component says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// For people: `Twilio Programmable Messaging`.
    pub title: String,
    /// Hosts it calls, as `host` or `host:port`. The operator's configuration has the last word.
    pub hosts: Vec<String>,
    /// Names of the secrets that it asks the host to fill in or to sign with.
    pub secrets: Vec<String>,
    /// Takes binary bodies.
    pub binary: bool,
}

/// Methods that a provider's component may use (RFC 9110).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Submits.
    Post,
    /// Replaces.
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// As it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Where a part of a credential comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// As the component wrote it.
    Literal(String),
    /// The name of a secret, whose value the host puts in.
    Secret(String),
}

/// The value of a header, or the template that the host makes it from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// As the component wrote it.
    Plain(String),
    /// `Basic base64(user:password)`, RFC 7617.
    Basic {
        /// Before the colon.
        user: Credential,
        /// After the colon.
        password: Credential,
    },
    /// `Bearer` and the value of the named secret, RFC 6750.
    Bearer(String),
    /// A prefix and then the value of a secret.
    Prefixed {
        /// As the component wrote it.
        prefix: String,
        /// The name of the secret.
        secret: String,
    },
}

/// A header of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// A token of RFC 9110.
    pub name: String,
    /// Plain or a template.
    pub value: HeaderValue,
}

/// A request that the host does for a component, to a host that the operator allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// What is to be done.
    pub method: Method,
    /// `http` or `https`, at most 4 KiB.
    pub url: String,
    /// In this order.
    pub headers: Vec<Header>,
    /// At most 64 KiB.
    pub body: Vec<u8>,
}

/// An answer over HTTP: what a provider said, or what it wants to hear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// 100 to 599.
    pub status: u16,
    /// Names and values, in this order.
    pub headers: Vec<(String, String)>,
    /// At most 64 KiB. In JSON as base64.
    #[serde(with = "crate::edge::base64_bytes")]
    pub body: Vec<u8>,
}

/// One try of one message at one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submission<'a> {
    /// The message's id.
    pub id: MessageId,
    /// 1 for the first try of this message, whichever provider had it.
    pub attempt: u16,
    /// The message.
    pub draft: &'a Draft,
    /// How long the provider may keep trying, in seconds.
    pub valid_for_s: Option<u32>,
    /// Where the provider is to send receipts for this message.
    pub receipt_url: &'a str,
}

/// A webhook, as the provider called it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookRequest {
    /// `POST`, `GET`.
    pub method: String,
    /// Scheme, host, port, path and query, as the provider sees them.
    pub url: String,
    /// Names and values, in this order.
    pub headers: Vec<(String, String)>,
    /// At most [`crate::limits::WEBHOOK_BYTES_MAX`] bytes. In JSON as base64.
    #[serde(with = "crate::edge::base64_bytes")]
    pub body: Vec<u8>,
    /// The host's clock in Unix milliseconds, for signatures that grow old.
    pub now_ms: u64,
    /// The answer to the request that an earlier reading of this webhook wanted.
    pub fetched: Option<HttpResponse>,
}

/// One thing that a webhook tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// News of a message that went out (DLR).
    Receipt(Receipt),
    /// A message that came in (MO).
    Inbound(InboundMessage),
}

/// What a webhook says, and what the provider wants to hear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookReading {
    /// In the order of the webhook.
    pub events: Vec<Event>,
    /// The answer to the webhook.
    pub answer: HttpResponse,
}

/// What a provider's component makes of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookResult {
    /// It is the provider's, and this is what it says.
    Read(WebhookReading),
    /// Not from the provider, or not intact. Nothing of it is used.
    Forged(String),
    /// From the provider, but not to be understood.
    Malformed(String),
    /// This request has to be done first; then the webhook is read again with its answer.
    Fetch(HttpRequest),
}
