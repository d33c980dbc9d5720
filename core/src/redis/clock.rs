//! One time for all hosts of a Redis: its own, learnt from its answers.

/// How far two clocks drift apart, at most, in millionths: crystals of servers are better.
const DRIFT_PPM: u64 = 200;

/// One look at the clock of Redis. Local times are those of a clock that never jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Local time when it was asked, in microseconds.
    pub asked_us: u64,
    /// Local time when the answer was there, in microseconds.
    pub answered_us: u64,
    /// What Redis said, in Unix microseconds.
    pub redis_us: u64,
}

/// What is known of the distance between the local clock and that of Redis.
///
/// Redis read its clock between the question and the answer, so half the way there and back is the
/// most that a sample can be wrong by. A worse sample counts only once the better one has become
/// old enough to be worse, or where the two cannot both be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SharedClock {
    best: Option<Best>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Best {
    /// Redis time less local time, in microseconds.
    offset_us: i64,
    error_us: u64,
    at_us: u64,
}

impl SharedClock {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self { best: None };

    /// Takes a sample in.
    pub fn learn(&mut self, sample: Sample) {
        let error_us = sample.answered_us.saturating_sub(sample.asked_us) / 2;
        let middle_us = sample.asked_us.saturating_add(error_us);
        let offset_us = signed(sample.redis_us).saturating_sub(signed(middle_us));
        let new = Best { offset_us, error_us, at_us: sample.answered_us };
        let keep = self.best.is_some_and(|best| {
            let grown_us = best.error_at(sample.answered_us);
            let apart_us = best.offset_us.abs_diff(offset_us);
            grown_us < error_us && apart_us <= grown_us.saturating_add(error_us)
        });
        if !keep {
            self.best = Some(new);
        }
    }

    /// Redis time less local time, in microseconds. None: nothing was learnt yet.
    #[must_use]
    pub fn offset_us(&self) -> Option<i64> {
        self.best.map(|best| best.offset_us)
    }

    /// Redis time at a local time, in Unix microseconds. None: nothing was learnt yet.
    #[must_use]
    pub fn at(&self, local_us: u64) -> Option<u64> {
        let best = self.best?;
        Some(u64::try_from(signed(local_us).saturating_add(best.offset_us)).unwrap_or(0))
    }

    /// By how much [`SharedClock::at`] can be wrong, in microseconds.
    #[must_use]
    pub fn error_us(&self, local_us: u64) -> Option<u64> {
        self.best.map(|best| best.error_at(local_us))
    }
}

impl Best {
    fn error_at(&self, local_us: u64) -> u64 {
        let age_us = local_us.saturating_sub(self.at_us);
        self.error_us.saturating_add(age_us.saturating_mul(DRIFT_PPM) / 1_000_000)
    }
}

fn signed(us: u64) -> i64 {
    i64::try_from(us).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;
    /// Redis time less local time.
    const APART: u64 = 1_700_000_000 * SECOND;

    fn sample(asked_us: u64, there_us: u64, back_us: u64) -> Sample {
        let read_us = asked_us + there_us;
        Sample { asked_us, answered_us: read_us + back_us, redis_us: read_us + APART }
    }

    #[test]
    fn the_error_is_never_more_than_half_the_way() {
        for (there, back) in [(50, 50), (0, 900), (900, 0), (40_000, 1_000)] {
            let mut clock = SharedClock::default();
            clock.learn(sample(SECOND, there, back));
            let off = clock.at(5 * SECOND).unwrap().abs_diff(5 * SECOND + APART);
            assert!(off <= (there + back) / 2, "{there} {back}: {off}");
            assert!(off <= clock.error_us(5 * SECOND).unwrap());
        }
    }

    #[test]
    fn a_slow_answer_does_not_replace_a_quick_one_until_that_is_old() {
        let mut clock = SharedClock::default();
        clock.learn(sample(SECOND, 100, 100));
        clock.learn(sample(2 * SECOND, 0, 30_000));
        assert_eq!(clock.at(2 * SECOND), Some(2 * SECOND + APART));
        clock.learn(sample(200 * SECOND, 0, 30_000));
        assert_ne!(clock.at(200 * SECOND), Some(200 * SECOND + APART));
    }

    #[test]
    fn another_server_with_another_time_is_believed_at_once() {
        let mut clock = SharedClock::default();
        clock.learn(sample(SECOND, 100, 100));
        let ahead = Sample { redis_us: 2 * SECOND + APART + 5 * SECOND, ..sample(2 * SECOND, 500, 500) };
        clock.learn(ahead);
        assert_eq!(clock.at(3 * SECOND).unwrap() / SECOND, (8 * SECOND + APART) / SECOND - 1);
    }

    #[test]
    fn nothing_is_known_at_first_and_absurd_times_do_no_harm() {
        let mut clock = SharedClock::default();
        assert_eq!((clock.at(1), clock.error_us(1)), (None, None));
        clock.learn(Sample { asked_us: u64::MAX, answered_us: 0, redis_us: u64::MAX });
        assert!(clock.at(u64::MAX).is_some());
    }
}
