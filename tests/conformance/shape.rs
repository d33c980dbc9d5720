//! What a value may be where its exact content is not known in advance.

use serde_json::Value;

/// A kind of value, by its name in a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Anything.
    Any,
    /// A field or header that is not there.
    Absent,
    /// A message's id.
    Message,
    /// A number; in a text, its digits.
    Number,
    /// A text that is not empty.
    Text,
    /// A time of RFC 3339 in UTC.
    Time,
    /// Hexadecimal digits, 12 at least.
    Hash,
}

impl Shape {
    /// None: no shape has this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "any" => Self::Any,
            "absent" => Self::Absent,
            "message" => Self::Message,
            "number" => Self::Number,
            "text" => Self::Text,
            "time" => Self::Time,
            "hash" => Self::Hash,
            _ => return None,
        })
    }

    /// Whether a JSON value is of this shape.
    pub fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Any, _) => true,
            (Self::Number, value) => value.is_number(),
            (shape, Value::String(text)) => shape.fits_text(text),
            _ => false,
        }
    }

    /// Whether a text, or a part of one, is of this shape.
    pub fn fits_text(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => false,
            Self::Message => text.strip_prefix("msg_").is_some_and(|rest| {
                rest.len() == 26 && rest.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
            }),
            Self::Number => text.parse::<f64>().is_ok(),
            Self::Text => !text.is_empty(),
            Self::Time => is_time(text),
            Self::Hash => text.len() >= 12 && text.bytes().all(|it| it.is_ascii_hexdigit()),
        }
    }
}

/// `2026-11-21T21:40:01.250Z`, with or without a fraction.
fn is_time(text: &str) -> bool {
    const FORM: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let Some((start, end)) = text.split_at_checked(FORM.len()) else { return false };
    let fits = |(byte, form): (u8, &u8)| if *form == b'd' { byte.is_ascii_digit() } else { byte == *form };
    let fraction = end.strip_suffix('Z').map(|end| end.strip_prefix('.').unwrap_or(end));
    start.bytes().zip(FORM).all(fits)
        && fraction.is_some_and(|digits| digits.bytes().all(|it| it.is_ascii_digit()))
}
