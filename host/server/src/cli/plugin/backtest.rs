//! `waypost plugin backtest`: what a revision would have decided about messages of the past.

use clap::Args;
use serde_json::{Map, Value, json};

use super::super::client::{Client, Request};
use super::super::error::{Exit, Result};
use super::super::output::{Grid, Output};
use super::folder::At;
use super::push::text;

/// Ask a revision about messages that were sent, and see what differs
#[derive(Debug, Args)]
pub(super) struct BacktestArgs {
    #[command(flatten)]
    at: At,
    /// The revision; that of the folder, as it is built and set now, where it is left out
    #[arg(value_name = "REVISION")]
    revision: Option<String>,
    /// The last so many messages
    #[arg(long, value_name = "1-1000000", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    last: Option<u64>,
    /// Messages taken in at this time or later: 2026-01-31T09:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Messages taken in before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Most messages to name
    #[arg(long, value_name = "0-1000", default_value_t = 10)]
    samples: u16,
}

pub(super) async fn run(client: &Client, output: &mut Output, args: &BacktestArgs) -> Result<Exit> {
    let folder = args.at.open()?;
    let revision = args.revision.clone().map_or_else(|| folder.revision(), Ok)?;
    let mut body = Map::new();
    body.insert("revision".to_owned(), json!(revision));
    body.insert("samples_max".to_owned(), json!(args.samples));
    let optional = [
        ("last", args.last.map(Value::from)),
        ("from", args.from.clone().map(Value::from)),
        ("to", args.to.clone().map(Value::from)),
    ];
    body.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    let path = ["v1", "plugins", &folder.manifest.name, "backtest"];
    let report = client.send(Request::post(&path).json(&Value::Object(body)).patient()).await?.body;
    if output.is_json() {
        output.document(&report)?;
        return Ok(Exit::Ok);
    }
    print(output, &report)?;
    Ok(Exit::Ok)
}

fn print(output: &mut Output, report: &Value) -> Result<()> {
    let number = |field: &str| report[field].to_string();
    output.properties(&[
        ("revision", text(report, "revision").to_owned()),
        ("against", text(report, "against").to_owned()),
        ("messages", number("messages")),
        ("not comparable", number("not_comparable")),
        ("compared", number("compared")),
        ("differing", number("differing")),
        ("faults", number("faults")),
        ("took ms", number("took_ms")),
    ])?;
    if report["ended_early"] == true {
        output
            .text("The time of a backtest was over before all messages were looked at: ask about fewer.")?;
    }
    if report["not_recorded"].as_u64().is_some_and(|messages| messages > 0) {
        let text =
            format!("Of {} messages too little is recorded (recorded_percent).", report["not_recorded"]);
        output.text(&text)?;
    }
    if report["candidates_of_today"].as_u64().is_some_and(|messages| messages > 0) {
        let text = format!(
            "{} messages had been routed by no component: the plugin was shown the candidates of today.",
            report["candidates_of_today"]
        );
        output.text(&text)?;
    }
    let rows = |field: &str| report[field].as_array().cloned().unwrap_or_default();
    let mut kinds = Grid::new(&["was", "would be", "country", "messages"]);
    for group in rows("by_kind") {
        let cells = [text(&group, "was"), text(&group, "would_be"), text(&group, "country")];
        let mut cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        cells.push(group["messages"].to_string());
        kinds.row(cells);
    }
    if !rows("by_kind").is_empty() {
        output.table(kinds)?;
    }
    let mut messages = Grid::new(&["message", "country", "was", "would be"]);
    for sample in rows("messages_differing") {
        let cells = ["message", "country", "was", "would_be"].map(|field| text(&sample, field).to_owned());
        messages.row(cells.into());
    }
    if !rows("messages_differing").is_empty() {
        output.table(messages)?;
    }
    Ok(())
}
