//! How many times each message was taken: the carrier's half of the proof that nothing is sent
//! twice.
//!
//! Ids are kept as 64-bit hashes in shards of two generations, so that memory is bounded, and the
//! oldest are forgotten first.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::script::table;

/// Most ids of doubled messages that are listed.
pub const DOUBLED_LISTED_MAX: usize = 1_000;

const SHARDS: usize = 16;

/// Totals since the start, or since the journal began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Messages taken, each time counted.
    pub taken: u64,
    /// Different messages taken. A message that is taken again after it was forgotten counts anew.
    pub distinct: u64,
    /// Different messages taken more than once.
    pub doubled_total: u64,
    /// Ids of the first [`DOUBLED_LISTED_MAX`] of them.
    pub doubled: Vec<String>,
    /// Ids that are no longer remembered.
    pub forgotten: u64,
    /// Submits since the start by the row of [`table`] that their recipient chose; rows that were
    /// not used are left out.
    pub submits: BTreeMap<String, u64>,
}

/// Counts of one carrier. All calls are short and may come from any thread.
pub struct Counts {
    seeds: RandomState,
    shards: [Mutex<Shard>; SHARDS],
    generation_ids_max: usize,
    submits: Vec<AtomicU64>,
    taken: AtomicU64,
    distinct: AtomicU64,
    doubled_total: AtomicU64,
    forgotten: AtomicU64,
    doubled: Mutex<Vec<String>>,
}

impl Counts {
    /// Counts that remember at least half of `ids_max` ids and at most all of it, 16 bytes each.
    pub fn new(ids_max: usize) -> Self {
        Self {
            seeds: RandomState::new(),
            shards: Default::default(),
            generation_ids_max: (ids_max / SHARDS / 2).max(1),
            submits: table().iter().map(|_| AtomicU64::new(0)).collect(),
            taken: AtomicU64::new(0),
            distinct: AtomicU64::new(0),
            doubled_total: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
            doubled: Mutex::default(),
        }
    }

    /// Counts a submit whose recipient chose this row of [`table`].
    pub fn submit(&self, row: usize) {
        if let Some(count) = self.submits.get(row) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Counts a try of this message, and says whether it is the first. For behaviours that change
    /// after the first try.
    pub fn is_first_try(&self, id: &str) -> bool {
        self.change(id, |seen| {
            let first = seen.tries == 0;
            seen.tries = seen.tries.saturating_add(1);
            first
        })
    }

    /// Counts that this message was taken.
    pub fn take(&self, id: &str) {
        let times = self.change(id, |seen| {
            seen.taken = seen.taken.saturating_add(1);
            seen.taken
        });
        self.taken.fetch_add(1, Relaxed);
        match times {
            1 => {
                self.distinct.fetch_add(1, Relaxed);
            }
            2 => {
                self.doubled_total.fetch_add(1, Relaxed);
                let mut doubled = locked(&self.doubled);
                if doubled.len() < DOUBLED_LISTED_MAX {
                    doubled.push(id.to_owned());
                }
            }
            _ => {}
        }
    }

    /// How many times this message was taken; 255 means that often or more. 0 where it was
    /// forgotten.
    pub fn of(&self, id: &str) -> u8 {
        let key = self.seeds.hash_one(id);
        let shard = locked(self.shard(key));
        shard.recent.get(&key).or_else(|| shard.older.get(&key)).map_or(0, |seen| seen.taken)
    }

    /// The totals.
    pub fn report(&self) -> Report {
        let submits = table().iter().zip(&self.submits);
        Report {
            taken: self.taken.load(Relaxed),
            distinct: self.distinct.load(Relaxed),
            doubled_total: self.doubled_total.load(Relaxed),
            doubled: locked(&self.doubled).clone(),
            forgotten: self.forgotten.load(Relaxed),
            submits: submits
                .map(|(row, count)| (row.suffix.to_owned(), count.load(Relaxed)))
                .filter(|(_, count)| *count > 0)
                .collect(),
        }
    }

    fn change<T>(&self, id: &str, change: impl FnOnce(&mut Seen) -> T) -> T {
        let key = self.seeds.hash_one(id);
        let mut shard = locked(self.shard(key));
        if let Some(seen) = shard.recent.get_mut(&key) {
            return change(seen);
        }
        if shard.recent.len() >= self.generation_ids_max {
            let recent = std::mem::take(&mut shard.recent);
            let older = std::mem::replace(&mut shard.older, recent);
            self.forgotten.fetch_add(older.len() as u64, Relaxed);
        }
        let older = shard.older.remove(&key).unwrap_or_default();
        change(shard.recent.entry(key).or_insert(older))
    }

    fn shard(&self, key: u64) -> &Mutex<Shard> {
        // Bits that the maps inside use least: they take the lowest and the highest.
        &self.shards[(key >> 40) as usize % SHARDS]
    }
}

#[derive(Default)]
struct Shard {
    recent: Seens,
    older: Seens,
}

#[derive(Default, Clone, Copy)]
struct Seen {
    tries: u8,
    taken: u8,
}

type Seens = HashMap<u64, Seen, BuildHasherDefault<Hashed>>;

/// Keys are hashes already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// A count is whole after each step, so a panic elsewhere does not make it wrong.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_found_and_listed_once() {
        let counts = Counts::new(1_000);
        for id in ["a", "b", "a", "c", "a"] {
            counts.take(id);
        }
        let report = counts.report();
        assert_eq!((report.taken, report.distinct, report.doubled_total), (5, 3, 1));
        assert_eq!(report.doubled, ["a"]);
        assert_eq!((counts.of("a"), counts.of("b"), counts.of("z")), (3, 1, 0));
    }

    #[test]
    fn a_try_is_not_a_take() {
        let counts = Counts::new(1_000);
        assert!(counts.is_first_try("a"));
        assert!(!counts.is_first_try("a"));
        assert_eq!(counts.of("a"), 0);
        counts.take("a");
        assert_eq!((counts.of("a"), counts.report().distinct), (1, 1));
    }

    #[test]
    fn the_oldest_are_forgotten_and_the_others_are_not() {
        let counts = Counts::new(3_200);
        for number in 0..100_000 {
            counts.take(&number.to_string());
        }
        let report = counts.report();
        assert_eq!(report.distinct, 100_000);
        let remembered = (0..100_000).filter(|number| counts.of(&number.to_string()) == 1).count();
        assert!((1_600..=3_200).contains(&remembered), "{remembered}");
        assert_eq!(report.forgotten, 100_000 - remembered as u64);
        assert_eq!(counts.of("99999"), 1);
        assert_eq!(counts.of("0"), 0);
    }

    #[test]
    fn the_list_of_doubles_is_bounded() {
        let counts = Counts::new(100_000);
        for number in 0..2_000 {
            counts.take(&number.to_string());
            counts.take(&number.to_string());
        }
        let report = counts.report();
        assert_eq!((report.doubled.len(), report.doubled_total), (DOUBLED_LISTED_MAX, 2_000));
    }
}
