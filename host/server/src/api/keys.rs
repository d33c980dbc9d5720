//! API keys: of the caller's tenant, and for operators those of a new tenant.

mod wire;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::de::DeserializeOwned;
use waypost_api::answer::{Answer, empty, json};
use waypost_api::json::parse;
use waypost_api::key::has_expired;
use waypost_core::decision::Name;
use waypost_core::limits::REQUEST_BYTES_MAX;
use waypost_core::store::{ApiKey, Scope};

use super::auth::{Administration, Authorised, Operating};
use super::documented::documented;
use super::path::PathName;
use super::problem::{self, Code, Problem};
use super::reply::{Failed, reply};
use super::{Api, body};
use crate::{api_key, clock};
use wire::{CreateBody, KeyList, KeyObject, NewKeyObject, RotateBody};

documented!(ListProblems: problem::KEY);
documented!(CreateProblems: problem::KEY, problem::BODY, &[
    Code::FieldValue,
    Code::FieldEmpty,
    Code::FieldTooLong,
    Code::FieldRange,
]);
documented!(CreateForProblems: problem::KEY, problem::BODY, &[
    Code::FieldValue,
    Code::FieldEmpty,
    Code::FieldTooLong,
    Code::FieldRange,
    Code::TenantUnknown,
]);
documented!(RotateProblems: problem::KEY, problem::BODY, &[Code::FieldRange, Code::KeyUnknown, Code::KeyEnded]);
documented!(RevokeProblems: problem::KEY, &[Code::KeyUnknown, Code::KeyInUse]);

/// List the tenant's keys, oldest first. Their texts are nowhere kept.
#[utoipa::path(
    get,
    path = "/v1/keys",
    operation_id = "listKeys",
    tag = "keys",
    responses((status = 200, description = "Every key, those that have ended too", body = KeyList), ListProblems),
    security(("key" = ["admin"])),
)]
pub async fn list(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Administration>,
) -> Result<Response, Failed> {
    let mut keys = api.gateway.store.keys().await?;
    keys.retain(|key| key.tenant == authorised.caller.tenant.terms.name);
    keys.sort_unstable_by(|a, b| (a.created_ms, &a.id).cmp(&(b.created_ms, &b.id)));
    let uses: HashMap<Name, u64> = api.gateway.store.key_uses().await?.into_iter().collect();
    let keys = keys.iter().map(|key| KeyObject::from(key).used(uses.get(&key.id).copied()));
    reply(json(StatusCode::OK, &KeyList { keys: keys.collect() }))
}

/// Make a key. Its text is in this answer and can never be read again.
#[utoipa::path(
    post,
    path = "/v1/keys",
    operation_id = "createKey",
    tag = "keys",
    request_body = CreateBody,
    responses((status = 201, description = "The key with its text", body = NewKeyObject), CreateProblems),
    security(("key" = ["admin"])),
)]
pub async fn create(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Administration>,
    request: Request,
) -> Result<Response, Failed> {
    let wanted: CreateBody = read(request).await?;
    let tenant = authorised.caller.tenant.terms.name.clone();
    reply(make(&api, tenant, &authorised.key, wanted).await)
}

/// Make a key of another tenant: the first one of a new tenant, say.
#[utoipa::path(
    post,
    path = "/v1/tenants/{name}/keys",
    operation_id = "createTenantKey",
    tag = "tenants",
    params(("name" = String, Path, description = "The tenant's name")),
    request_body = CreateBody,
    responses((status = 201, description = "The key with its text", body = NewKeyObject), CreateForProblems),
    security(("key" = ["operator"])),
)]
pub async fn create_for(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Operating>,
    PathName(name): PathName,
    request: Request,
) -> Result<Response, Failed> {
    let tenant = api.gateway.plugins.tenant(&api.gateway, &Name::from(name.as_str())).await?.name;
    let wanted: CreateBody = read(request).await?;
    reply(make(&api, tenant, &authorised.key, wanted).await)
}

