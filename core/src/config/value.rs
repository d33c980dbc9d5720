//! One value of the file, read as one of the types that keys have.

use toml::de::{DeArray, DeValue};

use super::context::{Context, Kind, Place};
use super::cursor::Cursor;
use super::key::{Choice, List};
use super::problem::ConfigCode;
use super::quote::{quoted, quoted_list};
use crate::number::Country;

/// Names that a message lists where nothing is near.
const NAMES_SHOWN_MAX: usize = 8;

/// A value and its place. The readers report what is wrong and answer `None` then.
pub(super) struct Value<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) place: Place,
    /// Where the key itself stands.
    pub(super) key_offset: usize,
    pub(super) inner: &'a DeValue<'a>,
}

impl<'a> Value<'a> {
    /// The same, but problems point at the key: for where the key is what is wrong.
    pub(super) fn at_key(&self) -> Self {
        let place = Place { path: self.place.path.clone(), offset: self.key_offset };
        Self { context: self.context, place, key_offset: self.key_offset, inner: self.inner }
    }

    pub(super) fn integer(&self, min: u32, max: u32) -> Option<u32> {
        let DeValue::Integer(integer) = self.inner else {
            let quoted = self.inner.as_str().is_some_and(|text| text.parse::<i64>().is_ok());
            let help = quoted.then(|| "write it without quotes".to_owned());
            return self.wrong_type_help("an integer", help);
        };
        // What does not fit is far outside every range, on the side that its sign says.
        let number = i128::from_str_radix(integer.as_str(), integer.radix())
            .unwrap_or_else(|_| if integer.as_str().starts_with('-') { i128::MIN } else { i128::MAX });
        let allowed = u32::try_from(number).ok().filter(|number| (min..=max).contains(number));
        if allowed.is_none() {
            let nearest = if number < i128::from(min) { min } else { max };
            self.out_of_range(min, max, &integer.to_string(), Some(nearest));
        }
        allowed
    }

    pub(super) fn number(&self, min: f64, max: f64) -> Option<f64> {
        let (text, number) = match self.inner {
            DeValue::Float(float) => (float.to_string(), float.as_str().parse().ok()),
            DeValue::Integer(integer) => {
                let number = i64::from_str_radix(integer.as_str(), integer.radix());
                // Above 2^53 the conversion rounds, but every range ends far below.
                (integer.to_string(), number.ok().map(|number| number as f64))
            }
            _ => return self.wrong_type("a number"),
        };
        let allowed = number.filter(|number| (min..=max).contains(number));
        if allowed.is_none() {
            let nearest = match number {
                Some(number) if number.is_nan() => None,
                Some(number) if number < min => Some(min),
                None if text.starts_with('-') => Some(min),
                _ => Some(max),
            };
            self.out_of_range(min, max, &text, nearest);
        }
        allowed
    }

    pub(super) fn flag(&self) -> Option<bool> {
        let flag = self.inner.as_bool();
        if flag.is_none() {
            return self.wrong_type("true or false");
        }
        flag
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        let text = self.inner.as_str();
        if text.is_none() {
            return self.wrong_type("a string");
        }
        text
    }

