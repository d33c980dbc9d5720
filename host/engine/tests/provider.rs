//! The provider role: requests with credential templates, answers, signed webhooks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod common;

use std::sync::{Arc, LazyLock};

use common::{CONTEXT, ENGINE, OneSecret, TIME_MS, draft, request};
use serde_json::json;
use waypost_core::decision::{FailureClass, FaultClass, Outcome, ReceiptStatus, Role};
use waypost_core::id::MessageId;
use waypost_core::number::SenderKind;
use waypost_core::provider::{
    Credential, Event, HeaderValue, HttpResponse, Method, Submission, WebhookRequest, WebhookResult,
};
use waypost_core::text::Body;
use waypost_engine::{LoadRequest, Provider};
use waypost_test_guests::HOSTILE;

fn provider() -> Provider {
    static LOADED: LazyLock<Provider> = LazyLock::new(|| {
        let settings = json!({"when": "call"});
        let request = request(HOSTILE, Role::Provider, &settings);
        let request = LoadRequest { secrets: Arc::new(OneSecret), ..request };
        ENGINE.load(request).unwrap().provider().unwrap()
    });
    LOADED.clone()
}

fn submission<'a>(draft: &'a waypost_core::message::Draft, receipt_url: &'a str) -> Submission<'a> {
    Submission { id: MessageId::from_parts(1, 2), attempt: 3, draft, valid_for_s: Some(3600), receipt_url }
}

fn webhook(body: &str, signature: &str) -> WebhookRequest {
    WebhookRequest {
        method: "POST".to_owned(),
        url: "https://sms.example/hooks/hostile".to_owned(),
        headers: vec![("x-signature".to_owned(), signature.to_owned())],
        body: body.as_bytes().to_vec(),
        now_ms: TIME_MS,
        fetched: None,
    }
}

/// HMAC-SHA256 under the secret `key`, in hexadecimal.
fn sign(body: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"s3cret").unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_description_names_hosts_and_secrets() {
    let description = provider().describe(&CONTEXT).answer.unwrap();
    assert_eq!(description.title, "Hostile");
    assert_eq!(description.hosts, ["hostile.example"]);
    assert_eq!(description.secrets, ["key"]);
    assert!(description.binary);
}

#[test]
fn a_request_carries_templates_instead_of_secrets() {
    let draft = draft("DE");
    let decision = provider().submit_request(submission(&draft, "https://x.example"), &CONTEXT);
    let request = decision.answer.unwrap().unwrap();
    assert_eq!((request.method, request.url.as_str()), (Method::Post, "https://hostile.example/send"));
    assert_eq!(request.body, b"3");
    let values: Vec<_> = request.headers.into_iter().map(|header| header.value).collect();
    assert_eq!(
        values,
        [
            HeaderValue::Basic {
                user: Credential::Literal("me".to_owned()),
                password: Credential::Secret("key".to_owned()),
            },
            HeaderValue::Plain(MessageId::from_parts(1, 2).to_string()),
            HeaderValue::Bearer("key".to_owned()),
            HeaderValue::Prefixed { prefix: "Key ".to_owned(), secret: "key".to_owned() },
        ]
    );
    assert_eq!(decision.record.result, "request POST");
}

#[test]
fn requests_that_break_a_rule_are_invalid() {
    let draft = draft("DE");
    let submit = |misdeed| {
        let url = format!("https://x.example/misbehave:{misdeed}");
        provider().submit_request(submission(&draft, &url), &CONTEXT).answer
    };
    for misdeed in [
        "header-injection",
        "bad-header-name",
        "long-url",
        "file-url",
        "url-with-space",
        "huge-output",
        "many-headers",
    ] {
        let fault = submit(misdeed).unwrap_err();
        assert_eq!(fault.class, FaultClass::InvalidOutput, "{misdeed}: {fault}");
    }
    assert_eq!(submit("largest-body").unwrap().unwrap().body.len(), 64 * 1024);
    let failure = submit("fail").unwrap().unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Message, "E-1"));
    assert_eq!(submit("endless-loop").unwrap_err().class, FaultClass::OutOfFuel);
}

