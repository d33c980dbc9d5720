//! What this host has seen of a tenant's plugins: calls, answers, faults, fuel, time, log lines, and
//! how a shadow differs from what decides. Bounded in every direction. What is counted is told to the
//! store from time to time, where it is added up with that of other hosts and of earlier runs.

mod differences;
mod figures;
mod lines;
mod sum;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde::{Deserialize, Serialize};
use waypost_core::decision::{DecisionRecord, FaultClass, Name};
use waypost_core::id::MessageId;

pub use differences::{About, Compared, Differences, kind_of};
pub use figures::{Distribution, Figures, Spread};
pub use lines::{Line, Lines};
pub use sum::{Seen, Sum};

/// Most kinds of answers of a revision that are counted apart.
const KINDS_MAX: usize = 40;
/// What further kinds are counted as.
const OTHER: &str = "other";

/// What was seen of one revision in one part: deciding, or as a shadow.
#[derive(Debug)]
pub struct Activity {
    since_ms: u64,
    last_ms: AtomicU64,
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
    /// What the store has been told.
    told: Mutex<Sum>,
}

impl Activity {
    /// Nothing seen yet. Log lines go to those of the plugin.
    pub fn new(lines: Arc<Lines>, now_ms: u64) -> Self {
        Self {
            since_ms: now_ms,
            last_ms: AtomicU64::new(0),
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
            told: Mutex::default(),
        }
    }

    /// A call has ended. `at_ms` is when, in Unix milliseconds.
    pub fn record(&self, record: &DecisionRecord, id: MessageId, at_ms: u64) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.last_ms.fetch_max(at_ms, Ordering::Relaxed);
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
    pub fn sum(&self) -> Sum {
        self.sum_with(usize::MAX)
    }

    /// The same with at most so many of the messages that a shadow differs about.
    fn sum_with(&self, samples_max: usize) -> Sum {
        Sum {
            since_ms: self.since_ms,
            last_ms: self.last_ms.load(Ordering::Relaxed),
            calls: self.calls.load(Ordering::Relaxed),
            results: self.results.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            faults: self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            fuel: self.fuel.spread(),
            time_ns: self.time_ns.spread(),
            memory_bytes_max: self.memory_bytes_max.load(Ordering::Relaxed),
            log_lines: self.log_lines.load(Ordering::Relaxed),
            log_lines_left_out: self.log_lines_left_out.load(Ordering::Relaxed),
            against: self.differences.compared(samples_max),
        }
    }

    /// What was seen so far, and what of it the store has not been told.
    fn untold(&self) -> (Sum, Sum) {
        let now = self.sum();
        let untold = now.since(&self.told.lock().unwrap_or_else(PoisonError::into_inner));
        (now, untold)
    }

    /// The store has been told all of this.
    pub fn told(&self, sum: Sum) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = sum;
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

/// A revision in one part, with what was seen of it.
pub struct Watched {
    /// The revision's name.
    pub revision: String,
    /// The part that it plays.
    pub part: Part,
    /// Of it; looking at it does not make it one that is in use.
    pub activity: Weak<Activity>,
    /// So far.
    pub now: Sum,
    /// What of it the store has not been told.
    pub untold: Sum,
}

/// Whether a revision decides or is only asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

    /// Every plugin of which something was seen.
    pub fn plugins(&self) -> Vec<(Name, String)> {
        self.of_plugins.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// What was seen of a plugin, and what of it the store has not been told.
    pub fn watched(&self, tenant: &Name, plugin: &str) -> Vec<Watched> {
        let found: Vec<_> = {
            let all = self.of_plugins.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(found) = all.get(&(tenant.clone(), plugin.to_owned())) else { return Vec::new() };
            found.revisions.iter().map(|(key, activity)| (key.clone(), activity.clone())).collect()
        };
        let watched = found.into_iter().map(|((revision, part), activity)| {
            let (now, untold) = activity.untold();
            Watched { revision, part, activity: Arc::downgrade(&activity), now, untold }
        });
        watched.collect()
    }

    /// What was seen of revisions that are in use now: tenant, plugin, revision, part.
    pub fn in_use(&self) -> Vec<(Name, String, String, Part, Sum)> {
        let mut used = Vec::new();
        for ((tenant, plugin), found) in self.of_plugins.lock().unwrap_or_else(PoisonError::into_inner).iter()
        {
            for ((revision, part), activity) in &found.revisions {
                if Arc::strong_count(activity) > 1 {
                    used.push((tenant.clone(), plugin.clone(), revision.clone(), *part, activity.clone()));
                }
            }
        }
        let used = used.into_iter();
        used.map(|(tenant, plugin, revision, part, it)| (tenant, plugin, revision, part, it.sum_with(0)))
            .collect()
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
        let seen = activity.sum().seen();
        assert_eq!((seen.calls, seen.memory_bytes_max, activity.sum().since_ms), (4, 40, 5));
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
        let results = activity.sum().results;
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
        let list = activities.watched(&"acme".into(), "p");
        assert_eq!(list.len(), REVISIONS_MAX);
        assert!(list.iter().any(|it| it.revision == "used" && it.now.calls == 1));
        let in_use = activities.in_use();
        assert!(matches!(in_use.as_slice(), [(_, _, revision, Part::Active, _)] if revision == "used"));
    }
}
