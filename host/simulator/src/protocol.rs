//! The carrier's side of the wire: how a submit is read, and what is said where it cannot be.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{BODY_BYTES_MAX, ID_BYTES_MAX, URL_BYTES_MAX};

/// Most parts of one message: the part count of a concatenation header (UDH, 3GPP TS 23.040,
/// 9.2.3.24.1) is one octet.
pub const SEGMENTS_MAX: u32 = 255;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// A submit that can be acted upon.
#[derive(Debug, PartialEq, Eq)]
pub struct Submit<'a> {
    /// The submitter's name of the message: 1 to [`ID_BYTES_MAX`] visible ASCII characters.
    pub id: Cow<'a, str>,
    /// Which try of the submitter this is, for the journal.
    pub attempt: u32,
    /// The recipient's number.
    pub to: Cow<'a, str>,
    /// The sender's address.
    pub from: Option<Cow<'a, str>>,
    /// Parts of the message: 1 to [`SEGMENTS_MAX`].
    pub segments: u32,
    /// Where webhooks go.
    pub receipt_url: Cow<'a, str>,
}

/// Why a submit cannot be acted upon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {reason}")]
pub struct Invalid {
    /// HTTP status.
    pub status: u16,
    /// `message` where the fault is in this message, `system` where it is in how the carrier is
    /// spoken to.
    pub class: &'static str,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong, and where.
    pub reason: String,
}

/// Reads the body of a submit.
///
/// # Errors
/// What is wrong with it, as the caller is told.
pub fn read(body: &[u8]) -> Result<Submit<'_>, Invalid> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Invalid::body_too_large());
    }
    let wire: Wire<'_> = serde_json::from_slice(body).map_err(|error| Invalid::request(error.to_string()))?;
    if !is_id(&wire.id) {
        return Err(Invalid::request(format!("`id` is not 1 to {ID_BYTES_MAX} visible ASCII characters")));
    }
    if !(1..=SEGMENTS_MAX).contains(&wire.segments) {
        return Err(Invalid::request(format!("`segments` is not in 1..={SEGMENTS_MAX}")));
    }
    if !is_url(&wire.receipt_url) {
        return Err(Invalid::request(format!(
            "`receipt_url` is not an http or https URL of at most {URL_BYTES_MAX} bytes"
        )));
    }
    if !is_number(&wire.to) {
        return Err(Invalid::message(
            "invalid_recipient",
            "`to` is not an international number of 3 to 15 digits",
        ));
    }
    if wire.from.as_ref().is_some_and(|Piece(from)| from.is_empty() || from.len() > 32) {
        return Err(Invalid::message("invalid_sender", "`from` is not 1 to 32 bytes"));
    }
    check_content(&wire)?;
    Ok(Submit {
        id: wire.id,
        attempt: wire.attempt,
        to: wire.to,
        from: wire.from.map(|Piece(from)| from),
        segments: wire.segments,
        receipt_url: wire.receipt_url,
    })
}

/// The headers and the body of a refusal.
pub fn refusal(
    class: &str,
    code: &str,
    reason: &str,
    retry_after_ms: Option<u64>,
) -> (&'static [(&'static str, &'static str)], Vec<u8>) {
    let refusal = Refusal { class, code, reason, retry_after_ms };
    // Strings and a number only: there is nothing that JSON cannot hold.
    (JSON, serde_json::to_vec(&refusal).unwrap_or_default())
}

