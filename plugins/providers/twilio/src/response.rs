//! What Twilio answers to a message.

use serde::Deserialize;
use wire::header;
use wire::loose::Loose;

use crate::bindings::exports::waypost::sms::provider::{
    Acceptance, Failure, FailureClass, HttpResponse, Outcome,
};
use crate::codes;

/// What the host keeps of a code and of a reason, in characters.
const CODE_CHARS_MAX: usize = 64;
const REASON_CHARS_MAX: usize = 500;
const MICROS_DIGITS: usize = 6;

/// A message, or an error. Each may have what the other has: `status` is in both.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    sid: Loose,
    status: Loose,
    num_segments: Loose,
    price: Loose,
    error_code: Loose,
    error_message: Loose,
    code: Loose,
    message: Loose,
}

/// Reads an answer. Where it does not say whether the message was taken, the message is in doubt.
pub fn read(response: &HttpResponse) -> Outcome {
    let answer: Answer = serde_json::from_slice(&response.body).unwrap_or_default();
    match response.status {
        status @ 200..300 => match answer.sid.text() {
            Some(sid) => taken(sid, &answer),
            None => Outcome::InDoubt(format!("answer {status} without a sid")),
        },
        status => refused(status, &answer, retry_after_ms(response)),
    }
}

fn taken(sid: &str, answer: &Answer) -> Outcome {
    if let Some(status @ ("failed" | "undelivered" | "canceled")) = answer.status.text() {
        let class = answer.error_code.number().and_then(codes::class);
        return Outcome::Failed(Failure {
            class: class.unwrap_or(FailureClass::Message),
            code: cut(answer.error_code.text().unwrap_or(status), CODE_CHARS_MAX),
            reason: cut(answer.error_message.text().unwrap_or(status), REASON_CHARS_MAX),
            retry_after_ms: None,
        });
    }
    Outcome::Accepted(Acceptance {
        reference: sid.to_owned(),
        // A messaging service counts later, and says 0 for now.
        parts: answer.num_segments.number().filter(|parts| *parts > 0),
        price_micros: answer.price.text().and_then(micros),
    })
}

fn refused(status: u16, answer: &Answer, retry_after_ms: Option<u32>) -> Outcome {
    let by_code = answer.code.number().and_then(codes::class);
    let Some(class) = by_code.or_else(|| by_status(status)) else {
        return Outcome::InDoubt(format!("answer {status}"));
    };
    let code = answer.code.text().map_or_else(|| format!("http_{status}"), ToOwned::to_owned);
    let reason = match answer.message.text() {
        Some(reason) => reason.to_owned(),
        None => format!("Twilio answered {status} without a reason"),
    };
    let may_wait = matches!(class, FailureClass::Throttled | FailureClass::Transient);
    Outcome::Failed(Failure {
        class,
        code: cut(&code, CODE_CHARS_MAX),
        reason: cut(&reason, REASON_CHARS_MAX),
        retry_after_ms: retry_after_ms.filter(|_| may_wait),
    })
}

/// None: it may have been sent.
fn by_status(status: u16) -> Option<FailureClass> {
    match status {
        500.. => None,
        408 => Some(FailureClass::Transient),
        429 => Some(FailureClass::Throttled),
        401..=404 => Some(FailureClass::System),
        400..500 => Some(FailureClass::Message),
        // A redirection or nothing that HTTP knows: the endpoint is not Twilio's.
        _ => Some(FailureClass::System),
    }
}

/// `Retry-After` in seconds; the form with a date needs a clock and is not used by Twilio.
fn retry_after_ms(response: &HttpResponse) -> Option<u32> {
    let seconds: u32 = header(&response.headers, "retry-after")?.trim().parse().ok()?;
    Some(seconds.saturating_mul(1000))
}

