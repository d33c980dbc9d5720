//! Plugins as they are, and what was seen of them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use waypost_api::answer::json;
use waypost_api::query::Parameters;
use waypost_api::wire::Timestamp;

use super::super::Api;
use super::super::auth::{Authorised, PluginAuthor, Reading};
use super::super::documented::documented;
use super::super::path::{PathName, PathNames};
use super::super::problem::{self, Code, Problem};
use super::super::reply::{Failed, reply};
use super::wire::{PluginObject, RevisionObject};
use crate::plugins::SeenRevision;
use crate::plugins::activity::{Part, Seen};
use crate::plugins::settings_diff::{Differing, differing};

/// Query parameters of the comparison of settings.
pub const DIFF: &[&str] = &["from", "to"];
/// Query parameters of the log.
pub const LOGS: &[&str] = &["after", "limit"];
/// Messages that the report on a shadow names.
const SAMPLES_MAX: usize = 100;

documented!(ListProblems: problem::KEY);
documented!(ReadProblems: problem::KEY, &[Code::PluginUnknown]);
documented!(RevisionProblems: problem::KEY, &[Code::PluginUnknown, Code::RevisionUnknown]);
documented!(DiffProblems: problem::KEY, problem::QUERY, &[Code::PluginUnknown, Code::RevisionUnknown]);
documented!(LogsProblems: problem::KEY, problem::QUERY, &[Code::PluginUnknown]);

/// The plugins of a tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Plugins)]
struct PluginList {
    /// By name.
    plugins: Vec<PluginObject>,
}

/// Settings that differ.
#[derive(Serialize, ToSchema)]
#[schema(as = SettingsDiff)]
struct Diff {
    /// Whether both revisions have the same component.
    same_component: bool,
    /// Where the settings differ.
    #[schema(value_type = Vec<DifferingSchema>)]
    settings: Vec<Differing>,
}

/// One place where settings differ.
#[derive(ToSchema)]
#[schema(as = SettingsDifference)]
#[allow(dead_code, reason = "only its schema is used")]
struct DifferingSchema {
    /// Where: a JSON pointer (RFC 6901).
    pointer: String,
    /// In the one; absent where it has nothing there.
    from: Option<Value>,
    /// In the other.
    to: Option<Value>,
}

/// What was seen of a plugin.
#[derive(Serialize, ToSchema)]
#[schema(as = PluginActivity)]
struct Activity {
    /// The host that answers. What others have seen is at most some seconds old.
    host: String,
    /// Each revision that decides, is a shadow, or was, the one first that was asked last.
    revisions: Vec<RevisionActivity>,
}

/// What was seen of one revision.
#[derive(Serialize, ToSchema)]
#[schema(as = RevisionActivity)]
struct RevisionActivity {
    /// Which.
    revision: String,
    /// `active` or `shadow`.
    part: &'static str,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// When it was asked last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last: Option<Timestamp>,
    /// Calls, answers, faults, fuel and time.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    seen: Seen,
    /// How a shadow differs from what decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    against: Option<crate::plugins::activity::Compared>,
}

/// Lines of a plugin's log.
#[derive(Serialize, ToSchema)]
#[schema(as = PluginLog)]
struct Log {
    /// Oldest first.
    lines: Vec<LineObject>,
    /// Ask with this as `after` for what comes next.
    next: u64,
}

/// A line that a component wrote.
#[derive(Serialize, ToSchema)]
#[schema(as = PluginLogLine)]
struct LineObject {
    /// Ascending on each host.
    sequence: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The message that the call was about.
    message: String,
    /// The revision that wrote it.
    revision: String,
    /// Its level and text.
    text: String,
}

/// List the tenant's plugins.
#[utoipa::path(
    get,
    path = "/v1/plugins",
    operation_id = "listPlugins",
    tag = "plugins",
    responses((status = 200, description = "By name", body = PluginList), ListProblems),
    security(("key" = ["read"])),
)]
pub async fn list(State(api): State<Arc<Api>>, authorised: Authorised<Reading>) -> Result<Response, Failed> {
    let plugins = api.gateway.plugins.list(&authorised.caller.tenant.terms.name).await?;
    let plugins = plugins.iter().map(|(name, record)| PluginObject::new(name, record)).collect();
    reply(json(StatusCode::OK, &PluginList { plugins }))
}

/// Read one plugin with its revisions, newest first.
#[utoipa::path(
    get,
    path = "/v1/plugins/{name}",
    operation_id = "readPlugin",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    responses((status = 200, description = "The plugin", body = PluginObject), ReadProblems),
    security(("key" = ["read"])),
)]
pub async fn read(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Reading>,
    PathName(name): PathName,
) -> Result<Response, Failed> {
    let (plugins, tenant) = (&api.gateway.plugins, &authorised.caller.tenant.terms.name);
    let (_, record) = plugins.plugin(tenant, &name).await?;
    let revisions = plugins.revisions(tenant, &name).await?;
    let revisions = revisions.iter().rev().map(|(revision, _, record)| {
        RevisionObject::new(&name, revision, record, plugins.progress(tenant, &name, revision))
    });
    reply(json(StatusCode::OK, &PluginObject::new(&name, &record).with(revisions.collect())))
}

