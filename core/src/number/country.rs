use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::iso3166::{ALIASES, CODES};

/// A country or territory by its ISO 3166-1 alpha-2 code, in upper case.
///
/// Also taken are `AC`, `TA` and `XK`, which have numbering plans without an assigned code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

/// A country as it was written: perhaps by an alias, which deserves a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedCountry {
    /// The country meant.
    pub country: Country,
    /// The alias that was written instead of the assigned code, for example `UK`.
    pub alias_used: Option<&'static str>,
}

/// The text is no country code; code `country_unknown`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountryError {
    /// What was written, without surrounding space, cut to 16 characters.
    pub written: String,
    /// The valid code that is nearest to it, if one is near.
    pub nearest: Option<Country>,
}

impl Country {
    /// Reads a code without regard to case and surrounding space, and tells whether it was an
    /// alias.
    ///
    /// # Errors
    /// [`CountryError`] when no such country exists; it offers the nearest valid code.
    pub fn parse(text: &str) -> Result<ParsedCountry, CountryError> {
        let trimmed = text.trim();
        if let Some(country) = two_letters(trimmed).and_then(Self::from_bytes) {
            return Ok(ParsedCountry { country, alias_used: None });
        }
        let alias = ALIASES.iter().find(|(written, _)| written.eq_ignore_ascii_case(trimmed));
        if let Some(&(written, meant)) = alias {
            return Ok(ParsedCountry { country: Self(meant), alias_used: Some(written) });
        }
        Err(CountryError {
            written: trimmed.chars().take(WRITTEN_CHARS_MAX).collect(),
            nearest: nearest(trimmed),
        })
    }

    /// The country of two upper-case letters, if it exists.
    #[must_use]
    pub fn from_bytes(code: [u8; 2]) -> Option<Self> {
        CODES.binary_search(&code).ok().map(|_| Self(code))
    }

    /// All countries, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        CODES.iter().copied().map(Self)
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Both bytes are ASCII by construction, so the fallback is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The two letters as bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0
    }
}

impl CountryError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "country_unknown"
    }
}

impl fmt::Display for CountryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no country code", self.written.escape_debug())?;
        match self.nearest {
            Some(country) => write!(f, "; did you mean `{country}`?"),
            None => f.write_str("; write two letters of ISO 3166-1, for example `GB`"),
        }
    }
}

impl std::error::Error for CountryError {}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// As [`Country::parse`], where nobody asks about aliases.
impl FromStr for Country {
    type Err = CountryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).map(|parsed| parsed.country)
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

const WRITTEN_CHARS_MAX: usize = 16;

fn two_letters(text: &str) -> Option<[u8; 2]> {
    let bytes: [u8; 2] = text.as_bytes().try_into().ok()?;
    Some(bytes.map(|byte| byte.to_ascii_uppercase()))
}

/// The valid code that a person most likely meant: the start of a longer word or of an alpha-3
/// code, the letters swapped, or one letter wrong.
fn nearest(text: &str) -> Option<Country> {
    let letters: Vec<u8> = text
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_uppercase() as u8)
        .take(3)
        .collect();
    let (first, second, third) = match letters[..] {
        [first] => return closest_second_letter(first, b'A'),
        [first, second] => (first, second, None),
        [first, second, third] => (first, second, Some(third)),
        _ => return None,
    };
    Country::from_bytes([first, second])
        .or_else(|| third.and_then(|third| Country::from_bytes([first, third])))
        .or_else(|| Country::from_bytes([second, first]))
        .or_else(|| closest_second_letter(first, second))
}

fn closest_second_letter(first: u8, second: u8) -> Option<Country> {
    CODES
        .iter()
        .filter(|code| code[0] == first)
        .min_by_key(|code| code[1].abs_diff(second))
        .copied()
        .map(Country)
}
