//! Components and settings come in.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use waypost_api::Problem;
use waypost_api::answer::json;
use waypost_api::json::parse;
use waypost_api::query::Parameters;
use waypost_core::limits::REQUEST_BYTES_MAX;

use super::super::auth::{Authorised, PluginAuthor};
use super::super::documented::documented;
use super::super::path::PathName;
use super::super::problem::{self, Code};
use super::super::reply::{Failed, reply};
use super::super::{Api, body};
use super::form::{self, Form, PART_BYTES_MAX};
use super::problems::COMPONENT_BYTES;
use super::wire::{RevisionObject, RoleName};
use crate::plugins::{NOTE_BYTES_MAX, PluginError, Upload, Uploaded};
use crate::shell::Caller;

/// Longest time for the body of an upload: 24 MiB at 2 Mbit/s.
const UPLOAD_READ_MAX: Duration = Duration::from_secs(100);
/// Query parameters of an upload.
const UPLOAD: &[&str] = &["role", "note"];

documented!(UploadProblems: problem::KEY, problem::QUERY, &[
    Code::BodyIncomplete,
    Code::BodyTooSlow,
    Code::BodyTooLarge,
    Code::ContentTypeUnsupported,
    Code::PluginFormInvalid,
    Code::PluginTooLarge,
    Code::PluginSettingsTooLarge,
    Code::PluginNameInvalid,
    Code::PluginRoleMissing,
    Code::PluginRoleInvalid,
    Code::PluginsFull,
    Code::RevisionsFull,
    Code::UploadsLimited,
    Code::PluginBusy,
]);
documented!(SettingsProblems: problem::KEY, problem::BODY, &[
    Code::FieldTooLong,
    Code::PluginUnknown,
    Code::RevisionUnknown,
    Code::PluginSettingsTooLarge,
    Code::RevisionsFull,
    Code::UploadsLimited,
    Code::PluginBusy,
]);

/// A component with its settings, as a form.
#[derive(ToSchema)]
#[schema(as = PluginUpload)]
#[allow(dead_code, reason = "only its schema is used: the parts of a form are read one by one")]
struct UploadForm {
    /// The component, compiled for `wasm32-wasip2`.
    #[schema(format = Binary, content_media_type = "application/wasm")]
    component: String,
    /// Its settings, a JSON object. Those of the active revision where the part is left out.
    settings: Option<Value>,
    /// What it decides; needed for a new plugin.
    role: Option<RoleName>,
    /// What you want to remember of this revision, at most 200 bytes.
    note: Option<String>,
}

/// Settings for a component that is there already.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PluginSettings)]
pub struct SettingsBody {
    /// The settings, whole.
    settings: Value,
    /// Whose component they are for; the active revision where it is left out, else the newest.
    revision: Option<String>,
    /// What you want to remember of this revision, at most 200 bytes.
    note: Option<String>,
}

