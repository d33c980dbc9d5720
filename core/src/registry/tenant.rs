//! A tenant that was created while Waypost runs.

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::decision::Name;

/// A tenant that the API or the command line made, beside those of the configuration; or only the plan
/// of one of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantRecord {
    /// What `[tenants.<name>]` would say, as JSON: read by the same reader, with the same errors. None:
    /// the configuration says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<serde_json::Value>,
    /// What its components may use.
    pub plan: Plan,
    /// False: its keys are refused. What was accepted before is still sent.
    pub enabled: bool,
    /// When it was made, in Unix milliseconds.
    pub created_ms: u64,
    /// When it was changed last, in Unix milliseconds.
    pub changed_ms: u64,
    /// The id of the key that changed it last, or `cli`.
    pub changed_by: Name,
}
