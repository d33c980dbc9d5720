//! JSON Schemas of settings, as text: a plugin says its schema once and needs no document for it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A type that settings are made of.
pub trait Schema: Sized {
    /// The members of the schema's object, without its braces: `"type":"string"`.
    fn members() -> String;

    /// The value of a setting that is left out; none where it must be there.
    fn absent() -> Option<Self> {
        None
    }
}

/// A type that the names of a map are: `BTreeMap<Country, …>`.
pub trait Key: Ord {
    /// A pattern that every name has.
    const PATTERN: Option<&'static str> = None;
}

/// The schema as a whole document.
#[doc(hidden)]
#[must_use]
pub fn document<S: Schema>() -> String {
    format!("{{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",{}}}", S::members())
}

/// The members of an enum's schema: names of variants in snake_case.
#[doc(hidden)]
#[must_use]
pub fn one_of(variants: &[&str]) -> String {
    let names: Vec<String> = variants.iter().map(|variant| text(&snake_case(variant))).collect();
    format!("\"enum\":[{}]", names.join(","))
}

/// The schema of a struct, field by field.
#[doc(hidden)]
pub struct Object {
    about: &'static str,
    properties: String,
    required: String,
}

impl Object {
    #[must_use]
    pub fn new(about: &'static str) -> Self {
        Self { about, properties: String::new(), required: String::new() }
    }

    /// `keywords` are members that begin with a comma. They come last, so they win.
    pub fn field<T: Schema>(&mut self, name: &str, about: &str, keywords: &str, required: bool) {
        let separator = if self.properties.is_empty() { "" } else { "," };
        let members = T::members();
        // Writing to a text does not fail.
        let _ = write!(
            self.properties,
            "{separator}{}:{{{members}{}{keywords}}}",
            text(name),
            description(about)
        );
        if required && T::absent().is_none() {
            let separator = if self.required.is_empty() { "" } else { "," };
            let _ = write!(self.required, "{separator}{}", text(name));
        }
    }

    #[must_use]
    pub fn members(&self) -> String {
        format!(
            "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{{{}}},\"required\":[{}]{}",
            self.properties,
            self.required,
            description(self.about)
        )
    }
}

macro_rules! plain {
    ($($type:ty => $members:expr),* $(,)?) => {
        $(impl Schema for $type {
            fn members() -> String {
                $members.to_owned()
            }
        })*
    };
}

plain! {
    String => "\"type\":\"string\"",
    bool => "\"type\":\"boolean\"",
    u8 => "\"type\":\"integer\",\"minimum\":0,\"maximum\":255",
    u16 => "\"type\":\"integer\",\"minimum\":0,\"maximum\":65535",
    u32 => "\"type\":\"integer\",\"minimum\":0,\"maximum\":4294967295",
    u64 => "\"type\":\"integer\",\"minimum\":0",
    i32 => "\"type\":\"integer\",\"minimum\":-2147483648,\"maximum\":2147483647",
    i64 => "\"type\":\"integer\"",
    f64 => "\"type\":\"number\"",
}

impl<T: Schema> Schema for Vec<T> {
    fn members() -> String {
        format!("\"type\":\"array\",\"items\":{{{}}}", T::members())
    }
}

impl<T: Schema> Schema for Option<T> {
    fn members() -> String {
        T::members()
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl Key for String {}

impl<K: Key, T: Schema> Schema for BTreeMap<K, T> {
    fn members() -> String {
        let names = K::PATTERN.map(|pattern| format!(",\"propertyNames\":{{\"pattern\":{}}}", text(pattern)));
        let names = names.unwrap_or_default();
        format!("\"type\":\"object\",\"additionalProperties\":{{{}}}{names}", T::members())
    }
}

/// A JSON string (RFC 8259, section 7).
fn text(text: &str) -> String {
    let mut json = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            // Other control characters are in no comment and no name.
            control if control.is_control() => json.push(' '),
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

/// From the lines of a comment, each of which begins with a space.
fn description(about: &str) -> String {
    let about = about.trim();
    if about.is_empty() { String::new() } else { format!(",\"description\":{}", text(about)) }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}