/// Give a key a new text: a new key with the same scopes, label and expiry. The old one goes on beside it for
/// a while, so that its users can go over.
#[utoipa::path(
    post,
    path = "/v1/keys/{id}/rotate",
    operation_id = "rotateKey",
    tag = "keys",
    params(("id" = String, Path, description = "The key's id")),
    request_body = RotateBody,
    responses((status = 201, description = "The new key with its text", body = NewKeyObject), RotateProblems),
    security(("key" = ["admin"])),
)]
pub async fn rotate(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Administration>,
    PathName(id): PathName,
    request: Request,
) -> Result<Response, Failed> {
    let overlap_s = read::<RotateBody>(request).await?.check()?;
    let key = own(&api, &authorised, &id).await?;
    // Who rotates a key has its scopes from then on.
    if key.scopes.contains(&Scope::Operator) && !authorised.key.scopes.contains(&Scope::Operator) {
        return Err(operators_only("/").into());
    }
    let now_ms = clock::now_ms();
    if key.revoked_ms.is_some() || has_expired(&key, now_ms) {
        let detail = "The key was revoked or has expired, so nobody uses it. Make a new one.";
        return Err(Problem::new(Code::KeyEnded, detail).into());
    }
    let (next, text, old) = api_key::rotated(&key, overlap_s, now_ms);
    api.gateway.store.put_key(next.clone()).await?;
    let old_id = old.id.clone();
    api.gateway.store.put_key(old).await?;
    api.lasting.keys.forget(&old_id);
    reply(shown_once(&next, &text))
}

/// Revoke a key. Gateways that have used it lately take it for up to 5 more seconds.
#[utoipa::path(
    delete,
    path = "/v1/keys/{id}",
    operation_id = "revokeKey",
    tag = "keys",
    params(("id" = String, Path, description = "The key's id")),
    responses((status = 204, description = "Revoked, now or before"), RevokeProblems),
    security(("key" = ["admin"])),
)]
pub async fn revoke(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Administration>,
    PathName(id): PathName,
) -> Result<Response, Failed> {
    let key = own(&api, &authorised, &id).await?;
    if key.id == authorised.caller.key {
        let detail = "The key of this request cannot revoke itself. Use another key with the scope `admin`.";
        return Err(Problem::new(Code::KeyInUse, detail).into());
    }
    if key.revoked_ms.is_none() {
        let id = key.id.clone();
        api.gateway.store.put_key(ApiKey { revoked_ms: Some(clock::now_ms()), ..key }).await?;
        api.lasting.keys.forget(&id);
    }
    reply(Ok(empty(StatusCode::NO_CONTENT)))
}

/// One read, whosever the key is: another tenant's is answered like nobody's.
async fn own(api: &Api, authorised: &Authorised<Administration>, id: &str) -> Result<ApiKey, Failed> {
    let found = api.gateway.store.key(id).await?;
    let key = found.filter(|key| key.tenant == authorised.caller.tenant.terms.name).ok_or_else(|| {
        Problem::new(Code::KeyUnknown, "The tenant has no key with this id. `GET /v1/keys` lists them.")
    })?;
    Ok(key)
}

async fn make(api: &Api, tenant: Name, callers: &ApiKey, wanted: CreateBody) -> Result<Answer, Problem> {
    let now_ms = clock::now_ms();
    let wanted = wanted.check(now_ms)?;
    if wanted.scopes.contains(&Scope::Operator) && !callers.scopes.contains(&Scope::Operator) {
        return Err(operators_only("/scopes"));
    }
    let (key, text) = api_key::new_key(tenant, wanted.label, wanted.scopes, now_ms);
    let key = ApiKey { expires_ms: wanted.expires_ms, ..key };
    api.gateway.store.put_key(key.clone()).await?;
    shown_once(&key, &text)
}

fn operators_only(pointer: &str) -> Problem {
    let detail = "Only a key with the scope `operator` gives that scope away. Use such a key.";
    Problem::new(Code::ScopeMissing, detail).at(pointer).with("scope", Scope::Operator.as_str())
}

fn shown_once(key: &ApiKey, text: &str) -> Result<Answer, Problem> {
    let mut answer = json(StatusCode::CREATED, &NewKeyObject { object: KeyObject::from(key), key: text })?;
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Failed> {
    let (parts, body) = request.into_parts();
    Ok(parse(&body::read_json(&parts.headers, body, REQUEST_BYTES_MAX).await?)?)
}
