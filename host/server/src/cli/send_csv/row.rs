//! A row of a file as a request.

use csv::StringRecord;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::super::message_args::parse_valid_for;

/// A column that a file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// Goes into the request under this name.
    Field(&'static str, Kind),
    /// Written by `--failed`, and no part of a message.
    Ignored,
}

/// How a cell is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Exactly as it is.
    Verbatim,
    /// Without the white space around it.
    Word,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// Seconds, or a time with its unit.
    Seconds,
    /// Words separated by `;`.
    Words,
}

/// Every column: its name in files, and what it is.
pub(super) const COLUMNS: &[(&str, Column)] = &[
    ("to", Column::Field("to", Kind::Word)),
    ("text", Column::Field("text", Kind::Verbatim)),
    ("data", Column::Field("data", Kind::Word)),
    ("from", Column::Field("from", Kind::Word)),
    ("client_ref", Column::Field("client_ref", Kind::Word)),
    ("tags", Column::Field("tags", Kind::Words)),
    ("encoding", Column::Field("encoding", Kind::Word)),
    ("max_segments", Column::Field("max_segments", Kind::Number)),
    ("replace_lookalikes", Column::Field("replace_lookalikes", Kind::Flag)),
    ("valid_for", Column::Field("valid_for_seconds", Kind::Seconds)),
    ("priority", Column::Field("priority", Kind::Number)),
    ("callback_url", Column::Field("callback_url", Kind::Word)),
    ("row", Column::Ignored),
    ("refused_code", Column::Ignored),
    ("refused_reason", Column::Ignored),
];

/// A row that can be sent.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// From 1, without the header.
    pub number: u64,
    /// The request's body.
    pub body: Value,
    /// The same for the same row of the same job, whenever it is run.
    pub idempotency_key: String,
    /// As the file has it.
    pub record: StringRecord,
}

/// The request of a row: the flags, and over them the cells that are not empty.
pub(super) fn body(
    columns: &[Column],
    record: &StringRecord,
    defaults: &Map<String, Value>,
) -> Result<Value, String> {
    let mut body = defaults.clone();
    for (column, cell) in columns.iter().zip(record) {
        let Column::Field(name, kind) = column else { continue };
        if cell.trim().is_empty() {
            continue;
        }
        let value = value(*kind, cell).map_err(|why| format!("{name}: {why}"))?;
        // A row's own content takes the place of a content of the other sort.
        match *name {
            "text" => _ = body.remove("data").filter(|_| defaults.contains_key("data")),
            "data" => _ = body.remove("text").filter(|_| defaults.contains_key("text")),
            _ => {}
        }
        body.insert((*name).to_owned(), value);
    }
    if !body.contains_key("to") {
        return Err("to: is empty".to_owned());
    }
    if !body.contains_key("text") && !body.contains_key("data") {
        return Err("text: is empty, and so is data".to_owned());
    }
    Ok(Value::Object(body))
}

fn value(kind: Kind, cell: &str) -> Result<Value, String> {
    let word = cell.trim();
    match kind {
        Kind::Verbatim => Ok(json!(cell)),
        Kind::Word => Ok(json!(word)),
        Kind::Number => {
            word.parse::<u32>().map(|number| json!(number)).map_err(|_| "is not a whole number".to_owned())
        }
        Kind::Flag => match word.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(json!(true)),
            "false" | "no" | "0" => Ok(json!(false)),
            _ => Err("is neither true nor false".to_owned()),
        },
        Kind::Seconds => parse_valid_for(word).map(|seconds| json!(seconds)),
        Kind::Words => {
            let words: Vec<&str> = word.split(';').map(str::trim).filter(|word| !word.is_empty()).collect();
            Ok(json!(words))
        }
    }
}

/// From the job, the row's number and what the file says in it. Flags are left out on purpose: a
/// job that is run again with other flags must not send its rows again; the server says so.
pub(super) fn idempotency_key(
    job: &str,
    number: u64,
    names: &[String],
    columns: &[Column],
    record: &StringRecord,
) -> String {
    let mut hash = Sha256::new();
    // With its length before it no text can pass for the end of another.
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    add(job);
    add(&number.to_string());
    for ((name, column), cell) in names.iter().zip(columns).zip(record) {
        if *column != Column::Ignored {
            add(name);
            add(cell);
        }
    }
    format!("csv-{}", hex(&hash.finalize()))
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
