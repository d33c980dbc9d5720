//! The steps of a case as they are written: a request, `---`, and the answer that is expected.

use std::time::Duration;

use reqwest::Method;

use crate::pattern::{self, Pattern};
use crate::template::Template;

/// A request and its answer.
pub struct Step {
    /// File, relative to the suite's folder.
    pub file: String,
    /// The line of the request.
    pub line: usize,
    /// How it is asked.
    pub request: Request,
    /// How it has to be answered.
    pub expected: Expected,
    /// Repeated until the answer fits, for this long. None: it has to fit at once.
    pub until: Option<Duration>,
    /// Asked only while the hour has so much time left: limits by the hour begin anew with it.
    pub hour_has: Duration,
    /// How many times it is asked; each answer has to fit.
    pub times: usize,
}

/// A request as it is written.
pub struct Request {
    /// GET, POST, …
    pub method: Method,
    /// With the query.
    pub path: Template,
    /// Names as they are written.
    pub headers: Vec<(String, Template)>,
    /// Empty: none.
    pub body: Template,
    /// Filled up with spaces to this many bytes.
    pub padded_to: usize,
    /// Whose key goes with it.
    pub key: Key,
    /// Signed as the carrier signs, with this secret.
    pub signed_with: Option<String>,
}

/// The key of a request.
pub enum Key {
    /// One of a tenant (none: the case's own) with these scopes (none: all).
    Made(Option<String>, Option<Vec<String>>),
    /// No key at all.
    None,
    /// This text.
    Text(Template),
}

/// An answer that is expected.
pub struct Expected {
    /// The line of the status.
    pub line: usize,
    /// The HTTP status.
    pub status: u16,
    /// With their lines. Others may be there.
    pub headers: Vec<(usize, String, Template)>,
    /// None: the body has to be empty.
    pub body: Option<Pattern>,
}

/// Reads a file: steps with a line `### what the step shows` before each but the first.
///
/// # Errors
/// File, line and what is wrong there.
pub fn parse(file: &str, text: &str) -> Result<Vec<Step>, String> {
    let lines: Vec<_> = text.lines().enumerate().map(|(index, line)| (index + 1, line)).collect();
    let mut steps = Vec::new();
    for lines in lines.split(|(_, line)| line.starts_with("###")) {
        if lines.iter().any(|(_, line)| !line.trim().is_empty() && !line.starts_with('#')) {
            let step = step(file, lines).map_err(|(line, error)| format!("{file}:{line}: {error}"))?;
            steps.push(step);
        }
    }
    Ok(steps)
}

type Wrong = (usize, String);
type Line<'a> = (usize, &'a str);

