//! What this host has seen of a tenant's plugins: calls, answers, faults, fuel, time, log lines, and
//! how a shadow differs from what decides. Bounded in every direction.

mod differences;
mod figures;
mod lines;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use waypost_core::decision::{DecisionRecord, FaultClass, Name};
use waypost_core::id::MessageId;

pub use differences::{About, Compared, Differences, kind_of};
pub use figures::{Distribution, Figures};
pub use lines::{Line, Lines};

/// Most kinds of answers of a revision that are counted apart.
const KINDS_MAX: usize = 40;
/// What further kinds are counted as.
const OTHER: &str = "other";

/// What was seen of one revision in one part: deciding, or as a shadow.
#[derive(Debug)]
pub struct Activity {
    since_ms: u64,
    calls: AtomicU64,
    results: Mutex<BTreeMap<String, u64>>,
    faults: Mutex<BTreeMap<FaultClass, u64>>,
    fuel: Figures,
    time_ns: Figures,
    memory_bytes_max: AtomicU64,
    differences: Differences,
    lines: Arc<Lines>,
    log_lines: AtomicU64,
    log_lines_left_out: AtomicU64,
}

/// An [`Activity`] at one moment, as the API shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Seen {
    /// Since when, in Unix milliseconds.
    #[serde(skip)]
    pub since_ms: u64,
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

impl Activity {
    /// Nothing seen yet. Log lines go to those of the plugin.
    pub fn new(lines: Arc<Lines>, now_ms: u64) -> Self {
        Self {
            since_ms: now_ms,
            calls: AtomicU64::new(0),
            results: Mutex::default(),
            faults: Mutex::default(),
            fuel: Figures::default(),
            time_ns: Figures::default(),
            memory_bytes_max: AtomicU64::new(0),
            differences: Differences::default(),
            lines,
            log_lines: AtomicU64::new(0),
            log_lines_left_out: AtomicU64::new(0),
        }
    }

    /// A call has ended. `at_ms` is when, in Unix milliseconds.
    pub fn record(&self, record: &DecisionRecord, id: MessageId, at_ms: u64) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.fuel.add(record.fuel);
        self.time_ns.add(record.time_ns);
        self.memory_bytes_max.fetch_max(record.memory_bytes, Ordering::Relaxed);
        match record.fault {
            None => count(&self.results, &kind_of(&record.result)),
            Some(class) => {
                *self.faults.lock().unwrap_or_else(PoisonError::into_inner).entry(class).or_default() += 1;
            }
        }
        if !record.log.is_empty() {
            let left_out = self.lines.add(&record.log, &record.revision, id, at_ms);
            self.log_lines.fetch_add(record.log.len() as u64, Ordering::Relaxed);
            self.log_lines_left_out.fetch_add(left_out, Ordering::Relaxed);
        }
    }

    /// How this revision, as a shadow, differs from what decides.
    pub fn differences(&self) -> &Differences {
        &self.differences
    }

    /// What was seen so far.
    pub fn seen(&self) -> Seen {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        Seen {
            since_ms: self.since_ms,
            calls: self.calls.load(Ordering::Relaxed),
            results: self.results.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            faults: faults.iter().map(|(class, calls)| (class.as_str(), *calls)).collect(),
            fuel: self.fuel.distribution(),
            time_ns: self.time_ns.distribution(),
            memory_bytes_max: self.memory_bytes_max.load(Ordering::Relaxed),
            log_lines: self.log_lines.load(Ordering::Relaxed),
            log_lines_left_out: self.log_lines_left_out.load(Ordering::Relaxed),
        }
    }
}

/// The activities of all revisions in use on this host, which outlive a change of what is bound.
#[derive(Default)]
pub struct Activities {
    of_plugins: Mutex<BTreeMap<(Name, String), OfPlugin>>,
}

struct OfPlugin {
    lines: Arc<Lines>,
    revisions: BTreeMap<(String, Part), Arc<Activity>>,
}

/// Whether a revision decides or is only asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// It decides.
    Active,
    /// It is asked beside whatever decides.
    Shadow,
}

impl Part {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Shadow => "shadow",
        }
    }
}

/// Most revisions of a plugin whose activity is kept; those in use are always among them.
const REVISIONS_MAX: usize = 32;

impl Activities {
    /// The activity of a revision, from now on if it is new.
    pub fn of(
        &self,
        tenant: &Name,
        plugin: &str,
        revision: &str,
        part: Part,
        lines_per_minute: u32,
        now_ms: u64,
    ) -> Arc<Activity> {
        let mut all = self.of_plugins.lock().unwrap_or_else(PoisonError::into_inner);
        let of_plugin = all
            .entry((tenant.clone(), plugin.to_owned()))
            .or_insert_with(|| OfPlugin { lines: Arc::default(), revisions: BTreeMap::new() });
        of_plugin.lines.limit(lines_per_minute);
        let key = (revision.to_owned(), part);
        if !of_plugin.revisions.contains_key(&key) && of_plugin.revisions.len() >= REVISIONS_MAX {
            of_plugin.forget_one();
        }
        let lines = of_plugin.lines.clone();
        of_plugin.revisions.entry(key).or_insert_with(|| Arc::new(Activity::new(lines, now_ms))).clone()
    }

