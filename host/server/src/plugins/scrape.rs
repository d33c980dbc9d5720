//! What was seen of tenants' plugins, for Prometheus: only of revisions that decide or are shadows now,
//! and of no more than so many of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder};
use prometheus_client::metrics::MetricType;
use waypost_core::decision::Name;

use super::activity::{Activities, Part, Spread, Sum};

/// Most revisions that are shown, the most called first. Each has 16 series of fuel, 16 of time, and one
/// for each word of [`WORDS`] and class of a fault that it has come to.
pub const REVISIONS_MAX: usize = 1000;
/// The first words of answers, by which they are counted; what says anything else is `other`.
const WORDS: [&str; 6] = ["allow", "refuse", "hold", "keep", "replace", "ranked"];
/// What answers of receiving plugins are counted as, which begin with how many actions they are.
const ACTIONS: &str = "actions";
/// Upper bounds of fuel.
const FUEL: [u64; 13] = [
    1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 5_000_000, 20_000_000,
    50_000_000,
];
/// Upper bounds of time, in nanoseconds.
const TIME_NS: [u64; 13] = [
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    20_000_000,
    100_000_000,
    1_000_000_000,
];

/// What was seen at one moment.
#[derive(Debug)]
pub struct Scrape {
    revisions: Vec<(Labels, Sum)>,
    left_out: usize,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    tenant: Name,
    plugin: String,
    revision: String,
    part: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResultLabels {
    tenant: Name,
    plugin: String,
    revision: String,
    part: &'static str,
    result: &'static str,
}

impl Scrape {
    /// Of all plugins on this host.
    pub fn new(activities: &Activities) -> Self {
        let mut revisions: Vec<_> = activities.in_use().into_iter().map(labelled).collect();
        revisions.sort_by_key(|(_, sum)| Reverse(sum.calls));
        let left_out = revisions.len().saturating_sub(REVISIONS_MAX);
        revisions.truncate(REVISIONS_MAX);
        Self { revisions, left_out }
    }

    fn encode_calls(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Calls of tenants' plugins, by the first word of the answer, or the class of the fault";
        let mut metric = encoder.encode_descriptor("plugin_calls", help, None, MetricType::Counter)?;
        for (labels, sum) in &self.revisions {
            for (result, calls) in by_result(sum) {
                let Labels { tenant, plugin, revision, part } = labels.clone();
                let labels = ResultLabels { tenant, plugin, revision, part, result };
                metric.encode_family(&labels)?.encode_counter::<[(&str, &str); 0], _, u64>(&calls, None)?;
            }
        }
        Ok(())
    }

    fn encode_spread(
        &self,
        mut metric: MetricEncoder<'_>,
        bounds: &[u64],
        unit: f64,
        spread: impl Fn(&Sum) -> &Spread,
    ) -> fmt::Result {
        for (labels, sum) in &self.revisions {
            let spread = spread(sum);
            let counts = spread.counts(bounds);
            let ends = bounds.iter().map(|bound| *bound as f64 * unit).chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = ends.zip(counts.iter().copied()).collect();
            let (all, count) = (spread.sum() as f64 * unit, counts.iter().sum());
            metric
                .encode_family(labels)?
                .encode_histogram::<[(&str, &str); 0]>(all, count, &buckets, None)?;
        }
        Ok(())
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.encode_calls(&mut encoder)?;
        let help = "Units of fuel of a call of a tenant's plugin";
        let fuel = encoder.encode_descriptor("plugin_fuel", help, None, MetricType::Histogram)?;
        self.encode_spread(fuel, &FUEL, 1.0, |sum| &sum.fuel)?;
        let help = "Time of a call of a tenant's plugin";
        let time = encoder.encode_descriptor("plugin_seconds", help, None, MetricType::Histogram)?;
        self.encode_spread(time, &TIME_NS, 1e-9, |sum| &sum.time_ns)?;
        let help = "Revisions in use that are left out here, because there are too many";
        let mut left_out =
            encoder.encode_descriptor("plugin_revisions_left_out", help, None, MetricType::Gauge)?;
        left_out.encode_gauge(&i64::try_from(self.left_out).unwrap_or(i64::MAX))
    }
}

fn labelled((tenant, plugin, revision, part, sum): (Name, String, String, Part, Sum)) -> (Labels, Sum) {
    (Labels { tenant, plugin, revision, part: part.as_str() }, sum)
}

fn by_result(sum: &Sum) -> BTreeMap<&'static str, u64> {
    let mut calls = BTreeMap::new();
    for (kind, count) in &sum.results {
        let first = kind.split([' ', ',']).next().unwrap_or_default();
        let word = WORDS.into_iter().find(|word| *word == first);
        let word = word.unwrap_or(if kind.contains(ACTIONS) { ACTIONS } else { "other" });
        *calls.entry(word).or_default() += count;
    }
    for (class, count) in &sum.faults {
        *calls.entry(class.as_str()).or_default() += count;
    }
    calls
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;
    use waypost_core::decision::{DecisionRecord, FaultClass, Role};
    use waypost_core::id::MessageId;

