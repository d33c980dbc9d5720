//! Redis's time, the same for every host and instance whatever their own clocks say.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use waypost_core::redis::Value;

/// The time of one request: what Redis said at its beginning, and what has passed since.
#[derive(Default)]
pub(crate) struct RedisTime {
    told: Cell<Option<(u64, Instant)>>,
}

impl RedisTime {
    /// Unix milliseconds. Before Redis has said anything, by the clock of the machine.
    pub(crate) fn now_ms(&self) -> u64 {
        match self.told.get() {
            Some((ms, at)) => ms.saturating_add(milliseconds(at.elapsed())),
            None => milliseconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
        }
    }

    /// True where Redis has said the time.
    pub(crate) fn is_known(&self) -> bool {
        self.told.get().is_some()
    }

    /// The answer of `TIME`: seconds and microseconds.
    pub(crate) fn tell(&self, values: &[Value]) {
        let part = |place: usize| values.get(place).and_then(Value::unsigned);
        if let (Some(seconds), Some(microseconds)) = (part(0), part(1)) {
            let ms = seconds.saturating_mul(1000).saturating_add(microseconds / 1000);
            self.told.set(Some((ms, Instant::now())));
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_said_goes_on_from_there() {
        let time = RedisTime::default();
        assert!(!time.is_known() && time.now_ms() > 0);
        time.tell(&[Value::Bytes(b"1000".to_vec()), Value::Bytes(b"250999".to_vec())]);
        assert!(time.is_known());
        assert!((1_000_250..1_010_000).contains(&time.now_ms()));
    }

    #[test]
    fn what_is_no_time_is_passed_over() {
        let time = RedisTime::default();
        time.tell(&[Value::Nil]);
        time.tell(&[]);
        assert!(!time.is_known());
    }
}
