//! Webhooks of the carrier: what they say, and how they are signed.
//!
//! Header `x-simulator-signature` is the lower-case hexadecimal HMAC-SHA256 (RFC 2104) of
//! `x-simulator-timestamp`, a full stop and the body.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;

/// Header with the time of signing, in milliseconds of Unix time.
pub const TIMESTAMP_HEADER: &str = "x-simulator-timestamp";
/// Header with the signature.
pub const SIGNATURE_HEADER: &str = "x-simulator-signature";

/// How old the signature of [`Proof::Stale`] is.
const STALE_MS: u64 = 3_600_000;

/// What a receipt says became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The network has it.
    Accepted,
    /// It is on its way to the phone.
    Sent,
    /// The phone has it.
    Delivered,
    /// The phone did not take it.
    Undelivered,
    /// The network could not carry it.
    Failed,
    /// Its validity ended first.
    Expired,
    /// The network did not want it.
    Rejected,
    /// Nobody knows.
    Unknown,
}

/// What a webhook says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// What became of a message (DLR).
    Receipt {
        /// The carrier's name of the message.
        reference: String,
        /// The submitter's name of the message.
        message_id: String,
        /// What became of it.
        status: Status,
        /// The carrier's code of the reason.
        code: Option<&'static str>,
        /// The reason for people.
        reason: Option<&'static str>,
    },
    /// A message from a phone (MO).
    Inbound {
        /// The carrier's name of the inbound message.
        reference: String,
        /// Number of the phone.
        from: String,
        /// The address it was sent to.
        to: String,
        /// What it says.
        content: Content,
    },
    /// A body that is no event.
    Unreadable,
}

/// Content of an inbound message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Text.
    Text(String),
    /// Octets, in lower-case hexadecimal.
    Data(String),
}

/// Whether a webhook's signature is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Signed now, with the right key.
    Genuine,
    /// Signed now, with another key.
    Forged,
    /// Signed an hour ago, with the right key: a replay.
    Stale,
}

/// A webhook that is to be sent later.
#[derive(Debug, Clone)]
pub struct Planned {
    /// How long from now.
    pub after: Duration,
    /// Where to.
    pub url: Arc<str>,
    /// What it says.
    pub event: Event,
    /// How it is signed.
    pub proof: Proof,
}

/// A webhook ready to be sent with POST.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where to.
    pub url: Arc<str>,
    /// Content type, time and signature; names in lower case.
    pub headers: [(&'static str, String); 3],
    /// JSON.
    pub body: Vec<u8>,
}

/// Signs webhooks with a key that the receiver knows too.
#[derive(Clone)]
pub struct Signer {
    genuine: Hmac<Sha256>,
    forged: Hmac<Sha256>,
}

impl Signer {
    /// A signer with this key.
    pub fn new(key: &[u8]) -> Self {
        Self { genuine: keyed(key), forged: keyed(&[key, b"forged"].concat()) }
    }

    /// The webhook as it is sent at `now_ms`, about something that happened at `at_ms` (both in
    /// milliseconds of Unix time). A second attempt is signed again, with its own time.
    pub fn sign(&self, planned: &Planned, at_ms: u64, now_ms: u64) -> Webhook {
        let body = planned.event.body(at_ms);
        let (key, signed_ms) = match planned.proof {
            Proof::Genuine => (&self.genuine, now_ms),
            Proof::Forged => (&self.forged, now_ms),
            Proof::Stale => (&self.genuine, now_ms.saturating_sub(STALE_MS)),
        };
        let timestamp = signed_ms.to_string();
        let mut mac = key.clone();
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(&body);
        let signature = hex(&mac.finalize().into_bytes());
        Webhook {
            url: planned.url.clone(),
            headers: [
                ("content-type", "application/json".to_owned()),
                (TIMESTAMP_HEADER, timestamp),
                (SIGNATURE_HEADER, signature),
            ],
            body,
        }
    }
}

impl Event {
    /// The event as JSON, about something that happened at `at_ms` of Unix time.
    pub fn body(&self, at_ms: u64) -> Vec<u8> {
        let wire = match self {
            Self::Receipt { reference, message_id, status, code, reason } => {
                Wire::Receipt { reference, message_id, status: *status, code: *code, reason: *reason, at_ms }
            }
            Self::Inbound { reference, from, to, content } => {
                Wire::Inbound { reference, from, to, content, at_ms }
            }
            Self::Unreadable => return br#"{"type":"receipt","stat"#.to_vec(),
        };
        // Strings and numbers only: there is nothing that JSON cannot hold.
        serde_json::to_vec(&wire).unwrap_or_default()
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Wire<'a> {
    Receipt {
        reference: &'a str,
        message_id: &'a str,
        status: Status,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
        at_ms: u64,
    },
    Inbound {
        reference: &'a str,
        from: &'a str,
        to: &'a str,
        #[serde(flatten)]
        content: &'a Content,
        at_ms: u64,
    },
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104, section 2)")
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(proof: Proof) -> Planned {
        let event = Event::Receipt {
            reference: "sim-1".into(),
            message_id: "m1".into(),
            status: Status::Delivered,
            code: None,
            reason: None,
        };
        Planned { after: Duration::ZERO, url: "http://127.0.0.1:1/".into(), event, proof }
    }

    #[test]
    fn a_known_webhook_has_a_known_signature() {
        let webhook = Signer::new(b"key").sign(&planned(Proof::Genuine), 999, 1000);
        let body =
            r#"{"type":"receipt","reference":"sim-1","message_id":"m1","status":"delivered","at_ms":999}"#;
        assert_eq!(String::from_utf8_lossy(&webhook.body), body);
        assert_eq!(webhook.headers[0], ("content-type", "application/json".to_owned()));
        assert_eq!(webhook.headers[1], (TIMESTAMP_HEADER, "1000".to_owned()));
        // printf '1000.{body}' | openssl dgst -sha256 -hmac key
        assert_eq!(webhook.headers[2].1, "8d9dfdaac33e9ef763e6727572e48ed49f1155d47b818d770e849f9f526c05ff");
    }

    #[test]
    fn forged_and_stale_differ_from_genuine_in_one_thing_each() {
        let signer = Signer::new(b"key");
        let genuine = signer.sign(&planned(Proof::Genuine), 1, 10_000_000);
        let forged = signer.sign(&planned(Proof::Forged), 1, 10_000_000);
        let stale = signer.sign(&planned(Proof::Stale), 1, 10_000_000);
        assert_eq!(forged.headers[1], genuine.headers[1]);
        assert_ne!(forged.headers[2], genuine.headers[2]);
        assert_eq!(stale.headers[1].1, "6400000");
        assert_eq!(stale.headers[2], signer.sign(&planned(Proof::Genuine), 1, 6_400_000).headers[2]);
    }

    #[test]
    fn inbound_messages_carry_text_or_data() {
        for (content, field) in [
            (Content::Text("hé".into()), r#""text":"hé""#),
            (Content::Data("00ff".into()), r#""data":"00ff""#),
        ] {
            let event = Event::Inbound { reference: "r".into(), from: "1".into(), to: "2".into(), content };
            assert_eq!(
                String::from_utf8_lossy(&event.body(5)),
                format!(r#"{{"type":"inbound","reference":"r","from":"1","to":"2",{field},"at_ms":5}}"#)
            );
        }
    }
}
