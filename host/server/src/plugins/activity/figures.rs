//! Distributions without a lock: a counter for each power of two and quarter of it.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Four buckets for each power of two up to 2^48: a percentile is at most a quarter too high.
const BUCKETS: usize = 4 * 48;

/// Figures of many calls.
#[derive(Debug)]
pub struct Figures {
    buckets: Box<[AtomicU64; BUCKETS]>,
    sum: AtomicU64,
    min: AtomicU64,
    max: AtomicU64,
}

/// [`Figures`] at one moment. All 0 where there were no calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Distribution {
    /// The smallest.
    pub min: u64,
    /// The mean.
    pub mean: u64,
    /// The median, at most a quarter too high.
    pub p50: u64,
    /// The 99th percentile, at most a quarter too high.
    pub p99: u64,
    /// The largest.
    pub max: u64,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            buckets: Box::new([const { AtomicU64::new(0) }; BUCKETS]),
            sum: AtomicU64::new(0),
            min: AtomicU64::new(u64::MAX),
            max: AtomicU64::new(0),
        }
    }
}

impl Figures {
    /// One more.
    pub fn add(&self, figure: u64) {
        self.buckets[bucket(figure)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(figure, Ordering::Relaxed);
        self.min.fetch_min(figure, Ordering::Relaxed);
        self.max.fetch_max(figure, Ordering::Relaxed);
    }

    /// How they are spread.
    pub fn distribution(&self) -> Distribution {
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let calls: u64 = counts.iter().sum();
        if calls == 0 {
            return Distribution { min: 0, mean: 0, p50: 0, p99: 0, max: 0 };
        }
        let max = self.max.load(Ordering::Relaxed);
        let percentile = |percent: u64| {
            let rank = (calls * percent).div_ceil(100).max(1);
            let mut passed = 0;
            let found = counts.iter().position(|count| {
                passed += count;
                passed >= rank
            });
            found.map_or(max, upper_end).min(max)
        };
        Distribution {
            min: self.min.load(Ordering::Relaxed),
            mean: self.sum.load(Ordering::Relaxed) / calls,
            p50: percentile(50),
            p99: percentile(99),
            max,
        }
    }
}

fn bucket(figure: u64) -> usize {
    if figure < 4 {
        return figure as usize;
    }
    let power = figure.ilog2() as usize;
    let quarter = (figure >> (power - 2)) as usize & 3;
    (4 * (power - 1) + quarter).min(BUCKETS - 1)
}

/// The largest figure of a bucket.
fn upper_end(bucket: usize) -> u64 {
    if bucket < 4 {
        return bucket as u64;
    }
    let (power, quarter) = (bucket / 4 + 1, bucket as u64 % 4);
    ((4 + quarter + 1) << (power - 2)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_in_its_bucket() {
        for figure in (0..5000).chain((12..47).flat_map(|power| [(1 << power) - 1, 1 << power])) {
            let bucket = bucket(figure);
            let end = upper_end(bucket);
            assert!(figure <= end && end <= figure + figure / 4, "{figure} in {bucket} up to {end}");
            assert!(bucket == 0 || upper_end(bucket - 1) < figure, "{figure}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_are_at_most_a_quarter_too_high() {
        let figures = Figures::default();
        for figure in 1..=1000 {
            figures.add(figure);
        }
        let Distribution { min, mean, p50, p99, max } = figures.distribution();
        assert_eq!((min, mean, max), (1, 500, 1000));
        assert!((500..=625).contains(&p50), "{p50}");
        assert!((990..=1000).contains(&p99), "{p99}");
        assert_eq!(Figures::default().distribution().max, 0);
    }
}
