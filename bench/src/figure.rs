//! Figures: a name, a value, a unit, and the target where there is one.

use std::time::{Duration, Instant};

/// Prints figures as they come.
pub struct Report {
    json: bool,
}

impl Report {
    /// For people, or one JSON object a line.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// A figure without a target.
    pub fn figure(&mut self, name: &str, value: f64, unit: &str) {
        self.print(name, value, unit, "");
    }

    /// A figure that must not be above its target.
    pub fn at_most(&mut self, name: &str, value: f64, unit: &str, target: f64) {
        let verdict = if value <= target { "met" } else { "missed" };
        self.print(name, value, unit, &format!("target ≤ {target}: {verdict}"));
    }

    /// A figure that must not be below its target.
    pub fn at_least(&mut self, name: &str, value: f64, unit: &str, target: f64) {
        let verdict = if value >= target { "met" } else { "missed" };
        self.print(name, value, unit, &format!("target ≥ {target}: {verdict}"));
    }

    fn print(&mut self, name: &str, value: f64, unit: &str, note: &str) {
        if self.json {
            println!("{}", serde_json::json!({ "name": name, "value": value, "unit": unit }));
        } else {
            let shown = if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") };
            println!("{name:<58} {shown:>12} {unit:<14} {note}");
        }
    }
}

/// Median time of one call, in nanoseconds: the calls are timed in batches, so that the clock
/// costs nothing.
pub fn median_ns(batches: usize, calls: usize, mut call: impl FnMut()) -> f64 {
    for _ in 0..calls {
        call();
    }
    let mut times: Vec<f64> = (0..batches)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..calls {
                call();
            }
            start.elapsed().as_nanos() as f64 / calls as f64
        })
        .collect();
    middle(&mut times)
}

/// Sorts them, and gives the one in the middle.
pub fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The value below which that share of the sorted times lies.
pub fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let index = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}
