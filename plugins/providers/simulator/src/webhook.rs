//! What the carrier calls back with: receipts and messages that came in, signed.

use std::borrow::Cow;

use serde::Deserialize;
use wire::{address, header, hex, secret};

use crate::bindings::exports::waypost::sms::provider::{
    Address, Body, Event, HttpResponse, InboundMessage, Receipt, ReceiptStatus, WebhookReading,
    WebhookRequest, WebhookResult,
};
use crate::bindings::waypost::sms::types::AddressKind;

/// The secret that the carrier signs with.
pub const SECRET: &str = "webhook";
const TIMESTAMP_HEADER: &str = "x-simulator-timestamp";
const SIGNATURE_HEADER: &str = "x-simulator-signature";
/// How far the carrier's clock may be from ours: a signature is of no use to a thief for longer.
const CLOCK_DIFFERENCE_MS_MAX: u64 = 5 * 60 * 1000;

/// Checks and reads a webhook. `hmac` is HMAC-SHA256 with [`SECRET`].
pub fn read(request: WebhookRequest, hmac: impl FnOnce(&[u8]) -> Result<Vec<u8>, String>) -> WebhookResult {
    if let Err(reason) = verify(&request, hmac) {
        return WebhookResult::Forged(reason);
    }
    match events(&request.body) {
        Ok(events) => WebhookResult::Read(WebhookReading {
            events,
            answer: HttpResponse { status: 204, headers: vec![], body: vec![] },
        }),
        Err(reason) => WebhookResult::Malformed(reason),
    }
}

fn verify(
    request: &WebhookRequest,
    hmac: impl FnOnce(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<(), String> {
    let Some(timestamp) = header(&request.headers, TIMESTAMP_HEADER) else {
        return Err(format!("the header {TIMESTAMP_HEADER} is missing"));
    };
    let Some(signature) = header(&request.headers, SIGNATURE_HEADER) else {
        return Err(format!("the header {SIGNATURE_HEADER} is missing"));
    };
    let Ok(signed_at_ms) = timestamp.parse::<u64>() else {
        return Err(format!("the header {TIMESTAMP_HEADER} is not a time in milliseconds"));
    };
    if request.now_ms.abs_diff(signed_at_ms) > CLOCK_DIFFERENCE_MS_MAX {
        return Err("it was signed more than 5 minutes from now".to_owned());
    }
    let mut signed = Vec::with_capacity(timestamp.len() + 1 + request.body.len());
    signed.extend_from_slice(timestamp.as_bytes());
    signed.push(b'.');
    signed.extend_from_slice(&request.body);
    let expected = hex::encode(&hmac(&signed)?);
    if !secret::same(expected.as_bytes(), signature.as_bytes()) {
        return Err("the signature does not fit".to_owned());
    }
    Ok(())
}

/// One entry of a webhook, whichever its type.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    reference: String,
    message_id: Option<String>,
    status: Option<Status>,
    code: Option<String>,
    reason: Option<String>,
    from: Option<String>,
    to: Option<String>,
    text: Option<String>,
    data: Option<Cow<'a, str>>,
    at_ms: Option<u64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Accepted,
    Sent,
    Delivered,
    Undelivered,
    Failed,
    Expired,
    Rejected,
    Unknown,
}

fn events(body: &[u8]) -> Result<Vec<Event>, String> {
    let is_list = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let entries: Vec<Entry<'_>> = if is_list {
        serde_json::from_slice(body).map_err(misread)?
    } else {
        vec![serde_json::from_slice(body).map_err(misread)?]
    };
    entries.into_iter().map(event).collect()
}

/// The error's own text may quote a number or a text of the body.
fn misread(error: serde_json::Error) -> String {
    format!("not the JSON of a webhook, line {} column {}", error.line(), error.column())
}

fn event(entry: Entry<'_>) -> Result<Event, String> {
    if entry.reference.is_empty() {
        return Err("an entry has no reference".to_owned());
    }
    match entry.kind.as_ref() {
        "receipt" => receipt(entry).map(Event::Receipt),
        "inbound" => inbound(entry).map(Event::Inbound),
        _ => Err("an entry is neither a receipt nor inbound".to_owned()),
    }
}

fn receipt(entry: Entry<'_>) -> Result<Receipt, String> {
    let Some(status) = entry.status else {
        return Err("a receipt has no status".to_owned());
    };
    Ok(Receipt {
        reference: entry.reference,
        message_id: entry.message_id,
        status: status.into(),
        code: entry.code,
        reason: entry.reason,
        at_ms: entry.at_ms,
    })
}

fn inbound(entry: Entry<'_>) -> Result<InboundMessage, String> {
    let body = match (entry.text, entry.data) {
        (Some(text), None) => Body::Text(text),
        (None, Some(digits)) => match hex::decode(&digits) {
            Some(data) => Body::Binary(data),
            None => return Err("the data of an inbound message is not hexadecimal".to_owned()),
        },
        _ => return Err("an inbound message has not one of text and data".to_owned()),
    };
    Ok(InboundMessage {
        reference: entry.reference,
        sender: address(entry.from).ok_or("an inbound message has no sender")?,
        to: address(entry.to).ok_or("an inbound message has no recipient")?,
        body,
        at_ms: entry.at_ms,
    })
}

fn address(value: Option<String>) -> Option<Address> {
    let value = value?;
    let kind = match address::kind(&value)? {
        address::Kind::International => AddressKind::International,
        address::Kind::ShortCode => AddressKind::ShortCode,
        address::Kind::Alphanumeric => AddressKind::Alphanumeric,
    };
    Some(Address { value, kind })
}

impl From<Status> for ReceiptStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Accepted => Self::Accepted,
            Status::Sent => Self::Sent,
            Status::Delivered => Self::Delivered,
            Status::Undelivered => Self::Undelivered,
            Status::Failed => Self::Failed,
            Status::Expired => Self::Expired,
            Status::Rejected => Self::Rejected,
            Status::Unknown => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
