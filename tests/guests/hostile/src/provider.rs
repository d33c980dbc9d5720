//! The provider role.

use crate::exports::waypost::sms::provider::{
    self, Acceptance, BasicCredential, Credential, Description, Event, Failure, FailureClass, Header,
    HeaderValue, HttpRequest, HttpResponse, InboundMessage, Method, Outcome, Receipt, ReceiptStatus,
    Submission, WebhookReading, WebhookRequest, WebhookResult,
};
use crate::waypost::sms::signing::{self, Hash};
use crate::waypost::sms::types::{Address, AddressKind, Body};
use crate::{Hostile, misdeed};

impl provider::Guest for Hostile {
    fn describe() -> Description {
        let title = match misdeed([]).as_deref() {
            Some("huge-output") => "x".repeat(20_000),
            Some(other) => crate::misdeed::commit(other),
            None => "Hostile".to_owned(),
        };
        Description {
            title,
            hosts: vec!["hostile.example".to_owned()],
            secrets: vec!["key".to_owned()],
            binary: true,
        }
    }

    fn submit_request(submission: Submission) -> Result<HttpRequest, Failure> {
        let mut request = HttpRequest {
            method: Method::Post,
            url: "https://hostile.example/send".to_owned(),
            headers: vec![
                Header {
                    name: "authorization".to_owned(),
                    value: HeaderValue::Basic(BasicCredential {
                        user: Credential::Literal("me".to_owned()),
                        password: Credential::Secret("key".to_owned()),
                    }),
                },
                Header { name: "x-id".to_owned(), value: HeaderValue::Plain(submission.id.clone()) },
                Header { name: "x-bearer".to_owned(), value: HeaderValue::Bearer("key".to_owned()) },
                Header {
                    name: "x-key".to_owned(),
                    value: HeaderValue::Prefixed(("Key ".to_owned(), "key".to_owned())),
                },
            ],
            body: submission.attempt.to_string().into_bytes(),
        };
        let plain = |value: &str| HeaderValue::Plain(value.to_owned());
        match misdeed([submission.receipt_url.as_str()]).as_deref() {
            None => {}
            Some("header-injection") => request.headers[1].value = plain("a\r\nb: c"),
            Some("bad-header-name") => request.headers[1].name = "a b".to_owned(),
            Some("long-url") => request.url.push_str(&"x".repeat(4096)),
            Some("file-url") => request.url = "file:///etc/passwd".to_owned(),
            Some("url-with-space") => request.url.push_str(" HTTP/1.1"),
            Some("largest-body") => request.body = vec![b'x'; 64 * 1024],
            Some("huge-output") => request.body = vec![b'x'; 64 * 1024 + 1],
            Some("many-headers") => {
                request.headers = vec![request.headers[1].clone(); 65];
            }
            Some("fail") => {
                return Err(Failure {
                    class: FailureClass::Message,
                    code: "E-1".to_owned(),
                    reason: "no".to_owned(),
                    retry_after_ms: Some(5),
                });
            }
            Some(other) => {
                crate::misdeed::commit(other);
            }
        }
        Ok(request)
    }

    fn read_response(response: HttpResponse) -> Outcome {
        match response.status {
            200 => Outcome::Accepted(Acceptance {
                reference: String::from_utf8_lossy(&response.body).into_owned(),
                parts: Some(2),
                price_micros: Some(75_000),
            }),
            429 => Outcome::Failed(Failure {
                class: FailureClass::Throttled,
                code: "429".to_owned(),
                reason: "slower".to_owned(),
                retry_after_ms: Some(1000),
            }),
            _ => Outcome::InDoubt("who knows".to_owned()),
        }
    }

    /// The signature is an HMAC of the body under the header `x-signature`, in hexadecimal.
    fn read_webhook(request: WebhookRequest) -> WebhookResult {
        let code = match signing::hmac(Hash::Sha256, "key", &request.body) {
            Ok(code) => code,
            Err(reason) => return WebhookResult::Malformed(reason),
        };
        let signature: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
        if !request.headers.iter().any(|it| it.0 == "x-signature" && it.1 == signature) {
            return WebhookResult::Forged("the signature is wrong".to_owned());
        }
        let events = match request.body.as_slice() {
            b"fetch" if request.fetched.is_none() => {
                return WebhookResult::Fetch(HttpRequest {
                    method: Method::Get,
                    url: "https://hostile.example/certificate".to_owned(),
                    headers: Vec::new(),
                    body: Vec::new(),
                });
            }
            b"many" => vec![receipt(); 1001],
            b"inbound" => vec![Event::Inbound(InboundMessage {
                reference: "in-1".to_owned(),
                sender: address("+4915112345678", AddressKind::International),
                to: address("12345", AddressKind::ShortCode),
                body: Body::Text("line one\nline two".to_owned()),
                at_ms: Some(1),
            })],
            _ => vec![receipt()],
        };
        WebhookResult::Read(WebhookReading {
            events,
            answer: HttpResponse {
                status: 200,
                headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
                body: b"ok".to_vec(),
            },
        })
    }
}

fn receipt() -> Event {
    Event::Receipt(Receipt {
        reference: "ref-1".to_owned(),
        message_id: None,
        status: ReceiptStatus::Delivered,
        code: Some("0".to_owned()),
        reason: None,
        at_ms: None,
    })
}

fn address(value: &str, kind: AddressKind) -> Address {
    Address { value: value.to_owned(), kind }
}