/// The headers and the body of an acceptance.
pub fn acceptance(reference: &str, parts: u32) -> (&'static [(&'static str, &'static str)], Vec<u8>) {
    (JSON, format!(r#"{{"reference":"{reference}","parts":{parts}}}"#).into_bytes())
}

/// Whether this can be a URL that webhooks go to.
pub fn is_url(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    url.len() <= URL_BYTES_MAX
        && rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// Whether these are octets in hexadecimal.
pub fn is_hex(data: &str) -> bool {
    data.len().is_multiple_of(2) && data.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether this is an international number (E.164, or a short code), with or without `+`.
pub fn is_number(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (3..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Invalid {
    /// The body is larger than [`BODY_BYTES_MAX`].
    pub fn body_too_large() -> Self {
        let reason = format!("the body is larger than {BODY_BYTES_MAX} bytes");
        Self { status: 413, class: "message", code: "body_too_large", reason }
    }

    pub(crate) fn request(reason: String) -> Self {
        Self { status: 400, class: "system", code: "invalid_request", reason }
    }

    fn message(code: &'static str, reason: &str) -> Self {
        Self { status: 422, class: "message", code, reason: reason.to_owned() }
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    attempt: u32,
    #[serde(borrow)]
    to: Cow<'a, str>,
    #[serde(borrow, default)]
    from: Option<Piece<'a>>,
    encoding: Encoding,
    #[serde(borrow, default)]
    text: Option<Piece<'a>>,
    #[serde(borrow, default)]
    data: Option<Piece<'a>>,
    segments: u32,
    #[serde(default, rename = "valid_for_s")]
    _valid_for_s: Option<u64>,
    #[serde(borrow)]
    receipt_url: Cow<'a, str>,
}

/// Keeps an optional string borrowed: serde borrows a `Cow` only where it is the field itself.
#[derive(Deserialize)]
#[serde(transparent)]
struct Piece<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Encoding {
    Gsm7,
    Ucs2,
    Binary,
}

#[derive(Serialize)]
struct Refusal<'a> {
    class: &'a str,
    code: &'a str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

fn is_id(id: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

fn check_content(wire: &Wire<'_>) -> Result<(), Invalid> {
    match (wire.encoding, &wire.text, &wire.data) {
        (Encoding::Gsm7 | Encoding::Ucs2, Some(_), None) => Ok(()),
        (Encoding::Binary, None, Some(Piece(data))) if is_hex(data) => Ok(()),
        (Encoding::Binary, None, Some(_)) => {
            Err(Invalid::message("invalid_content", "`data` is not hexadecimal"))
        }
        (Encoding::Binary, ..) => {
            Err(Invalid::message("invalid_content", "`binary` takes `data` and no `text`"))
        }
        _ => Err(Invalid::message("invalid_content", "`gsm7` and `ucs2` take `text` and no `data`")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn good() -> Value {
        json!({
            "id": "m1", "attempt": 1, "to": "+420601123456", "from": "Shop", "encoding": "gsm7",
            "text": "Hi \"you\"", "segments": 2, "valid_for_s": 60, "receipt_url": "http://127.0.0.1:1/hooks/sim",
        })
    }

    fn with(changes: &[(&str, Value)]) -> Vec<u8> {
        let mut body = good();
        for (key, value) in changes {
            body[*key] = value.clone();
        }
        body.to_string().into_bytes()
    }

    #[test]
    fn a_good_submit_is_read_without_copies() {
        let body = with(&[]);
        let submit = read(&body).unwrap();
        assert_eq!((submit.id.as_ref(), submit.attempt, submit.segments), ("m1", 1, 2));
        assert_eq!(submit.from.as_deref(), Some("Shop"));
        assert!(matches!((submit.id, submit.from), (Cow::Borrowed(_), Some(Cow::Borrowed(_)))));
    }

    #[test]
    fn what_may_be_left_out_may_be_null() {
        for (name, value) in [("from", Value::Null), ("valid_for_s", Value::Null), ("data", Value::Null)] {
            assert!(read(&with(&[(name, value)])).is_ok(), "{name}");
        }
        let binary = with(&[("encoding", json!("binary")), ("text", Value::Null), ("data", json!("00fF"))]);
        assert!(read(&binary).is_ok());
    }

    #[test]
    fn each_fault_has_its_class_and_code() {
        for (changes, class, code) in [
            (vec![("id", json!(""))], "system", "invalid_request"),
            (vec![("id", json!("a".repeat(65)))], "system", "invalid_request"),
            (vec![("id", json!("a b"))], "system", "invalid_request"),
            (vec![("id", json!("a\nb"))], "system", "invalid_request"),
            (vec![("attempt", json!("1"))], "system", "invalid_request"),
            (vec![("segments", json!(0))], "system", "invalid_request"),
            (vec![("segments", json!(256))], "system", "invalid_request"),
            (vec![("encoding", json!("utf8"))], "system", "invalid_request"),
            (vec![("receipt_url", json!("ftp://x/"))], "system", "invalid_request"),
            (vec![("receipt_url", json!("http://"))], "system", "invalid_request"),
            (
                vec![("receipt_url", json!(format!("http://{}", "x".repeat(2048))))],
                "system",
                "invalid_request",
            ),
            (vec![("to", json!("+42060112345x"))], "message", "invalid_recipient"),
            (vec![("to", json!("12"))], "message", "invalid_recipient"),
            (vec![("from", json!(""))], "message", "invalid_sender"),
            (vec![("text", Value::Null)], "message", "invalid_content"),
            (vec![("data", json!("00"))], "message", "invalid_content"),
            (vec![("encoding", json!("binary"))], "message", "invalid_content"),
            (
                vec![("encoding", json!("binary")), ("text", Value::Null), ("data", json!("0"))],
                "message",
                "invalid_content",
            ),
        ] {
            let invalid = read(&with(&changes)).unwrap_err();
            assert_eq!((invalid.class, invalid.code), (class, code), "{changes:?}");
        }
        assert_eq!(read(&vec![b' '; BODY_BYTES_MAX + 1]).unwrap_err().status, 413);
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body);
        }

        #[test]
        fn any_text_is_taken(text in ".{0,200}") {
            prop_assert!(read(&with(&[("text", json!(text))])).is_ok());
        }
    }
}
