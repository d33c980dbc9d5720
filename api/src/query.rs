//! Query parameters: each known, each read strictly.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use waypost_core::id::MessageId;
use waypost_core::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use waypost_core::nearest::nearest;

use crate::problem::{Code, Problem};

/// Most parameters that are read.
const PARAMETERS_MAX: usize = 64;

/// The parameters of a request.
pub struct Parameters<'u> {
    given: Vec<(Cow<'u, str>, Cow<'u, str>)>,
}

impl<'u> Parameters<'u> {
    /// Reads the query of a URI.
    ///
    /// # Errors
    /// A parameter that the call does not know.
    pub fn read(query: Option<&'u str>, known: &[&'static str]) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let given: Vec<_> = pairs.take(PARAMETERS_MAX).collect();
        match given.iter().find(|(name, _)| !known.contains(&name.as_ref())) {
            Some((name, _)) => Err(unknown(name, known)),
            None => Ok(Self { given }),
        }
    }

    /// A parameter that may be given once.
    ///
    /// # Errors
    /// It is given twice.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() {
            let detail = format!("The query parameter `{name}` is given twice. Give it once.");
            return Err(Problem::new(Code::ParameterRepeated, detail).with("parameter", name));
        }
        Ok(value)
    }

    /// A parameter that may be given several times.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.given.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_ref())
    }

    /// A whole number.
    ///
    /// # Errors
    /// It is no number, or out of range.
    pub fn number(
        &self,
        name: &'static str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Result<u64, Problem> {
        let Some(value) = self.one(name)? else { return Ok(default) };
        value.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let reason = format!("has to be a number from {} to {}", range.start(), range.end());
            invalid(name, &reason)
        })
    }

    /// How many rows a page is to have.
    ///
    /// # Errors
    /// No number, or out of range.
    pub fn rows(&self) -> Result<u32, Problem> {
        let rows = self.number("limit", 1..=u64::from(PAGE_ROWS_MAX), u64::from(PAGE_ROWS_DEFAULT))?;
        Ok(u32::try_from(rows).unwrap_or(PAGE_ROWS_MAX))
    }

    /// Where the last page ended.
    ///
    /// # Errors
    /// It is not from an answer.
    pub fn cursor(&self) -> Result<Option<MessageId>, Problem> {
        let cursor = self.one("cursor")?.map(str::parse).transpose();
        cursor.map_err(|_| invalid("cursor", "has to be the `next_cursor` of the page before"))
    }
}

/// A parameter whose value is wrong; `reason` goes on from its name.
pub fn invalid(name: &'static str, reason: &str) -> Problem {
    let detail = format!("The query parameter `{name}` {reason}.");
    Problem::new(Code::ParameterInvalid, detail).with("parameter", name)
}

fn unknown(name: &str, known: &[&'static str]) -> Problem {
    let shown: String = name.chars().take(64).collect();
    let mut detail = format!("There is no query parameter `{shown}` here");
    let meant = nearest(name, known.iter().copied());
    match meant {
        Some(meant) => detail.push_str(&format!("; did you mean `{meant}`?")),
        None if known.is_empty() => detail.push_str("; the call takes none."),
        None => detail.push_str(&format!(". There are: {}.", known.join(", "))),
    }
    let problem = Problem::new(Code::ParameterUnknown, detail).with("parameter", shown);
    match meant {
        Some(meant) => problem.with("nearest", meant),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(query: &str) -> Result<(Option<String>, u32), Code> {
        let read = || {
            let parameters = Parameters::read(Some(query), &["to", "limit", "cursor"])?;
            parameters.cursor()?;
            Ok((parameters.one("to")?.map(str::to_owned), parameters.rows()?))
        };
        read().map_err(|problem: Problem| problem.code())
    }

    #[test]
    fn parameters_are_read_strictly() {
        for (query, expected) in [
            ("", Ok((None, 50))),
            ("to=%2B44&limit=500", Ok((Some("+44".to_owned()), 500))),
            ("cursor=msg_00000000000000000000000000", Ok((None, 50))),
            ("to=1&to=2", Err(Code::ParameterRepeated)),
            ("limt=1", Err(Code::ParameterUnknown)),
            ("limit=0", Err(Code::ParameterInvalid)),
            ("limit=501", Err(Code::ParameterInvalid)),
            ("limit=-1", Err(Code::ParameterInvalid)),
            ("limit=", Err(Code::ParameterInvalid)),
            ("cursor=7", Err(Code::ParameterInvalid)),
        ] {
            assert_eq!(code(query), expected, "{query}");
        }
    }

    #[test]
    fn a_misspelt_parameter_is_told_its_name() {
        let problem = Parameters::read(Some("limt=1"), &["limit"]).err().unwrap();
        assert_eq!(problem.member("nearest").unwrap(), "limit");
    }
}
