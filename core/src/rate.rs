//! Rates and caps as data: a stored number and a function, the same in SQLite, Redis and memory.

use serde::{Deserialize, Serialize};

/// A rate with a burst, kept as one number by the generic cell rate algorithm (GCRA): the time at
/// which the next unit would come if all went at the steady rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Microseconds between two units at the steady rate, at least 1.
    pub interval_us: u64,
    /// How many units may come at once, at least 1.
    pub burst: u32,
}

impl Rate {
    /// A rate from units a second, as the configuration states it.
    #[must_use]
    pub fn per_second(units: f64, burst: u32) -> Self {
        let interval_us = if units > 0.0 { (1e6 / units).round() as u64 } else { u64::MAX / 4 };
        Self { interval_us: interval_us.max(1), burst: burst.max(1) }
    }

    /// Takes `units` at once or none. `next_us` is the stored number, 0 at the start; times are
    /// Unix microseconds. Gives the number to store, or when as many units will be free. More
    /// units than the burst go together once nothing else has gone for long enough; what follows
    /// waits the longer, so that the steady rate holds.
    ///
    /// # Errors
    /// The time in Unix microseconds at which to try again.
    pub fn take(self, next_us: u64, now_us: u64, units: u32) -> Result<u64, u64> {
        let cost_us = self.cost_us(units);
        let after = next_us.max(now_us).saturating_add(cost_us);
        let earliest = after.saturating_sub(self.window_us().max(cost_us));
        if earliest <= now_us { Ok(after) } else { Err(earliest) }
    }

    /// How many units can be taken now, at most `wanted`.
    #[must_use]
    pub fn available(self, next_us: u64, now_us: u64, wanted: u32) -> u32 {
        let room_us = now_us.saturating_add(self.window_us()).saturating_sub(next_us.max(now_us));
        u32::try_from(room_us / self.interval_us).unwrap_or(u32::MAX).min(wanted)
    }

    /// When one unit will be free, in Unix microseconds.
    #[must_use]
    pub fn free_at_us(self, next_us: u64, now_us: u64) -> u64 {
        self.take(next_us, now_us, 1).map_or_else(|at| at, |_| now_us)
    }

    /// Takes `units` that are already used, whether they are free or not: what follows waits the longer.
    /// Gives the number to store.
    #[must_use]
    pub fn charge(self, next_us: u64, now_us: u64, units: u32) -> u64 {
        next_us.max(now_us).saturating_add(self.cost_us(units))
    }

    /// What `units` cost, in microseconds.
    pub(crate) fn cost_us(self, units: u32) -> u64 {
        self.interval_us.saturating_mul(u64::from(units))
    }

    /// How far ahead of the steady rate a burst may run, in microseconds.
    pub(crate) fn window_us(self) -> u64 {
        self.interval_us.saturating_mul(u64::from(self.burst))
    }
}

/// The window of a cap. Windows begin on the hour and on the day, UTC, so that the answer to
/// "when is it free again" is exact and the same on every host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// From the full hour, UTC.
    Hour,
    /// From midnight, UTC.
    Day,
}

impl Window {
    /// Both windows, the short one first.
    pub const ALL: [Self; 2] = [Self::Hour, Self::Day];

    /// Length in milliseconds.
    #[must_use]
    pub fn length_ms(self) -> u64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// When the window that contains `now_ms` began, in Unix milliseconds.
    #[must_use]
    pub fn start_ms(self, now_ms: u64) -> u64 {
        now_ms - now_ms % self.length_ms()
    }

    /// When the window that contains `now_ms` ends, in Unix milliseconds.
    #[must_use]
    pub fn end_ms(self, now_ms: u64) -> u64 {
        self.start_ms(now_ms).saturating_add(self.length_ms())
    }
}

/// Which limit said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// Messages a second for the tenant.
    TenantRate,
    /// Messages a second for the API key.
    KeyRate,
    /// Messages an hour for one destination number.
    DestinationPerHour,
    /// Messages a day for one destination number.
    DestinationPerDay,
    /// Messages that wait.
    QueueDepth,
    /// How long the tenant's own components may run.
    DecisionTime,
}

impl LimitKind {
    /// The stable name, as the API shows it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TenantRate => "tenant_rate",
            Self::KeyRate => "key_rate",
            Self::DestinationPerHour => "destination_per_hour",
            Self::DestinationPerDay => "destination_per_day",
            Self::QueueDepth => "queue_depth",
            Self::DecisionTime => "decision_time",
        }
    }
}

