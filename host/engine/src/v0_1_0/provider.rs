//! The provider role: requests, answers and webhooks.

use wasmtime::Store;
use waypost_core::check::{Checker, InvalidOutput};
use waypost_core::decision::{Acceptance, Failure, FailureClass, Outcome, Receipt, ReceiptStatus};
use waypost_core::inbound::InboundMessage;
use waypost_core::provider::{
    Credential, Description, Event, Header, HeaderValue, HttpRequest, HttpResponse, Method, WebhookReading,
    WebhookResult,
};
use waypost_core::text::Body;

use super::bindings::exports::waypost::sms::provider as wire;
use super::{input, output};
use crate::fault::CallError;
use crate::limits::Limits;
use crate::question::{Answer, Question};
use crate::state::CallState;

/// Most events that one webhook may tell.
const EVENTS_MAX: usize = 1000;
/// Most hosts and most secrets that a description may name.
const NAMES_MAX: usize = 64;

pub(super) fn ask(
    guest: &wire::Guest,
    store: &mut Store<CallState>,
    question: &Question<'_>,
    limits: &Limits,
) -> Result<Answer, CallError> {
    let mut checker = Checker::new(limits.output_bytes_max, limits.http_body_bytes_max);
    match question {
        Question::Describe => {
            let it = guest.call_describe(store)?;
            Ok(Answer::Describe(description(&mut checker, it)?))
        }
        Question::SubmitRequest(submission) => {
            let id = submission.id.to_string();
            let tags = input::tags(submission.draft);
            let answer = guest.call_submit_request(
                store,
                wire::Submission {
                    id: &id,
                    attempt: submission.attempt,
                    message: input::message(submission.draft, &tags),
                    valid_for_s: submission.valid_for_s,
                    receipt_url: submission.receipt_url,
                },
            )?;
            Ok(Answer::SubmitRequest(match answer {
                Ok(it) => Ok(request(&mut checker, it)?),
                Err(it) => Err(failure(&mut checker, it)?),
            }))
        }
        Question::ReadResponse(response) => {
            let headers = borrowed(&response.headers);
            let answer = guest.call_read_response(store, borrowed_response(response, &headers))?;
            Ok(Answer::ReadResponse(outcome(&mut checker, answer)?))
        }
        Question::ReadWebhook(webhook) => {
            let headers = borrowed(&webhook.headers);
            let fetched = webhook.fetched.as_ref().map(|it| (it, borrowed(&it.headers)));
            let answer = guest.call_read_webhook(
                store,
                wire::WebhookRequest {
                    method: &webhook.method,
                    url: &webhook.url,
                    headers: &headers,
                    body: &webhook.body,
                    now_ms: webhook.now_ms,
                    fetched: fetched.as_ref().map(|(it, names)| borrowed_response(it, names)),
                },
            )?;
            // Events are made of the webhook's body, so they have the limit of a body.
            let bytes_max = limits.http_body_bytes_max;
            let mut checker = Checker::new(bytes_max, bytes_max);
            Ok(Answer::ReadWebhook(webhook_result(&mut checker, answer)?))
        }
        _ => Err(CallError::WrongRole),
    }
}

fn borrowed(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn borrowed_response<'a>(
    response: &'a HttpResponse,
    headers: &'a [(&'a str, &'a str)],
) -> wire::HttpResponseParam<'a> {
    wire::HttpResponseParam { status: response.status, headers, body: &response.body }
}

fn description(checker: &mut Checker, it: wire::Description) -> Result<Description, InvalidOutput> {
    Ok(Description {
        title: checker.name("title", it.title)?,
        hosts: names(checker, "hosts", it.hosts)?,
        secrets: names(checker, "secrets", it.secrets)?,
        binary: it.binary,
    })
}

fn names(checker: &mut Checker, what: &str, names: Vec<String>) -> Result<Vec<String>, InvalidOutput> {
    checker.items(what, names.len(), NAMES_MAX)?;
    names.into_iter().map(|name| checker.name(what, name)).collect()
}

fn request(checker: &mut Checker, it: wire::HttpRequest) -> Result<HttpRequest, InvalidOutput> {
    checker.header_count(it.headers.len())?;
    Ok(HttpRequest {
        method: match it.method {
            wire::Method::Get => Method::Get,
            wire::Method::Post => Method::Post,
            wire::Method::Put => Method::Put,
            wire::Method::Delete => Method::Delete,
        },
        url: checker.url(it.url)?,
        headers: it.headers.into_iter().map(|it| header(checker, it)).collect::<Result<_, _>>()?,
        body: checker.http_body(it.body)?,
    })
}

fn header(checker: &mut Checker, it: wire::Header) -> Result<Header, InvalidOutput> {
    Ok(Header {
        name: checker.header_name(it.name)?,
        value: match it.value {
            wire::HeaderValue::Plain(value) => HeaderValue::Plain(checker.header_value(value)?),
            wire::HeaderValue::Basic(it) => HeaderValue::Basic {
                user: credential(checker, it.user)?,
                password: credential(checker, it.password)?,
            },
            wire::HeaderValue::Bearer(secret) => HeaderValue::Bearer(checker.name("secret", secret)?),
            wire::HeaderValue::Prefixed((prefix, secret)) => HeaderValue::Prefixed {
                prefix: checker.header_value(prefix)?,
                secret: checker.name("secret", secret)?,
            },
        },
    })
}

