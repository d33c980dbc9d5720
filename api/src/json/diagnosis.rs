//! Why a body does not parse.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::walker::Walker;
use crate::problem::{Code, Problem};

/// The problem with a body that did not parse as `T`; `error` is what the parser said.
pub fn diagnose<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> Problem {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => return not_utf8(error.valid_up_to()),
    };
    if text.trim_ascii().is_empty() {
        return Problem::new(Code::JsonMalformed, "The body is empty. Send a JSON object.")
            .with("line", 1)
            .with("column", 0);
    }
    if text.starts_with('\u{feff}') {
        let detail = "The body begins with a byte order mark, which JSON does not have. Send it without.";
        return Problem::new(Code::JsonMalformed, detail).with("line", 1).with("column", 1);
    }
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return malformed(&error),
    };
    match T::deserialize(Walker(&value)) {
        Err(fault) => fault.into_problem(),
        // A parsed value has each field once, so this is all that can be left.
        Ok(_) => duplicate(error),
    }
}

fn not_utf8(offset_bytes: usize) -> Problem {
    let detail = format!("The body is not UTF-8 from byte {offset_bytes} on. Send it in UTF-8.");
    Problem::new(Code::BodyNotUtf8, detail).with("offset_bytes", offset_bytes)
}

fn malformed(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let said = error.to_string();
    let reason = said.split(" at line ").next().unwrap_or(&said);
    let detail = format!("The body is not JSON: {reason} at line {line}, column {column}.");
    Problem::new(Code::JsonMalformed, detail).with("line", line).with("column", column)
}

fn duplicate(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let detail = format!("A field is given a second time at line {line}, column {column}. Give it once.");
    Problem::new(Code::FieldDuplicate, detail).with("line", line).with("column", column)
}
