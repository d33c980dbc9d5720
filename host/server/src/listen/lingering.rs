//! Bodies that nobody reads to their end.
//!
//! A request is often refused by its head, or by the first part of its body. If the connection were closed
//! then, the operating system would answer what still arrives with a reset, and a reset makes the client
//! lose the answer that says what was wrong. So the rest is read and thrown away, within limits.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::EXPECT;
use tokio::sync::Semaphore;

use super::pace::Pace;

/// Most that is thrown away after an answer, in bytes. Who sends more sees a reset.
const BYTES_MAX: usize = 32 * 1024 * 1024;
/// Longest that is waited for what is thrown away. Meanwhile the client has the time to read its answer.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Most bodies that are read at once for this; others are left standing.
const BODIES_MAX: usize = 4;

static PLACES: Semaphore = Semaphore::const_new(BODIES_MAX);

/// The body of a request, which is read to its end even when it is dropped before that.
pub struct Lingering {
    body: Option<Incoming>,
    /// The client waits for our `100 Continue` (RFC 9110, 10.1.1), and sends nothing if it is refused.
    is_held_back: bool,
}

impl Lingering {
    /// The request with its body made so.
    pub fn of(request: Request<Incoming>) -> Request<Self> {
        let is_held_back = request.headers().contains_key(EXPECT);
        request.map(|body| Self { body: Some(body), is_held_back })
    }
}

impl Body for Lingering {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        // Asking for the body is what makes hyper answer `100 Continue`.
        self.is_held_back = false;
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if let Some(body) = self.body.take()
            && !self.is_held_back
            && !body.is_end_stream()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(tokio::time::timeout(TIME_MAX, throw_away(body)));
        }
    }
}

async fn throw_away(mut body: Incoming) {
    // Nobody closes it.
    let _place = PLACES.acquire().await;
    let (mut thrown, mut pace) = (0, Pace::default());
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        thrown += length;
        if thrown > BYTES_MAX {
            return;
        }
        // Who is refused again and again costs the others nothing.
        pace.after(length).await;
    }
}