/// Millionths of a decimal number; Twilio writes a price as a negative one, `-0.00750`.
fn micros(price: &str) -> Option<u64> {
    let price = price.strip_prefix('-').unwrap_or(price);
    let (whole, fraction) = price.split_once('.').unwrap_or((price, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(MICROS_DIGITS);
    whole
        .bytes()
        .chain(digits)
        .try_fold(0_u64, |micros, digit| micros.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: &str = "SM00000000000000000000000000000001";

    fn read_with(status: u16, body: &str, headers: &[(&str, &str)]) -> Outcome {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        read(&HttpResponse { status, headers, body: body.as_bytes().to_vec() })
    }

    fn failure(status: u16, body: &str) -> String {
        match read_with(status, body, &[]) {
            Outcome::Failed(failure) => format!("{:?} {}", failure.class, failure.code),
            Outcome::InDoubt(_) => "in doubt".to_owned(),
            Outcome::Accepted(taken) => taken.reference,
        }
    }

    #[test]
    fn a_message_is_accepted() {
        for (more, parts, price_micros) in [
            ("", None, None),
            (r#","num_segments":"2","price":null,"error_code":null"#, Some(2), None),
            (r#","num_segments":3,"price":"-0.00750""#, Some(3), Some(7_500)),
            (r#","num_segments":"0","price":-1.5"#, None, Some(1_500_000)),
            (r#","num_segments":"many","price":"free","new":{"a":[1]}"#, None, None),
            (r#","num_segments":300,"price":"0.0000019""#, None, Some(1)),
        ] {
            let body = format!(r#"{{"sid":"{SID}","status":"queued"{more}}}"#);
            let expected = Acceptance { reference: SID.to_owned(), parts, price_micros };
            assert_eq!(read_with(201, &body, &[]), Outcome::Accepted(expected), "{body}");
        }
    }

    #[test]
    fn a_message_that_failed_at_once() {
        let body = r#"{"sid":"SM1","status":"failed","error_code":30034,"error_message":"m"}"#;
        assert_eq!(failure(201, body), "FailureClass::Sender 30034");
        let body = r#"{"sid":"SM1","status":"canceled","error_code":null}"#;
        assert_eq!(failure(201, body), "FailureClass::Message canceled");
    }

    #[test]
    fn an_answer_that_does_not_say_leaves_doubt() {
        for (status, body) in [
            (201, "{}"),
            (201, ""),
            (200, "<html>"),
            (201, r#"{"sid":""}"#),
            (201, r#"{"sid":null}"#),
            (500, ""),
            (502, "<html>"),
            (503, r#"{"code":99999,"message":"m"}"#),
            (599, "null"),
        ] {
            assert_eq!(failure(status, body), "in doubt", "{status} {body}");
        }
    }

    #[test]
    fn errors_go_by_their_code_and_then_by_the_status() {
        for (status, body, expected) in [
            (400, r#"{"code":21211,"message":"m","status":400}"#, "FailureClass::Message 21211"),
            (400, r#"{"code":"21212"}"#, "FailureClass::Sender 21212"),
            (400, r#"{"code":21408}"#, "FailureClass::System 21408"),
            (400, r#"{"code":21611}"#, "FailureClass::Throttled 21611"),
            (429, r#"{"code":20429}"#, "FailureClass::Throttled 20429"),
            (503, r#"{"code":20503}"#, "FailureClass::Transient 20503"),
            (401, r#"{"code":20003}"#, "FailureClass::System 20003"),
            (400, r#"{"code":21999}"#, "FailureClass::Message 21999"),
            (400, "", "FailureClass::Message http_400"),
            (401, "", "FailureClass::System http_401"),
            (403, r#"{"code":70051}"#, "FailureClass::System 70051"),
            (404, r#"{"code":20404}"#, "FailureClass::System 20404"),
            (408, "", "FailureClass::Transient http_408"),
            (422, "[]", "FailureClass::Message http_422"),
            (429, "", "FailureClass::Throttled http_429"),
            (302, "", "FailureClass::System http_302"),
        ] {
            assert_eq!(failure(status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn how_long_to_wait() {
        for (status, value, expected) in [
            (429, "2", Some(2_000)),
            (429, " 0 ", Some(0)),
            (429, "4294967295", Some(u32::MAX)),
            (429, "Wed, 21 Oct 2026 07:28:00 GMT", None),
            (429, "-1", None),
            (400, "2", None),
        ] {
            let Outcome::Failed(failure) = read_with(status, "", &[("Retry-After", value)]) else {
                panic!("{status} {value}")
            };
            assert_eq!(failure.retry_after_ms, expected, "{status} {value}");
        }
    }

    #[test]
    fn texts_are_cut_to_what_the_host_keeps() {
        let body = format!(r#"{{"code":"{}","message":"{}"}}"#, "9".repeat(99), "é".repeat(999));
        let Outcome::Failed(failure) = read_with(400, &body, &[]) else { panic!("not failed") };
        assert_eq!((failure.code.chars().count(), failure.reason.chars().count()), (64, 500));
    }
}
