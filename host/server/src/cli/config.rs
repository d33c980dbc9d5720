//! `waypost config`: the configuration that all hosts of a Redis share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use waypost_core::config::{Config, limits};
use waypost_core::redis::RedisError;
use waypost_core::redis::fleet::{FILE_BYTES_MAX, Fleet, Pushed, VersionRecord, Versions};
use waypost_core::time::rfc3339;

use super::at::At;
use super::error::{CliError, Exit, Result};
use super::message_args::read_input;
use super::output::{Grid, Output, printable, printable_lines};
use super::wire::short_time;
use crate::{check, reload, serve};

/// Longest name of who pushes, in bytes.
const BY_BYTES_MAX: usize = 128;

/// Hand one configuration to all hosts of a Redis, see and take back versions of it
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(flatten)]
    at: At,

    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check a file and make it the configuration of all hosts
    #[command(after_help = "Examples:
  waypost config push waypost.toml --store redis://10.0.0.1:6379
  waypost config push tenants.toml --config host.toml

Hosts with `shared_config = true` in [store] (or started with --shared-config) take components, providers,
tenants and numbers from it, within a second or two, without a restart; [server], [log], [store] and
[engine] stay those of each host. Component files go along. Secrets do not: the file names variables or
files, which each host has to have.")]
    Push {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// What has changed, for the history
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
        /// Also where somebody else has pushed since this command began
        #[arg(long)]
        force: bool,
    },
    /// Print a version, without a number the current one
    Show {
        /// Its number
        #[arg(value_name = "VERSION")]
        version: Option<u64>,
    },
    /// List the versions that are kept
    History,
    /// Make an earlier version the current one again, as a new version
    Rollback {
        /// Its number
        #[arg(value_name = "VERSION")]
        version: u64,
    },
}

pub(super) async fn run(output: &mut Output, args: &ConfigArgs) -> Result<Exit> {
    let (_, fleet) = args.at.fleet().await?;
    match &args.command {
        ConfigCommand::Push { file, note, force } => push(output, &fleet, file, note, *force).await,
        ConfigCommand::Show { version } => show(output, &fleet, *version).await,
        ConfigCommand::History => history(output, &fleet).await,
        ConfigCommand::Rollback { version } => rollback(output, &fleet, *version).await,
    }?;
    Ok(Exit::Ok)
}

async fn push(output: &mut Output, fleet: &Fleet, file: &Path, note: &str, force: bool) -> Result<()> {
    let text = String::from_utf8(read_input(file, limits::FILE_BYTES_MAX)?)
        .map_err(|_| CliError::failed("config_not_utf8", format!("{} is not UTF-8", file.display())))?;
    let invalid = |error: anyhow::Error| CliError::failed("config_invalid", format!("{error:#}"));
    let config = serve::parse_config(&text, &file.display().to_string()).map_err(invalid)?;
    if config.providers.is_empty() {
        let detail = "the file has no providers: it is that of a host, which takes them from here";
        return Err(CliError::failed("config_not_whole", detail));
    }
    let base = serve::base_of(file);
    check::components_to_share(&config, &base)
        .map_err(|lines| CliError::failed("config_invalid", lines.join("\n")))?;
    let files = read_components(&config, &base)?;

    let follows = fleet.versions().await.map_err(failed)?.current;
    let record = VersionRecord {
        version: 0,
        at_ms: 0,
        by: who(),
        note: note.chars().filter(|letter| !letter.is_control()).take(200).collect(),
        text: reload::hash_of(text.as_bytes()),
        files: files.iter().map(|(name, bytes)| (name.clone(), reload::hash_of(bytes))).collect(),
    };
    put(fleet, &record.text, text.as_bytes()).await?;
    for (name, bytes) in &files {
        put(fleet, &record.files[name], bytes).await?;
    }
    make_current(output, fleet, (!force).then_some(follows), &record).await
}

