//! `waypost plugin logs`: what the plugin's revisions wrote, and what was seen of them.

use clap::Args;
use serde_json::Value;

use super::super::client::{Client, Request};
use super::super::error::{Exit, Result};
use super::super::output::{Grid, Output};
use super::folder::At;
use super::push::text;

/// Show the last lines that the plugin wrote to its log
#[derive(Debug, Args)]
pub(super) struct LogsArgs {
    #[command(flatten)]
    at: At,
    /// Only lines after this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
    /// Most lines
    #[arg(long, value_name = "1-500", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
}

pub(super) async fn run(client: &Client, output: &mut Output, args: &LogsArgs) -> Result<Exit> {
    let folder = args.at.open()?;
    let path = ["v1", "plugins", &folder.manifest.name, "logs"];
    let query = vec![("after", args.after.to_string()), ("limit", args.limit.to_string())];
    let log = client.send(Request::get(&path).query(query)).await?.body;
    if output.is_json() {
        output.document(&log)?;
        return Ok(Exit::Ok);
    }
    let mut lines = Grid::new(&["at", "message", "revision", "text"]);
    let all = log["lines"].as_array().cloned().unwrap_or_default();
    for line in &all {
        lines.row(["at", "message", "revision", "text"].map(|field| cell(line, field)).into());
    }
    if all.is_empty() {
        output.note("no lines; a component writes them by its logger");
    } else {
        output.table(lines)?;
    }
    Ok(Exit::Ok)
}

fn cell(line: &Value, field: &str) -> String {
    text(line, field).to_owned()
}
