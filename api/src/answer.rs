//! What a call comes to.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::problem::Problem;

/// Room for the answer about one message, in bytes.
const ANSWER_BYTES: usize = 768;

/// Status, headers and body, whole.
pub type Answer = Response<Vec<u8>>;

/// An answer with a JSON body.
///
/// # Errors
/// `internal`: the value cannot be written as JSON.
pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Answer, Problem> {
    let mut body = Vec::with_capacity(ANSWER_BYTES);
    serde_json::to_writer(&mut body, value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        Problem::internal()
    })?;
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(answer)
}

/// An answer without a body.
#[must_use]
pub fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = status;
    answer
}
