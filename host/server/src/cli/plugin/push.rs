//! `waypost plugin push`: component and settings go to the server, and are waited for.

use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::super::client::{Client, Request};
use super::super::error::{CliError, Exit, Result};
use super::super::output::Output;
use super::folder::{At, Folder};
use crate::clock;

/// How often the server is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Longest wait for a check: well above what an interpreter takes on a busy machine.
const WAIT_MAX: Duration = Duration::from_secs(30 * 60);

/// Upload component and settings, and wait until the server has checked and compiled them
#[derive(Debug, Args)]
pub(super) struct PushArgs {
    #[command(flatten)]
    at: At,
    /// What you want to remember of this revision
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Do not wait for the check
    #[arg(long)]
    no_wait: bool,
}

pub(super) async fn run(client: &Client, output: &mut Output, args: &PushArgs) -> Result<Exit> {
    let folder = args.at.open()?;
    let (content_type, form) = form(&folder, &args.note)?;
    let name = folder.manifest.name.as_str();
    let path = ["v1", "plugins", name];
    let upload = Request::put(&path).bytes(content_type, form).patient();
    let mut revision = client.send(upload).await?.body;
    if !args.no_wait {
        revision = wait(client, output, name, revision).await?;
    }
    if output.is_json() {
        output.document(&revision)?;
    } else {
        output.text(&format!("{} ({})", text(&revision, "revision"), text(&revision, "state")))?;
    }
    Ok(Exit::Ok)
}

/// Until it is ready, or failed.
async fn wait(client: &Client, output: &Output, name: &str, mut revision: Value) -> Result<Value> {
    let began = Instant::now();
    let mut step = String::new();
    loop {
        match text(&revision, "state") {
            "ready" => return Ok(revision),
            "failed" => return Err(failed(&revision["problem"])),
            state => {
                let now = revision["step"].as_str().unwrap_or(state);
                if now != step {
                    step = now.to_owned();
                    output.note(&format!("{step} …"));
                }
            }
        }
        if began.elapsed() > WAIT_MAX {
            return Err(CliError::failed("plugin_check_slow", "the server has not checked it yet")
                .hint("look again later: `waypost plugin push` waits for the same revision"));
        }
        sleep(LOOK_EVERY).await;
        let path = ["v1", "plugins", name, "revisions", text(&revision, "revision")];
        revision = client.send(Request::get(&path)).await?.body;
    }
}

fn failed(problem: &Value) -> CliError {
    let log: Vec<&str> = problem["log"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let detail = format!("the server cannot use it: {} ({})", text(problem, "reason"), text(problem, "code"));
    let error = CliError::failed("plugin_refused", detail);
    if log.is_empty() { error } else { error.hint(format!("its log: {}", log.join(" | "))) }
}

/// `multipart/form-data` (RFC 7578) with a boundary that nobody can have guessed.
fn form(folder: &Folder, note: &str) -> Result<(String, Vec<u8>)> {
    let boundary = format!("waypost-{:016x}{:016x}", clock::random_u64(), clock::random_u64());
    let mut form = Vec::new();
    let mut part = |name: &str, bytes: &[u8]| {
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(bytes);
        form.extend_from_slice(b"\r\n");
    };
    part("role", folder.manifest.role.role().as_str().as_bytes());
    part("settings", folder.settings()?.to_string().as_bytes());
    if !note.is_empty() {
        part("note", note.as_bytes());
    }
    part("component", &folder.component()?);
    form.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((format!("multipart/form-data; boundary={boundary}"), form))
}

/// A field that is text; empty where it is not there.
pub(super) fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}
