//! How long a request may stand still. One timer for the whole request: a timer for each step would
//! cost more than most steps.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

/// Until when the step that a request is at may take.
#[derive(Default)]
pub(crate) struct Watch {
    until: Cell<Option<Instant>>,
    reading: Cell<bool>,
}

impl Watch {
    /// A step begins that may take so long. Steps that go on at once have the time of the longest.
    pub(crate) fn begin(&self, limit: Duration) {
        let until = Instant::now() + limit;
        self.until.set(self.until.get().max(Some(until)));
    }

    /// The body of the request is read from here on, which may take so long.
    pub(crate) fn begin_reading(&self, limit: Duration) {
        self.reading.set(true);
        self.begin(limit);
    }

    /// The step has ended in time.
    pub(crate) fn end(&self) {
        self.reading.set(false);
        self.until.set(None);
    }

    /// The request was given up while its body was read.
    pub(crate) fn was_reading(&self) -> bool {
        self.reading.get()
    }

    /// What came while no step took too long. None: one did, and the rest is given up.
    pub(crate) async fn over<T>(&self, awaited: impl Future<Output = T>) -> Option<T> {
        let mut awaited = pin!(awaited);
        let mut timer = None;
        poll_fn(|context| {
            loop {
                if let Poll::Ready(value) = awaited.as_mut().poll(context) {
                    return Poll::Ready(Some(value));
                }
                let timer = timer.get_or_insert_with(|| Box::pin(spin_sdk::time::sleep(self.left())));
                match timer.as_mut().poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) if self.is_over() => return Poll::Ready(None),
                    Poll::Ready(()) => *timer = Box::pin(spin_sdk::time::sleep(self.left())),
                }
            }
        })
        .await
    }

    fn is_over(&self) -> bool {
        self.until.get().is_some_and(|until| until <= Instant::now())
    }

    /// Between steps a request waits for nobody, so it is looked at again soon.
    fn left(&self) -> Duration {
        let left = self.until.get().map(|until| until.saturating_duration_since(Instant::now()));
        left.unwrap_or(Duration::from_secs(1)).max(Duration::from_millis(1))
    }
}
