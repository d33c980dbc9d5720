//! `waypost send --csv`: a message for each row, many at a time, and never one twice.

mod report;
mod row;
mod rows;
mod sender;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use futures_util::StreamExt as _;
use futures_util::stream;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::client::Client;
use super::error::{CliError, Exit, Result};
use super::message_args::{parse_seconds, read_input};
use super::output::Output;

use report::{FailedFile, Report};
use rows::Rows;
use sender::{Outcome, Sender};

/// Largest file, in bytes; it is held in memory, so that it cannot change under a run.
const CSV_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Flags for many messages.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many messages")]
pub(super) struct CsvArgs {
    /// Send a message for each row of this file (`-`: standard input)
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    pub csv: Option<PathBuf>,

    /// What separates the columns; `\t` for a tab
    #[arg(long, value_name = "CHAR", default_value = ",", value_parser = parse_delimiter, requires = "csv", conflicts_with = "to")]
    delimiter: u8,

    /// Name of this job: rows that it has sent are not sent again within 24 hours, even where rows
    /// were added at the end of the file [default: a hash of the file]
    #[arg(long, value_name = "NAME", requires = "csv", conflicts_with = "to")]
    job: Option<String>,

    /// Requests at the same time
    #[arg(long, value_name = "1-256", default_value_t = 16, requires = "csv", conflicts_with = "to",
        value_parser = clap::value_parser!(u16).range(1..=256))]
    in_flight: u16,

    /// Longest wait of a row for a limit to free; then it counts as refused
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = parse_seconds, requires = "csv", conflicts_with = "to")]
    limit_wait: u32,

    /// Write refused rows to this file, with code and reason; corrected, it can be sent as it is
    #[arg(long, value_name = "FILE", requires = "csv", conflicts_with = "to")]
    failed: Option<PathBuf>,
}

/// How far a run is to be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stop {
    Not,
    /// Finish what is under way.
    Soon,
    /// At once.
    Now,
}

/// Checks all rows first, so that a file that is wrong somewhere sends nothing.
pub(super) async fn run(
    client: &Client,
    output: &mut Output,
    file: &Path,
    args: &CsvArgs,
    defaults: Map<String, Value>,
) -> Result<Exit> {
    let bytes = read_input(file, CSV_BYTES_MAX)?;
    let rows = Rows::new(&file.display().to_string(), bytes, args.delimiter, defaults, args.job.clone())?;
    let count = rows.check()?;
    let mut failed = args.failed.as_deref().map(|path| FailedFile::create(path, file, &rows)).transpose()?;
    let progress = progress_bar(count, output.is_json());
    let (stop, stopped) = watch::channel(Stop::Not);
    let interrupts = tokio::spawn(watch_interrupts(stop, progress.clone()));
    let sender = Sender::new(client, Duration::from_secs(args.limit_wait.into()), stopped);
    let report = send_all(&rows, count, &sender, args.in_flight.into(), failed.as_mut(), &progress).await;
    interrupts.abort();
    progress.finish_and_clear();
    let report = report?;
    if let Some(failed) = failed {
        failed.finish()?;
    }
    report.print(output, rows.job())?;
    if let Some(error) = &report.stopped {
        output.complain(error);
        return Ok(error.exit);
    }
    Ok(if report.refused.is_empty() { Exit::Ok } else { Exit::Failed })
}

async fn send_all(
    rows: &Rows,
    count: u64,
    sender: &Sender<'_>,
    in_flight: usize,
    mut failed: Option<&mut FailedFile>,
    progress: &ProgressBar,
) -> Result<Report> {
    let mut report = Report::new(count);
    let wanted = rows.iter().take_while(|_| sender.goes_on());
    let mut answers = stream::iter(wanted).map(|row| sender.send(row)).buffer_unordered(in_flight);
    let mut stop = sender.stop();
    loop {
        let answer = tokio::select! {
            answer = answers.next() => answer,
            _ = stop.wait_for(|stop| *stop == Stop::Now) => None,
        };
        let Some((row, outcome)) = answer else { break };
        progress.inc(1);
        if let (Outcome::Refused(error), Some(failed)) = (&outcome, failed.as_deref_mut()) {
            failed.write(&row, error)?;
        }
        if report.count(outcome) {
            progress.set_message(format!("{} refused", report.refused_rows()));
        }
    }
    report.close(sender.is_interrupted());
    Ok(report)
}

/// The first Ctrl-C lets open requests end, the second does not.
async fn watch_interrupts(stop: watch::Sender<Stop>, progress: ProgressBar) {
    let Ok(mut interrupts) = signal(SignalKind::interrupt()) else { return };
    for wanted in [Stop::Soon, Stop::Now] {
        interrupts.recv().await;
        if wanted == Stop::Soon {
            progress.println("stopping: open requests are finished first; Ctrl-C again ends at once");
        }
        stop.send_replace(wanted);
    }
}

fn progress_bar(rows: u64, json: bool) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(rows);
    // The template is fixed, so the fallback is never seen.
    let style =
        ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len}  {per_sec}  {eta} left  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar
}

fn parse_delimiter(text: &str) -> std::result::Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte]
            if byte.is_ascii()
                && !byte.is_ascii_alphanumeric()
                && !matches!(byte, b'"' | b'\n' | b'\r' | b'+') =>
        {
            Ok(*byte)
        }
        _ => Err("must be one character: , or ; or | or \\t".to_owned()),
    }
}

fn interrupted() -> CliError {
    CliError::failed("interrupted", "stopped before the last row").hint(GO_ON)
}

const GO_ON: &str =
    "run the same command again within 24 hours to go on: rows that were taken are not sent twice";
