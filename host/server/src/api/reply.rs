//! What the calls come to, as the server answers it.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use waypost_api::{Answer, Problem};

/// A problem on its way to the caller.
pub struct Failed(Problem);

impl<E: Into<Problem>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        self.0.into_answer().map(Body::from)
    }
}

/// The answer of a call.
pub fn reply(answer: Result<Answer, Problem>) -> Result<Response, Failed> {
    Ok(answer?.map(Body::from))
}
