//! What decides, and what does not any more.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use waypost_api::answer::{empty, json};
use waypost_api::json::parse;
use waypost_core::limits::REQUEST_BYTES_MAX;

use super::super::auth::{Authorised, PluginAuthor};
use super::super::documented::documented;
use super::super::path::{PathName, PathNames};
use super::super::problem::{self, Code};
use super::super::reply::{Failed, reply};
use super::super::{Api, body};
use super::wire::{BindingObject, PluginObject};
use crate::plugins::Change;

documented!(ChangeProblems: problem::KEY, problem::BODY, &[
    Code::PluginUnknown,
    Code::RevisionUnknown,
    Code::RevisionNotReady,
    Code::PluginNotLoadable,
    Code::StageTaken,
    Code::PluginBusy,
]);
documented!(BindProblems: problem::KEY, problem::BODY, &[
    Code::PluginUnknown,
    Code::BindingInvalid,
    Code::FieldRange,
    Code::FieldValue,
    Code::PluginBusy,
]);
documented!(RollBackProblems: problem::KEY, &[
    Code::PluginUnknown,
    Code::RevisionUnknown,
    Code::NothingToRollBack,
    Code::RevisionNotReady,
    Code::PluginNotLoadable,
    Code::StageTaken,
    Code::PluginBusy,
]);
documented!(DeactivateProblems: problem::KEY, &[Code::PluginUnknown, Code::PluginBusy]);
documented!(DeleteProblems: problem::KEY, &[
    Code::PluginUnknown,
    Code::RevisionUnknown,
    Code::RevisionInUse,
    Code::PluginBusy,
]);

/// Which revision is to decide.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ActivateRequest)]
pub struct ActivateBody {
    /// Its name.
    revision: String,
}

/// Which revision is to be asked beside whatever decides.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShadowRequest)]
pub struct ShadowBody {
    /// Its name; null: none any more.
    revision: Option<String>,
}

/// Let a revision decide, from the next message on, on every host.
#[utoipa::path(
    post,
    path = "/v1/plugins/{name}/activate",
    operation_id = "activatePlugin",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    request_body = ActivateBody,
    responses((status = 200, description = "The plugin as it is now", body = PluginObject), ChangeProblems),
    security(("key" = ["plugins"])),
)]
pub async fn activate(
    State(api): State<Arc<Api>>,
    authorised: Authorised<PluginAuthor>,
    PathName(name): PathName,
    request: Request,
) -> Result<Response, Failed> {
    let ActivateBody { revision } = read(request).await?;
    changed(&api, &authorised, &name, Change::Activate(revision)).await
}

/// Let nobody decide for this plugin any more.
#[utoipa::path(
    post,
    path = "/v1/plugins/{name}/deactivate",
    operation_id = "deactivatePlugin",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    responses((status = 200, description = "The plugin as it is now", body = PluginObject), DeactivateProblems),
    security(("key" = ["plugins"])),
)]
pub async fn deactivate(
    State(api): State<Arc<Api>>,
    authorised: Authorised<PluginAuthor>,
    PathName(name): PathName,
) -> Result<Response, Failed> {
    changed(&api, &authorised, &name, Change::Deactivate).await
}

/// Ask a revision about every message beside whatever decides, and record where it differs.
#[utoipa::path(
    post,
    path = "/v1/plugins/{name}/shadow",
    operation_id = "shadowPlugin",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    request_body = ShadowBody,
    responses((status = 200, description = "The plugin as it is now", body = PluginObject), ChangeProblems),
    security(("key" = ["plugins"])),
)]
pub async fn shadow(
    State(api): State<Arc<Api>>,
    authorised: Authorised<PluginAuthor>,
    PathName(name): PathName,
    request: Request,
) -> Result<Response, Failed> {
    let ShadowBody { revision } = read(request).await?;
    changed(&api, &authorised, &name, Change::Shadow(revision)).await
}

/// Let the revision decide that did so before this one.
#[utoipa::path(
    post,
    path = "/v1/plugins/{name}/rollback",
    operation_id = "rollBackPlugin",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    responses((status = 200, description = "The plugin as it is now", body = PluginObject), RollBackProblems),
    security(("key" = ["plugins"])),
)]
pub async fn roll_back(
    State(api): State<Arc<Api>>,
    authorised: Authorised<PluginAuthor>,
    PathName(name): PathName,
) -> Result<Response, Failed> {
    changed(&api, &authorised, &name, Change::RollBack).await
}

/// Change the order, the failure policy or the reuse of instances.
#[utoipa::path(
    put,
    path = "/v1/plugins/{name}/binding",
    operation_id = "bindPlugin",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    request_body = BindingObject,
    responses((status = 200, description = "The plugin as it is now", body = PluginObject), BindProblems),
    security(("key" = ["plugins"])),
)]
pub async fn bind(
    State(api): State<Arc<Api>>,
    authorised: Authorised<PluginAuthor>,
    PathName(name): PathName,
    request: Request,
) -> Result<Response, Failed> {
    let binding: BindingObject = read(request).await?;
    changed(&api, &authorised, &name, Change::Bind(binding.into())).await
}

/// Delete a plugin that decides nothing, with its revisions.
#[utoipa::path(
    delete,
    path = "/v1/plugins/{name}",
    operation_id = "deletePlugin",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    responses((status = 204, description = "Deleted"), DeleteProblems),
    security(("key" = ["plugins"])),
)]
pub async fn delete(
    State(api): State<Arc<Api>>,
    authorised: Authorised<PluginAuthor>,
    PathName(name): PathName,
) -> Result<Response, Failed> {
    api.gateway.plugins.delete(&authorised.caller.tenant.terms.name, &name).await?;
    reply(Ok(empty(StatusCode::NO_CONTENT)))
}

/// Delete a revision that nobody uses.
#[utoipa::path(
    delete,
    path = "/v1/plugins/{name}/revisions/{revision}",
    operation_id = "deleteRevision",
    tag = "plugins",
    params(
        ("name" = String, Path, description = "The plugin's name"),
        ("revision" = String, Path, description = "The revision's name"),
    ),
    responses((status = 204, description = "Deleted"), DeleteProblems),
    security(("key" = ["plugins"])),
)]
pub async fn delete_revision(
    State(api): State<Arc<Api>>,
    authorised: Authorised<PluginAuthor>,
    PathNames(name, revision): PathNames,
) -> Result<Response, Failed> {
    api.gateway.plugins.delete_revision(&authorised.caller.tenant.terms.name, &name, &revision).await?;
    reply(Ok(empty(StatusCode::NO_CONTENT)))
}

async fn changed(
    api: &Api,
    authorised: &Authorised<PluginAuthor>,
    name: &str,
    change: Change,
) -> Result<Response, Failed> {
    let caller = &authorised.caller;
    let record = api.gateway.plugins.change(&caller.tenant, name, &caller.key, &change).await?;
    reply(json(StatusCode::OK, &PluginObject::new(name, &record)))
}

async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Failed> {
    let (parts, body) = request.into_parts();
    Ok(parse(&body::read_json(&parts.headers, body, REQUEST_BYTES_MAX).await?)?)
}
