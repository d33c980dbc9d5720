//! How many may be compiled at a time, in the order in which they came.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Places for children.
#[derive(Debug)]
pub(super) struct Places {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    free: usize,
    next: u64,
    waiting: VecDeque<u64>,
    stopped: bool,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a>(&'a Places);

impl Places {
    pub fn new(count: usize) -> Self {
        let state = State { free: count.max(1), next: 0, waiting: VecDeque::new(), stopped: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Waits for a place. None: there are no more, because the host stops.
    pub fn take(&self) -> Option<Place<'_>> {
        let mut state = self.lock();
        let ticket = state.next;
        state.next += 1;
        state.waiting.push_back(ticket);
        while !state.stopped && (state.free == 0 || state.waiting.front() != Some(&ticket)) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting.retain(|other| *other != ticket);
        let place = if state.stopped {
            None
        } else {
            state.free -= 1;
            Some(Place(self))
        };
        drop(state);
        self.changed.notify_all();
        place
    }

    /// Lets nobody in any more.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.lock().free += 1;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_in_order_and_none_after_the_stop() {
        let places = Places::new(1);
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let first = places.take();
            for number in 0..3 {
                scope.spawn({
                    let (places, order) = (&places, &order);
                    move || {
                        let place = places.take();
                        order.lock().unwrap().push(number);
                        drop(place);
                    }
                });
                while places.lock().waiting.len() <= number {
                    std::thread::yield_now();
                }
            }
            drop(first);
        });
        assert_eq!(*order.lock().unwrap(), [0, 1, 2]);
        places.stop();
        assert!(places.take().is_none());
    }
}