    /// A string of 1 to `bytes_max` bytes without control characters.
    pub(super) fn text_within(&self, bytes_max: usize) -> Option<&'a str> {
        let text = self.text()?;
        if text.is_empty() || text.len() > bytes_max {
            let reason = format!("must have 1 to {bytes_max} bytes, found {}", text.len());
            self.error(ConfigCode::OutOfRange, reason, None);
            return None;
        }
        if text.chars().any(char::is_control) {
            return self.invalid("must not contain control characters", None);
        }
        Some(text)
    }

    pub(super) fn choice<T: Copy + PartialEq>(&self, key: &Choice<T>) -> Option<T> {
        let text = self.text()?;
        let found = key.choices.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let words = quoted_list(key.words(), usize::MAX);
            let one_of = if key.choices.len() == 1 { "" } else { "one of " };
            let reason = format!("must be {one_of}{words}, found {}", quoted(text));
            return self.invalid(reason, self.context.did_you_mean(text, key.words()));
        }
        found.map(|(_, value)| *value)
    }

    pub(super) fn country(&self) -> Option<Country> {
        self.country_of(self.text()?)
    }

    /// Reads `text`, which stands at this place as value or as key, as a country.
    pub(super) fn country_of(&self, text: &str) -> Option<Country> {
        let Ok(parsed) = Country::parse(text) else {
            let reason = format!("{} is not a country", quoted(text));
            let help = "write an ISO 3166-1 alpha-2 code such as \"GB\"".to_owned();
            return self.invalid(reason, help);
        };
        if parsed.alias_used.is_some() {
            let iso = quoted(parsed.country.as_str());
            let reason = format!("{} is not an ISO code and is read as {iso}", quoted(text));
            let help = format!("write {iso}");
            self.context.warning(ConfigCode::CountryAlias, &self.place, reason, help);
        }
        Some(parsed.country)
    }

    /// The name of something that the file or the host defines.
    pub(super) fn reference(&self, kind: Kind) -> Option<String> {
        let name = self.text()?;
        let names = self.context.names(kind);
        if names.contains(name) {
            return Some(name.to_owned());
        }
        let near = self.context.did_you_mean(name, names.iter().copied());
        let help = near.unwrap_or_else(|| {
            let known = quoted_list(names.iter().copied(), NAMES_SHOWN_MAX);
            if known.is_empty() {
                format!("there is none yet: add [{}.<name>]", kind.table())
            } else {
                format!("known: {known}")
            }
        });
        let reason = format!("no {} is named {}", kind.word(), quoted(name));
        self.error(ConfigCode::UnknownReference, reason, help);
        None
    }

    pub(super) fn cursor(&self) -> Option<Cursor<'a>> {
        let Some(table) = self.inner.as_table() else {
            return self.wrong_type("a table");
        };
        Some(Cursor::new(self.context, self.place.clone(), Some(table)))
    }

    /// The entries of a list of an allowed length.
    pub(super) fn list(&self, key: &List) -> Option<Vec<Value<'a>>> {
        let Some(array) = self.inner.as_array() else {
            let help = match self.inner {
                DeValue::Table(_) => Some(format!("write [[{}]] with double brackets", self.place.path)),
                DeValue::String(_) => Some("put it in brackets: [\"…\"]".to_owned()),
                _ => None,
            };
            return self.wrong_type_help("a list", help);
        };
        if !(key.entries_min..=key.entries_max).contains(&array.len()) {
            let (min, max) = (key.entries_min, key.entries_max);
            let reason = format!("must have {min} to {max} entries, found {}", array.len());
            let help = format!("without the key the default is: {}", key.default.0);
            let help = array.is_empty().then_some(help);
            self.error(ConfigCode::OutOfRange, reason, help);
            return None;
        }
        Some(self.entries(array))
    }

    pub(super) fn entries(&self, array: &'a DeArray<'a>) -> Vec<Value<'a>> {
        let entries = array.iter().enumerate();
        entries
            .map(|(index, entry)| {
                let offset = entry.span().start;
                Value {
                    context: self.context,
                    place: self.place.entry(index, offset),
                    key_offset: offset,
                    inner: entry.get_ref(),
                }
            })
            .collect()
    }

    pub(super) fn error(&self, code: ConfigCode, reason: impl Into<String>, help: impl Into<Option<String>>) {
        self.context.error(code, &self.place, reason, help);
    }

    pub(super) fn invalid<T>(&self, reason: impl Into<String>, help: impl Into<Option<String>>) -> Option<T> {
        self.error(ConfigCode::InvalidValue, reason, help);
        None
    }

    /// Reports the type only: the value may be a secret at the wrong place.
    pub(super) fn wrong_type<T>(&self, expected: &str) -> Option<T> {
        self.wrong_type_help(expected, None)
    }

    fn wrong_type_help<T>(&self, expected: &str, help: Option<String>) -> Option<T> {
        let reason = format!("expected {expected}, found {}", type_word(self.inner));
        self.error(ConfigCode::WrongType, reason, help);
        None
    }

    fn out_of_range<T: std::fmt::Display>(&self, min: T, max: T, found: &str, nearest: Option<T>) {
        let found: String = found.chars().take(NUMBER_CHARS_SHOWN_MAX).collect();
        let reason = format!("must be {min} to {max}, found {found}");
        let help = nearest.map(|nearest| format!("the nearest valid value is {nearest}"));
        self.error(ConfigCode::OutOfRange, reason, help);
    }
}

/// Reads the entries of a list, each of which may stand there only once.
pub(super) fn read_distinct<'a, T: PartialEq>(
    entries: &[Value<'a>],
    read: impl Fn(&Value<'a>) -> Option<T>,
) -> Vec<T> {
    let mut distinct: Vec<T> = Vec::new();
    for entry in entries {
        let Some(item) = read(entry) else { continue };
        if distinct.contains(&item) {
            let help = "remove one of them".to_owned();
            entry.error(ConfigCode::Conflict, "is in the list twice", help);
        } else {
            distinct.push(item);
        }
    }
    distinct
}

/// Characters of a number that a message repeats; whatever is longer is out of range anyway.
const NUMBER_CHARS_SHOWN_MAX: usize = 24;

/// The TOML type of a value, with its article.
pub(super) fn type_word(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(true) => "true",
        DeValue::Boolean(false) => "false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
