//! JSON with placeholders and `...`, each value with the line that it stands in.

use serde_json::Value;

use crate::template::{Hole, Template};

/// A value that is expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// Its line in the file, from 1.
    pub line: usize,
    /// What it has to be.
    pub kind: Kind,
}

/// What a value has to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Null, a boolean or a number.
    Scalar(Value),
    /// A string, in which placeholders may stand.
    Text(Template),
    /// A placeholder outside a string: any JSON value.
    Hole(Hole),
    /// `{…}`. Open, where it has `...`: it may have other members.
    Object {
        /// Those that have to be there.
        members: Vec<(String, Pattern)>,
        /// Whether others may be there.
        open: bool,
    },
    /// `[…]`, where an item [`Kind::Rest`] stands for any number of elements.
    Array(Vec<Pattern>),
    /// `...`
    Rest,
}

/// Reads a pattern whose first line is `line`.
///
/// # Errors
/// The line and what is wrong in it.
pub fn parse(text: &str, line: usize) -> Result<Pattern, (usize, String)> {
    let mut reader = Reader { rest: text, line };
    let read = reader.value().and_then(|pattern| {
        reader.space();
        if reader.rest.is_empty() { Ok(pattern) } else { Err("something follows the value".to_owned()) }
    });
    read.map_err(|error| (reader.line, error))
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Result<Pattern, String> {
        self.space();
        let line = self.line;
        let kind = if self.take("...") {
            Kind::Rest
        } else if self.take("{{") {
            let inner = self.until("}}")?;
            Kind::Hole(Hole::parse(inner)?)
        } else if self.take("{") {
            self.object()?
        } else if self.take("[") {
            self.array()?
        } else if self.rest.starts_with('"') {
            Kind::Text(Template::parse(&self.string()?)?)
        } else {
            self.scalar()?
        };
        Ok(Pattern { line, kind })
    }

    fn object(&mut self) -> Result<Kind, String> {
        let (mut members, mut open) = (Vec::new(), false);
        while !self.closes('}') {
            if self.take("...") {
                open = true;
            } else {
                let name = self.string()?;
                self.space();
                if !self.take(":") {
                    return Err(format!("`:` is missing after `{name}`"));
                }
                members.push((name, self.value()?));
            }
            self.separator('}')?;
        }
        Ok(Kind::Object { members, open })
    }

    fn array(&mut self) -> Result<Kind, String> {
        let mut items = Vec::new();
        while !self.closes(']') {
            items.push(self.value()?);
            self.separator(']')?;
        }
        Ok(Kind::Array(items))
    }

    fn scalar(&mut self) -> Result<Kind, String> {
        let end = self.rest.find([',', ']', '}', '\n', ' ', '\r']).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        let value = serde_json::from_str(token).map_err(|_| format!("`{token}` is no value"))?;
        self.rest = rest;
        Ok(Kind::Scalar(value))
    }

    fn string(&mut self) -> Result<String, String> {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find_map(|(index, character)| {
            let is_end = character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
            is_end.then_some(index)
        });
        let end = end.filter(|_| self.rest.starts_with('"')).ok_or("a string is expected")?;
        let (token, rest) = self.rest.split_at(end + 1);
        self.rest = rest;
        serde_json::from_str(token).map_err(|error| format!("{token}: {error}"))
    }

    fn until(&mut self, end: &str) -> Result<&'a str, String> {
        let (inner, rest) = self.rest.split_once(end).ok_or_else(|| format!("`{end}` is missing"))?;
        self.rest = rest;
        Ok(inner)
    }

    /// A comma, or the end that is left for [`Reader::closes`].
    fn separator(&mut self, end: char) -> Result<(), String> {
        self.space();
        if self.take(",") || self.rest.starts_with(end) {
            return Ok(());
        }
        Err(format!("`,` or `{end}` is expected"))
    }

    fn closes(&mut self, end: char) -> bool {
        self.space();
        self.take(end.encode_utf8(&mut [0; 4]))
    }

    fn take(&mut self, token: &str) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn space(&mut self) {
        let rest = self.rest.trim_start();
        let skipped = &self.rest[..self.rest.len() - rest.len()];
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_knows_its_line() {
        let pattern = parse("{\n \"a\": [1,\n  {{any}}],\n ...\n}", 10).unwrap();
        let Kind::Object { members, open: true } = pattern.kind else { panic!("{pattern:?}") };
        let Kind::Array(items) = &members[0].1.kind else { panic!("{members:?}") };
        assert_eq!(items.iter().map(|item| item.line).collect::<Vec<_>>(), [11, 12]);
    }

    #[test]
    fn what_is_wrong_has_a_line() {
        for (text, line) in [
            ("{\n\"a\" 1}", 2),
            ("{", 1),
            ("[1\n2]", 2),
            ("nonsense", 1),
            ("{} {}", 1),
            ("{{id", 1),
            ("\"\\\"", 1),
            ("", 1),
        ] {
            assert_eq!(parse(text, 1).unwrap_err().0, line, "{text}");
        }
    }
}
