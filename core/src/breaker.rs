//! A circuit breaker as data: for each provider, whether it may be used.

use serde::{Deserialize, Serialize};

use crate::decision::Health;

/// When a circuit opens and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerRules {
    /// Failures in a row that open it, at least 1.
    pub failures: u32,
    /// How long it stays open before a trial, in milliseconds.
    pub open_ms: u64,
}

/// What the answer to a submit means for the provider's circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The provider works: it took a message, or refused it for the message's own sake.
    Works,
    /// It failed this once.
    Fails,
    /// It will fail until an operator acts: open at once.
    Broken,
}

/// The state of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Breaker {
    /// In use; how many failures in a row so far.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// Nothing is sent until this time, in Unix milliseconds.
    Open {
        /// When one trial may be made.
        until_ms: u64,
        /// How many times it has opened in a row; lengthens the wait.
        openings: u32,
    },
    /// One trial is under way.
    Trial {
        /// When the trial counts as lost, in Unix milliseconds.
        lost_at_ms: u64,
        /// How many times it has opened in a row.
        openings: u32,
    },
}

/// The wait doubles with each failed trial, at most this many times.
const DOUBLINGS_MAX: u32 = 5;

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// How a routing component sees it.
    #[must_use]
    pub fn health(self, now_ms: u64) -> Health {
        match self {
            Self::Closed { .. } => Health::Healthy,
            Self::Open { until_ms, .. } if now_ms < until_ms => Health::Down,
            Self::Open { .. } | Self::Trial { .. } => Health::Recovering,
        }
    }

    /// How many messages may be submitted now, at most `wanted`; 1 for a trial.
    #[must_use]
    pub fn permits(self, wanted: usize, now_ms: u64) -> usize {
        match self {
            Self::Closed { .. } => wanted,
            Self::Open { until_ms, .. } if now_ms >= until_ms => wanted.min(1),
            Self::Trial { lost_at_ms, .. } if now_ms >= lost_at_ms => wanted.min(1),
            Self::Open { .. } | Self::Trial { .. } => 0,
        }
    }

    /// When [`Breaker::permits`] may give more than nothing; None: now.
    #[must_use]
    pub fn opens_at_ms(self) -> Option<u64> {
        match self {
            Self::Closed { .. } => None,
            Self::Open { until_ms, .. } => Some(until_ms),
            Self::Trial { lost_at_ms, .. } => Some(lost_at_ms),
        }
    }

    /// A submit has begun. Turns an open circuit whose time has come into a trial.
    #[must_use]
    pub fn begin(self, rules: &BreakerRules, now_ms: u64) -> Self {
        match self {
            Self::Closed { .. } => self,
            // Leased before the circuit opened, or beside the trial: it is no trial of its own.
            Self::Open { until_ms: at_ms, .. } | Self::Trial { lost_at_ms: at_ms, .. } if now_ms < at_ms => {
                self
            }
            Self::Open { openings, .. } | Self::Trial { openings, .. } => {
                Self::Trial { lost_at_ms: now_ms.saturating_add(rules.open_ms), openings }
            }
        }
    }

    /// A submit has been answered.
    #[must_use]
    pub fn signal(self, signal: Signal, rules: &BreakerRules, now_ms: u64) -> Self {
        match (self, signal) {
            (_, Signal::Works) => Self::Closed { failures: 0 },
            // What was under way when the circuit opened says nothing new.
            (Self::Open { .. }, Signal::Fails | Signal::Broken) => self,
            (Self::Closed { failures }, Signal::Fails) if failures.saturating_add(1) < rules.failures => {
                Self::Closed { failures: failures + 1 }
            }
            (Self::Closed { .. }, Signal::Fails | Signal::Broken) => open(rules, now_ms, 1),
            (Self::Trial { openings, .. }, Signal::Fails | Signal::Broken) => {
                open(rules, now_ms, openings.saturating_add(1))
            }
        }
    }
}

fn open(rules: &BreakerRules, now_ms: u64, openings: u32) -> Breaker {
    let factor = 1_u64 << (openings.saturating_sub(1)).min(DOUBLINGS_MAX);
    let until_ms = now_ms.saturating_add(rules.open_ms.saturating_mul(factor));
    Breaker::Open { until_ms, openings }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: BreakerRules = BreakerRules { failures: 3, open_ms: 1_000 };

    #[test]
    fn failures_in_a_row_open_it_and_one_success_forgets_them() {
        let mut breaker = Breaker::default();
        for signal in [Signal::Fails, Signal::Fails, Signal::Works, Signal::Fails, Signal::Fails] {
            breaker = breaker.signal(signal, &RULES, 0);
        }
        assert_eq!(breaker, Breaker::Closed { failures: 2 });
        breaker = breaker.signal(Signal::Fails, &RULES, 10);
        assert_eq!(breaker, Breaker::Open { until_ms: 1_010, openings: 1 });
        assert_eq!(breaker.health(10), Health::Down);
        assert_eq!(breaker.permits(50, 10), 0);
    }

    #[test]
    fn a_broken_provider_opens_it_at_once() {
        let breaker = Breaker::default().signal(Signal::Broken, &RULES, 0);
        assert_eq!(breaker, Breaker::Open { until_ms: 1_000, openings: 1 });
    }

    #[test]
    fn one_trial_at_a_time_and_longer_waits_after_each() {
        let open = Breaker::default().signal(Signal::Broken, &RULES, 0);
        assert_eq!(open.permits(50, 1_000), 1);
        let trial = open.begin(&RULES, 1_000);
        assert_eq!(trial.permits(50, 1_500), 0);
        assert_eq!(trial.health(1_500), Health::Recovering);
        let again = trial.signal(Signal::Fails, &RULES, 1_600);
        assert_eq!(again, Breaker::Open { until_ms: 3_600, openings: 2 });
        let closed = again.begin(&RULES, 3_600).signal(Signal::Works, &RULES, 3_700);
        assert_eq!(closed, Breaker::default());
    }

    #[test]
    fn a_trial_without_an_answer_gives_way_to_another() {
        let trial = Breaker::default().signal(Signal::Broken, &RULES, 0).begin(&RULES, 1_000);
        assert_eq!(trial.permits(5, 2_000), 1);
    }

    #[test]
    fn late_failures_do_not_lengthen_an_open_circuit() {
        let open = Breaker::default().signal(Signal::Broken, &RULES, 0);
        assert_eq!(open.signal(Signal::Fails, &RULES, 900), open);
    }
}
