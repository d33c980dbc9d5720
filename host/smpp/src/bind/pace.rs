//! How fast a bind may send: the rate that was agreed on, and less after the SMSC has asked for it.
//!
//! The rate is kept as the time at which the next submit would be due if all went at the steady rate
//! (GCRA). That schedule is absolute, so late timers do not make it slower, and it runs ahead by no
//! more than a timer's grain, so nothing bursts.
//!
//! Throttling is answered as congestion is elsewhere: pause, go on at half the pace, add a little
//! each second.

use std::time::Duration;

use crate::codec::CommandStatus;

/// How much of the schedule may be made up at once: timers come a little late.
const CATCH_UP: Duration = Duration::from_millis(3);
/// How often the pace is looked at.
const SECOND: Duration = Duration::from_secs(1);
/// Slowest pace after throttling, in submits a second.
const SLOWEST: f64 = 1.0;
/// What is added each second, as a part of the pace before the throttling.
const RECOVERY: f64 = 0.05;
/// What is left of the pace.
const HALF: f64 = 0.5;
const NINE_TENTHS: f64 = 0.9;
/// Values of `congestion_state`.
const NEARLY_CONGESTED: u8 = 90;
const CONGESTED: u8 = 100;

/// The pace of one bind. Times are those of one steady clock, from any beginning.
#[derive(Debug)]
pub(super) struct Pace {
    /// As agreed on, in submits a second.
    agreed: Option<f64>,
    /// As it is now, in submits a second; `None` for as fast as it goes.
    current: Option<f64>,
    /// What recovery leads back to.
    before: f64,
    pause: Duration,
    paused_until: Duration,
    /// Until when congestion that is told again changes nothing.
    deaf_until: Duration,
    /// When the next submit is due at the steady rate.
    next: Duration,
    /// When the second that is counted began, and how many were sent in it and in the one before.
    second_began: Duration,
    sent: u32,
    sent_before: u32,
}

impl Pace {
    /// `agreed` in submits a second, more than 0; `pause` is how long to send nothing after throttling.
    pub(super) fn new(agreed: Option<f64>, pause: Duration) -> Self {
        Self {
            agreed,
            current: agreed,
            before: agreed.unwrap_or(SLOWEST),
            pause,
            paused_until: Duration::ZERO,
            deaf_until: Duration::ZERO,
            next: Duration::ZERO,
            second_began: Duration::ZERO,
            sent: 0,
            sent_before: 0,
        }
    }

    /// How many may go now, at most `wanted`.
    pub(super) fn available(&self, now: Duration, wanted: usize) -> usize {
        if now < self.paused_until {
            return 0;
        }
        let Some(rate) = self.current else { return wanted };
        let room = (now + interval(rate)).saturating_sub(self.next.max(now.saturating_sub(CATCH_UP)));
        let units = room.as_secs_f64() * rate + 1e-6;
        wanted.min(units as usize)
    }

    /// Notes that as many go now.
    pub(super) fn take(&mut self, now: Duration, units: usize) {
        self.sent = self.sent.saturating_add(u32::try_from(units).unwrap_or(u32::MAX));
        let Some(rate) = self.current else { return };
        let from = self.next.max(now.saturating_sub(CATCH_UP));
        self.next = from + Duration::from_secs_f64(units as f64 / rate);
    }

    /// How many will go in the next half second, if the SMSC asks for nothing else.
    pub(super) fn soon(&self, now: Duration) -> usize {
        if self.is_paused(now) {
            return 0;
        }
        self.current.map_or(usize::MAX, |rate| (rate / 2.0).ceil() as usize)
    }

    /// When the next one may go.
    pub(super) fn free_at(&self, now: Duration) -> Duration {
        let due = if self.current.is_some() { self.next } else { now };
        due.max(self.paused_until)
    }

    /// Whether nothing goes because the SMSC asked for it.
    pub(super) fn is_paused(&self, now: Duration) -> bool {
        now < self.paused_until
    }

    /// Whether it goes slower than agreed.
    pub(super) fn is_slowed(&self) -> bool {
        self.current != self.agreed
    }

    /// Heeds the status of an answer. Many say the same of one moment: what comes in the pause after
    /// the first changes nothing.
    pub(super) fn heed_status(&mut self, now: Duration, status: CommandStatus) {
        if status.is_throttling() && !self.is_paused(now) {
            self.slow_down(now, HALF);
            self.pause_until(now + self.pause);
        }
    }

    /// Heeds `congestion_state` (SMPP 5.0 section 4.8.4.18), at most once a second: 90 to 99 is nearly
    /// congested, 100 is.
    pub(super) fn heed_congestion(&mut self, now: Duration, congestion: u8) {
        if congestion < NEARLY_CONGESTED || now < self.deaf_until || self.is_paused(now) {
            return;
        }
        if congestion < CONGESTED {
            return self.slow_down(now, NINE_TENTHS);
        }
        self.slow_down(now, HALF);
        self.pause_until(now + self.pause);
    }

    /// To be called now and then: counts seconds and recovers.
    pub(super) fn tick(&mut self, now: Duration) {
        if now < self.second_began + SECOND {
            return;
        }
        self.second_began = now;
        self.sent_before = std::mem::take(&mut self.sent);
        if self.is_paused(now) || !self.is_slowed() {
            return;
        }
        let Some(current) = self.current else { return };
        let faster = current + (self.before * RECOVERY).max(SLOWEST);
        self.current = match self.agreed {
            Some(agreed) => Some(faster.min(agreed)),
            // Nothing was agreed on: when it goes twice as fast as before, nothing holds it back.
            None => Some(faster).filter(|&faster| faster < 2.0 * self.before),
        };
    }

