//! `waypost plugin activate`, `deactivate`, `shadow`, `rollback`: what decides, and what looks on.

use clap::Args;
use serde_json::{Value, json};

use super::super::client::{Client, Request};
use super::super::error::{Exit, Result};
use super::super::output::Output;
use super::folder::At;

/// Let a revision decide, from the next message on
#[derive(Debug, Args)]
pub(super) struct ActivateArgs {
    #[command(flatten)]
    at: At,
    /// The revision; that of the folder, as it is built and set now, where it is left out
    #[arg(value_name = "REVISION")]
    revision: Option<String>,
}

/// Ask a revision about every message beside whatever decides
#[derive(Debug, Args)]
pub(super) struct ShadowArgs {
    #[command(flatten)]
    at: At,
    /// The revision; that of the folder, as it is built and set now, where it is left out
    #[arg(value_name = "REVISION")]
    revision: Option<String>,
    /// Ask none any more
    #[arg(long, conflicts_with = "revision")]
    off: bool,
}

/// Let the revision decide that did so before
#[derive(Debug, Args)]
pub(super) struct RollbackArgs {
    #[command(flatten)]
    at: At,
}

/// Let nobody decide for this plugin any more
#[derive(Debug, Args)]
pub(super) struct DeactivateArgs {
    #[command(flatten)]
    at: At,
}

pub(super) async fn activate(client: &Client, output: &mut Output, args: &ActivateArgs) -> Result<Exit> {
    let folder = args.at.open()?;
    let revision = args.revision.clone().map_or_else(|| folder.revision(), Ok)?;
    change(client, output, &folder.manifest.name, "activate", &json!({ "revision": revision })).await
}

pub(super) async fn shadow(client: &Client, output: &mut Output, args: &ShadowArgs) -> Result<Exit> {
    let folder = args.at.open()?;
    let revision = if args.off {
        Value::Null
    } else {
        args.revision.clone().map_or_else(|| folder.revision(), Ok)?.into()
    };
    change(client, output, &folder.manifest.name, "shadow", &json!({ "revision": revision })).await
}

pub(super) async fn roll_back(client: &Client, output: &mut Output, args: &RollbackArgs) -> Result<Exit> {
    change(client, output, &args.at.open()?.manifest.name, "rollback", &Value::Null).await
}

pub(super) async fn deactivate(client: &Client, output: &mut Output, args: &DeactivateArgs) -> Result<Exit> {
    change(client, output, &args.at.open()?.manifest.name, "deactivate", &Value::Null).await
}

async fn change(client: &Client, output: &mut Output, name: &str, what: &str, body: &Value) -> Result<Exit> {
    let path = ["v1", "plugins", name, what];
    let request = Request::post(&path);
    let request = if body.is_null() { request } else { request.json(body) };
    let plugin = client.send(request).await?.body;
    if output.is_json() {
        output.document(&plugin)?;
        return Ok(Exit::Ok);
    }
    let shown = |field: &str| plugin[field].as_str().unwrap_or("none").to_owned();
    output.properties(&[
        ("plugin", name.to_owned()),
        ("active", shown("active")),
        ("shadow", shown("shadow")),
    ])?;
    Ok(Exit::Ok)
}
