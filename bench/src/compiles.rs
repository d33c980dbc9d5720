//! Components in JavaScript and Python, made as docs/writing-plugins.md says: the time from an upload to its
//! first decision, and what ten of them in a row cost another tenant that sends meanwhile.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::figure::Report;
use crate::gateway::config;
use crate::http::{Client, distinct};
use crate::neighbour::{Turns, turn};
use crate::server::{Server, binary, data_root};

const FIRST_DECISION_MAX_S: f64 = 60.0;
const COMPILES: usize = 10;
const QUIET_TURNS: usize = 9;
/// Longest that the ten are waited for.
const ALL_MAX: Duration = Duration::from_secs(600);
const PLUGIN: &str = "consent";
/// The languages with what each needs before `waypost plugin build`, and what that makes.
const LANGUAGES: [(&str, &str, &str); 2] = [
    ("javascript", "npm install --silent --no-audit --no-fund", "build/consent.wasm"),
    (
        "python",
        "python3 -m venv .venv && .venv/bin/pip install --quiet -r requirements.txt",
        "component.wasm",
    ),
];

/// Each by itself first, then ten in a row.
pub async fn measure(report: &mut Report) -> Result<()> {
    let mut components = Vec::new();
    for (language, tools, built) in LANGUAGES {
        components.push(component(language, tools, built)?);
    }
    let server = Server::start(&config("")).await?;
    let operator = Client { address: server.address, key: server.key_of("default", &["operator"])? };
    for (number, (language, ..)) in LANGUAGES.iter().enumerate() {
        let tenant = tenant(&operator, &server, language).await?;
        let seconds = first_decision(&tenant, &components[number]).await?.as_secs_f64();
        let name = format!("upload over HTTP to first decision, {language}");
        report.at_most(&name, seconds, "s", FIRST_DECISION_MAX_S);
    }

    let mut turns = Turns::default();
    turn(&server).await?;
    for _ in 0..QUIET_TURNS {
        turns.quiet.push(turn(&server).await?);
    }
    let start = Instant::now();
    let mut waiting = Vec::new();
    for number in 0..COMPILES {
        let tenant = tenant(&operator, &server, &format!("large-{number}")).await?;
        let component = distinct(&components[number % components.len()], number);
        let revision = tenant.upload_of(PLUGIN, "screening", &component, &settings()).await?;
        waiting.push(tokio::spawn(async move { tenant.ready_within(ALL_MAX, PLUGIN, &revision).await }));
    }
    while waiting.iter().any(|one| !one.is_finished()) {
        turns.beside.push(turn(&server).await?);
    }
    for one in waiting {
        one.await??;
    }
    report.figure("ten one after the other, until the last is ready", start.elapsed().as_secs_f64(), "s");
    turns.compare(report, "ten compiles");
    Ok(())
}

/// The template of a language, built by the tools of the language; kept for the next run.
fn component(language: &str, tools: &str, built: &str) -> Result<Vec<u8>> {
    let folder = data_root()?.join("compiles").join(language);
    let path = folder.join(PLUGIN).join(built);
    if !path.is_file() {
        let waypost = binary()?.display().to_string();
        let new = format!("{waypost} plugin new {PLUGIN} --lang {language} --role screening");
        std::fs::create_dir_all(&folder)?;
        sh(
            &folder,
            &format!("rm -rf {PLUGIN} && {new} && cd {PLUGIN} && {tools} && {waypost} plugin build"),
        )?;
    }
    std::fs::read(&path).with_context(|| format!("{} is not there", path.display()))
}

fn sh(folder: &Path, line: &str) -> Result<()> {
    let output = Command::new("sh").args(["-c", line]).current_dir(folder).output()?;
    ensure!(output.status.success(), "`{line}`: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

async fn tenant(operator: &Client, server: &Server, name: &str) -> Result<Client> {
    operator.json("PUT", &format!("/v1/tenants/{name}"), &json!({})).await?;
    Ok(Client { address: server.address, key: server.key_of(name, &["send", "read", "plugins"])? })
}

fn settings() -> Value {
    json!({ "tag": "consent" })
}

/// The time from the upload to the first message that it refused.
async fn first_decision(tenant: &Client, component: &[u8]) -> Result<Duration> {
    tenant.first_refusal(PLUGIN, component, &settings(), "+447400123456", "tag_missing").await
}