fn credential(checker: &mut Checker, it: wire::Credential) -> Result<Credential, InvalidOutput> {
    Ok(match it {
        wire::Credential::Literal(value) => Credential::Literal(checker.header_value(value)?),
        wire::Credential::Secret(name) => Credential::Secret(checker.name("secret", name)?),
    })
}

fn outcome(checker: &mut Checker, it: wire::Outcome) -> Result<Outcome, InvalidOutput> {
    Ok(match it {
        wire::Outcome::Accepted(it) => Outcome::Accepted(Acceptance {
            reference: checker.reference(it.reference)?,
            parts: it.parts,
            price_micros: it.price_micros,
        }),
        wire::Outcome::Failed(it) => Outcome::Failed(failure(checker, it)?),
        wire::Outcome::InDoubt(reason) => Outcome::InDoubt(checker.foreign_reason(&reason)?),
    })
}

fn failure(checker: &mut Checker, it: wire::Failure) -> Result<Failure, InvalidOutput> {
    Ok(Failure {
        class: match it.class {
            wire::FailureClass::Message => FailureClass::Message,
            wire::FailureClass::Sender => FailureClass::Sender,
            wire::FailureClass::Throttled => FailureClass::Throttled,
            wire::FailureClass::Transient => FailureClass::Transient,
            wire::FailureClass::System => FailureClass::System,
        },
        code: checker.code(it.code)?,
        reason: checker.foreign_reason(&it.reason)?,
        retry_after_ms: it.retry_after_ms,
    })
}

fn webhook_result(checker: &mut Checker, it: wire::WebhookResult) -> Result<WebhookResult, InvalidOutput> {
    Ok(match it {
        wire::WebhookResult::Read(it) => WebhookResult::Read(reading(checker, it)?),
        wire::WebhookResult::Forged(reason) => WebhookResult::Forged(checker.foreign_reason(&reason)?),
        wire::WebhookResult::Malformed(reason) => WebhookResult::Malformed(checker.foreign_reason(&reason)?),
        wire::WebhookResult::Fetch(it) => WebhookResult::Fetch(request(checker, it)?),
    })
}

fn reading(checker: &mut Checker, it: wire::WebhookReading) -> Result<WebhookReading, InvalidOutput> {
    checker.items("events", it.events.len(), EVENTS_MAX)?;
    checker.header_count(it.answer.headers.len())?;
    Ok(WebhookReading {
        events: it.events.into_iter().map(|it| event(checker, it)).collect::<Result<_, _>>()?,
        answer: HttpResponse {
            status: checker.status(it.answer.status)?,
            headers: it
                .answer
                .headers
                .into_iter()
                .map(|(name, value)| Ok((checker.header_name(name)?, checker.header_value(value)?)))
                .collect::<Result<_, InvalidOutput>>()?,
            body: checker.http_body(it.answer.body)?,
        },
    })
}

fn event(checker: &mut Checker, it: wire::Event) -> Result<Event, InvalidOutput> {
    Ok(match it {
        wire::Event::Receipt(it) => Event::Receipt(receipt(checker, it)?),
        wire::Event::Inbound(it) => Event::Inbound(inbound(checker, it)?),
    })
}

fn receipt(checker: &mut Checker, it: wire::Receipt) -> Result<Receipt, InvalidOutput> {
    Ok(Receipt {
        reference: checker.reference(it.reference)?,
        message_id: it.message_id.map(|id| checker.name("message-id", id)).transpose()?,
        status: match it.status {
            wire::ReceiptStatus::Accepted => ReceiptStatus::Accepted,
            wire::ReceiptStatus::Sent => ReceiptStatus::Sent,
            wire::ReceiptStatus::Delivered => ReceiptStatus::Delivered,
            wire::ReceiptStatus::Undelivered => ReceiptStatus::Undelivered,
            wire::ReceiptStatus::Failed => ReceiptStatus::Failed,
            wire::ReceiptStatus::Expired => ReceiptStatus::Expired,
            wire::ReceiptStatus::Rejected => ReceiptStatus::Rejected,
            wire::ReceiptStatus::Unknown => ReceiptStatus::Unknown,
        },
        code: it.code.map(|code| checker.code(code)).transpose()?,
        reason: it.reason.map(|reason| checker.foreign_reason(&reason)).transpose()?,
        at_ms: it.at_ms,
    })
}

fn inbound(checker: &mut Checker, it: wire::InboundMessage) -> Result<InboundMessage, InvalidOutput> {
    let body = match it.body {
        wire::Body::Text(text) => Body::Text(text),
        wire::Body::Binary(bytes) => Body::Binary(bytes),
    };
    checker.body_bytes(match &body {
        Body::Text(text) => text.len(),
        Body::Binary(bytes) => bytes.len(),
    })?;
    Ok(InboundMessage {
        reference: checker.reference(it.reference)?,
        sender: output::checked_party(checker, output::party(it.sender))?,
        to: output::checked_party(checker, output::party(it.to))?,
        body,
        at_ms: it.at_ms,
    })
}
