//! Tenants, for those who run the gateway.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json as value};
use utoipa::ToSchema;
use waypost_api::answer::{Answer, json};
use waypost_api::json::parse;
use waypost_api::query::{Parameters, invalid};
use waypost_api::wire::Timestamp;
use waypost_core::config::limits::FILE_BYTES_MAX;
use waypost_core::decision::Name;
use waypost_core::registry::Plan;

use super::auth::{Authorised, Operating};
use super::documented::documented;
use super::path::PathName;
use super::problem::{self, Code, Problem};
use super::reply::{Failed, reply};
use super::{Api, body};
use crate::plugins::{Expected, KnownTenant, TenantError, WantedTenant};

/// Query parameters of the list.
pub const LIST: &[&str] = &["limit", "cursor"];
/// Query parameters of the deletion.
pub const DELETE: &[&str] = &["force"];

documented!(ListProblems: problem::KEY, problem::QUERY);
documented!(ReadProblems: problem::KEY, &[Code::TenantUnknown]);
documented!(PutProblems: problem::KEY, problem::BODY, &[
    Code::HeaderInvalid,
    Code::FieldRange,
    Code::TenantInvalid,
    Code::PlanInvalid,
    Code::TenantConfigured,
    Code::TenantsFull,
    Code::TenantBusy,
    Code::TenantChanged,
]);
documented!(DeleteProblems: problem::KEY, problem::QUERY, &[
    Code::HeaderInvalid,
    Code::TenantUnknown,
    Code::TenantConfigured,
    Code::TenantInUse,
    Code::TenantBusy,
    Code::TenantChanged,
]);

/// A page of tenants.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenants)]
struct TenantList {
    /// By name, without their settings.
    tenants: Vec<TenantObject>,
    /// The `cursor` of the next page; null where this is the last one.
    next_cursor: Option<String>,
}

/// A tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
struct TenantObject {
    /// Its name.
    name: String,
    /// Where it comes from: `configuration` or `registered`.
    source: &'static str,
    /// Whether its keys are taken.
    enabled: bool,
    /// Whether it runs on the host that answers.
    runs: bool,
    /// What its table in the configuration would say; only of a registered one that is read alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
    /// What its own components may use.
    plan: PlanObject,
    /// Grows with each change; 0 for one of the configuration with the usual plan. Also the `ETag`.
    version: u64,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<Timestamp>,
    /// The id of the key that changed it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<String>,
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
}

/// A tenant as it is wanted. A part that is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantRequest)]
pub struct PutBody {
    /// What its table in the configuration would say; nothing for a new one.
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
    /// What its own components may use; the usual plan for a new one.
    plan: Option<PlanObject>,
    /// Whether its keys are taken; true for a new one.
    enabled: Option<bool>,
}

/// What went with a tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantDeleted)]
struct DeletedObject {
    /// Keys that were revoked.
    keys: usize,
    /// Plugins that were deleted, with all revisions.
    plugins: usize,
    /// Messages that had not left and were taken back.
    messages: usize,
}

/// List all tenants: of the configuration and registered.
#[utoipa::path(
    get,
    path = "/v1/tenants",
    operation_id = "listTenants",
    tag = "tenants",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 500, description = "Most tenants of the page; 50 without it"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page, by name", body = TenantList), ListProblems),
    security(("key" = ["operator"])),
)]
pub async fn list(
    State(api): State<Arc<Api>>,
    _operator: Authorised<Operating>,
    uri: Uri,
) -> Result<Response, Failed> {
    let parameters = Parameters::read(uri.query(), LIST)?;
    let (rows, after) = (parameters.rows()? as usize, parameters.one("cursor")?);
    let mut tenants = api.gateway.plugins.tenants(&api.gateway).await?;
    tenants.retain(|tenant| after.is_none_or(|after| &*tenant.name > after));
    let next_cursor = (tenants.len() > rows).then(|| tenants.get(rows.saturating_sub(1))).flatten();
    let next_cursor = next_cursor.map(|last| last.name.to_string());
    tenants.truncate(rows);
    let tenants = tenants.iter().map(|tenant| TenantObject { settings: None, ..TenantObject::from(tenant) });
    reply(json(StatusCode::OK, &TenantList { tenants: tenants.collect(), next_cursor }))
}

