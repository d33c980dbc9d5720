//! Chance that comes again: SplitMix64, which is small and good enough for tests.

/// A sequence of numbers that only depends on its seed.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut chance = Self(seed ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        chance.next();
        chance
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// Below `end`; 0 where that is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.next() % end }
    }

    /// True for that share of the calls; a share of 0 takes no number.
    pub(crate) fn happens(&mut self, share: f64) -> bool {
        // 53 bits: as many as an f64 holds exactly.
        share > 0.0 && ((self.next() >> 11) as f64) < share * (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_kept_and_come_again() {
        let count = |seed| {
            let mut chance = Chance::new(seed, 3);
            (0..100_000).filter(|_| chance.happens(0.1)).count()
        };
        assert!((9_500..10_500).contains(&count(1)), "{}", count(1));
        assert_eq!(count(1), count(1));
        assert_ne!(count(1), count(2));
        let mut chance = Chance::new(1, 1);
        assert!((0..1_000).all(|_| chance.happens(1.0) && !chance.happens(0.0)));
    }
}