    fn slow_down(&mut self, now: Duration, factor: f64) {
        let observed = f64::from(self.sent.max(self.sent_before));
        let pace = self.current.unwrap_or(observed).min(observed.max(SLOWEST));
        if !self.is_slowed() {
            self.before = self.agreed.unwrap_or(pace).max(SLOWEST);
        }
        self.current = Some((pace * factor).max(SLOWEST));
        self.next = self.next.max(now);
        self.deaf_until = now + SECOND;
    }

    fn pause_until(&mut self, until: Duration) {
        self.paused_until = until;
        self.next = until;
    }
}

fn interval(rate: f64) -> Duration {
    Duration::from_secs_f64(1.0 / rate.max(1e-3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAUSE: Duration = Duration::from_millis(500);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Sends what may go at each step of a timer; gives how many went in all.
    fn run(pace: &mut Pace, from_ms: u64, steps_ms: &[u64]) -> usize {
        let (mut now_ms, mut sent) = (from_ms, 0);
        for step_ms in steps_ms {
            now_ms += step_ms;
            let units = pace.available(ms(now_ms), 1_000);
            pace.take(ms(now_ms), units);
            pace.tick(ms(now_ms));
            sent += units;
        }
        sent
    }

    #[test]
    fn without_a_rate_all_goes() {
        let pace = Pace::new(None, PAUSE);
        assert_eq!(pace.available(ms(5), 77), 77);
    }

    #[test]
    fn coarse_timers_neither_burst_nor_drift() {
        for rate in [3.0, 70.0, 333.0, 1_500.0, 3_000.0] {
            let mut pace = Pace::new(Some(rate), PAUSE);
            let sent = run(&mut pace, 100_000, &[1; 20_000]);
            let due = rate * 20.0;
            assert!((sent as f64 - due).abs() <= rate * 0.005 + 2.0, "{rate}: {sent} of {due}");
        }
    }

    #[test]
    fn idle_time_is_not_saved_up() {
        let mut pace = Pace::new(Some(1_000.0), PAUSE);
        assert!(pace.available(ms(60_000), 1_000) <= 4);
        pace.take(ms(60_000), 1);
        assert!(pace.available(ms(120_000), 1_000) <= 4);
    }

    #[test]
    fn one_may_go_when_it_was_said_to() {
        let mut pace = Pace::new(Some(7.0), PAUSE);
        let mut now = ms(1_000);
        for _ in 0..50 {
            assert!(pace.available(now, 5) >= 1, "{now:?}");
            pace.take(now, 1);
            now = pace.free_at(now).max(now) + Duration::from_micros(1);
        }
    }

    #[test]
    fn throttling_pauses_halves_and_recovers() {
        let mut pace = Pace::new(Some(100.0), PAUSE);
        run(&mut pace, 10_000, &[10; 200]);
        let now = ms(12_000);
        for _ in 0..40 {
            pace.heed_status(now, CommandStatus::RTHROTTLED);
        }
        assert!(pace.is_paused(now) && pace.is_slowed());
        assert_eq!(pace.available(ms(12_499), 10), 0);
        let first = run(&mut pace, 12_500, &[10; 100]);
        assert!((40..=60).contains(&first), "{first}");
        let mut last = first;
        for second in 1..14 {
            let sent = run(&mut pace, 12_500 + second * 1_000, &[10; 100]);
            assert!(sent + 3 >= last && sent <= 103, "{last} {sent}");
            last = sent;
        }
        assert!(!pace.is_slowed() && last > 95, "{last}");
    }

    #[test]
    fn without_an_agreed_rate_throttling_goes_by_what_was_sent() {
        let mut pace = Pace::new(None, PAUSE);
        for at_ms in (0..3_000).step_by(10) {
            pace.take(ms(at_ms), 2);
            pace.tick(ms(at_ms));
        }
        pace.heed_status(ms(3_000), CommandStatus::RMSGQFUL);
        let sent = run(&mut pace, 3_500, &[5; 200]);
        assert!((85..=120).contains(&sent), "{sent}");
        run(&mut pace, 4_500, &[100; 600]);
        assert!(!pace.is_slowed());
    }

    #[test]
    fn congestion_slows_and_only_when_it_is_near() {
        let mut pace = Pace::new(Some(100.0), PAUSE);
        run(&mut pace, 0, &[10; 200]);
        pace.heed_congestion(ms(2_000), 89);
        assert!(!pace.is_slowed());
        for at_ms in [2_000, 2_010, 2_500, 2_999] {
            pace.heed_congestion(ms(at_ms), 95);
            assert!(pace.is_slowed() && !pace.is_paused(ms(at_ms)));
        }
        let sent = run(&mut pace, 2_999, &[10; 100]);
        assert!((85..=95).contains(&sent), "{sent}");
        pace.heed_congestion(ms(4_000), 100);
        assert!(pace.is_paused(ms(4_000)));
    }

    proptest! {
        /// Over any timer, never more than the rate and its grain.
        #[test]
        fn never_more_than_the_rate(
            steps in proptest::collection::vec(0_u64..200, 1..300),
            rate in 1_u32..5_000,
        ) {
            let rate = f64::from(rate);
            let mut pace = Pace::new(Some(rate), PAUSE);
            let sent = run(&mut pace, 1_000_000, &steps);
            let elapsed = steps.iter().sum::<u64>() as f64 / 1e3;
            prop_assert!(sent as f64 <= rate * (elapsed + 0.003) + 2.0);
        }
    }
}
