//! A message in Twilio's terms: `POST /2010-04-01/Accounts/{AccountSid}/Messages.json`.

use wire::form::Form;

use crate::bindings::exports::waypost::sms::provider::{
    Body, Failure, FailureClass, Header, HeaderValue, HttpRequest, Method, Submission,
};
use crate::settings::Settings;

/// Longest `Body`, in characters.
const BODY_CHARS_MAX: usize = 1600;
/// Shortest and longest `ValidityPeriod`, in seconds.
const VALIDITY_S: std::ops::RangeInclusive<u32> = 1..=36_000;
/// Room for all that is not the text.
const FORM_BYTES_BESIDE_TEXT: usize = 384;
/// A character takes three bytes at least when it is not one that stands for itself.
const FORM_BYTES_FOR_EACH_OF_TEXT: usize = 3;

/// The request, or why the message cannot be put so.
pub fn request(settings: &Settings, submission: &Submission) -> Result<HttpRequest, Failure> {
    let message = &submission.message;
    let Body::Text(text) = &message.body else {
        return Err(failure(
            FailureClass::Message,
            "binary_not_supported",
            "Twilio takes no binary messages".to_owned(),
        ));
    };
    let chars = text.chars().count();
    if chars > BODY_CHARS_MAX {
        return Err(failure(
            FailureClass::Message,
            "text_too_long",
            format!("the text has {chars} characters, and Twilio takes {BODY_CHARS_MAX}"),
        ));
    }

    let mut form = Form::with_capacity(
        FORM_BYTES_BESIDE_TEXT + submission.receipt_url.len() + text.len() * FORM_BYTES_FOR_EACH_OF_TEXT,
    );
    form.push("To", &message.to.number);
    match (&message.sender, &settings.messaging_service_sid) {
        (Some(sender), _) => form.push("From", &sender.value),
        (None, Some(service_sid)) => form.push("MessagingServiceSid", service_sid),
        (None, None) => {
            return Err(failure(
                FailureClass::Sender,
                "sender_missing",
                "the message has no sender, and no messaging_service_sid is set".to_owned(),
            ));
        }
    }
    form.push("Body", text);
    if !submission.receipt_url.is_empty() {
        form.push("StatusCallback", &submission.receipt_url);
    }
    if let Some(valid_for_s) = submission.valid_for_s {
        let clamped = valid_for_s.clamp(*VALIDITY_S.start(), *VALIDITY_S.end());
        form.push("ValidityPeriod", &clamped.to_string());
    }
    if settings.smart_encoded {
        form.push("SmartEncoded", "true");
    }
    Ok(HttpRequest {
        method: Method::Post,
        url: settings.messages_url.clone(),
        headers: vec![
            header("authorization", HeaderValue::Basic(settings.credential())),
            header("content-type", HeaderValue::Plain("application/x-www-form-urlencoded".to_owned())),
        ],
        body: form.into_bytes(),
    })
}

fn header(name: &str, value: HeaderValue) -> Header {
    Header { name: name.to_owned(), value }
}

fn failure(class: FailureClass, code: &str, reason: String) -> Failure {
    Failure { class, code: code.to_owned(), reason, retry_after_ms: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::waypost::sms::types::{
        Address, AddressKind, Encoding, Message, NumberKind, Recipient,
    };

    fn settings(more: &str) -> Settings {
        let account_sid = "AC00000000000000000000000000000001";
        Settings::parse(&format!(r#"{{"account_sid": "{account_sid}"{more}}}"#)).unwrap()
    }

    fn submission(body: Body) -> Submission {
        Submission {
            id: "m_01".to_owned(),
            attempt: 1,
            message: Message {
                tenant: "acme".to_owned(),
                time_ms: 1,
                to: Recipient {
                    number: "+15558675310".to_owned(),
                    country: Some("US".to_owned()),
                    kind: NumberKind::Mobile,
                },
                sender: Some(Address { value: "+15017122661".to_owned(), kind: AddressKind::International }),
                body,
                encoding: Encoding::Ucs2,
                segments: 1,
                priority: 0,
                tags: vec![],
            },
            valid_for_s: None,
            receipt_url: String::new(),
        }
    }

    fn text(text: &str) -> Submission {
        submission(Body::Text(text.to_owned()))
    }

    fn form(settings: &Settings, submission: &Submission) -> String {
        String::from_utf8(request(settings, submission).unwrap().body).unwrap()
    }

    #[test]
    fn a_message_becomes_a_form() {
        let settings = settings("");
        let mut submission = text("h\u{e9}llo & 100%\n");
        let expected = "To=%2B15558675310&From=%2B15017122661&Body=h%C3%A9llo+%26+100%25%0A";
        assert_eq!(form(&settings, &submission), expected);

        submission.receipt_url = "https://gw.example/hooks/twilio?m=m_01&x=1".to_owned();
        submission.valid_for_s = Some(60);
        let more = "&StatusCallback=https%3A%2F%2Fgw.example%2Fhooks%2Ftwilio%3Fm%3Dm_01%26x%3D1\
                    &ValidityPeriod=60";
        assert_eq!(form(&settings, &submission), format!("{expected}{more}"));

        let request = request(&settings, &submission).unwrap();
        assert_eq!(request.method, Method::Post);
        assert_eq!(request.url, settings.messages_url);
        let names: Vec<_> = request.headers.iter().map(|header| header.name.as_str()).collect();
        assert_eq!(names, ["authorization", "content-type"]);
        assert_eq!(request.headers[0].value, HeaderValue::Basic(settings.credential()));
    }

    #[test]
    fn the_validity_is_clamped() {
        for (asked, sent) in [(0, "1"), (1, "1"), (36_000, "36000"), (u32::MAX, "36000")] {
            let mut submission = text("a");
            submission.valid_for_s = Some(asked);
            let form = form(&settings(""), &submission);
            assert!(form.ends_with(&format!("&ValidityPeriod={sent}")), "{form}");
        }
    }

    #[test]
    fn a_messaging_service_stands_in_for_a_sender() {
        let service = r#", "messaging_service_sid": "MG00000000000000000000000000000003""#;
        let smart = settings(&format!(r#"{service}, "smart_encoded": true"#));
        let mut submission = text("a");
        assert_eq!(
            form(&smart, &submission),
            "To=%2B15558675310&From=%2B15017122661&Body=a&SmartEncoded=true"
        );
        submission.message.sender = None;
        assert_eq!(
            form(&settings(service), &submission),
            "To=%2B15558675310&MessagingServiceSid=MG00000000000000000000000000000003&Body=a"
        );
        let failure = request(&settings(""), &submission).unwrap_err();
        assert_eq!((failure.class, &*failure.code), (FailureClass::Sender, "sender_missing"));
    }

    #[test]
    fn what_twilio_cannot_carry_is_refused_here() {
        let settings = settings("");
        assert!(request(&settings, &text(&"é".repeat(1600))).is_ok());
        for (submission, code) in [
            (text(&"a".repeat(1601)), "text_too_long"),
            (submission(Body::Binary(vec![1])), "binary_not_supported"),
        ] {
            let failure = request(&settings, &submission).unwrap_err();
            assert_eq!((failure.class, &*failure.code), (FailureClass::Message, code));
        }
    }
}
