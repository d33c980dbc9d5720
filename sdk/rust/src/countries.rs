//! Countries in settings.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};

use crate::schema::{Key, Schema};

/// An ISO 3166-1 alpha-2 code. Settings may write it in either case, and `UK` for `GB`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

/// Countries in settings: `["DE", "FR"]`.
pub type Countries = BTreeSet<Country>;

/// The text is not two letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountryError;

const PATTERN: &str = "^[A-Za-z]{2}$";

impl Country {
    /// The code in capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Two ASCII letters.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Country {
    type Err = CountryError;

    fn from_str(text: &str) -> Result<Self, CountryError> {
        match text.as_bytes() {
            [first, second] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
                let code = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
                Ok(Self(if code == *b"UK" { *b"GB" } else { code }))
            }
            _ => Err(CountryError),
        }
    }
}

impl fmt::Display for CountryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the code of a country, such as `FR`")
    }
}

impl std::error::Error for CountryError {}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Schema for Country {
    fn members() -> String {
        format!("\"type\":\"string\",\"pattern\":\"{PATTERN}\"")
    }
}

impl Key for Country {
    const PATTERN: Option<&'static str> = Some(PATTERN);
}

impl<T: Schema + Ord> Schema for BTreeSet<T> {
    fn members() -> String {
        Vec::<T>::members()
    }
}
