//! JSON bodies: read whole within limits, parsed straight from their bytes. Only a body that does
//! not parse is looked at again, to say exactly what is wrong with it.

mod diagnosis;
mod fault;
mod walker;

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::StreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::{Code, Problem};

/// How long a body may take to arrive.
const READ_MAX: Duration = Duration::from_secs(10);
/// Room for the answer about one message, in bytes.
const ANSWER_BYTES: usize = 768;

/// Reads the body of a request that has to be JSON.
///
/// # Errors
/// Not declared as JSON, longer than `bytes_max`, too slow, or cut off.
pub async fn read(request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(
            Code::ContentTypeUnsupported,
            "The body has to be JSON in UTF-8. Send the header `Content-Type: application/json`.",
        ));
    }
    read_body(request, bytes_max).await
}

/// Reads the body of a request, whatever it is.
///
/// # Errors
/// Longer than `bytes_max`, too slow, or cut off.
pub async fn read_body(request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if declared.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > bytes_max as u64)
    {
        return Err(too_large(bytes_max));
    }
    let reading = collect(request.into_body(), bytes_max);
    tokio::time::timeout(READ_MAX, reading).await.unwrap_or_else(|_| {
        let seconds = READ_MAX.as_secs();
        Err(Problem::new(Code::BodyTooSlow, format!("The body did not arrive within {seconds} seconds.")))
    })
}

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

/// An answer with a JSON body.
pub fn answer<T: Serialize>(status: StatusCode, value: &T) -> Result<Response, Problem> {
    let mut body = Vec::with_capacity(ANSWER_BYTES);
    serde_json::to_writer(&mut body, value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        Problem::internal()
    })?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
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

/// A body that came in one piece, as small ones do, is not copied.
async fn collect(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let mut pieces = body.into_data_stream();
    let Some(first) = pieces.next().await else { return Ok(Bytes::new()) };
    let first = within(first, 0, bytes_max)?;
    let Some(second) = pieces.next().await else { return Ok(first) };
    let mut whole = first.to_vec();
    whole.extend_from_slice(&within(second, whole.len(), bytes_max)?);
    while let Some(piece) = pieces.next().await {
        whole.extend_from_slice(&within(piece, whole.len(), bytes_max)?);
    }
    Ok(whole.into())
}

fn within(piece: Result<Bytes, axum::Error>, so_far: usize, bytes_max: usize) -> Result<Bytes, Problem> {
    let piece = piece.map_err(|_| {
        Problem::new(
            Code::BodyIncomplete,
            "The connection ended before the whole body was there. Send it again.",
        )
    })?;
    if so_far + piece.len() > bytes_max { Err(too_large(bytes_max)) } else { Ok(piece) }
}

fn too_large(bytes_max: usize) -> Problem {
    let detail = format!("The body is longer than {bytes_max} bytes. Send it in parts.");
    Problem::new(Code::BodyTooLarge, detail).with("bytes_max", bytes_max)
}

#[cfg(test)]
mod tests {
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

    fn request(pieces: &[&'static str]) -> Request {
        let pieces: Vec<Result<_, std::io::Error>> =
            pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
        Request::new(Body::from_stream(futures_util::stream::iter(pieces)))
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_and_no_further() {
        for (pieces, expected) in [
            (&[][..], Ok("")),
            (&["12345"], Ok("12345")),
            (&["12", "34", "5"], Ok("12345")),
            (&["123456"], Err(Code::BodyTooLarge)),
            (&["12345", "6"], Err(Code::BodyTooLarge)),
            (&["1", "2", "3", "4567"], Err(Code::BodyTooLarge)),
        ] {
            let read = read_body(request(pieces), 5).await;
            let read = read.map_err(|problem| problem.code());
            assert_eq!(read.as_deref(), expected.map(str::as_bytes).as_ref().map(|b| *b), "{pieces:?}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_declared_too_long_is_not_read() {
        let mut request = request(&["1"]);
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(6));
        let problem = read_body(request, 5).await.unwrap_err();
        assert_eq!(problem.code(), Code::BodyTooLarge);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let problem = read_body(Request::new(Body::from_stream(never)), 5).await.unwrap_err();
        assert_eq!(problem.code(), Code::BodyTooSlow);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_used() {
        let pieces = [Ok(Bytes::from_static(b"12")), Err(std::io::Error::other("reset"))];
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let problem = read_body(Request::new(body), 5).await.unwrap_err();
        assert_eq!(problem.code(), Code::BodyIncomplete);
    }
}
