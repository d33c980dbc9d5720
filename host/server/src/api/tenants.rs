//! Tenants, for those who run the gateway.

mod wire;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use waypost_api::answer::{Answer, json};
use waypost_api::json::parse;
use waypost_api::query::{Parameters, invalid};
use waypost_core::config::limits::FILE_BYTES_MAX;
use waypost_core::decision::Name;
use waypost_core::registry::Plan;

use super::auth::{Authorised, Operating};
use super::documented::documented;
use super::path::PathName;
use super::problem::{self, Code, Problem};
use super::reply::{Failed, reply};
use super::{Api, body};
use crate::plugins::{Expected, KnownTenant, WantedTenant};
use wire::{DeletedObject, PutBody, TenantList, TenantObject};

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
}
