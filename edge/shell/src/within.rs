//! A time-out for anything that is awaited.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// What came in time. None: nothing did, and what was awaited is given up.
pub async fn within<T>(limit: Duration, awaited: impl Future<Output = T>) -> Option<T> {
    let mut awaited = pin!(awaited);
    // A future does nothing before it is polled: what is there at once costs no timer.
    let mut timer = pin!(spin_sdk::time::sleep(limit));
    poll_fn(|context| {
        if let Poll::Ready(value) = awaited.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        timer.as_mut().poll(context).map(|()| None)
    })
    .await
}
