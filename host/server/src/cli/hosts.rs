//! `waypost hosts`: who is there.

use clap::Args;
use serde_json::{Value, json};
use waypost_core::redis::fleet::SeenHost;
use waypost_core::time::rfc3339;

use super::at::At;
use super::error::{CliError, Exit, Result};
use super::output::{Grid, Output};
use super::wire::short_time;

/// A host that has said nothing for this long is not well, in milliseconds.
const SILENT_MS: u64 = 5_000;

/// List the hosts of a Redis, also those that have stopped within the last day
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  waypost hosts
  waypost hosts --store redis://10.0.0.1:6379 --json

State: `up`; `stopping`; `stopped`, after it has said so; `silent`, where nothing was heard for 5 s.")]
pub(super) struct HostsArgs {
    #[command(flatten)]
    at: At,
}

pub(super) async fn run(output: &mut Output, args: &HostsArgs) -> Result<Exit> {
    let (_, fleet) = args.at.fleet().await?;
    let hosts = fleet.hosts().await.map_err(|error| CliError::failed("store_failed", error.to_string()))?;
    if output.is_json() {
        output.document(&Value::Array(hosts.iter().map(document).collect()))?;
        return Ok(Exit::Ok);
    }
    let mut grid = Grid::new(&["host", "state", "version", "since", "configuration", "heard"]);
    for host in &hosts {
        let config = match host.report.config_version {
            0 => "its own".to_owned(),
            version => format!("version {version}"),
        };
        grid.row(vec![
            super::output::printable(&host.report.name),
            state(host).to_owned(),
            super::output::printable(&host.report.version),
            short_time(&rfc3339(host.report.since_ms)),
            config,
            format!("{}.{} s ago", host.silent_ms / 1000, host.silent_ms % 1000 / 100),
        ]);
    }
    output.table(grid)?;
    Ok(Exit::Ok)
}

fn state(host: &SeenHost) -> &'static str {
    match (host.report.stopping, host.silent_ms < SILENT_MS) {
        (true, true) => "stopping",
        (true, false) => "stopped",
        (false, true) => "up",
        (false, false) => "silent",
    }
}

fn document(host: &SeenHost) -> Value {
    json!({ "name": host.report.name, "state": state(host), "version": host.report.version,
        "since": rfc3339(host.report.since_ms), "config_version": host.report.config_version,
        "silent_ms": host.silent_ms })
}