/// A limit that has been reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitReached {
    /// Which one.
    pub limit: LimitKind,
    /// When it frees, in Unix milliseconds.
    pub free_at_ms: u64,
    /// Which of the request's messages met it, from 0.
    pub index: usize,
}

/// What a tenant's messages are held to when they are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AcceptLimits {
    /// For all keys of the tenant together.
    pub tenant_rate: Option<Rate>,
    /// For each key.
    pub key_rate: Option<Rate>,
    /// For one destination number.
    pub destination_per_hour: Option<u32>,
    /// For one destination number.
    pub destination_per_day: Option<u32>,
    /// Messages of the tenant that wait.
    pub queue_max: Option<u64>,
}

impl AcceptLimits {
    /// The cap for a window, where there is one.
    #[must_use]
    pub fn destination_cap(&self, window: Window) -> Option<u32> {
        match window {
            Window::Hour => self.destination_per_hour,
            Window::Day => self.destination_per_day,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND_US: u64 = 1_000_000;

    #[test]
    fn a_burst_goes_at_once_and_then_the_steady_rate() {
        let rate = Rate::per_second(10.0, 3);
        let (mut stored, now) = (0, 50 * SECOND_US);
        for _ in 0..3 {
            stored = rate.take(stored, now, 1).expect("within the burst");
        }
        assert_eq!(rate.take(stored, now, 1), Err(now + 100_000));
        assert_eq!(rate.available(stored, now, 9), 0);
        assert_eq!(rate.available(stored, now + 250_000, 9), 2);
        assert!(rate.take(stored, now + 100_000, 1).is_ok());
    }

    #[test]
    fn several_units_are_taken_together_or_not_at_all() {
        let rate = Rate::per_second(1.0, 5);
        assert_eq!(rate.take(0, SECOND_US, 5), Ok(6 * SECOND_US));
        // More than the burst: only when nothing has gone, and then the rest waits.
        assert_eq!(rate.take(0, SECOND_US, 6), Ok(7 * SECOND_US));
        assert_eq!(rate.take(7 * SECOND_US, SECOND_US, 6), Err(7 * SECOND_US));
        assert_eq!(rate.take(7 * SECOND_US, SECOND_US, 1), Err(3 * SECOND_US));
    }

    #[test]
    fn what_was_used_unasked_is_waited_for() {
        let rate = Rate::per_second(10.0, 2);
        let stored = rate.charge(0, 5 * SECOND_US, 12);
        assert_eq!(stored, 5 * SECOND_US + 1_200_000);
        assert_eq!(rate.free_at_us(stored, 5 * SECOND_US), 5 * SECOND_US + 1_100_000);
        assert_eq!(rate.free_at_us(rate.charge(0, SECOND_US, 1), SECOND_US), SECOND_US);
    }

    #[test]
    fn windows_begin_on_the_hour_and_on_the_day() {
        let now_ms = 1_700_000_123_456;
        assert_eq!(Window::Hour.start_ms(now_ms) % 3_600_000, 0);
        assert_eq!(Window::Day.end_ms(now_ms) - Window::Day.start_ms(now_ms), 86_400_000);
        assert!(Window::Hour.start_ms(now_ms) <= now_ms && now_ms < Window::Hour.end_ms(now_ms));
    }

    proptest! {
        /// Over any pattern of arrivals, never more than burst + elapsed * rate.
        #[test]
        fn never_more_than_the_rate(
            gaps_us in proptest::collection::vec(0_u64..300_000, 1..200),
            per_second in 1_u32..100,
            burst in 1_u32..20,
        ) {
            let rate = Rate::per_second(f64::from(per_second), burst);
            let start = 1_000 * SECOND_US;
            let (mut now, mut stored, mut taken) = (start, 0, 0_u64);
            for gap in gaps_us {
                now += gap;
                let free = rate.available(stored, now, 1) == 1;
                match rate.take(stored, now, 1) {
                    Ok(next) => { stored = next; taken += 1; prop_assert!(free); }
                    Err(at) => { prop_assert!(at > now && !free); prop_assert!(rate.take(stored, at, 1).is_ok()); }
                }
            }
            prop_assert!(taken <= u64::from(burst) + (now - start) / rate.interval_us + 1);
        }
    }
}
