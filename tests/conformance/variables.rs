//! What a case knows: its own name and numbers, and what it captured from answers.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::kit::number;

/// The variables of one run of a case.
#[derive(Debug, Clone)]
pub struct Variables {
    case: String,
    index: u32,
    captured: BTreeMap<String, Value>,
}

impl Variables {
    /// Of the case with this name and place among all.
    pub fn new(case: &str, index: u32) -> Self {
        Self { case: case.to_owned(), index, captured: BTreeMap::new() }
    }

    /// Keeps what an answer had.
    pub fn capture(&mut self, name: &str, value: Value) {
        self.captured.insert(name.to_owned(), value);
    }

    /// The value of an expression: `case`, `now_ms`, `phone 009`, `phone 009 b`, or a captured name.
    pub fn value(&self, expression: &str) -> Option<Value> {
        let mut words = expression.split_whitespace();
        match (words.next()?, words.next(), words.next()) {
            ("case", None, _) => Some(self.case.clone().into()),
            ("now_ms", None, _) => Some(now_ms().to_string().into()),
            ("phone", Some(script), label) => Some(self.phone(script, label.unwrap_or("a"))?.into()),
            (name, None, _) => self.captured.get(name).cloned(),
            _ => None,
        }
    }

    /// As [`Variables::value`], as it stands in a text.
    pub fn text(&self, expression: &str) -> Option<String> {
        Some(match self.value(expression)? {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }

    /// A mobile number that no other case uses, ending in the script for the carrier. The letter
    /// tells several of a case apart.
    fn phone(&self, script: &str, label: &str) -> Option<String> {
        let letter = label.bytes().next().filter(|it| it.is_ascii_lowercase() && label.len() == 1)?;
        let is_script = script.len() == 3 && script.bytes().all(|it| it.is_ascii_digit());
        is_script.then(|| number(self.index * 26 + u32::from(letter - b'a'), script))
    }
}

/// Unix time in milliseconds.
pub fn now_ms() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis()
}