/// Read one revision: how its check goes, or why it cannot be used.
#[utoipa::path(
    get,
    path = "/v1/plugins/{name}/revisions/{revision}",
    operation_id = "readRevision",
    tag = "plugins",
    params(
        ("name" = String, Path, description = "The plugin's name"),
        ("revision" = String, Path, description = "The revision's name"),
    ),
    responses((status = 200, description = "The revision", body = RevisionObject), RevisionProblems),
    security(("key" = ["read"])),
)]
pub async fn read_revision(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Reading>,
    PathNames(name, revision): PathNames,
) -> Result<Response, Failed> {
    let (plugins, tenant) = (&api.gateway.plugins, &authorised.caller.tenant.terms.name);
    let (_, record) = plugins.revision(tenant, &name, &revision).await?;
    let progress = plugins.progress(tenant, &name, &revision);
    reply(json(StatusCode::OK, &RevisionObject::new(&name, &revision, &record, progress)))
}

/// Download the component of a revision, as it was uploaded.
#[utoipa::path(
    get,
    path = "/v1/plugins/{name}/revisions/{revision}/component",
    operation_id = "readComponent",
    tag = "plugins",
    params(
        ("name" = String, Path, description = "The plugin's name"),
        ("revision" = String, Path, description = "The revision's name"),
    ),
    responses(
        (status = 200, description = "The component", content_type = "application/wasm", body = String),
        RevisionProblems,
    ),
    security(("key" = ["plugins"])),
)]
pub async fn component(
    State(api): State<Arc<Api>>,
    authorised: Authorised<PluginAuthor>,
    PathNames(name, revision): PathNames,
) -> Result<Response, Failed> {
    let tenant = &authorised.caller.tenant.terms.name;
    let bytes = api.gateway.plugins.component_of(tenant, &name, Some(&revision)).await?;
    let headers = [
        (CONTENT_TYPE, "application/wasm"),
        (CONTENT_DISPOSITION, "attachment; filename=\"component.wasm\""),
    ];
    Ok((headers, bytes).into_response())
}

/// Compare the settings of two revisions.
#[utoipa::path(
    get,
    path = "/v1/plugins/{name}/diff",
    operation_id = "diffRevisions",
    tag = "plugins",
    params(
        ("name" = String, Path, description = "The plugin's name"),
        ("from" = String, Query, description = "A revision"),
        ("to" = String, Query, description = "Another revision"),
    ),
    responses((status = 200, description = "What differs", body = Diff), DiffProblems),
    security(("key" = ["read"])),
)]
pub async fn diff(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Reading>,
    PathName(name): PathName,
    uri: Uri,
) -> Result<Response, Failed> {
    let parameters = Parameters::read(uri.query(), DIFF)?;
    let named = |parameter| {
        let found = parameters.one(parameter)?;
        found.ok_or_else(|| waypost_api::query::invalid(parameter, "has to name a revision"))
    };
    let (plugins, tenant) = (&api.gateway.plugins, &authorised.caller.tenant.terms.name);
    let (_, from) = plugins.revision(tenant, &name, named("from")?).await?;
    let (_, to) = plugins.revision(tenant, &name, named("to")?).await?;
    let settings = differing(&from.settings, &to.settings);
    reply(json(StatusCode::OK, &Diff { same_component: from.component == to.component, settings }))
}

/// See what the plugin has decided, what it cost, how it failed, and how its shadow differs.
#[utoipa::path(
    get,
    path = "/v1/plugins/{name}/activity",
    operation_id = "pluginActivity",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    responses((status = 200, description = "On all hosts", body = Activity), ReadProblems),
    security(("key" = ["read"])),
)]
pub async fn activity(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Reading>,
    PathName(name): PathName,
) -> Result<Response, Failed> {
    let (plugins, tenant) = (&api.gateway.plugins, &authorised.caller.tenant.terms.name);
    let seen =
        plugins.seen(tenant, &name).await?.into_iter().map(|SeenRevision { revision, part, mut sum }| {
            sum.against.messages_differing.truncate(SAMPLES_MAX);
            RevisionActivity {
                revision,
                part: part.as_str(),
                since: Timestamp(sum.since_ms),
                last: Some(sum.last_ms).filter(|last_ms| *last_ms > 0).map(Timestamp),
                seen: sum.seen(),
                against: (part == Part::Shadow).then_some(sum.against),
            }
        });
    reply(json(StatusCode::OK, &Activity { host: plugins.host().to_owned(), revisions: seen.collect() }))
}

/// Read what the plugin's revisions wrote to their logs on this host.
#[utoipa::path(
    get,
    path = "/v1/plugins/{name}/logs",
    operation_id = "pluginLogs",
    tag = "plugins",
    params(
        ("name" = String, Path, description = "The plugin's name"),
        ("after" = Option<u64>, Query, description = "Only lines after this number"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 500, description = "Most lines; 50 without it"),
    ),
    responses((status = 200, description = "Oldest first", body = Log), LogsProblems),
    security(("key" = ["read"])),
)]
pub async fn logs(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Reading>,
    PathName(name): PathName,
    uri: Uri,
) -> Result<Response, Failed> {
    let parameters = Parameters::read(uri.query(), LOGS)?;
    let after = parameters.number("after", 0..=u64::MAX, 0)?;
    let rows_max = parameters.rows()? as usize;
    let (plugins, tenant) = (&api.gateway.plugins, &authorised.caller.tenant.terms.name);
    plugins.plugin(tenant, &name).await?;
    let lines = plugins.activities().lines(tenant, &name, after, rows_max);
    let next = lines.last().map_or(after, |line| line.sequence);
    let lines = lines.into_iter().map(|line| LineObject {
        sequence: line.sequence,
        at: Timestamp(line.at_ms),
        message: line.message.to_string(),
        revision: line.revision.to_string(),
        text: line.text,
    });
    Ok::<_, Problem>(reply(json(StatusCode::OK, &Log { lines: lines.collect(), next })))?
}