/// Upload a component: a new revision, of a new plugin where there is none of this name.
///
/// It is checked and compiled afterwards; its state says how that goes.
#[utoipa::path(
    put,
    path = "/v1/plugins/{name}",
    operation_id = "uploadPlugin",
    tag = "plugins",
    params(
        ("name" = String, Path, description = "The plugin's name: 1 to 32 of a-z, 0-9 and -, a letter first"),
        ("role" = Option<RoleName>, Query, description = "What it decides; needed for a new plugin"),
        ("note" = Option<String>, Query, description = "What you want to remember of this revision"),
    ),
    request_body(content(
        (UploadForm = "multipart/form-data"),
        (String = "application/wasm"),
    )),
    responses(
        (status = 202, description = "It waits to be checked", body = RevisionObject),
        (status = 200, description = "The same component and settings are there already", body = RevisionObject),
        UploadProblems,
    ),
    security(("key" = ["plugins"])),
)]
pub async fn upload(
    State(api): State<Arc<Api>>,
    authorised: Authorised<PluginAuthor>,
    PathName(name): PathName,
    request: Request,
) -> Result<Response, Failed> {
    let caller = &authorised.caller;
    let plugins = &api.gateway.plugins;
    let _place = plugins.begin_upload(&caller.tenant)?;
    let (parts, body) = request.into_parts();
    let parameters = Parameters::read(parts.uri.query(), UPLOAD)?;
    let component_max = usize::try_from(caller.tenant.plan.component_bytes_max).unwrap_or(usize::MAX);
    let bytes_max = component_max.saturating_add(PART_BYTES_MAX);
    let read = body::read_large(&parts.headers, body, bytes_max, UPLOAD_READ_MAX).await;
    let body = read.map_err(|problem| match problem.code() {
        Code::BodyTooLarge => problem.with("limit", COMPONENT_BYTES),
        _ => problem,
    })?;
    let mut form = Form::read(&parts.headers, body).await?;
    form.role = form.role.or(parameters.one("role")?.map(form::role).transpose()?);
    form.note = form.note.or(parameters.one("note")?.map(str::to_owned));
    let settings = match form.settings {
        Some(settings) => settings,
        None => usual_settings(&api, caller, &name).await?,
    };
    let upload = Upload {
        plugin: name.clone(),
        role: form.role,
        component: form.component,
        settings,
        note: checked_note(form.note)?,
    };
    let uploaded = plugins.upload(&caller.tenant, &caller.key, upload).await?;
    answer(&name, &uploaded)
}

/// Give a component other settings: a new revision.
#[utoipa::path(
    put,
    path = "/v1/plugins/{name}/settings",
    operation_id = "uploadSettings",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    request_body = SettingsBody,
    responses(
        (status = 202, description = "It waits to be checked", body = RevisionObject),
        (status = 200, description = "The same component and settings are there already", body = RevisionObject),
        SettingsProblems,
    ),
    security(("key" = ["plugins"])),
)]
pub async fn upload_settings(
    State(api): State<Arc<Api>>,
    authorised: Authorised<PluginAuthor>,
    PathName(name): PathName,
    request: Request,
) -> Result<Response, Failed> {
    let caller = &authorised.caller;
    let (parts, body) = request.into_parts();
    let _place = api.gateway.plugins.begin_upload(&caller.tenant)?;
    let wanted: SettingsBody = parse(&body::read_json(&parts.headers, body, REQUEST_BYTES_MAX).await?)?;
    let plugins = &api.gateway.plugins;
    let component =
        plugins.component_of(&caller.tenant.terms.name, &name, wanted.revision.as_deref()).await?;
    let upload = Upload {
        plugin: name.clone(),
        role: None,
        component: component.into(),
        settings: wanted.settings,
        note: checked_note(wanted.note)?,
    };
    let uploaded = plugins.upload(&caller.tenant, &caller.key, upload).await?;
    answer(&name, &uploaded)
}

/// Those of the active revision, none for a new plugin.
async fn usual_settings(api: &Api, caller: &Caller, name: &str) -> Result<Value, Problem> {
    let (plugins, tenant) = (&api.gateway.plugins, &caller.tenant.terms.name);
    let active = match plugins.plugin(tenant, name).await {
        Ok((_, record)) => record.active,
        Err(PluginError::PluginUnknown) => None,
        Err(error) => return Err(error.into()),
    };
    match active {
        Some(revision) => Ok(plugins.revision(tenant, name, &revision).await?.1.settings),
        None => Ok(Value::Object(serde_json::Map::new())),
    }
}

fn checked_note(note: Option<String>) -> Result<String, Problem> {
    let note = note.unwrap_or_default();
    if note.len() > NOTE_BYTES_MAX {
        let detail = format!("`note` is longer than {NOTE_BYTES_MAX} bytes. Shorten it.");
        return Err(Problem::new(Code::FieldTooLong, detail).at("/note"));
    }
    Ok(note)
}

fn answer(plugin: &str, uploaded: &Uploaded) -> Result<Response, Failed> {
    let status = if uploaded.is_new { StatusCode::ACCEPTED } else { StatusCode::OK };
    reply(json(status, &RevisionObject::new(plugin, &uploaded.revision, &uploaded.record, None)))
}
