//! One country.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};

/// Every code that a numbering plan can lead to: those assigned by ISO 3166-1, and `AC`, `TA` and
/// `XK`, which ISO reserves or leaves to its users and which telephone numbers do have.
const CODES: &str = "\
    ACADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCL\
    CMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGW\
    GYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDME\
    MFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQA\
    RERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTATCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUS\
    UYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

const LETTERS: u16 = 26;

/// A country, as an index into the 26 × 26 pairs of letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(u16);

/// A text that is not the code of a country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountryError(String);

impl Country {
    /// The number of values that [`Country::index`] can have.
    pub const COUNT: usize = LETTERS as usize * LETTERS as usize;

    /// Reads a code from settings: spaces around it and its case do not matter, and `UK` is taken
    /// for `GB`.
    ///
    /// # Errors
    /// The text is not a code that is in use.
    pub fn parse(text: &str) -> Result<Self, CountryError> {
        let trimmed = text.trim();
        let upper = trimmed.to_ascii_uppercase();
        let code = if upper == "UK" { "GB" } else { upper.as_str() };
        let known = CODES.as_bytes().chunks_exact(2).any(|known| known == code.as_bytes());
        if !known {
            // Settings may hold anything: what is shown of it is bounded.
            return Err(CountryError(trimmed.chars().take(20).collect()));
        }
        Self::of_host(code).ok_or_else(|| CountryError(code.to_owned()))
    }

    /// Reads a code as the host gives it: two upper-case letters, in use or not.
    #[must_use]
    pub fn of_host(code: &str) -> Option<Self> {
        let &[first, second] = code.as_bytes() else { return None };
        let (first, second) = (letter(first)?, letter(second)?);
        Some(Self(first * LETTERS + second))
    }

    /// A number below [`Country::COUNT`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

fn letter(byte: u8) -> Option<u16> {
    byte.is_ascii_uppercase().then(|| u16::from(byte - b'A'))
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for index in [self.0 / LETTERS, self.0 % LETTERS] {
            let letter = u8::try_from(index).unwrap_or_default().saturating_add(b'A');
            write!(f, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for CountryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not the ISO 3166-1 code of a country, such as `FR` or `GB`", self.0)
    }
}

impl std::error::Error for CountryError {}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_unique_and_complete() {
        let codes: Vec<_> = CODES.as_bytes().chunks(2).collect();
        assert_eq!(codes.len(), 249 + 3);
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn reads_what_people_write() {
        for (text, expected) in
            [("FR", "FR"), (" fr ", "FR"), ("uk", "GB"), ("UK", "GB"), ("gb", "GB"), ("xk", "XK")]
        {
            assert_eq!(Country::parse(text).unwrap().to_string(), expected, "{text:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_country() {
        for text in ["", " ", "F", "FRA", "XX", "EN", "é", "1A", "ZZ", "F R"] {
            let error = Country::parse(text).unwrap_err().to_string();
            assert!(error.contains(&format!("`{}`", text.trim())), "{error}");
        }
    }

    #[test]
    fn host_codes_have_distinct_indexes() {
        assert_eq!(Country::of_host("AA").map(Country::index), Some(0));
        assert_eq!(Country::of_host("ZZ").map(Country::index), Some(Country::COUNT - 1));
        for text in ["", "A", "fr", "FRA", "é", "A1"] {
            assert_eq!(Country::of_host(text), None, "{text:?}");
        }
    }
}
