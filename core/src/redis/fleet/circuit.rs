//! One circuit for all hosts: each goes by its own copy, and what changes it is written by compare
//! and set.

use crate::breaker::{Breaker, BreakerRules, Signal};

/// A host's copy of a provider's circuit.
///
/// Failures in a row are counted by each host for itself; opening, trial and closing are shared. What a
/// host finds out while Redis is away it goes by alone, and writes once Redis is back, unless the
/// others have moved on meanwhile: then theirs counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SharedBreaker {
    state: Breaker,
    /// Of what was last seen in Redis; 0: nothing.
    version: u64,
    /// The state is not in Redis yet.
    ahead: bool,
}

/// What a host wants to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposal {
    /// Only where this is still the version in Redis.
    pub follows: u64,
    /// The new state.
    pub state: Breaker,
}

/// What became of a [`Proposal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is in Redis, under this version.
    Taken(u64),
    /// Another host was first: this is there.
    Behind(u64, Breaker),
    /// Nothing is there, though the host knew something: Redis has lost it.
    Lost,
}

impl SharedBreaker {
    /// What the host goes by.
    #[must_use]
    pub fn state(&self) -> Breaker {
        self.state
    }

    /// A submit has been answered. True: the circuit has just opened.
    pub fn signal(&mut self, signal: Signal, rules: &BreakerRules, now_ms: u64) -> bool {
        let before = self.state;
        self.state = before.signal(signal, rules, now_ms);
        let counted = matches!((before, self.state), (Breaker::Closed { .. }, Breaker::Closed { .. }));
        self.ahead |= before != self.state && !counted;
        matches!(self.state, Breaker::Open { .. }) && !matches!(before, Breaker::Open { .. })
    }

    /// What to ask of Redis before a message is claimed, where that message would be the trial.
    #[must_use]
    pub fn trial(&self, rules: &BreakerRules, now_ms: u64) -> Option<Proposal> {
        let state = self.state.begin(rules, now_ms);
        (state != self.state).then_some(Proposal { follows: self.version, state })
    }

    /// Begins without asking: there is no other host, or nobody to ask.
    pub fn begin_alone(&mut self, rules: &BreakerRules, now_ms: u64) {
        let before = self.state;
        self.state = before.begin(rules, now_ms);
        self.ahead |= before != self.state;
    }

    /// Gives a trial back for which there was no message: any host may have it from `until_ms` on.
    pub fn give_back(&mut self, until_ms: u64) {
        if let Breaker::Trial { openings, .. } = self.state {
            self.state = Breaker::Open { until_ms, openings };
            self.ahead = true;
        }
    }

    /// What has yet to be written.
    #[must_use]
    pub fn proposal(&self) -> Option<Proposal> {
        self.ahead.then_some(Proposal { follows: self.version, state: self.state })
    }

    /// What became of a proposal. True: it was taken.
    pub fn settle(&mut self, proposal: &Proposal, written: Written) -> bool {
        match written {
            Written::Taken(version) => {
                // A trial begins by being granted; anything else may have changed again since.
                if matches!(proposal.state, Breaker::Trial { .. }) && !self.ahead {
                    self.state = proposal.state;
                }
                self.version = version;
                self.ahead = self.state != proposal.state && !is_closed(self.state, proposal.state);
                true
            }
            Written::Behind(version, state) => {
                self.see(version, state);
                false
            }
            Written::Lost => {
                self.forget();
                false
            }
        }
    }

    /// What is in Redis now. Changes nothing where it is known.
    pub fn see(&mut self, version: u64, state: Breaker) {
        if version != self.version {
            *self = Self { state, version, ahead: false };
        }
    }

    /// Redis has lost what it knew: an open circuit is written again.
    pub fn forget(&mut self) {
        self.version = 0;
        self.ahead = !matches!(self.state, Breaker::Closed { .. });
    }
}

