//! How long to wait before the next try.

use serde::{Deserialize, Serialize};

/// How often and how long to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryRules {
    /// Tries that may fail, at least 1; after that many the message is a dead letter.
    pub attempts_max: u16,
    /// Wait after the first failure, in milliseconds.
    pub base_ms: u64,
    /// Longest wait, in milliseconds.
    pub max_ms: u64,
}

impl RetryRules {
    /// The wait after `failures` failed tries: doubled for each, at most `max_ms`, and then
    /// somewhere in its upper half, as `seed` says, so that what failed together does not come
    /// back together.
    #[must_use]
    pub fn wait_ms(&self, failures: u16, seed: u64) -> u64 {
        let doublings = u32::from(failures.saturating_sub(1)).min(40);
        let full = self.base_ms.saturating_mul(1 << doublings).min(self.max_ms);
        let half = full / 2;
        half + mix(seed ^ u64::from(failures)) % (full - half + 1)
    }
}

/// Spreads a seed over 64 bits (the finalizer of SplitMix64, Steele et al. 2014).
fn mix(seed: u64) -> u64 {
    let mut value = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: RetryRules = RetryRules { attempts_max: 5, base_ms: 1_000, max_ms: 60_000 };

    #[test]
    fn waits_double_up_to_the_longest() {
        for (failures, full) in [(1, 1_000), (2, 2_000), (3, 4_000), (6, 32_000), (7, 60_000), (900, 60_000)]
        {
            for seed in 0..200 {
                let wait_ms = RULES.wait_ms(failures, seed);
                assert!((full / 2..=full).contains(&wait_ms), "{failures}: {wait_ms}");
            }
        }
    }

    #[test]
    fn seeds_spread_the_waits() {
        let waits: std::collections::BTreeSet<_> = (0..100).map(|seed| RULES.wait_ms(4, seed)).collect();
        assert!(waits.len() > 90);
    }

    proptest! {
        #[test]
        fn any_rules_give_a_wait(failures: u16, seed: u64, base_ms: u64, max_ms: u64) {
            let rules = RetryRules { attempts_max: 1, base_ms, max_ms };
            prop_assert!(rules.wait_ms(failures, seed) <= max_ms);
        }
    }
}
