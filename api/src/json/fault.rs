//! What serde finds wrong with a value, kept as data until it is put into words.

use std::fmt;
use waypost_core::nearest::nearest;

use serde::de::{self, Expected, Unexpected};

use crate::problem::{Code, Problem};

/// Most names that a problem lists.
const NAMES_SHOWN_MAX: usize = 20;
/// Longest piece of what the caller wrote that a problem repeats, in characters.
const ECHO_CHARS_MAX: usize = 64;

/// Something wrong, and where.
#[derive(Debug)]
pub struct Fault {
    kind: Kind,
    pointer: String,
}

#[derive(Debug)]
enum Kind {
    Unknown { field: String, known: &'static [&'static str] },
    Missing(&'static str),
    Type { found: &'static str, expected: String },
    Choice { found: String, known: &'static [&'static str] },
    Value(String),
}

impl Fault {
    /// The same, seen from the object that holds the field.
    #[must_use]
    pub fn in_field(self, name: &str) -> Self {
        self.below(&escaped(name))
    }

    /// The same, seen from the list that holds the entry.
    #[must_use]
    pub fn in_entry(self, index: usize) -> Self {
        self.below(&index.to_string())
    }

    fn below(self, segment: &str) -> Self {
        Self { pointer: format!("/{segment}{}", self.pointer), ..self }
    }

    /// In words.
    pub fn into_problem(self) -> Problem {
        let Self { kind, pointer } = self;
        match kind {
            Kind::Unknown { field, known } => {
                let meant = nearest(&field, known.iter().copied());
                let mut detail = format!("There is no field `{}`", shown(&field));
                match meant {
                    Some(meant) => detail.push_str(&format!("; did you mean `{meant}`?")),
                    None => detail.push_str(&format!(". The fields are {}.", listed(known))),
                }
                let problem =
                    Problem::new(Code::FieldUnknown, detail).at(format!("{pointer}/{}", escaped(&field)));
                match meant {
                    Some(meant) => problem.with("nearest", meant),
                    None => problem,
                }
            }
            Kind::Missing(field) => {
                let detail = format!("The field `{field}` is missing. Add it.");
                Problem::new(Code::FieldMissing, detail).at(format!("{pointer}/{field}"))
            }
            Kind::Type { found, expected } => {
                let place = place(&pointer);
                Problem::new(Code::FieldType, format!("{place} is {found}; it has to be {expected}."))
                    .at(pointer)
            }
            Kind::Choice { found, known } => {
                let mut detail =
                    format!("{} is `{}`. It can be {}", place(&pointer), shown(&found), listed(known));
                match nearest(&found, known.iter().copied()) {
                    Some(meant) => detail.push_str(&format!("; did you mean `{meant}`?")),
                    None => detail.push('.'),
                }
                Problem::new(Code::FieldValue, detail).at(pointer)
            }
            Kind::Value(reason) => {
                Problem::new(Code::FieldValue, format!("{} is not valid: {reason}.", place(&pointer)))
                    .at(pointer)
            }
        }
    }
}

impl From<Kind> for Fault {
    fn from(kind: Kind) -> Self {
        Self { kind, pointer: String::new() }
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Kind::Value(reason.to_string()).into()
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = match expected.to_string() {
            sequence if sequence == "a sequence" => "a list".to_owned(),
            object if object.starts_with("struct ") => "an object".to_owned(),
            other => other,
        };
        Kind::Type { found: name_of(found), expected }.into()
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        Kind::Choice { found: found.to_owned(), known }.into()
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Kind::Unknown { field: field.to_owned(), known }.into()
    }

    fn missing_field(field: &'static str) -> Self {
        Kind::Missing(field).into()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value does not fit")
    }
}

impl std::error::Error for Fault {}

fn name_of(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "true or false",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a number",
        Unexpected::Float(_) => "a number with a fraction or out of range",
        Unexpected::Char(_) | Unexpected::Str(_) => "a string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "a list",
        Unexpected::Map => "an object",
        _ => "something else",
    }
}

/// As a segment of a JSON pointer (RFC 6901 section 3).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn place(pointer: &str) -> String {
    if pointer.is_empty() { "The body".to_owned() } else { format!("`{pointer}`") }
}

fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES_SHOWN_MAX).map(|name| format!("`{name}`")).collect();
    shown.join(", ")
}

fn shown(written: &str) -> String {
    let mut shown: String = written.chars().take(ECHO_CHARS_MAX).flat_map(char::escape_debug).collect();
    if written.chars().nth(ECHO_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}