/// Read one tenant.
#[utoipa::path(
    get,
    path = "/v1/tenants/{name}",
    operation_id = "readTenant",
    tag = "tenants",
    params(("name" = String, Path, description = "The tenant's name")),
    responses(
        (status = 200, description = "The tenant", body = TenantObject, headers(("ETag" = String, description = "Its version"))),
        ReadProblems,
    ),
    security(("key" = ["operator"])),
)]
pub async fn read(
    State(api): State<Arc<Api>>,
    _operator: Authorised<Operating>,
    PathName(name): PathName,
) -> Result<Response, Failed> {
    let tenant = api.gateway.plugins.tenant(&api.gateway, &Name::from(name.as_str())).await?;
    reply(shown(StatusCode::OK, &tenant))
}

/// Make or change a tenant, or set the plan of one of the configuration. It holds for the next request, on
/// other hosts within a second.
#[utoipa::path(
    put,
    path = "/v1/tenants/{name}",
    operation_id = "putTenant",
    tag = "tenants",
    params(
        ("name" = String, Path, description = "The tenant's name: 1 to 32 of a-z, 0-9 and -, a letter first"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it was read with: fails where somebody has changed it since"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: fails where there is such a tenant"),
    ),
    request_body = PutBody,
    responses(
        (status = 200, description = "The tenant as it is now", body = TenantObject, headers(("ETag" = String, description = "Its version"))),
        (status = 201, description = "The new tenant", body = TenantObject, headers(("ETag" = String, description = "Its version"))),
        PutProblems,
    ),
    security(("key" = ["operator"])),
)]
pub async fn put(
    State(api): State<Arc<Api>>,
    operator: Authorised<Operating>,
    PathName(name): PathName,
    request: Request,
) -> Result<Response, Failed> {
    let (parts, body) = request.into_parts();
    let expected = expected(&parts.headers)?;
    let wanted: PutBody = parse(&body::read_json(&parts.headers, body, FILE_BYTES_MAX).await?)?;
    let wanted = WantedTenant {
        settings: wanted.settings,
        plan: wanted.plan.map(Plan::from),
        enabled: wanted.enabled,
    };
    let (plugins, name) = (&api.gateway.plugins, Name::from(name.as_str()));
    let tenant = plugins.put_tenant(&api.gateway, &name, &wanted, expected, &operator.caller.key).await?;
    let is_new = tenant.version == 1 && !tenant.is_configured;
    reply(shown(if is_new { StatusCode::CREATED } else { StatusCode::OK }, &tenant))
}

/// Delete a tenant: its keys end at once and for good, its plugins go, its messages can be read by nobody.
/// Of a tenant of the configuration only the plan goes.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{name}",
    operation_id = "deleteTenant",
    tag = "tenants",
    params(
        ("name" = String, Path, description = "The tenant's name"),
        ("force" = Option<bool>, Query, description = "Also where it has plugins, or messages that have not left: these are taken back"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it was read with"),
    ),
    responses((status = 200, description = "What went with it", body = DeletedObject), DeleteProblems),
    security(("key" = ["operator"])),
)]
pub async fn delete(
    State(api): State<Arc<Api>>,
    operator: Authorised<Operating>,
    PathName(name): PathName,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let parameters = Parameters::read(uri.query(), DELETE)?;
    let force = match parameters.one("force")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(invalid("force", "has to be `true` or `false`").into()),
    };
    let (expected, name) = (expected(&headers)?, Name::from(name.as_str()));
    let key = &operator.caller.key;
    let deleted = api.gateway.plugins.delete_tenant(&api.gateway, &name, expected, force, key).await?;
    for key in &deleted.keys {
        api.lasting.keys.forget(key);
    }
    let object =
        DeletedObject { keys: deleted.keys.len(), plugins: deleted.plugins, messages: deleted.messages };
    reply(json(StatusCode::OK, &object))
}

