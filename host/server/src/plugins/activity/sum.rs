//! What was seen of a revision, to be kept in the store and added up: over restarts, and over hosts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use waypost_core::decision::FaultClass;

use super::differences::Compared;
use super::figures::{Distribution, Spread};
use super::{KINDS_MAX, OTHER};

/// Most groups of a shadow's differences that are kept.
const GROUPS_MAX: usize = 100;
/// Most messages that a shadow differs about that are kept.
const SAMPLES_MAX: usize = 100;

/// What was seen of one revision in one part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Since when, in Unix milliseconds.
    pub since_ms: u64,
    /// The last call, in Unix milliseconds; 0: none yet.
    pub last_ms: u64,
    /// Calls.
    pub calls: u64,
    /// Answers by kind.
    pub results: BTreeMap<String, u64>,
    /// Calls that gave no answer, by class.
    pub faults: BTreeMap<FaultClass, u64>,
    /// Units of fuel of a call.
    pub fuel: Spread,
    /// Nanoseconds of a call.
    pub time_ns: Spread,
    /// The largest that an instance's memory has been, in bytes.
    pub memory_bytes_max: u64,
    /// Lines that calls wrote to the log.
    pub log_lines: u64,
    /// Those of them that were not kept, because the plan allows no more in a minute.
    pub log_lines_left_out: u64,
    /// How a shadow differs from what decides.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub against: Compared,
}

/// A [`Sum`] as the API shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Seen {
    /// Calls so far.
    pub calls: u64,
    /// Answers by kind: `allow`, `refuse country_denied`, `ranked twilio`.
    pub results: BTreeMap<String, u64>,
    /// Calls that gave no answer, by class.
    pub faults: BTreeMap<&'static str, u64>,
    /// Units of fuel of a call.
    pub fuel: Distribution,
    /// Nanoseconds of a call.
    pub time_ns: Distribution,
    /// The largest that an instance's memory has been, in bytes.
    pub memory_bytes_max: u64,
    /// Lines that calls wrote to the log.
    pub log_lines: u64,
    /// Those of them that were not kept, because the plan allows no more in a minute.
    pub log_lines_left_out: u64,
}

impl Sum {
    /// True where nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.calls == 0 && is_nothing(&self.against)
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        self.since_ms = self.since_ms.min(other.since_ms);
        self.last_ms = self.last_ms.max(other.last_ms);
        self.calls = self.calls.saturating_add(other.calls);
        for (kind, calls) in &other.results {
            let is_counted = self.results.len() < KINDS_MAX || self.results.contains_key(kind);
            let kind = if is_counted { kind } else { OTHER };
            let sum = self.results.entry(kind.to_owned()).or_default();
            *sum = sum.saturating_add(*calls);
        }
        for (class, calls) in &other.faults {
            let sum = self.faults.entry(*class).or_default();
            *sum = sum.saturating_add(*calls);
        }
        self.fuel.add(&other.fuel);
        self.time_ns.add(&other.time_ns);
        self.memory_bytes_max = self.memory_bytes_max.max(other.memory_bytes_max);
        self.log_lines = self.log_lines.saturating_add(other.log_lines);
        self.log_lines_left_out = self.log_lines_left_out.saturating_add(other.log_lines_left_out);
        self.against.add(&other.against, GROUPS_MAX, SAMPLES_MAX);
    }

    /// What has come since an earlier moment; what is a time or an end is of all of it.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(earlier.calls),
            results: more(&self.results, &earlier.results),
            faults: more(&self.faults, &earlier.faults),
            fuel: self.fuel.since(&earlier.fuel),
            time_ns: self.time_ns.since(&earlier.time_ns),
            log_lines: self.log_lines.saturating_sub(earlier.log_lines),
            log_lines_left_out: self.log_lines_left_out.saturating_sub(earlier.log_lines_left_out),
            against: self.against.since(&earlier.against),
            ..*self
        }
    }

    /// As the API shows it.
    pub fn seen(&self) -> Seen {
        Seen {
            calls: self.calls,
            results: self.results.clone(),
            faults: self.faults.iter().map(|(class, calls)| (class.as_str(), *calls)).collect(),
            fuel: self.fuel.distribution(),
            time_ns: self.time_ns.distribution(),
            memory_bytes_max: self.memory_bytes_max,
            log_lines: self.log_lines,
            log_lines_left_out: self.log_lines_left_out,
        }
    }
}

fn more<K: Ord + Clone>(now: &BTreeMap<K, u64>, earlier: &BTreeMap<K, u64>) -> BTreeMap<K, u64> {
    let before = |key| earlier.get(key).copied().unwrap_or(0);
    let more = now.iter().map(|(key, calls)| (key.clone(), calls.saturating_sub(before(key))));
    more.filter(|(_, calls)| *calls > 0).collect()
}

fn is_nothing(against: &Compared) -> bool {
    against.compared == 0 && against.left_out == 0
}
