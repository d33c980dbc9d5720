//! API keys of the caller's tenant.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waypost_api::answer::{empty, json};
use waypost_api::json::parse;
use waypost_api::wire::{Timestamp, Word};
use waypost_core::limits::REQUEST_BYTES_MAX;
use waypost_core::store::{ApiKey, Scope};

use super::auth::{Administration, Authorised};
use super::documented::documented;
use super::path::PathName;
use super::problem::{self, Code, Problem};
use super::reply::{Failed, reply};
use super::{Api, body};
use crate::{api_key, clock};

/// Longest label, in bytes.
const LABEL_BYTES_MAX: usize = 100;

documented!(ListProblems: problem::KEY);
documented!(CreateProblems: problem::KEY, problem::BODY, &[
    Code::FieldValue,
    Code::FieldEmpty,
    Code::FieldTooLong,
]);
documented!(RevokeProblems: problem::KEY, &[Code::KeyUnknown, Code::KeyInUse]);

/// The keys of a tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Keys)]
struct KeyList<'a> {
    /// Oldest first.
    keys: Vec<KeyObject<'a>>,
}

/// A key.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
struct KeyObject<'a> {
    /// By which it is named.
    id: &'a str,
    /// For people.
    label: &'a str,
    /// What it may do: `send`, `read`, `inbox`, `admin`.
    #[schema(value_type = Vec<ScopeName>)]
    scopes: &'a [Scope],
    /// When it was made.
    created_at: Timestamp,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
}

/// A new key with its text.
#[derive(Serialize, ToSchema)]
#[schema(as = NewKey)]
struct NewKeyObject<'a> {
    #[serde(flatten)]
    object: KeyObject<'a>,
    /// The key itself. It is shown here once and nowhere kept.
    key: &'a str,
}

/// A key that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyRequest)]
pub struct CreateBody {
    /// For people, 1 to 100 bytes.
    #[schema(min_length = 1, max_length = 100)]
    label: String,
    /// What it may do.
    #[schema(value_type = Vec<ScopeName>, min_items = 1)]
    scopes: Vec<Word<ScopeName>>,
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Scope)]
pub enum ScopeName {
    /// Send, explain and cancel messages.
    Send,
    /// Read messages, traces and dead letters.
    Read,
    /// Read and acknowledge inboxes.
    Inbox,
    /// Redrive and delete dead letters, see providers, manage keys.
    Admin,
}

/// List the tenant's keys, oldest first. Their texts are nowhere kept.
#[utoipa::path(
    get,
    path = "/v1/keys",
    operation_id = "listKeys",
    tag = "keys",
    responses((status = 200, description = "Every key, revoked ones too", body = KeyList), ListProblems),
    security(("key" = ["admin"])),
)]
pub async fn list(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Administration>,
) -> Result<Response, Failed> {
    let mut keys = api.gateway.store.keys().await?;
    keys.retain(|key| key.tenant == authorised.caller.tenant.terms.name);
    keys.sort_unstable_by(|a, b| (a.created_ms, &a.id).cmp(&(b.created_ms, &b.id)));
    reply(json(StatusCode::OK, &KeyList { keys: keys.iter().map(KeyObject::from).collect() }))
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
    let (parts, body) = request.into_parts();
    let wanted: CreateBody = parse(&body::read_json(&parts.headers, body, REQUEST_BYTES_MAX).await?)?;
    let (label, scopes) = wanted.check()?;
    let tenant = authorised.caller.tenant.terms.name.clone();
    let (key, text) = api_key::new_key(tenant, label, scopes, clock::now_ms());
    api.gateway.store.put_key(key.clone()).await?;
    let object = NewKeyObject { object: KeyObject::from(&key), key: &text };
    let mut answer = json(StatusCode::CREATED, &object)?;
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply(Ok(answer))
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
    let caller = &authorised.caller;
    let found = api.gateway.store.key(&id).await?;
    let key = found.filter(|key| key.tenant == caller.tenant.terms.name).ok_or_else(|| {
        Problem::new(Code::KeyUnknown, "The tenant has no key with this id. `GET /v1/keys` lists them.")
    })?;
    if key.id == caller.key {
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

impl CreateBody {
    fn check(self) -> Result<(String, Vec<Scope>), Problem> {
        let Self { label, scopes } = self;
        if label.trim().is_empty() {
            let detail = format!("`label` is empty. Give the key a label of 1 to {LABEL_BYTES_MAX} bytes.");
            return Err(Problem::new(Code::FieldEmpty, detail).at("/label"));
        }
        if label.len() > LABEL_BYTES_MAX {
            let detail = format!("`label` is longer than {LABEL_BYTES_MAX} bytes. Shorten it.");
            let problem = Problem::new(Code::FieldTooLong, detail).at("/label");
            return Err(problem.with("bytes_max", LABEL_BYTES_MAX));
        }
        if scopes.is_empty() {
            let detail = "`scopes` is empty. Give at least one of `send`, `read`, `inbox`, `admin`.";
            return Err(Problem::new(Code::FieldEmpty, detail).at("/scopes"));
        }
        let mut scopes: Vec<Scope> = scopes.into_iter().map(|Word(name)| name.into()).collect();
        scopes.sort_unstable();
        scopes.dedup();
        Ok((label, scopes))
    }
}

impl<'a> From<&'a ApiKey> for KeyObject<'a> {
    fn from(key: &'a ApiKey) -> Self {
        Self {
            id: &key.id,
            label: &key.label,
            scopes: &key.scopes,
            created_at: Timestamp(key.created_ms),
            revoked_at: key.revoked_ms.map(Timestamp),
        }
    }
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Send => Self::Send,
            ScopeName::Read => Self::Read,
            ScopeName::Inbox => Self::Inbox,
            ScopeName::Admin => Self::Admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_shows_its_hash() {
        let (key, text) = api_key::new_key("acme".into(), "shop".to_owned(), vec![Scope::Send], 0);
        let shown = serde_json::to_value(NewKeyObject { object: KeyObject::from(&key), key: &text }).unwrap();
        let expected = serde_json::json!({
            "id": key.id, "label": "shop", "scopes": ["send"],
            "created_at": "1970-01-01T00:00:00.000Z", "key": text,
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn bodies_are_checked() {
        let long = "x".repeat(101);
        for (label, scopes, expected) in [
            (
                "shop",
                vec![ScopeName::Admin, ScopeName::Send, ScopeName::Send],
                Ok(vec![Scope::Send, Scope::Admin]),
            ),
            (" ", vec![ScopeName::Send], Err(Code::FieldEmpty)),
            (&long, vec![ScopeName::Send], Err(Code::FieldTooLong)),
            ("shop", vec![], Err(Code::FieldEmpty)),
        ] {
            let scopes = scopes.into_iter().map(Word).collect();
            let checked = CreateBody { label: label.to_owned(), scopes }.check();
            assert_eq!(
                checked.map(|(_, scopes)| scopes).map_err(|problem| problem.code()),
                expected,
                "{label}"
            );
        }
    }
}
