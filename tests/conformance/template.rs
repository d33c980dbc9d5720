//! Text with placeholders: `{{…}}`.

use serde_json::Value;

use crate::shape::Shape;
use crate::variables::Variables;

/// What stands between the braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hole {
    /// `{{time}}`, or `{{id: message}}`, which keeps the value under a name.
    Shape(Shape, Option<String>),
    /// `{{id}}`, `{{phone 009}}`: a value that is known.
    Expression(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Hole(Hole),
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

impl Hole {
    /// From what stands between the braces.
    pub fn parse(inner: &str) -> Result<Self, String> {
        let inner = inner.trim();
        if let Some((name, shape)) = inner.split_once(':') {
            let shape = Shape::from_name(shape.trim());
            let shape = shape.ok_or_else(|| format!("`{{{{{inner}}}}}`: no such kind of value"))?;
            return Ok(Self::Shape(shape, Some(name.trim().to_owned())));
        }
        match Shape::from_name(inner) {
            Some(shape) => Ok(Self::Shape(shape, None)),
            None if inner.is_empty() => Err("`{{}}` names nothing".to_owned()),
            None => Ok(Self::Expression(inner.to_owned())),
        }
    }
}

impl Template {
    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (inner, after) = after.split_once("}}").ok_or("`{{` without `}}`")?;
            if !before.is_empty() {
                pieces.push(Piece::Literal(before.to_owned()));
            }
            pieces.push(Piece::Hole(Hole::parse(inner)?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// Whether it is only a demand that something be absent.
    pub fn is_absence(&self) -> bool {
        matches!(self.pieces[..], [Piece::Hole(Hole::Shape(Shape::Absent, _))])
    }

    /// The text with every placeholder filled in.
    pub fn fill(&self, variables: &Variables) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Hole(Hole::Expression(name)) => text.push_str(&known(variables, name)?),
                Piece::Hole(Hole::Shape(shape, _)) => {
                    return Err(format!("`{shape:?}` is a kind of value and cannot be sent"));
                }
            }
        }
        Ok(text)
    }

    /// Matches a whole text, and keeps what it captures. False: it does not match.
    pub fn matches(&self, text: &str, variables: &mut Variables) -> Result<bool, String> {
        let mut captures = Vec::new();
        let is_match = matches_from(&self.pieces, text, variables, &mut captures)?;
        if is_match {
            for (name, value) in captures {
                variables.capture(&name, Value::String(value));
            }
        }
        Ok(is_match)
    }

    /// What is expected, for people.
    pub fn shown(&self, variables: &Variables) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(literal) => literal.clone(),
            Piece::Hole(Hole::Expression(name)) => {
                variables.text(name).unwrap_or_else(|| format!("{{{{{name}}}}}"))
            }
            Piece::Hole(Hole::Shape(shape, _)) => format!("{{{{{}}}}}", format!("{shape:?}").to_lowercase()),
        };
        self.pieces.iter().map(piece).collect()
    }
}

fn matches_from(
    pieces: &[Piece],
    text: &str,
    variables: &Variables,
    captures: &mut Vec<(String, String)>,
) -> Result<bool, String> {
    let Some((piece, rest)) = pieces.split_first() else { return Ok(text.is_empty()) };
    let literal = match piece {
        Piece::Literal(literal) => literal.clone(),
        Piece::Hole(Hole::Expression(name)) => known(variables, name)?,
        Piece::Hole(Hole::Shape(shape, name)) => {
            let ends = (0..=text.len()).filter(|end| text.is_char_boundary(*end));
            // The shortest first: what follows it is mostly a literal.
            for end in ends.filter(|end| shape.fits_text(&text[..*end])) {
                let kept = captures.len();
                captures.extend(name.iter().map(|name| (name.clone(), text[..end].to_owned())));
                if matches_from(rest, &text[end..], variables, captures)? {
                    return Ok(true);
                }
                captures.truncate(kept);
            }
            return Ok(false);
        }
    };
    match text.strip_prefix(literal.as_str()) {
        Some(after) => matches_from(rest, after, variables, captures),
        None => Ok(false),
    }
}

fn known(variables: &Variables, name: &str) -> Result<String, String> {
    variables.text(name).ok_or_else(|| format!("`{{{{{name}}}}}` is not known here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        Variables::new("a-case", 0)
    }

    #[test]
    fn what_is_known_is_filled_in() {
        let template = Template::parse("/v1/{{case}}?to={{ phone 009 b }}").unwrap();
        assert_eq!(template.fill(&variables()).unwrap(), "/v1/a-case?to=+447400001009");
        for bad in ["{{nobody}}", "{{time}}", "{{phone}}", "{{phone 9}}", "{{phone 009 bb}}"] {
            assert!(Template::parse(bad).unwrap().fill(&variables()).is_err(), "{bad}");
        }
        for bad in ["{{", "{{}}", "{{id: nothing}}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_text_is_matched_whole_and_its_parts_captured() {
        let template = Template::parse("/v1/messages/{{id: message}}/at/{{time}}.").unwrap();
        let id = format!("msg_{}", "0".repeat(26));
        let mut variables = variables();
        let good = format!("/v1/messages/{id}/at/2026-11-21T22:00:00.5Z.");
        assert_eq!(template.matches(&good, &mut variables), Ok(true));
        assert_eq!(variables.text("id"), Some(id));
        for bad in [format!("{good}x"), good.replace("22:", "2:"), good.replace("msg_", "msg-")] {
            assert_eq!(template.matches(&bad, &mut variables), Ok(false), "{bad}");
        }
    }
}
