//! How the caller wants its messages sent.

use http::{HeaderMap, HeaderName};
use waypost_api::{Code, Problem};
use waypost_core::edge::SendMode;

const WAYPOST_SEND: HeaderName = HeaderName::from_static("waypost-send");

/// What `Waypost-Send` says, or the tenant's mode.
///
/// # Errors
/// `header_invalid`: another word, or more than one.
pub(crate) fn wanted(headers: &HeaderMap, default: SendMode) -> Result<SendMode, Problem> {
    let mut given = headers.get_all(&WAYPOST_SEND).iter();
    let Some(first) = given.next() else { return Ok(default) };
    let named = first.to_str().ok().and_then(SendMode::from_name);
    match (named, given.next()) {
        (Some(mode), None) => Ok(mode),
        _ => {
            let detail = "The header `Waypost-Send` is not valid. Give it once, with `queue` or `at-once`, \
                          or leave it out.";
            Err(Problem::new(Code::HeaderInvalid, detail).with("header", WAYPOST_SEND.as_str()))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_header_wins_over_the_tenant() {
        let mut headers = HeaderMap::new();
        assert_eq!(wanted(&headers, SendMode::AtOnce).ok(), Some(SendMode::AtOnce));
        headers.append("waypost-send", HeaderValue::from_static("queue"));
        assert_eq!(wanted(&headers, SendMode::AtOnce).ok(), Some(SendMode::Queue));
        headers.append("waypost-send", HeaderValue::from_static("queue"));
        assert_eq!(wanted(&headers, SendMode::AtOnce).err().unwrap().code(), Code::HeaderInvalid);
    }

    #[test]
    fn another_word_is_a_problem() {
        for word in ["", "now", "QUEUE", "at once"] {
            let mut headers = HeaderMap::new();
            headers.append("waypost-send", HeaderValue::from_static(word));
            assert!(wanted(&headers, SendMode::Queue).is_err(), "{word}");
        }
    }
}
