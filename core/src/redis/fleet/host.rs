//! Who is there.

use serde::{Deserialize, Serialize};

use super::{Fleet, HOSTS, time_us, unreadable};
use crate::redis::{RedisError, Request};

/// What a host says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostReport {
    /// `server.host_name`.
    #[serde(default)]
    pub name: String,
    /// The version of Waypost that it runs.
    pub version: String,
    /// When it started, in Unix milliseconds.
    pub since_ms: u64,
    /// The version of the shared configuration that it runs; 0: its own.
    pub config_version: u64,
    /// It takes nothing new, and ends.
    #[serde(default)]
    pub stopping: bool,
}

/// A host in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenHost {
    /// What it said last.
    pub report: HostReport,
    /// How long ago, in milliseconds.
    pub silent_ms: u64,
}

impl HostReport {
    pub(super) fn to_json(&self) -> String {
        // A plain record of numbers and words: writing it as JSON does not fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Fleet {
    /// Every host that was there within the last day, at most 1,000, by name.
    ///
    /// # Errors
    /// [`RedisError`].
    pub async fn hosts(&self) -> Result<Vec<SeenHost>, RedisError> {
        let keys = vec![self.keys.hosts.clone(), self.keys.seen.clone()];
        let values = self.ask(Request::script(&HOSTS, keys, Vec::new())).await?;
        let [seconds, micros, rest @ ..] = values.as_slice() else { return Err(unreadable("hosts")) };
        let now_ms = time_us(seconds, micros)? / 1000;
        let hosts = rest.as_chunks::<3>().0.iter().filter_map(|[name, seen_ms, report]| {
            // A newer host may say more, but not less.
            let report: HostReport = serde_json::from_str(report.text()?).ok()?;
            let report = HostReport { name: name.text()?.to_owned(), ..report };
            Some(SeenHost { report, silent_ms: now_ms.saturating_sub(seen_ms.unsigned()?) })
        });
        let mut hosts: Vec<SeenHost> = hosts.collect();
        hosts.sort_by(|a, b| a.report.name.cmp(&b.report.name));
        Ok(hosts)
    }
}
