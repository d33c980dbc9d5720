//! What a tenant may bring and use.

use serde::{Deserialize, Serialize};

/// The limits of a tenant's own components. Each stage and language has the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Largest component, in bytes.
    pub component_bytes_max: u64,
    /// Largest linear memory of an instance, in bytes.
    pub memory_bytes_max: u64,
    /// Fuel of one call, on top of what each segment adds.
    pub fuel_max: u64,
    /// Most plugins.
    pub plugins_max: u32,
    /// Most revisions of one plugin that are kept; the oldest unused makes room.
    pub revisions_max: u32,
    /// Most uploads in an hour, which may come at once.
    pub uploads_per_hour: u32,
    /// Most lines of components' logs in a minute that are kept.
    pub log_lines_per_minute: u32,
    /// How many of 100 messages are recorded with all that a decision saw, for backtests.
    pub recorded_percent: u8,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            component_bytes_max: 24 * 1024 * 1024,
            memory_bytes_max: 64 * 1024 * 1024,
            fuel_max: 50_000_000,
            plugins_max: 16,
            revisions_max: 20,
            uploads_per_hour: 60,
            log_lines_per_minute: 600,
            recorded_percent: 100,
        }
    }
}