/// Both closed: how many failures each host has counted is its own business.
fn is_closed(one: Breaker, other: Breaker) -> bool {
    matches!((one, other), (Breaker::Closed { .. }, Breaker::Closed { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: BreakerRules = BreakerRules { failures: 2, open_ms: 1_000 };

    /// What Redis would answer.
    #[derive(Default)]
    struct Redis(Option<(u64, Breaker)>, u64);

    impl Redis {
        fn write(&mut self, proposal: Proposal) -> Written {
            let version = self.0.map_or(0, |(version, _)| version);
            if version != proposal.follows {
                return self.0.map_or(Written::Lost, |(version, state)| Written::Behind(version, state));
            }
            self.1 += 1;
            self.0 = Some((self.1, proposal.state));
            Written::Taken(self.1)
        }

        fn share(&mut self, host: &mut SharedBreaker) {
            if let Some(proposal) = host.proposal() {
                let written = self.write(proposal);
                host.settle(&proposal, written);
            }
            if let Some((version, state)) = self.0 {
                host.see(version, state);
            }
        }
    }

    #[test]
    fn one_host_opens_for_all_and_one_of_them_tries() {
        let (mut redis, mut a, mut b) =
            (Redis::default(), SharedBreaker::default(), SharedBreaker::default());
        assert!(!a.signal(Signal::Fails, &RULES, 0));
        assert_eq!(a.proposal(), None);
        assert!(a.signal(Signal::Fails, &RULES, 0));
        redis.share(&mut a);
        redis.share(&mut b);
        assert_eq!((b.state(), a.proposal()), (Breaker::Open { until_ms: 1_000, openings: 1 }, None));

        let (first, second) = (a.trial(&RULES, 1_000).unwrap(), b.trial(&RULES, 1_000).unwrap());
        assert!(b.settle(&second, redis.write(second)));
        assert!(!a.settle(&first, redis.write(first)));
        assert_eq!(a.state(), b.state());
        assert_eq!(a.trial(&RULES, 1_001), None);

        b.signal(Signal::Works, &RULES, 1_100);
        redis.share(&mut b);
        redis.share(&mut a);
        assert_eq!(a.state(), Breaker::default());
    }

    #[test]
    fn a_trial_that_nobody_needs_goes_to_another_host() {
        let (mut redis, mut a, mut b) =
            (Redis::default(), SharedBreaker::default(), SharedBreaker::default());
        a.signal(Signal::Broken, &RULES, 0);
        redis.share(&mut a);
        let trial = a.trial(&RULES, 1_000).unwrap();
        assert!(a.settle(&trial, redis.write(trial)));
        a.give_back(1_200);
        redis.share(&mut a);
        redis.share(&mut b);
        let trial = b.trial(&RULES, 1_200).unwrap();
        assert!(b.settle(&trial, redis.write(trial)));
    }

    #[test]
    fn what_was_found_out_alone_is_shared_later_unless_others_have_moved_on() {
        let (mut redis, mut a, mut b) =
            (Redis::default(), SharedBreaker::default(), SharedBreaker::default());
        a.signal(Signal::Broken, &RULES, 0);
        a.begin_alone(&RULES, 1_000);
        b.signal(Signal::Broken, &RULES, 500);
        redis.share(&mut b);
        redis.share(&mut a);
        assert_eq!(a.state(), b.state());
    }

    #[test]
    fn an_open_circuit_survives_a_redis_that_has_lost_it() {
        let (mut redis, mut a) = (Redis::default(), SharedBreaker::default());
        a.signal(Signal::Broken, &RULES, 0);
        redis.share(&mut a);
        redis = Redis::default();
        a.forget();
        redis.share(&mut a);
        assert_eq!(redis.0.map(|(_, state)| state), Some(a.state()));
    }

    #[test]
    fn what_changes_while_it_is_written_is_written_next() {
        let (mut redis, mut a) = (Redis::default(), SharedBreaker::default());
        a.signal(Signal::Broken, &RULES, 0);
        let proposal = a.proposal().unwrap();
        let written = redis.write(proposal);
        a.signal(Signal::Works, &RULES, 1);
        assert!(a.settle(&proposal, written));
        redis.share(&mut a);
        assert_eq!(redis.0.map(|(_, state)| state), Some(Breaker::default()));
    }
}