    use super::super::activity::Activity;
    use super::*;

    fn called(activities: &Activities, revision: &str, results: &[&str]) -> Arc<Activity> {
        let activity = activities.of(&"acme".into(), "hours", revision, Part::Active, 0, 0);
        let id = MessageId::from_parts(MessageId::first_key_at(1), 0);
        for (n, result) in (0..).zip(results) {
            let record: DecisionRecord = serde_json::from_value(serde_json::json!({
                "role": Role::Screening, "component": "hours", "revision": revision, "result": result,
                "fuel": 1_500, "memory_bytes": 1, "time_ns": 30_000_u64 << (2 * n),
                "fault": result.starts_with("trapped").then_some(FaultClass::Trap),
            }))
            .unwrap();
            activity.record(&record, id, 1);
        }
        activity
    }

    fn text(activities: &Activities) -> String {
        let mut registry = Registry::with_prefix("waypost");
        registry.register_collector(Box::new(Scrape::new(activities)));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn calls_fuel_and_time_of_what_is_in_use_are_shown() {
        let activities = Activities::default();
        let used = called(&activities, "r1", &["allow", "refuse a: x", "refuse b: y", "trapped", "odd"]);
        drop(called(&activities, "r0", &["allow"]));
        let text = text(&activities);
        let of = r#"tenant="acme",plugin="hours",revision="r1",part="active""#;
        for line in [
            format!(r#"waypost_plugin_calls_total{{{of},result="allow"}} 1"#),
            format!(r#"waypost_plugin_calls_total{{{of},result="refuse"}} 2"#),
            format!(r#"waypost_plugin_calls_total{{{of},result="trap"}} 1"#),
            format!(r#"waypost_plugin_calls_total{{{of},result="other"}} 1"#),
            format!("waypost_plugin_fuel_sum{{{of}}} 7500.0"),
            format!("waypost_plugin_fuel_count{{{of}}} 5"),
            format!(r#"waypost_plugin_fuel_bucket{{le="2000.0",{of}}} 5"#),
            format!(r#"waypost_plugin_fuel_bucket{{le="+Inf",{of}}} 5"#),
            "waypost_plugin_revisions_left_out 0".to_owned(),
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        assert!(!text.contains("r0"), "nobody uses it any more");
        drop(used);
    }

    #[test]
    fn of_too_many_the_most_called_are_shown() {
        let activities = Activities::default();
        let mut used = Vec::new();
        for n in 0..REVISIONS_MAX + 5 {
            let plugin = format!("p{n}");
            used.push(activities.of(&"acme".into(), &plugin, "r", Part::Shadow, 0, 0));
        }
        used.push(called(&activities, "called", &["allow"]));
        let text = text(&activities);
        assert!(text.contains("waypost_plugin_revisions_left_out 6"), "{}", text.len());
        assert!(text.contains(r#"revision="called""#));
        assert_eq!(text.matches("waypost_plugin_fuel_count").count(), REVISIONS_MAX);
    }
}