fn step(file: &str, lines: &[Line<'_>]) -> Result<Step, Wrong> {
    let first = lines.first().map_or(1, |(line, _)| *line);
    let divider = lines.iter().position(|(_, line)| line.trim_end() == "---");
    let divider = divider.ok_or((first, "`---` and the expected answer are missing".to_owned()))?;
    let (asked, answered) = (&lines[..divider], &lines[divider + 1..]);

    let (head, body) = halves(asked);
    let mut request = Request {
        method: Method::GET,
        path: template(first, "")?,
        headers: Vec::new(),
        body: template(first, &joined(body))?,
        padded_to: 0,
        key: Key::Made(None, None),
        signed_with: None,
    };
    let (mut until, mut times, mut asked_at, mut hour_has) = (None, 1, None, Duration::ZERO);
    for (line, text) in head.iter().map(|(line, text)| (*line, text.trim())) {
        if text.starts_with('#') {
            continue;
        }
        if let Some(directive) = text.strip_prefix('@') {
            let (name, value) = directive.split_once(' ').unwrap_or((directive, ""));
            match name {
                "until" => until = Some(seconds(line, value)?),
                "hour-has" => hour_has = seconds(line, value)?,
                "times" => times = number(line, value)?,
                _ => request.direct(line, name, value)?,
            }
        } else if asked_at.is_none() {
            let (method, path) = text.split_once(' ').unwrap_or((text, ""));
            request.method = method.parse().map_err(|_| (line, format!("`{method}` is no method")))?;
            request.path = template(line, path)?;
            asked_at = Some(line);
        } else {
            let (name, value) = header(line, text)?;
            request.headers.push((name, value));
        }
    }
    let line = asked_at.ok_or((first, "the request is missing".to_owned()))?;
    let expected = expected(divider_line(lines, divider), answered)?;
    Ok(Step { file: file.to_owned(), line, request, expected, until, hour_has, times })
}

impl Request {
    fn direct(&mut self, line: usize, name: &str, value: &str) -> Result<(), Wrong> {
        match (name, &mut self.key) {
            ("tenant", Key::Made(tenant, _)) => *tenant = Some(value.to_owned()),
            ("scopes", Key::Made(_, scopes)) => {
                *scopes = Some(value.split_whitespace().map(str::to_owned).collect());
            }
            ("key", _) if value == "none" => self.key = Key::None,
            ("key", _) => self.key = Key::Text(template(line, value)?),
            ("signed-with", _) => self.signed_with = Some(value.to_owned()),
            ("padded-to", _) => self.padded_to = number(line, value)?,
            _ => return Err((line, format!("`@{name}` is not known, or does not fit what is above it"))),
        }
        Ok(())
    }
}

fn expected(divider_line: usize, lines: &[Line<'_>]) -> Result<Expected, Wrong> {
    let (head, body) = halves(lines);
    let mut head = head.iter().filter(|(_, text)| !text.starts_with('#'));
    let (line, status) = head.next().ok_or((divider_line, "the status is missing".to_owned()))?;
    let status = status.trim().parse().map_err(|_| (*line, format!("`{status}` is no status")))?;
    let headers = head.map(|(line, text)| {
        let (name, value) = header(*line, text)?;
        Ok((*line, name.to_ascii_lowercase(), value))
    });
    let headers = headers.collect::<Result<_, Wrong>>()?;
    let text = joined(body);
    let body = match body.first() {
        Some((line, _)) if !text.trim().is_empty() => Some(pattern::parse(&text, *line)?),
        _ => None,
    };
    Ok(Expected { line: *line, status, headers, body })
}

/// What stands before the first empty line, and what stands behind it.
fn halves<'a, 'b>(lines: &'b [Line<'a>]) -> (&'b [Line<'a>], &'b [Line<'a>]) {
    let start = lines.iter().position(|(_, line)| !line.trim().is_empty()).unwrap_or(lines.len());
    let lines = &lines[start..];
    let end = lines.iter().position(|(_, line)| line.trim().is_empty()).unwrap_or(lines.len());
    lines.split_at(end)
}

fn joined(lines: &[Line<'_>]) -> String {
    let text: Vec<_> = lines.iter().map(|(_, line)| *line).collect();
    text.join("\n").trim_end().to_owned()
}

fn header(line: usize, text: &str) -> Result<(String, Template), Wrong> {
    let (name, value) = text.split_once(':').ok_or((line, format!("`{text}` is no header")))?;
    Ok((name.trim().to_owned(), template(line, value.trim())?))
}

fn template(line: usize, text: &str) -> Result<Template, Wrong> {
    Template::parse(text).map_err(|error| (line, error))
}

fn number(line: usize, text: &str) -> Result<usize, Wrong> {
    text.trim().parse().map_err(|_| (line, format!("`{text}` is no number")))
}

fn seconds(line: usize, text: &str) -> Result<Duration, Wrong> {
    let seconds = text.trim().strip_suffix('s').and_then(|text| text.parse().ok());
    seconds.map(Duration::from_secs).ok_or((line, format!("`{text}` is no time such as `10s`")))
}

fn divider_line(lines: &[Line<'_>], divider: usize) -> usize {
    lines.get(divider).map_or(1, |(line, _)| *line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_steps() {
        let text = "# Why.\n@until 3s\nPOST /v1/x\nA: b\n\n{ \"a\":\n 1 }\n---\n200\nC: {{any}}\n\n[\n1]\n\n### next\nGET /\n---\n204\n";
        let steps = parse("f", text).unwrap();
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].line, steps[0].expected.line, steps[0].expected.status), (3, 9, 200));
        assert_eq!(steps[0].until, Some(Duration::from_secs(3)));
        assert_eq!(steps[0].expected.headers[0].1, "c");
        assert_eq!(steps[0].expected.body.as_ref().unwrap().line, 12);
        assert!(steps[1].expected.body.is_none());
    }

    #[test]
    fn what_is_wrong_has_file_and_line() {
        for (text, start) in [
            ("GET /\n", "f:1:"),
            ("GET /\n---\nfine\n", "f:3:"),
            ("GET /\nheader\n---\n200\n", "f:2:"),
            ("@nothing\nGET /\n---\n200\n", "f:1:"),
            ("@until soon\nGET /\n---\n200\n", "f:1:"),
            ("GET /\n---\n200\n\n{\n\"a\" }\n", "f:6:"),
        ] {
            let error = parse("f", text).err().unwrap();
            assert!(error.starts_with(start), "{text}: {error}");
        }
    }
}
