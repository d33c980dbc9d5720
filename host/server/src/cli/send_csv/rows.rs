//! A CSV file (RFC 4180), checked as a whole before anything of it is sent.

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use waypost_core::nearest::nearest;

use super::super::error::{CliError, Result};
use super::row::{self, COLUMNS, Column, Row};

/// How many problems of a file are listed.
const PROBLEMS_SHOWN: usize = 20;
const BOM: &[u8] = "\u{feff}".as_bytes();

/// The rows of a file.
#[derive(Debug)]
pub(super) struct Rows {
    file: String,
    bytes: Vec<u8>,
    delimiter: u8,
    names: Vec<String>,
    columns: Vec<Column>,
    defaults: Map<String, Value>,
    job: String,
}

impl Rows {
    /// Reads the header. `defaults` are the fields that flags have set.
    pub fn new(
        file: &str,
        mut bytes: Vec<u8>,
        delimiter: u8,
        defaults: Map<String, Value>,
        job: Option<String>,
    ) -> Result<Self> {
        if bytes.starts_with(BOM) {
            bytes.drain(..BOM.len());
        }
        let job = job.unwrap_or_else(|| row::hex(&Sha256::digest(&bytes)));
        let mut rows = Self {
            file: file.to_owned(),
            bytes,
            delimiter,
            names: Vec::new(),
            columns: Vec::new(),
            defaults,
            job,
        };
        let header =
            rows.records().next().transpose().map_err(|error| rows.invalid(&[rows.malformed(&error)], 0))?;
        let names: Vec<String> =
            header.iter().flatten().map(|name| name.trim().to_ascii_lowercase()).collect();
        rows.columns = rows.read_header(&names)?;
        rows.names = names;
        Ok(rows)
    }

    /// The name of the job.
    pub fn job(&self) -> &str {
        &self.job
    }

    /// What separates the columns.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The header, in lower case.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Positions of the columns that belong to messages.
    pub fn own_columns(&self) -> Vec<usize> {
        (0..self.columns.len()).filter(|column| self.columns[*column] != Column::Ignored).collect()
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// Everything that is wrong in any of them.
    pub fn check(&self) -> Result<u64> {
        let (mut count, mut omitted, mut problems) = (0, 0, Vec::new());
        for record in self.records().skip(1) {
            count += 1;
            let problem = match record {
                Ok(record) => row::body(&self.columns, &record, &self.defaults)
                    .err()
                    .map(|why| format!("{}:{}: {why}", self.file, line_of(&record))),
                Err(error) => Some(self.malformed(&error)),
            };
            match problem {
                Some(problem) if problems.len() < PROBLEMS_SHOWN => problems.push(problem),
                Some(_) => omitted += 1,
                None => {}
            }
        }
        if !problems.is_empty() {
            return Err(self.invalid(&problems, omitted));
        }
        if count == 0 {
            return Err(self.invalid(&[format!("{}: there are no rows under the header", self.file)], 0));
        }
        Ok(count)
    }

    /// The rows of a file that was checked.
    pub fn iter(&self) -> impl Iterator<Item = Row> {
        self.records().skip(1).zip(1..).filter_map(|(record, number)| {
            let record = record.ok()?;
            let body = row::body(&self.columns, &record, &self.defaults).ok()?;
            let idempotency_key =
                row::idempotency_key(&self.job, number, &self.names, &self.columns, &record);
            Some(Row { number, body, idempotency_key, record })
        })
    }

    fn records(&self) -> impl Iterator<Item = csv::Result<StringRecord>> {
        ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .from_reader(self.bytes.as_slice())
            .into_records()
    }

    fn read_header(&self, names: &[String]) -> Result<Vec<Column>> {
        let mut problems = Vec::new();
        let mut columns = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            match COLUMNS.iter().find(|(known, _)| known == name) {
                Some(_) if names[..index].contains(name) => {
                    problems.push(format!("{}:1: the column `{name}` is there twice", self.file));
                }
                Some((_, column)) => columns.push(*column),
                None => problems.push(self.unknown_column(name)),
            }
        }
        let has = |name: &str| names.iter().any(|known| known == name) || self.defaults.contains_key(name);
        if problems.is_empty() && !names.iter().any(|name| name == "to") {
            problems.push(format!(
                "{}:1: the column `to` is missing: the first row names the columns",
                self.file
            ));
        }
        if problems.is_empty() && !has("text") && !has("data") {
            problems.push(format!("{}:1: the column `text` is missing, and there is no --text", self.file));
        }
        if problems.is_empty() { Ok(columns) } else { Err(self.invalid(&problems, 0)) }
    }

    fn unknown_column(&self, name: &str) -> String {
        let known = COLUMNS.iter().filter(|(_, column)| *column != Column::Ignored).map(|(name, _)| *name);
        let other = [b';', b'\t', b'|', b','].into_iter().find(|byte| name.as_bytes().contains(byte));
        let help = match (other, nearest(name, known.clone())) {
            (Some(b'\t'), _) => "the columns seem to be separated by tabs: add --delimiter '\\t'".to_owned(),
            (Some(byte), _) => {
                let byte = char::from(byte);
                format!("the columns seem to be separated by {byte}: add --delimiter '{byte}'")
            }
            (None, Some(nearest)) => format!("did you mean `{nearest}`?"),
            (None, None) => format!("known: {}", known.collect::<Vec<_>>().join(", ")),
        };
        format!("{}:1: unknown column `{name}`; {help}", self.file)
    }

    fn malformed(&self, error: &csv::Error) -> String {
        let line = error.position().map_or(1, csv::Position::line);
        let why = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!(
                    "has {len} columns where the header has {expected_len}; a text with a comma needs quotes"
                )
            }
            csv::ErrorKind::Utf8 { .. } => "is not UTF-8; save the file as `CSV UTF-8`".to_owned(),
            _ => "is not CSV".to_owned(),
        };
        format!("{}:{line}: {why}", self.file)
    }

    fn invalid(&self, problems: &[String], omitted: usize) -> CliError {
        let more = if omitted > 0 { format!("\n  and {omitted} more") } else { String::new() };
        let detail = format!("nothing was sent, as the file is wrong:\n  {}{more}\n", problems.join("\n  "));
        CliError::usage("csv_invalid", detail)
    }
}

fn line_of(record: &StringRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}
