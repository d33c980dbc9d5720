//! A set of countries.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};

use crate::{Country, CountryError};

const WORD_BITS: usize = u64::BITS as usize;

/// A set of countries, one bit for each pair of letters.
///
/// In settings it is a list of codes, or one text with the codes between commas, semicolons or
/// spaces, as `blacklist.countries=CI; GF;GP` was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountrySet([u64; Country::COUNT.div_ceil(WORD_BITS)]);

impl CountrySet {
    /// The set without a country.
    pub const EMPTY: Self = Self([0; Country::COUNT.div_ceil(WORD_BITS)]);

    /// Reads codes that commas, semicolons or spaces part.
    ///
    /// # Errors
    /// One of them is not the code of a country.
    pub fn parse(text: &str) -> Result<Self, CountryError> {
        let mut set = Self::EMPTY;
        for code in text.split([',', ';', ' ']).map(str::trim).filter(|code| !code.is_empty()) {
            set.insert(Country::parse(code)?);
        }
        Ok(set)
    }

    /// Adds a country.
    pub fn insert(&mut self, country: Country) {
        let index = country.index();
        if let Some(word) = self.0.get_mut(index / WORD_BITS) {
            *word |= 1 << (index % WORD_BITS);
        }
    }

    /// Whether the country is in the set.
    #[must_use]
    pub fn contains(&self, country: Country) -> bool {
        let index = country.index();
        self.0.get(index / WORD_BITS).is_some_and(|word| word >> (index % WORD_BITS) & 1 == 1)
    }

    /// Whether no country is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

impl Default for CountrySet {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl FromIterator<Country> for CountrySet {
    fn from_iter<I: IntoIterator<Item = Country>>(countries: I) -> Self {
        let mut set = Self::EMPTY;
        for country in countries {
            set.insert(country);
        }
        set
    }
}

impl<'de> Deserialize<'de> for CountrySet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SetVisitor)
    }
}

struct SetVisitor;

impl<'de> Visitor<'de> for SetVisitor {
    type Value = CountrySet;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of country codes, or a text such as `CI;GF`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<CountrySet, E> {
        CountrySet::parse(text).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut codes: A) -> Result<CountrySet, A::Error> {
        let mut set = CountrySet::EMPTY;
        while let Some(text) = codes.next_element::<String>()? {
            set.insert(Country::parse(&text).map_err(A::Error::custom)?);
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(set: &CountrySet) -> Vec<String> {
        let letters = || 'A'..='Z';
        letters()
            .flat_map(|first| letters().map(move |second| format!("{first}{second}")))
            .filter(|code| Country::of_host(code).is_some_and(|country| set.contains(country)))
            .collect()
    }

    #[test]
    fn holds_exactly_what_was_put_in() {
        for (settings, expected) in [
            ("[]", vec![]),
            ("\"\"", vec![]),
            (r#"["CI", "GF"]"#, vec!["CI", "GF"]),
            (r#"["zw", " ac"]"#, vec!["AC", "ZW"]),
            (r#""CI; GF;GP,MQ , nc uk;""#, vec!["CI", "GB", "GF", "GP", "MQ", "NC"]),
        ] {
            let set: CountrySet = serde_json::from_str(settings).unwrap();
            assert_eq!(codes(&set), expected, "{settings}");
            assert_eq!(set.is_empty(), expected.is_empty(), "{settings}");
        }
    }

    #[test]
    fn names_the_code_that_is_wrong() {
        for (settings, named) in
            [(r#"["FR", "XX"]"#, "`XX`"), (r#""FR;Germany""#, "`Germany`"), (r#"["FR;DE"]"#, "`FR;DE`")]
        {
            let error = serde_json::from_str::<CountrySet>(settings).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
