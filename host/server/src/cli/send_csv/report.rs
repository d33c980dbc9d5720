//! What became of the rows.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use serde_json::json;

use super::super::error::{CliError, Result};
use super::super::output::{Grid, Output};
use super::row::Row;
use super::rows::Rows;
use super::sender::Outcome;
use super::{GO_ON, interrupted};

/// How many rows ended how.
#[derive(Debug, Default)]
pub(super) struct Report {
    rows: u64,
    pub accepted: u64,
    pub replayed: u64,
    pub refused: BTreeMap<String, u64>,
    pub not_sent: u64,
    /// Why the run ended early.
    pub stopped: Option<CliError>,
}

impl Report {
    /// A report about that many rows.
    pub fn new(rows: u64) -> Self {
        Self { rows, ..Self::default() }
    }

    /// Counts an outcome. True: it was a refusal.
    pub fn count(&mut self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Accepted => self.accepted += 1,
            Outcome::Replayed => self.replayed += 1,
            Outcome::Refused(error) => {
                *self.refused.entry(refusal_code(&error)).or_default() += 1;
                return true;
            }
            Outcome::Fatal(error) => _ = self.stopped.get_or_insert(error),
            Outcome::NotSent => {}
        }
        false
    }

    /// Rows that were refused.
    pub fn refused_rows(&self) -> u64 {
        self.refused.values().sum()
    }

    /// No more outcomes come: what was not counted was not sent.
    pub fn close(&mut self, is_interrupted: bool) {
        self.not_sent = self.rows - self.accepted - self.replayed - self.refused_rows();
        if self.not_sent == 0 {
            self.stopped = None;
        } else if let Some(error) = self.stopped.take() {
            let hint = error.hint.as_ref().map_or(GO_ON.to_owned(), |hint| format!("{hint}; then {GO_ON}"));
            self.stopped = Some(error.hint(hint));
        } else if is_interrupted {
            self.stopped = Some(interrupted());
        }
    }

    /// A table, or a document.
    pub fn print(&self, output: &mut Output, job: &str) -> Result<()> {
        if output.is_json() {
            let mut document = json!({ "job": job, "rows": self.rows, "accepted": self.accepted,
                "replayed": self.replayed, "refused": self.refused, "not_sent": self.not_sent });
            if let Some(error) = &self.stopped {
                document["stopped"] = error.document();
            }
            return output.document(&document);
        }
        let mut grid = Grid::new(&["outcome", "rows"]).right(&["rows"]);
        let mut add = |outcome: String, rows: u64| {
            if rows > 0 {
                grid.row(vec![outcome, rows.to_string()]);
            }
        };
        add("accepted".to_owned(), self.accepted);
        add("sent by an earlier run".to_owned(), self.replayed);
        for (code, rows) in &self.refused {
            add(format!("refused: {code}"), *rows);
        }
        add("not sent".to_owned(), self.not_sent);
        output.table(grid)
    }
}

/// The policy's own code says more than that it was a policy.
fn refusal_code(error: &CliError) -> String {
    let policy = error.problem.as_ref().and_then(|problem| problem["policy_code"].as_str());
    policy.unwrap_or(&error.code).to_owned()
}

/// A file of refused rows.
pub(super) struct FailedFile {
    path: String,
    writer: csv::Writer<File>,
    columns: Vec<usize>,
}

impl FailedFile {
    /// Makes the file anew, with its header.
    pub fn create(path: &Path, input: &Path, rows: &Rows) -> Result<Self> {
        let same =
            path.canonicalize().is_ok_and(|path| input.canonicalize().is_ok_and(|input| input == path));
        if same {
            return Err(CliError::usage("failed_file_is_input", "--failed names the file that is read"));
        }
        let shown = path.display().to_string();
        let file = File::create(path).map_err(|error| {
            CliError::usage("failed_file_unwritable", format!("cannot write {shown}: {error}"))
        })?;
        let writer = csv::WriterBuilder::new().delimiter(rows.delimiter()).from_writer(file);
        let mut failed = Self { path: shown, writer, columns: rows.own_columns() };
        let names = failed.columns.iter().map(|column| rows.names()[*column].as_str());
        let names: Vec<&str> = names.chain(["row", "refused_code", "refused_reason"]).collect();
        failed.record(&names)?;
        Ok(failed)
    }

    /// Adds a row.
    pub fn write(&mut self, row: &Row, error: &CliError) -> Result<()> {
        let (number, code) = (row.number.to_string(), refusal_code(error));
        let own = self.columns.iter().map(|column| row.record.get(*column).unwrap_or_default());
        let cells: Vec<&str> = own.chain([number.as_str(), code.as_str(), error.detail.as_str()]).collect();
        self.record(&cells)
    }

    /// Nothing more comes.
    pub fn finish(mut self) -> Result<()> {
        self.writer.flush().map_err(|error| failed(&self.path, &error))
    }

    fn record(&mut self, cells: &[&str]) -> Result<()> {
        self.writer.write_record(cells).map_err(|error| failed(&self.path, &error))
    }
}

fn failed(path: &str, error: &dyn std::error::Error) -> CliError {
    CliError::failed("failed_file_unwritable", format!("cannot write {path}: {error}"))
}
