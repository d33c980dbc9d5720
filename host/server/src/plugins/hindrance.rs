//! How much the calls of a tenant hold up everybody else on the threads that all share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What all calls of a tenant may come to: the squares of their times, in square nanoseconds for each
/// microsecond that passes, which is 50 ms² in a second.
///
/// The squares, because that is what others wait for: where calls arrive λ times a second and take S, who comes
/// at any moment waits λE\[S²\]/2 in the mean (the residual time in the formula of Pollaczek and Khinchine), here
/// 25 µs. Fifty calls of 1 ms in a second are just allowed, or 10,000 of 70 µs; 375 of 0.6 ms are not.
const SQUARES_PER_US: u128 = 50_000_000;
/// So much may come at once, in microseconds of what is allowed: one call of 10 ms. On a virtual machine any
/// call can take that long, when the processor is somebody else's.
const AT_ONCE_US: u64 = 2_000_000;
/// No tenant is ahead of what is allowed by more, in microseconds: after so long without a call it is no longer
/// slow.
const AHEAD_US_MAX: u64 = 60_000_000;

/// How far a tenant is ahead of what is allowed: until when it would have to be silent to be even with it. Times
/// are microseconds of a clock that never goes back.
#[derive(Debug, Default)]
pub struct Hindrance(AtomicU64);

impl Hindrance {
    /// A call that has just ended took so much processor time.
    pub fn note(&self, time: Duration, now_us: u64) {
        let square = time.as_nanos().saturating_mul(time.as_nanos());
        let us = u64::try_from(square / SQUARES_PER_US).unwrap_or(AHEAD_US_MAX).min(AHEAD_US_MAX);
        let noted = |even_us: u64| Some((even_us.max(now_us) + us).min(now_us + AHEAD_US_MAX));
        // The closure always has an answer.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, noted);
    }

    /// True: it is more than is allowed, so that its calls run apart.
    pub fn is_slow(&self, now_us: u64) -> bool {
        self.0.load(Ordering::Relaxed) > now_us.saturating_add(AT_ONCE_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: u64 = 1_000_000;

    /// After how many of these calls in a row the tenant is slow; of 10,000.
    fn slow_after(time: Duration, per_second: u64) -> Option<u64> {
        let hindrance = Hindrance::default();
        (1..=10_000).find(|call| {
            let now_us = NOW_US + call * 1_000_000 / per_second;
            hindrance.note(time, now_us);
            hindrance.is_slow(now_us)
        })
    }

    #[test]
    fn calls_count_by_the_square_of_their_time() {
        for (time_us, per_second, expected) in [
            (7, 10_000, None),
            (70, 10_000, None),
            (1_000, 49, None),
            (1_000, 55, Some(1_091)),
            (600, 375, Some(441)),
            (5_000, 20, Some(5)),
            (10_000, 1, Some(2)),
            (30_000, 1, Some(1)),
        ] {
            let found = slow_after(Duration::from_micros(time_us), per_second);
            assert_eq!(found, expected, "{per_second} of {time_us} µs in a second");
        }
    }

    #[test]
    fn a_minute_after_its_last_call_a_tenant_is_no_longer_slow() {
        let hindrance = Hindrance::default();
        for _ in 0..1000 {
            hindrance.note(Duration::MAX, NOW_US);
        }
        let even_us = NOW_US + AHEAD_US_MAX - AT_ONCE_US;
        assert!(hindrance.is_slow(even_us - 1));
        assert!(!hindrance.is_slow(even_us));
    }
}
