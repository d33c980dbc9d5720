//! Tenants and plans in JSON, and what can be wrong with them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use waypost_api::wire::Timestamp;
use waypost_core::registry::Plan;

use crate::api::problem::{Code, Problem};
use crate::plugins::{KnownTenant, TenantError};

/// A page of tenants.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenants)]
pub struct TenantList {
    /// By name, without their settings.
    pub tenants: Vec<TenantObject>,
    /// The `cursor` of the next page; null where this is the last one.
    pub next_cursor: Option<String>,
}

/// A tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
pub struct TenantObject {
    /// Its name.
    pub name: String,
    /// Where it comes from: `configuration` or `registered`.
    pub source: &'static str,
    /// Whether its keys are taken.
    pub enabled: bool,
    /// Whether it runs on the host that answers.
    pub runs: bool,
    /// What its table in the configuration would say; only of a registered one that is read alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub settings: Option<Value>,
    /// What its own components may use.
    pub plan: PlanObject,
    /// Grows with each change; 0 for one of the configuration with the usual plan. Also the `ETag`.
    pub version: u64,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// The id of the key that changed it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
}

/// What a tenant's own components may use. What is left out is as in the usual plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Plan)]
pub struct PlanObject {
    /// Largest component, in bytes: 1024 to 67108864; 25165824 without it.
    component_bytes_max: u64,
    /// Largest memory of an instance, in bytes: 1048576 to 268435456; 67108864 without it.
    memory_bytes_max: u64,
    /// Fuel of one call, on top of what each segment adds: 10000 to 1000000000; 50000000 without it.
    fuel_max: u64,
    /// Most plugins: 0 to 100; 16 without it.
    plugins_max: u32,
    /// Most revisions of a plugin that are kept: 2 to 200; 20 without it.
    revisions_max: u32,
    /// Most uploads in an hour: 1 to 10000; 60 without it.
    uploads_per_hour: u32,
    /// Most lines of logs in a minute that are kept: 0 to 100000; 600 without it.
    log_lines_per_minute: u32,
    /// How many of 100 messages are recorded for backtests, where the settings do not say fewer: 0 to 100;
    /// 100 without it.
    recorded_percent: u8,
    /// How long all plugins together may run, in milliseconds of each second on each host: 1 to 10000; 250
    /// without it.
    decision_ms_per_second: u32,
    /// Most processor time of the check of one revision, in seconds: 1 to 120; 120 without it.
    compile_seconds_max: u32,
}

/// A tenant as it is wanted. A part that is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantRequest)]
pub struct PutBody {
    /// What its table in the configuration would say; nothing for a new one.
    #[schema(value_type = Option<Object>)]
    pub settings: Option<Value>,
    /// What its own components may use; the usual plan for a new one.
    pub plan: Option<PlanObject>,
    /// Whether its keys are taken; true for a new one.
    pub enabled: Option<bool>,
}

/// What went with a tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantDeleted)]
pub struct DeletedObject {
    /// Keys that were revoked.
    pub keys: usize,
    /// Plugins that were deleted, with all revisions.
    pub plugins: usize,
    /// Messages that had not left and were taken back.
    pub messages: usize,
}

impl From<&KnownTenant> for TenantObject {
    fn from(tenant: &KnownTenant) -> Self {
        let record = tenant.record.as_ref();
        Self {
            name: tenant.name.to_string(),
            source: if tenant.is_configured { "configuration" } else { "registered" },
            enabled: tenant.is_configured || record.is_some_and(|record| record.enabled),
            runs: tenant.runs,
            settings: record.filter(|_| !tenant.is_configured).and_then(|record| record.settings.clone()),
            plan: PlanObject::from(tenant.plan()),
            version: tenant.version,
            created_at: record.map(|record| Timestamp(record.created_ms)),
            changed_at: record.map(|record| Timestamp(record.changed_ms)),
            changed_by: record.map(|record| record.changed_by.to_string()),
        }
    }
}

