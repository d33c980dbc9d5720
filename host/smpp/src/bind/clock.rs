//! The time on a link. It stands while this side does not read: the SMSC cannot be late then.

use std::time::{Duration, Instant};

/// A clock that can be held.
#[derive(Debug)]
pub(super) struct LinkClock {
    began: Instant,
    held_since: Option<Instant>,
    held: Duration,
}

impl LinkClock {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), held_since: None, held: Duration::ZERO }
    }

    /// Time of the link since the beginning.
    pub(super) fn now(&self) -> Duration {
        self.held_since.unwrap_or_else(Instant::now).duration_since(self.began) - self.held
    }

    /// Time since the beginning, held or not.
    pub(super) fn real(&self) -> Duration {
        self.began.elapsed()
    }

    /// The instant at that real time.
    pub(super) fn instant(&self, real: Duration) -> Instant {
        self.began + real
    }

    /// Whether it stands.
    pub(super) fn is_held(&self) -> bool {
        self.held_since.is_some()
    }

    /// Holds the clock, or lets it go on.
    pub(super) fn hold(&mut self, hold: bool) {
        match (hold, self.held_since) {
            (true, None) => self.held_since = Some(Instant::now()),
            (false, Some(since)) => {
                self.held += since.elapsed();
                self.held_since = None;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stands_while_it_is_held() {
        let mut clock = LinkClock::new();
        clock.hold(true);
        let held_at = clock.now();
        std::thread::sleep(Duration::from_millis(15));
        assert_eq!(clock.now(), held_at);
        clock.hold(false);
        assert!(clock.now() >= held_at && clock.now() + Duration::from_millis(15) <= clock.real());
    }
}
