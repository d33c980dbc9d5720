//! Bodies of requests: read whole, within limits of size and time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::StreamExt as _;
use hyper::body::Body as _;
use waypost_api::json::{check_declared, check_type, too_large};
use waypost_api::{Code, Problem};

use axum::http::HeaderMap;

use super::blocks::Blocks;
use crate::listen::Pace;

/// How long a body may take to arrive.
const READ_MAX: Duration = Duration::from_secs(10);

/// Reads the body of a request that has to be JSON.
///
/// # Errors
/// Not declared as JSON, longer than `bytes_max`, too slow, or cut off.
pub async fn read_json(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    check_type(headers)?;
    read(headers, body, bytes_max).await
}

/// Reads the body of a request, whatever it is.
///
/// # Errors
/// Longer than `bytes_max`, too slow, or cut off.
pub async fn read(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    check_declared(headers, bytes_max)?;
    in_time(READ_MAX, collect(body, bytes_max)).await
}

async fn in_time<T>(
    time_max: Duration,
    reading: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    tokio::time::timeout(time_max, reading).await.unwrap_or_else(|_| {
        let seconds = time_max.as_secs();
        Err(Problem::new(Code::BodyTooSlow, format!("The body did not arrive within {seconds} seconds.")))
    })
}

/// A body that came in one piece, as small ones do, is not copied.
async fn collect(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let declared = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
    let mut pieces = body.into_data_stream();
    let Some(first) = pieces.next().await else { return Ok(Bytes::new()) };
    let first = within(first, 0, bytes_max)?;
    let Some(second) = pieces.next().await else { return Ok(first) };
    let mut whole = Vec::with_capacity(declared.unwrap_or(0).min(bytes_max));
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&within(second, whole.len(), bytes_max)?);
    while let Some(piece) = pieces.next().await {
        whole.extend_from_slice(&within(piece, whole.len(), bytes_max)?);
    }
    Ok(whole.into())
}

/// Reads a body of many megabytes in blocks and in bursts, so that it holds up nobody.
///
/// # Errors
/// Longer than `bytes_max`, too slow, or cut off.
pub async fn read_large(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
    time_max: Duration,
) -> Result<Blocks, Problem> {
    check_declared(headers, bytes_max)?;
    let reading = async {
        let (mut blocks, mut pace) = (Blocks::default(), Pace::default());
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let piece = within(piece, blocks.len(), bytes_max)?;
            blocks.add(&piece);
            pace.after(piece.len()).await;
        }
        Ok(blocks)
    };
    in_time(time_max, reading).await
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

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::CONTENT_LENGTH;

    use super::*;

    fn body(pieces: &[&'static str]) -> Body {
        let pieces: Vec<Result<_, std::io::Error>> =
            pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
        Body::from_stream(futures_util::stream::iter(pieces))
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
            let read = read(&HeaderMap::new(), body(pieces), 5).await;
            let read = read.map_err(|problem| problem.code());
            assert_eq!(read.as_deref(), expected.map(str::as_bytes).as_ref().map(|b| *b), "{pieces:?}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_declared_too_long_is_not_read() {
        let headers = [(CONTENT_LENGTH, HeaderValue::from(6))].into_iter().collect();
        let problem = read(&headers, body(&["1"]), 5).await.unwrap_err();
        assert_eq!(problem.code(), Code::BodyTooLarge);
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_body_comes_in_bursts() {
        let piece: &'static str = "x".repeat(64 * 1024).leak();
        let (began, pieces) = (tokio::time::Instant::now(), [piece; 16]);
        let minute = Duration::from_secs(60);
        let blocks = read_large(&HeaderMap::new(), body(&pieces), 1024 * 1024, minute).await;
        assert_eq!(blocks.map(|blocks| blocks.join().len()).ok(), Some(1024 * 1024));
        assert!(began.elapsed() >= Duration::from_millis(9), "{:?}", began.elapsed());
        let problem = read_large(&HeaderMap::new(), body(&pieces), 1024 * 1024 - 1, minute).await.err();
        assert_eq!(problem.map(|problem| problem.code()), Some(Code::BodyTooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let problem = read(&HeaderMap::new(), Body::from_stream(never), 5).await.unwrap_err();
        assert_eq!(problem.code(), Code::BodyTooSlow);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_used() {
        let pieces = [Ok(Bytes::from_static(b"12")), Err(std::io::Error::other("reset"))];
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let problem = read(&HeaderMap::new(), body, 5).await.unwrap_err();
        assert_eq!(problem.code(), Code::BodyIncomplete);
    }
}