impl Default for PlanObject {
    fn default() -> Self {
        Self::from(Plan::default())
    }
}

impl From<Plan> for PlanObject {
    fn from(plan: Plan) -> Self {
        Self {
            component_bytes_max: plan.component_bytes_max,
            memory_bytes_max: plan.memory_bytes_max,
            fuel_max: plan.fuel_max,
            plugins_max: plan.plugins_max,
            revisions_max: plan.revisions_max,
            uploads_per_hour: plan.uploads_per_hour,
            log_lines_per_minute: plan.log_lines_per_minute,
            recorded_percent: plan.recorded_percent,
            decision_ms_per_second: plan.decision_ms_per_second,
            compile_seconds_max: plan.compile_seconds_max,
        }
    }
}

impl From<PlanObject> for Plan {
    fn from(plan: PlanObject) -> Self {
        Self {
            component_bytes_max: plan.component_bytes_max,
            memory_bytes_max: plan.memory_bytes_max,
            fuel_max: plan.fuel_max,
            plugins_max: plan.plugins_max,
            revisions_max: plan.revisions_max,
            uploads_per_hour: plan.uploads_per_hour,
            log_lines_per_minute: plan.log_lines_per_minute,
            recorded_percent: plan.recorded_percent,
            decision_ms_per_second: plan.decision_ms_per_second,
            compile_seconds_max: plan.compile_seconds_max,
        }
    }
}

impl From<TenantError> for Problem {
    fn from(error: TenantError) -> Self {
        let mut text = error.to_string();
        if let Some(first) = text.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        text.push('.');
        match error {
            TenantError::Unknown => Self::new(Code::TenantUnknown, text),
            TenantError::Settings(errors) => {
                let problems: Vec<Value> = errors
                    .problems
                    .iter()
                    .map(|it| json!({ "path": it.path, "code": it.code.as_str(), "reason": it.reason, "help": it.help }))
                    .collect();
                let detail = "The settings are not valid. `problems` says what is wrong, and where.";
                Self::new(Code::TenantInvalid, detail).at("/settings").with("problems", problems)
            }
            TenantError::NotLoadable(reason) => {
                let problem =
                    json!({ "path": "", "code": "tenant_not_loadable", "reason": reason, "help": null });
                let detail = "The settings name something that this host cannot load. `problems` says what.";
                Self::new(Code::TenantInvalid, detail).at("/settings").with("problems", vec![problem])
            }
            TenantError::TooLarge => {
                let problem = json!({ "path": "", "code": "config_too_large", "reason": text, "help": null });
                Self::new(Code::TenantInvalid, text).at("/settings").with("problems", vec![problem])
            }
            TenantError::Plan(problems) => {
                let listed: Vec<Value> = problems
                    .iter()
                    .map(|it| json!({ "path": it.field, "reason": it.to_string(), "min": it.range.start(), "max": it.range.end() }))
                    .collect();
                let detail = "Numbers of the plan are out of range. `problems` says which.";
                Self::new(Code::PlanInvalid, detail).at("/plan").with("problems", listed)
            }
            TenantError::Configured => Self::new(Code::TenantConfigured, text),
            TenantError::InUse { plugins, has_messages } => {
                text.push_str(" Disable it and wait, or delete it with `?force=true`.");
                Self::new(Code::TenantInUse, text).with("plugins", plugins).with("messages", has_messages)
            }
            TenantError::Full => Self::new(Code::TenantsFull, text),
            TenantError::Changed(version) => Self::new(Code::TenantChanged, text).with("version", version),
            TenantError::Busy => Self::new(Code::TenantBusy, text),
            TenantError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_says_the_same_in_json() {
        let plan = Plan { fuel_max: 1, decision_ms_per_second: 2, ..Plan::default() };
        assert_eq!(Plan::from(PlanObject::from(plan.clone())), plan);
        let shown = serde_json::to_value(PlanObject::from(plan.clone())).unwrap();
        assert_eq!(shown, serde_json::to_value(plan).unwrap());
    }
}