#[test]
fn answers_become_outcomes() {
    let provider = provider();
    let read = |status, body: &[u8]| {
        let headers = vec![("a".to_owned(), "b".to_owned())];
        let response = HttpResponse { status, headers, body: body.to_vec() };
        provider.read_response(&response, &CONTEXT).answer
    };
    let Ok(Outcome::Accepted(acceptance)) = read(200, b"ref-1") else { panic!() };
    assert_eq!((acceptance.reference.as_str(), acceptance.parts), ("ref-1", Some(2)));
    let Ok(Outcome::Failed(failure)) = read(429, b"") else { panic!() };
    assert_eq!((failure.class, failure.retry_after_ms), (FailureClass::Throttled, Some(1000)));
    assert_eq!(read(500, b""), Ok(Outcome::InDoubt("who knows".to_owned())));
    assert_eq!(read(200, b"").unwrap_err().class, FaultClass::InvalidOutput);
    assert_eq!(read(200, &[b'x'; 129]).unwrap_err().class, FaultClass::InvalidOutput);
}

#[test]
fn webhooks_are_verified_with_secrets_that_stay_in_the_host() {
    let provider = provider();
    let read =
        |body: &str, signature: &str| provider.read_webhook(&webhook(body, signature), &CONTEXT).answer;
    let Ok(WebhookResult::Read(reading)) = read("receipt", &sign("receipt")) else { panic!() };
    let [Event::Receipt(receipt)] = reading.events.as_slice() else { panic!() };
    assert_eq!((receipt.reference.as_str(), receipt.status), ("ref-1", ReceiptStatus::Delivered));
    assert_eq!((reading.answer.status, reading.answer.body.as_slice()), (200, b"ok".as_slice()));

    assert!(matches!(read("receipt", &sign("another")), Ok(WebhookResult::Forged(_))));

    let Ok(WebhookResult::Read(reading)) = read("inbound", &sign("inbound")) else { panic!() };
    let [Event::Inbound(message)] = reading.events.as_slice() else { panic!() };
    assert_eq!(message.to.kind, SenderKind::ShortCode);
    assert_eq!(message.body, Body::Text("line one\nline two".to_owned()));

    let fault = read("many", &sign("many")).unwrap_err();
    assert_eq!(fault.class, FaultClass::InvalidOutput);
}

#[test]
fn a_webhook_may_want_one_request_first() {
    let provider = provider();
    let mut request = webhook("fetch", &sign("fetch"));
    let answer = provider.read_webhook(&request, &CONTEXT).answer;
    let Ok(WebhookResult::Fetch(wanted)) = answer else { panic!("{answer:?}") };
    assert_eq!(wanted.method, Method::Get);
    request.fetched = Some(HttpResponse { status: 200, headers: Vec::new(), body: b"certificate".to_vec() });
    let answer = provider.read_webhook(&request, &CONTEXT).answer;
    assert!(matches!(answer, Ok(WebhookResult::Read(_))), "{answer:?}");
}

#[test]
fn the_largest_webhook_is_read() {
    let provider = provider();
    let body = "x".repeat(64 * 1024);
    let answer = provider.read_webhook(&webhook(&body, &sign(&body)), &CONTEXT).answer;
    assert!(matches!(answer, Ok(WebhookResult::Read(_))), "{answer:?}");
}

#[test]
fn a_secret_that_is_not_there_signs_nothing() {
    let settings = json!({"when": "call"});
    let without = ENGINE.load(request(HOSTILE, Role::Provider, &settings)).unwrap();
    let provider = without.provider().unwrap();
    let answer = provider.read_webhook(&webhook("receipt", &sign("receipt")), &CONTEXT).answer;
    assert!(matches!(answer, Ok(WebhookResult::Malformed(_))), "{answer:?}");
}
