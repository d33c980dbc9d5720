//! What a tenant may bring and use.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// The limits of a tenant's own components. Each stage and language has the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Largest component, in bytes: 1 KiB to 64 MiB.
    pub component_bytes_max: u64,
    /// Largest linear memory of an instance, in bytes: 1 MiB to 256 MiB.
    pub memory_bytes_max: u64,
    /// Fuel of one call, on top of what each segment adds: 10,000 to 1,000,000,000.
    pub fuel_max: u64,
    /// Most plugins: 0 to 100.
    pub plugins_max: u32,
    /// Most revisions of one plugin that are kept; the oldest unused makes room: 2 to 200.
    pub revisions_max: u32,
    /// Most uploads in an hour, which may come at once: 1 to 10,000.
    pub uploads_per_hour: u32,
    /// Most lines of components' logs in a minute that are kept: 0 to 100,000.
    pub log_lines_per_minute: u32,
    /// How many of 100 messages are recorded with all that a decision saw, for backtests: 0 to 100. The
    /// tenant's settings may ask for fewer.
    pub recorded_percent: u8,
    /// How long all plugins of the tenant together may run, in milliseconds of each second, on one host:
    /// 1 to 10,000.
    pub decision_ms_per_second: u32,
    /// Most processor time of the check of one revision, in seconds: 1 to 120.
    pub compile_seconds_max: u32,
}

/// A number of a plan that is out of its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanProblem {
    /// The field of [`Plan`].
    pub field: &'static str,
    /// What it has to be.
    pub range: RangeInclusive<u64>,
}

impl fmt::Display for PlanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {} to {}", self.field, self.range.start(), self.range.end())
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            component_bytes_max: 24 * MIB,
            memory_bytes_max: 64 * MIB,
            fuel_max: 50_000_000,
            plugins_max: 16,
            revisions_max: 20,
            uploads_per_hour: 60,
            log_lines_per_minute: 600,
            recorded_percent: 100,
            decision_ms_per_second: 250,
            compile_seconds_max: 120,
        }
    }
}

const MIB: u64 = 1024 * 1024;

impl Plan {
    /// What is out of range, in the order of the fields.
    #[must_use]
    pub fn problems(&self) -> Vec<PlanProblem> {
        let fields = [
            ("component_bytes_max", self.component_bytes_max, 1024..=64 * MIB),
            ("memory_bytes_max", self.memory_bytes_max, MIB..=256 * MIB),
            ("fuel_max", self.fuel_max, 10_000..=1_000_000_000),
            ("plugins_max", self.plugins_max.into(), 0..=100),
            ("revisions_max", self.revisions_max.into(), 2..=200),
            ("uploads_per_hour", self.uploads_per_hour.into(), 1..=10_000),
            ("log_lines_per_minute", self.log_lines_per_minute.into(), 0..=100_000),
            ("recorded_percent", self.recorded_percent.into(), 0..=100),
            ("decision_ms_per_second", self.decision_ms_per_second.into(), 1..=10_000),
            ("compile_seconds_max", self.compile_seconds_max.into(), 1..=120),
        ];
        let wrong = fields.into_iter().filter(|(_, value, range)| !range.contains(value));
        wrong.map(|(field, _, range)| PlanProblem { field, range }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_plan_is_within_its_ranges() {
        assert_eq!(Plan::default().problems(), []);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let plan = Plan { fuel_max: 0, recorded_percent: 101, ..Plan::default() };
        let problems: Vec<String> = plan.problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems, ["`fuel_max` is 10000 to 1000000000", "`recorded_percent` is 0 to 100"]);
    }

    #[test]
    fn a_plan_of_an_earlier_version_has_the_usual_for_what_is_new() {
        let plan: Plan = serde_json::from_str(r#"{"fuel_max": 20000}"#).unwrap();
        assert_eq!(plan, Plan { fuel_max: 20_000, ..Plan::default() });
    }
}