    /// The activities of a plugin: revision, part and what was seen.
    pub fn list(&self, tenant: &Name, plugin: &str) -> Vec<(String, Part, Arc<Activity>)> {
        let all = self.of_plugins.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = all.get(&(tenant.clone(), plugin.to_owned())) else { return Vec::new() };
        let each = found.revisions.iter();
        each.map(|((revision, part), it)| (revision.clone(), *part, it.clone())).collect()
    }

    /// Log lines of a plugin after a number, oldest first.
    pub fn lines(&self, tenant: &Name, plugin: &str, after: u64, rows_max: usize) -> Vec<Line> {
        let lines = {
            let all = self.of_plugins.lock().unwrap_or_else(PoisonError::into_inner);
            all.get(&(tenant.clone(), plugin.to_owned())).map(|found| found.lines.clone())
        };
        lines.map(|lines| lines.after(after, rows_max)).unwrap_or_default()
    }

    /// Forgets a plugin that is gone.
    pub fn forget(&self, tenant: &Name, plugin: &str) {
        let mut all = self.of_plugins.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&(tenant.clone(), plugin.to_owned()));
    }
}

impl OfPlugin {
    /// The oldest that nobody else holds.
    fn forget_one(&mut self) {
        let idle = self.revisions.iter().filter(|(_, it)| Arc::strong_count(it) == 1);
        let oldest = idle.min_by_key(|(_, it)| it.since_ms).map(|(key, _)| key.clone());
        if let Some(key) = oldest {
            self.revisions.remove(&key);
        }
    }
}

/// Counts a kind, within [`KINDS_MAX`].
fn count(counts: &Mutex<BTreeMap<String, u64>>, kind: &str) {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(calls) = counts.get_mut(kind) {
        *calls += 1;
        return;
    }
    let kind = if counts.len() < KINDS_MAX { kind } else { OTHER };
    *counts.entry(kind.to_owned()).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use waypost_core::decision::Role;

    use super::*;

    fn record(result: &str, fuel: u64, log: &[&str]) -> DecisionRecord {
        serde_json::from_value(serde_json::json!({
            "role": Role::Screening, "component": "p", "revision": "r1", "result": result, "fuel": fuel,
            "memory_bytes": fuel, "time_ns": 1000, "log": log,
        }))
        .unwrap()
    }

    fn id() -> MessageId {
        MessageId::from_parts(MessageId::first_key_at(1), 0)
    }

    #[test]
    fn what_was_seen_adds_up() {
        let activities = Activities::default();
        let activity = activities.of(&"acme".into(), "p", "r1", Part::Active, 100, 5);
        for (result, fuel) in [("allow", 10), ("allow", 30), ("refuse no: not here", 20)] {
            activity.record(&record(result, fuel, &["hello"]), id(), 7);
        }
        let fault = DecisionRecord { fault: Some(FaultClass::Trap), ..record("trapped", 40, &[]) };
        activity.record(&fault, id(), 7);
        let seen = activity.seen();
        assert_eq!((seen.calls, seen.memory_bytes_max, seen.since_ms), (4, 40, 5));
        assert_eq!(seen.results, [("allow".to_owned(), 2), ("refuse no".to_owned(), 1)].into());
        assert_eq!(seen.faults, [("trap", 1)].into());
        assert_eq!((seen.fuel.min, seen.fuel.max, seen.fuel.mean), (10, 40, 25));
        assert_eq!(activities.lines(&"acme".into(), "p", 0, 10).len(), 3);
        assert!(activities.lines(&"other".into(), "p", 0, 10).is_empty(), "another tenant's");
    }

    #[test]
    fn kinds_are_bounded() {
        let activity = Activity::new(Arc::default(), 0);
        for n in 0..1000 {
            activity.record(&record(&format!("refuse code_{n}: why"), 1, &[]), id(), 0);
        }
        let results = activity.seen().results;
        assert_eq!(results.len(), KINDS_MAX + 1);
        assert_eq!(results.values().sum::<u64>(), 1000);
    }

    #[test]
    fn activities_of_revisions_in_use_stay() {
        let activities = Activities::default();
        let used = activities.of(&"acme".into(), "p", "used", Part::Active, 1, 0);
        used.record(&record("allow", 1, &[]), id(), 0);
        for n in 0..100 {
            activities.of(&"acme".into(), "p", &format!("r{n}"), Part::Shadow, 1, n);
        }
        let list = activities.list(&"acme".into(), "p");
        assert_eq!(list.len(), REVISIONS_MAX);
        assert!(list.iter().any(|(revision, _, it)| revision == "used" && it.seen().calls == 1));
    }
}
