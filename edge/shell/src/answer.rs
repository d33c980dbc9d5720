//! Answers with a length: without one, Spin sends them in chunks, and each waits for an
//! acknowledgement.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use spin_sdk::http::FullBody;

/// An answer of a component.
pub type Answer = Response<FullBody<Bytes>>;

/// An answer with a body that may be empty.
#[must_use]
pub fn answer(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let body = body.into();
    let length = HeaderValue::from(body.len());
    let mut answer = Response::new(FullBody::new(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_LENGTH, length);
    answer
}

/// JSON.
#[must_use]
pub fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    // What is written here are records of texts and numbers, which always can be.
    let text = serde_json::to_vec(value).unwrap_or_default();
    let mut answer = answer(status, text);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
