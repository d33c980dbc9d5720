//! Compares an answer with what a step expects, and shows what is different.

use std::fmt::Write as _;

use crate::kit::Answer;
use crate::matcher::{self, Difference};
use crate::script::{Expected, Step};
use crate::variables::Variables;

/// All differences. Captures what the step names.
pub fn compare(expected: &Expected, answer: &Answer, variables: &mut Variables) -> Vec<Difference> {
    let mut differences = Vec::new();
    if answer.status != expected.status {
        let text = format!("the status is {}, not {}", answer.status, expected.status);
        differences.push(Difference { line: expected.line, text });
    }
    for (line, name, value) in &expected.headers {
        let found = match answer.header(name) {
            Some(_) if value.is_absence() => Err("should not be there".to_owned()),
            None if value.is_absence() => Ok(true),
            None => Err("is missing".to_owned()),
            Some(given) => value.matches(given, variables),
        };
        let what = match found {
            Ok(true) => continue,
            Ok(false) => {
                format!("is `{}`, not `{}`", answer.header(name).unwrap_or(""), value.shown(variables))
            }
            Err(error) => error,
        };
        differences.push(Difference { line: *line, text: format!("the header {name} {what}") });
    }
    match &expected.body {
        Some(pattern) => differences.extend(matcher::compare(pattern, &answer.body, variables)),
        None if answer.text.is_empty() => {}
        None => {
            let text = "the body is not empty; write what it is, or `...`".to_owned();
            differences.push(Difference { line: expected.line, text });
        }
    }
    differences
}

/// What is different, line by line, and the whole answer.
pub fn shown(step: &Step, answer: &Answer, differences: &[Difference]) -> String {
    let mut text = String::new();
    for difference in differences {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {}:{}: {}", step.file, difference.line, difference.text);
    }
    let body = match serde_json::to_string_pretty(&answer.body) {
        Ok(body) if !answer.body.is_null() => body,
        _ => answer.text.clone(),
    };
    let _ = writeln!(text, "  the answer to {}:{} was {}", step.file, step.line, answer.status);
    for (name, value) in answer.headers.iter().filter(|(name, _)| name != "date") {
        let _ = writeln!(text, "  | {name}: {value}");
    }
    for line in body.lines() {
        let _ = writeln!(text, "  | {line}");
    }
    text
}
