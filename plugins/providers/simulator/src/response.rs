//! What the carrier answers to a message.

use serde::Deserialize;

use crate::bindings::exports::waypost::sms::provider::{
    Acceptance, Failure, FailureClass, HttpResponse, Outcome,
};

#[derive(Deserialize)]
struct Taken {
    reference: String,
    parts: Option<u8>,
}

#[derive(Deserialize)]
struct Refused {
    class: Class,
    code: String,
    reason: String,
    retry_after_ms: Option<u32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Class {
    Message,
    Sender,
    Throttled,
    Transient,
    System,
}

/// Reads an answer. Where it does not say whether the message was taken, the message is in doubt.
pub fn read(response: &HttpResponse) -> Outcome {
    let status = response.status;
    if (200..300).contains(&status) {
        return match serde_json::from_slice::<Taken>(&response.body) {
            Ok(taken) if !taken.reference.is_empty() => Outcome::Accepted(Acceptance {
                reference: taken.reference,
                parts: taken.parts,
                price_micros: None,
            }),
            _ => Outcome::InDoubt(format!("answer {status} without a reference")),
        };
    }
    if let Ok(refused) = serde_json::from_slice::<Refused>(&response.body) {
        return Outcome::Failed(Failure {
            class: refused.class.into(),
            code: refused.code,
            reason: refused.reason,
            retry_after_ms: refused.retry_after_ms,
        });
    }
    if status >= 500 {
        return Outcome::InDoubt(format!("answer {status} without a reason"));
    }
    Outcome::Failed(Failure {
        class: by_status(status),
        code: format!("http_{status}"),
        reason: format!("the simulator answered {status} without a reason"),
        retry_after_ms: None,
    })
}

/// An answer below 500 that is not the carrier's own, such as a proxy's: nothing was sent.
fn by_status(status: u16) -> FailureClass {
    match status {
        408 => FailureClass::Transient,
        429 => FailureClass::Throttled,
        400 | 413 | 422 => FailureClass::Message,
        _ => FailureClass::System,
    }
}

impl From<Class> for FailureClass {
    fn from(class: Class) -> Self {
        match class {
            Class::Message => Self::Message,
            Class::Sender => Self::Sender,
            Class::Throttled => Self::Throttled,
            Class::Transient => Self::Transient,
            Class::System => Self::System,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, body: &str) -> String {
        let response = HttpResponse { status, headers: vec![], body: body.as_bytes().to_vec() };
        match read(&response) {
            Outcome::Accepted(taken) => format!("{} {:?}", taken.reference, taken.parts),
            Outcome::Failed(failure) => format!(
                "{:?} {} {} {:?}",
                failure.class, failure.code, failure.reason, failure.retry_after_ms
            ),
            Outcome::InDoubt(_) => "in doubt".to_owned(),
        }
    }

    #[test]
    fn answers_become_outcomes() {
        let throttled = r#"{"class":"throttled","code":"slow","reason":"r","retry_after_ms":50}"#;
        let system = r#"{"class":"system","code":"c","reason":"r","more":1}"#;
        for (status, body, expected) in [
            (201, r#"{"reference":"s1","parts":2}"#, "s1 Some(2)"),
            (200, r#"{"reference":"s1"}"#, "s1 None"),
            (201, r#"{"reference":"s1","parts":null,"new":[]}"#, "s1 None"),
            (201, r#"{"reference":""}"#, "in doubt"),
            (201, "{}", "in doubt"),
            (204, "", "in doubt"),
            (201, "<html>", "in doubt"),
            (429, throttled, "FailureClass::Throttled slow r Some(50)"),
            (400, system, "FailureClass::System c r None"),
            (503, system, "FailureClass::System c r None"),
            (503, "", "in doubt"),
            (500, r#"{"class":"odd","code":"c","reason":"r"}"#, "in doubt"),
        ] {
            assert_eq!(outcome(status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn answers_without_a_reason_go_by_their_status() {
        for (status, expected) in [
            (302, "FailureClass::System http_302"),
            (400, "FailureClass::Message http_400"),
            (401, "FailureClass::System http_401"),
            (404, "FailureClass::System http_404"),
            (408, "FailureClass::Transient http_408"),
            (429, "FailureClass::Throttled http_429"),
        ] {
            assert!(outcome(status, "nothing").starts_with(expected), "{status}");
        }
    }
}
