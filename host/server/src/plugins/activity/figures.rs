//! Distributions without a lock: a counter for each power of two and quarter of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

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
        self.buckets[bucket_of(figure)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(figure, Ordering::Relaxed);
        self.min.fetch_min(figure, Ordering::Relaxed);
        self.max.fetch_max(figure, Ordering::Relaxed);
    }

    /// How they are spread, to be kept and added up.
    pub fn spread(&self) -> Spread {
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let counted = (0..).zip(counts).filter(|(_, count)| *count > 0);
        Spread {
            buckets: counted.collect(),
            sum: self.sum.load(Ordering::Relaxed),
            min: self.min.load(Ordering::Relaxed),
            max: self.max.load(Ordering::Relaxed),
        }
    }

    /// How they are spread.
    pub fn distribution(&self) -> Distribution {
        self.spread().distribution()
    }
}

/// [`Figures`] at one moment, without what is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// Calls by bucket.
    buckets: BTreeMap<u16, u64>,
    sum: u64,
    min: u64,
    max: u64,
}

impl Default for Spread {
    fn default() -> Self {
        Self { buckets: BTreeMap::new(), sum: 0, min: u64::MAX, max: 0 }
    }
}

impl Spread {
    /// Both together.
    pub fn add(&mut self, other: &Self) {
        for (bucket, calls) in &other.buckets {
            let sum = self.buckets.entry(*bucket).or_default();
            *sum = sum.saturating_add(*calls);
        }
        self.sum = self.sum.saturating_add(other.sum);
        (self.min, self.max) = (self.min.min(other.min), self.max.max(other.max));
    }

    /// What has come since an earlier moment; the ends are of all of it.
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |bucket| earlier.buckets.get(bucket).copied().unwrap_or(0);
        let more = self.buckets.iter().map(|(bucket, calls)| (*bucket, calls.saturating_sub(before(bucket))));
        Self {
            buckets: more.filter(|(_, calls)| *calls > 0).collect(),
            sum: self.sum.saturating_sub(earlier.sum),
            ..*self
        }
    }

    /// Their sum.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// How many there are up to each of these bounds, and above the last: not added up. A bound is taken
    /// as the end of its bucket.
    pub fn counts(&self, bounds: &[u64]) -> Vec<u64> {
        let mut counts = vec![0; bounds.len() + 1];
        for (bucket, calls) in &self.buckets {
            let end = upper_end(usize::from(*bucket));
            let place = bounds.iter().position(|bound| end <= upper_end(bucket_of(*bound)));
            counts[place.unwrap_or(bounds.len())] += calls;
        }
        counts
    }

    /// How they are spread, in a few figures.
    pub fn distribution(&self) -> Distribution {
        let calls: u64 = self.buckets.values().fold(0, |sum, calls| sum.saturating_add(*calls));
        if calls == 0 {
            return Distribution { min: 0, mean: 0, p50: 0, p99: 0, max: 0 };
        }
        let percentile = |percent: u64| {
            let rank = calls.saturating_mul(percent).div_ceil(100).max(1);
            let mut passed = 0_u64;
            let found = self.buckets.iter().find(|(_, calls)| {
                passed = passed.saturating_add(**calls);
                passed >= rank
            });
            found.map_or(self.max, |(bucket, _)| upper_end(usize::from(*bucket))).min(self.max)
        };
        Distribution {
            min: self.min,
            mean: self.sum / calls,
            p50: percentile(50),
            p99: percentile(99),
            max: self.max,
        }
    }
}

fn bucket_of(figure: u64) -> usize {
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
    // What the store holds may be of another version.
    let bucket = bucket.min(BUCKETS - 1);
    let (power, quarter) = (bucket / 4 + 1, bucket as u64 % 4);
    ((4 + quarter + 1) << (power - 2)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_in_its_bucket() {
        for figure in (0..5000).chain((12..47).flat_map(|power| [(1 << power) - 1, 1 << power])) {
            let bucket = bucket_of(figure);
            let end = upper_end(bucket);
            assert!(figure <= end && end <= figure + figure / 4, "{figure} in {bucket} up to {end}");
            assert!(bucket == 0 || upper_end(bucket - 1) < figure, "{figure}");
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
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

    #[test]
    fn what_was_told_and_what_came_since_add_up() {
        let figures = Figures::default();
        for figure in [7, 7, 900] {
            figures.add(figure);
        }
        let told = figures.spread();
        for figure in [3, 7, 100_000] {
            figures.add(figure);
        }
        let now = figures.spread();
        let since = now.since(&told);
        assert_eq!((since.sum(), since.counts(&[]).clone()), (100_010, vec![3]));
        let json = serde_json::to_string(&since).unwrap();
        let mut sum: Spread = serde_json::from_str(&json).unwrap();
        sum.add(&told);
        assert_eq!(sum, now);
        assert_eq!(sum.counts(&[10, 1000]), [4, 1, 1]);
        let odd: Spread = serde_json::from_str(r#"{"buckets":{"65535":1},"sum":1,"min":1,"max":1}"#).unwrap();
        assert_eq!(odd.distribution().p99, 1, "from a version with other buckets");
    }
}
