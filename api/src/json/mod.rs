//! JSON bodies: parsed straight from their bytes. Only a body that does
//! not parse is looked at again, to say exactly what is wrong with it.

mod diagnosis;
mod fault;
mod walker;

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::de::DeserializeOwned;

use crate::problem::{Code, Problem};

/// Parses a body. The second pass, for a good problem, is only made where the first one fails.
///
/// # Errors
/// What is wrong with the body, and where.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // serde would take the fields of an object from a list, too, in their order.
    let is_list = body.trim_ascii_start().starts_with(b"[");
    let parsed = if is_list { Err(serde::de::Error::custom("a list")) } else { serde_json::from_slice(body) };
    parsed.map_err(|error| diagnosis::diagnose::<T>(body, &error))
}

/// Whether a body that has to be JSON is declared so.
///
/// # Errors
/// `content_type_unsupported`.
pub fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    if is_json(headers) {
        return Ok(());
    }
    Err(Problem::new(
        Code::ContentTypeUnsupported,
        "The body has to be JSON in UTF-8. Send the header `Content-Type: application/json`.",
    ))
}

/// Whether a body is declared longer than it may be, so that it need not be read.
///
/// # Errors
/// `body_too_large`.
pub fn check_declared(headers: &HeaderMap, bytes_max: usize) -> Result<(), Problem> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    match declared.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if length > bytes_max as u64 => Err(too_large(bytes_max)),
        _ => Ok(()),
    }
}

/// A body is longer than it may be.
#[must_use]
pub fn too_large(bytes_max: usize) -> Problem {
    let detail = format!("The body is longer than {bytes_max} bytes. Send it in parts.");
    Problem::new(Code::BodyTooLarge, detail).with("bytes_max", bytes_max)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(declared) = headers.get(CONTENT_TYPE) else { return false };
    if declared == "application/json" {
        return true;
    }
    let Ok(declared) = declared.to_str() else { return false };
    let (media_type, parameters) = declared.split_once(';').unwrap_or((declared, ""));
    let charset_fits = parameters.split(';').all(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    media_type.trim().eq_ignore_ascii_case("application/json") && charset_fits
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(content_type: Option<&'static str>) -> HeaderMap {
        content_type.map(|value| (CONTENT_TYPE, HeaderValue::from_static(value))).into_iter().collect()
    }

    #[test]
    fn only_json_in_utf_8_is_taken() {
        for (content_type, expected) in [
            (Some("application/json"), true),
            (Some("Application/JSON; charset=UTF-8"), true),
            (Some("application/json;charset=\"utf-8\""), true),
            (Some("application/json; profile=x"), true),
            (Some("application/json; charset=latin1"), false),
            (Some("application/x-www-form-urlencoded"), false),
            (Some("text/json"), false),
            (None, false),
        ] {
            assert_eq!(is_json(&headers(content_type)), expected, "{content_type:?}");
        }
    }

    #[test]
    fn a_body_that_is_declared_too_long_is_not_read() {
        for (length, expected) in [("5", true), ("6", false), ("18446744073709551616", true), ("x", true)] {
            let headers = [(CONTENT_LENGTH, HeaderValue::from_static(length))].into_iter().collect();
            assert_eq!(check_declared(&headers, 5).is_ok(), expected, "{length}");
        }
    }
}