async fn show(output: &mut Output, fleet: &Fleet, version: Option<u64>) -> Result<()> {
    let missing = |error: anyhow::Error| CliError::failed("config_missing", format!("{error:#}"));
    let record = reload::record(fleet, version).await.map_err(missing)?;
    let text = reload::proven(fleet, &record.text).await.map_err(missing)?;
    let text = String::from_utf8_lossy(&text);
    if output.is_json() {
        let mut shown = document(&record, version.is_none());
        shown["text"] = json!(text);
        return output.document(&shown);
    }
    output.text(printable_lines(&text).trim_end())
}

async fn history(output: &mut Output, fleet: &Fleet) -> Result<()> {
    let Versions { current, records } = fleet.versions().await.map_err(failed)?;
    if output.is_json() {
        let records = records.iter().rev().map(|record| document(record, record.version == current));
        return output.document(&Value::Array(records.collect()));
    }
    if records.is_empty() {
        output.note("nothing was pushed yet; `waypost config push` does");
    }
    let mut grid = Grid::new(&["version", "pushed", "by", "note", "components", ""]);
    for record in records.iter().rev() {
        let mark = if record.version == current { "current" } else { "" };
        grid.row(vec![
            record.version.to_string(),
            short_time(&rfc3339(record.at_ms)),
            printable(&record.by),
            printable(&record.note),
            record.files.len().to_string(),
            mark.to_owned(),
        ]);
    }
    output.table(grid)
}

async fn rollback(output: &mut Output, fleet: &Fleet, version: u64) -> Result<()> {
    let versions = fleet.versions().await.map_err(failed)?;
    let Some(old) = versions.get(version) else {
        let detail = format!("there is no version {version} of the configuration");
        return Err(CliError::failed("config_missing", detail).hint("`waypost config history` lists them"));
    };
    let note = format!("back to version {version}");
    let record = VersionRecord { by: who(), note, ..old.clone() };
    make_current(output, fleet, Some(versions.current), &record).await
}

async fn make_current(
    output: &mut Output,
    fleet: &Fleet,
    follows: Option<u64>,
    record: &VersionRecord,
) -> Result<()> {
    match fleet.push(follows, record).await.map_err(failed)? {
        Pushed::Current(version) => {
            // What is left over takes room only.
            let _ = fleet.clear_files().await;
            if output.is_json() {
                return output.document(&json!({ "version": version }));
            }
            output.text(&format!("version {version} is the configuration of all hosts now"))
        }
        Pushed::Moved(version) => {
            let detail = format!("somebody has pushed version {version} meanwhile");
            Err(CliError::failed("config_moved", detail)
                .hint("look at it with `waypost config show`, then push again, or use --force"))
        }
        Pushed::FileMissing(hash) => {
            let detail = format!("the file {hash} was cleared away by another push");
            Err(CliError::failed("config_file_missing", detail).hint("push again"))
        }
    }
}

async fn put(fleet: &Fleet, hash: &str, bytes: &[u8]) -> Result<()> {
    if !fleet.has_file(hash).await.map_err(failed)? {
        fleet.put_file(hash, bytes.to_vec()).await.map_err(failed)?;
    }
    Ok(())
}

fn read_components(config: &Config, base: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let read = |(name, file): (&String, &waypost_core::config::ComponentFile)| {
        Ok((name.clone(), read_input(&base.join(&file.path), FILE_BYTES_MAX)?))
    };
    config.components.iter().map(read).collect()
}

/// `user@machine`, as far as they are known.
fn who() -> String {
    let user = std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned());
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let who = format!("{user}@{}", machine.trim());
    who.chars().filter(|letter| !letter.is_control()).take(BY_BYTES_MAX / 4).collect()
}

fn document(record: &VersionRecord, is_current: bool) -> Value {
    json!({ "version": record.version, "current": is_current, "pushed_at": rfc3339(record.at_ms),
        "by": record.by, "note": record.note, "components": record.files })
}

fn failed(error: RedisError) -> CliError {
    CliError::failed("store_failed", error.to_string())
}
