//! A message in the carrier's terms. Written by hand: this is the path that load tests measure.

use std::fmt::Write as _;

use wire::hex;

use crate::bindings::exports::waypost::sms::provider::{
    Body, Encoding, Header, HeaderValue, HttpRequest, Method, Submission,
};
use crate::settings::Settings;

/// Room for all that is not the text: names, numbers, id and the URL of the receipt.
const JSON_BYTES_BESIDE_TEXT: usize = 384;

/// `POST {endpoint}/v1/messages`.
pub fn request(settings: &Settings, submission: &Submission) -> HttpRequest {
    HttpRequest {
        method: Method::Post,
        url: settings.messages_url.clone(),
        headers: vec![Header {
            name: "content-type".to_owned(),
            value: HeaderValue::Plain("application/json".to_owned()),
        }],
        body: json(submission).into_bytes(),
    }
}

fn json(submission: &Submission) -> String {
    let message = &submission.message;
    let body_bytes = match &message.body {
        Body::Text(text) => text.len(),
        Body::Binary(data) => data.len() * 2,
    };
    let mut out = String::with_capacity(JSON_BYTES_BESIDE_TEXT + body_bytes);
    out.push_str("{\"id\":");
    push_string(&mut out, &submission.id);
    push_number(&mut out, "attempt", submission.attempt.into());
    push_member(&mut out, "to", &message.to.number);
    if let Some(sender) = &message.sender {
        push_member(&mut out, "from", &sender.value);
    }
    push_member(&mut out, "encoding", encoding(message.encoding));
    match &message.body {
        Body::Text(text) => push_member(&mut out, "text", text),
        Body::Binary(data) => {
            out.push_str(",\"data\":\"");
            hex::push(&mut out, data);
            out.push('"');
        }
    }
    push_number(&mut out, "segments", message.segments.into());
    if let Some(valid_for_s) = submission.valid_for_s {
        push_number(&mut out, "valid_for_s", valid_for_s);
    }
    push_member(&mut out, "receipt_url", &submission.receipt_url);
    out.push('}');
    out
}

fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gsm7 => "gsm7",
        Encoding::Ucs2 => "ucs2",
        Encoding::Binary => "binary",
    }
}

fn push_number(out: &mut String, name: &str, value: u32) {
    // Writing to a string does not fail.
    let _ = write!(out, ",\"{name}\":{value}");
}

fn push_member(out: &mut String, name: &str, value: &str) {
    out.push_str(",\"");
    out.push_str(name);
    out.push_str("\":");
    push_string(out, value);
}

/// A JSON string, RFC 8259 section 7: quotes, backslashes and control characters are escaped.
fn push_string(out: &mut String, value: &str) {
    out.push('"');
    let mut plain_from = 0;
    for (at, byte) in value.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        // Both ends are ASCII bytes, so these are boundaries of characters.
        out.push_str(value.get(plain_from..at).unwrap_or_default());
        plain_from = at + 1;
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            _ => {
                out.push_str("\\u00");
                hex::push(out, &[byte]);
            }
        }
    }
    out.push_str(value.get(plain_from..).unwrap_or_default());
    out.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::bindings::waypost::sms::types::{Address, AddressKind, Message, NumberKind, Recipient};

    fn submission(body: Body, encoding: Encoding) -> Submission {
        Submission {
            id: "m_01".to_owned(),
            attempt: 2,
            message: Message {
                tenant: "acme".to_owned(),
                time_ms: 1,
                to: Recipient {
                    number: "+4915112345678".to_owned(),
                    country: None,
                    kind: NumberKind::Mobile,
                },
                sender: Some(Address { value: "ACME".to_owned(), kind: AddressKind::Alphanumeric }),
                body,
                encoding,
                segments: 3,
                priority: 0,
                tags: vec![],
            },
            valid_for_s: Some(60),
            receipt_url: "https://gw.example/hooks/sim?m=m_01&a=2".to_owned(),
        }
    }

    fn body_of(submission: &Submission) -> Value {
        let request = request(&Settings::default(), submission);
        assert_eq!(request.url, "http://simulator.internal/v1/messages");
        assert_eq!(request.method, Method::Post);
        serde_json::from_slice(&request.body).unwrap()
    }

    #[test]
    fn a_text_message() {
        let submission = submission(Body::Text("Hi".to_owned()), Encoding::Gsm7);
        let expected = json!({
            "id": "m_01", "attempt": 2, "to": "+4915112345678", "from": "ACME", "encoding": "gsm7",
            "text": "Hi", "segments": 3, "valid_for_s": 60,
            "receipt_url": "https://gw.example/hooks/sim?m=m_01&a=2",
        });
        assert_eq!(body_of(&submission), expected);
    }

    #[test]
    fn a_binary_message_without_sender_and_validity() {
        let mut submission = submission(Body::Binary(vec![0, 0xab, 0xff]), Encoding::Binary);
        submission.message.sender = None;
        submission.valid_for_s = None;
        let expected = json!({
            "id": "m_01", "attempt": 2, "to": "+4915112345678", "encoding": "binary",
            "data": "00abff", "segments": 3,
            "receipt_url": "https://gw.example/hooks/sim?m=m_01&a=2",
        });
        assert_eq!(body_of(&submission), expected);
    }

    #[test]
    fn any_text_is_escaped() {
        let all: String = (0..0x3000).filter_map(char::from_u32).collect();
        for text in ["", "\"", "\\", "\u{0}\u{1f}", "a\"b\\c\nd", "\"\"", "😀\u{7f}€\"é", &all] {
            let submission = submission(Body::Text(text.to_owned()), Encoding::Ucs2);
            assert_eq!(body_of(&submission)["text"], text, "{text:?}");
        }
    }
}