fn shown(status: StatusCode, tenant: &KnownTenant) -> Result<Answer, Problem> {
    let mut answer = json(status, &TenantObject::from(tenant))?;
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", tenant.version)) {
        answer.headers_mut().insert(ETAG, tag);
    }
    Ok(answer)
}

/// RFC 9110 sections 13.1.1 and 13.1.2, for one tag.
fn expected(headers: &HeaderMap) -> Result<Expected, Problem> {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim());
    match (text(&IF_MATCH), text(&IF_NONE_MATCH)) {
        (None, None) => Ok(Expected::Anything),
        (None, Some("*")) => Ok(Expected::Nothing),
        (Some("*"), None) => Ok(Expected::Something),
        (Some(tag), None) => {
            let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            let version = version.and_then(|version| version.parse().ok());
            version.map(Expected::Version).ok_or_else(|| {
                header_invalid(&IF_MATCH, "has to be the `ETag` of an answer, with its quotes, or `*`")
            })
        }
        _ => Err(header_invalid(&IF_NONE_MATCH, "has to be `*`, without `If-Match`")),
    }
}

fn header_invalid(name: &HeaderName, reason: &str) -> Problem {
    let detail = format!("The header `{name}` {reason}.");
    Problem::new(Code::HeaderInvalid, detail).with("header", name.as_str())
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
                    .map(|it| value!({ "path": it.path, "code": it.code.as_str(), "reason": it.reason, "help": it.help }))
                    .collect();
                let detail = "The settings are not valid. `problems` says what is wrong, and where.";
                Self::new(Code::TenantInvalid, detail).at("/settings").with("problems", problems)
            }
            TenantError::NotLoadable(reason) => {
                let problem =
                    value!({ "path": "", "code": "tenant_not_loadable", "reason": reason, "help": null });
                let detail = "The settings name something that this host cannot load. `problems` says what.";
                Self::new(Code::TenantInvalid, detail).at("/settings").with("problems", vec![problem])
            }
            TenantError::TooLarge => {
                let problem =
                    value!({ "path": "", "code": "config_too_large", "reason": text, "help": null });
                Self::new(Code::TenantInvalid, text).at("/settings").with("problems", vec![problem])
            }
            TenantError::Plan(problems) => {
                let listed: Vec<Value> = problems
                    .iter()
                    .map(|it| value!({ "path": it.field, "reason": it.to_string(), "min": it.range.start(), "max": it.range.end() }))
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
    fn what_is_expected_is_read_from_the_headers() {
        for (name, text, wanted) in [
            (IF_MATCH, "\"7\"", Some(Expected::Version(7))),
            (IF_MATCH, "*", Some(Expected::Something)),
            (IF_MATCH, "7", None),
            (IF_MATCH, "W/\"7\"", None),
            (IF_NONE_MATCH, "*", Some(Expected::Nothing)),
            (IF_NONE_MATCH, "\"7\"", None),
        ] {
            let headers = [(name, HeaderValue::from_static(text))].into_iter().collect();
            assert_eq!(expected(&headers).ok(), wanted, "{text}");
        }
        assert_eq!(expected(&HeaderMap::new()).ok(), Some(Expected::Anything));
    }

    #[test]
    fn a_plan_says_the_same_in_json() {
        let plan = Plan { fuel_max: 1, decision_ms_per_second: 2, ..Plan::default() };
        assert_eq!(Plan::from(PlanObject::from(plan.clone())), plan);
        let shown = serde_json::to_value(PlanObject::from(plan.clone())).unwrap();
        assert_eq!(shown, serde_json::to_value(plan).unwrap());
    }
}
