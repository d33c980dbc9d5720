//! What Twilio calls back with: receipts and messages that came in.

use std::borrow::Cow;

use wire::address;
use wire::form::{fields, query};

use crate::bindings::exports::waypost::sms::provider::{
    Address, Body, Event, HttpResponse, InboundMessage, Receipt, ReceiptStatus, WebhookReading,
    WebhookRequest, WebhookResult,
};
use crate::bindings::waypost::sms::types::AddressKind;
use crate::codes;
use crate::signature::{self, Host};

mod done_date;

/// The parameter of our own in the URL of a receipt that holds the message's id.
const MESSAGE_ID_PARAMETER: &str = "m";
/// TwiML that does nothing. Without it Twilio notes an error for each inbound message.
const TWIML_NOTHING: &str = "<Response></Response>";

/// A webhook that was read.
pub struct Reading {
    pub result: WebhookResult,
    /// How many media an inbound message had, which an SMS cannot keep.
    pub media_count: u8,
}

/// Checks and reads a webhook.
pub fn read(request: &WebhookRequest, host: &Host<'_>, legacy_query: bool) -> Reading {
    let nothing_but = |result| Reading { result, media_count: 0 };
    if let Err(reason) = signature::verify(request, host, legacy_query) {
        return nothing_but(WebhookResult::Forged(reason));
    }
    let parameters = Parameters::of(request);
    let malformed = |reason: &str| nothing_but(WebhookResult::Malformed(reason.to_owned()));
    let Some(reference) = parameters.first_of(&["MessageSid", "SmsSid", "SmsMessageSid"]) else {
        return malformed("there is no MessageSid");
    };
    if let Some(status) = receipt_status(&parameters) {
        let receipt = receipt(request, &parameters, reference, status);
        return nothing_but(answered(Event::Receipt(receipt), accepted()));
    }
    let Some(text) = parameters.value("Body") else {
        return malformed("there is neither MessageStatus nor Body");
    };
    let Some(sender) = parameters.address("From") else {
        return malformed("From is not an address of SMS");
    };
    let Some(to) = parameters.address("To") else {
        return malformed("To is not an address of SMS");
    };
    let inbound = InboundMessage {
        reference: reference.to_owned(),
        sender,
        to,
        body: Body::Text(text.to_owned()),
        at_ms: None,
    };
    Reading {
        result: answered(Event::Inbound(inbound), twiml()),
        media_count: parameters.first_of(&["NumMedia"]).and_then(|n| n.parse().ok()).unwrap_or(0),
    }
}

/// The parameters of a webhook: a posted form, or the query of a GET.
struct Parameters<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Parameters<'a> {
    fn of(request: &'a WebhookRequest) -> Self {
        let posted = !request.method.eq_ignore_ascii_case("GET") && !request.body.is_empty();
        Self(match (posted, signature::is_form(request)) {
            (true, true) => fields(&request.body).collect(),
            (true, false) => Vec::new(),
            (false, _) => fields(query(&request.url).as_bytes()).collect(),
        })
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_ref())
    }

    /// The value of the first of these that is there and not empty.
    fn first_of(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.value(name).filter(|value| !value.is_empty()))
    }

    fn address(&self, name: &str) -> Option<Address> {
        let value = self.first_of(&[name])?;
        let kind = match address::kind(value)? {
            address::Kind::International => AddressKind::International,
            address::Kind::ShortCode => AddressKind::ShortCode,
            address::Kind::Alphanumeric => AddressKind::Alphanumeric,
        };
        Some(Address { value: value.to_owned(), kind })
    }
}

/// None: the webhook is about a message that came in.
fn receipt_status<'a>(parameters: &'a Parameters<'_>) -> Option<&'a str> {
    parameters
        .first_of(&["MessageStatus", "SmsStatus"])
        .filter(|status| !matches!(*status, "received" | "receiving"))
}

fn receipt(request: &WebhookRequest, parameters: &Parameters<'_>, reference: &str, status: &str) -> Receipt {
    let code = parameters.first_of(&["ErrorCode"]).filter(|code| *code != "0");
    let number = code.and_then(|code| code.parse().ok());
    let message_id = fields(query(&request.url).as_bytes()).find(|(name, _)| name == MESSAGE_ID_PARAMETER);
    let reason = parameters.first_of(&["ErrorMessage", "ChannelStatusMessage"]);
    Receipt {
        reference: reference.to_owned(),
        message_id: message_id.map(|(_, id)| id.into_owned()).filter(|id| !id.is_empty()),
        status: status_of(status, number),
        code: code.map(ToOwned::to_owned),
        reason: reason.map(ToOwned::to_owned),
        at_ms: parameters.first_of(&["RawDlrDoneDate"]).and_then(done_date::ms),
    }
}

fn status_of(status: &str, code: Option<u32>) -> ReceiptStatus {
    match (status, code) {
        ("failed" | "undelivered", Some(codes::VALIDITY_EXPIRED)) => ReceiptStatus::Expired,
        ("failed", Some(code)) if codes::is_rejection(code) => ReceiptStatus::Rejected,
        ("failed", _) => ReceiptStatus::Failed,
        ("undelivered", _) => ReceiptStatus::Undelivered,
        ("accepted" | "queued" | "scheduled" | "sending", _) => ReceiptStatus::Accepted,
        ("sent", _) => ReceiptStatus::Sent,
        ("delivered" | "read" | "partially_delivered", _) => ReceiptStatus::Delivered,
        ("canceled", _) => ReceiptStatus::Rejected,
        _ => ReceiptStatus::Unknown,
    }
}

fn answered(event: Event, answer: HttpResponse) -> WebhookResult {
    WebhookResult::Read(WebhookReading { events: vec![event], answer })
}

fn accepted() -> HttpResponse {
    HttpResponse { status: 204, headers: vec![], body: vec![] }
}

fn twiml() -> HttpResponse {
    HttpResponse {
        status: 200,
        headers: vec![("content-type".to_owned(), "text/xml".to_owned())],
        body: TWIML_NOTHING.as_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests;
