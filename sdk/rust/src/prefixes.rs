//! Tables by the beginning of a number.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error as _};

use crate::schema::Schema;

/// A table by prefix of E.164: `{"+49": …, "+49151": …}`. The longest prefix wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefixes<T> {
    /// By digits, without `+`.
    rows: BTreeMap<String, T>,
    digits_max: usize,
}

/// Digits of the longest prefix: E.164 has at most 15.
const DIGITS_MAX: usize = 15;
const PATTERN: &str = r"^\\+?[0-9]{1,15}$";

impl<T> Prefixes<T> {
    /// The row of the longest prefix that the number begins with.
    #[must_use]
    pub fn get(&self, number: &str) -> Option<&T> {
        let digits = number.strip_prefix('+')?;
        let longest = digits.len().min(self.digits_max);
        (1..=longest).rev().find_map(|length| self.rows.get(digits.get(..length)?))
    }

    /// Every row, with the digits of its prefix.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.rows.iter().map(|(prefix, row)| (prefix.as_str(), row))
    }
}

impl<T> Default for Prefixes<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), digits_max: 0 }
    }
}

impl<T> FromIterator<(String, T)> for Prefixes<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(rows: I) -> Self {
        let rows: BTreeMap<String, T> = rows.into_iter().collect();
        let digits_max = rows.keys().map(String::len).max().unwrap_or(0);
        Self { rows, digits_max }
    }
}

/// The digits of a prefix as it stands in settings.
fn digits(prefix: &str) -> Option<String> {
    let digits = prefix.strip_prefix('+').unwrap_or(prefix);
    let good = (1..=DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| digits.to_owned())
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Prefixes<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = BTreeMap::<String, T>::deserialize(deserializer)?;
        let read = |(prefix, row): (String, T)| {
            let digits = digits(&prefix).ok_or_else(|| {
                D::Error::custom(format!("`{prefix}` is not the beginning of a number, such as +4915"))
            })?;
            Ok((digits, row))
        };
        rows.into_iter().map(read).collect()
    }
}

impl<T: Schema> Schema for Prefixes<T> {
    fn members() -> String {
        format!(
            "\"type\":\"object\",\"propertyNames\":{{\"pattern\":\"{PATTERN}\"}},\"additionalProperties\":{{{}}}",
            T::members()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_wins() {
        let table: Prefixes<u8> =
            serde_json::from_str(r#"{"+49": 1, "49151": 2, "+4915112345678": 3}"#).unwrap();
        for (number, expected) in [
            ("+4917012345678", Some(1)),
            ("+4915187654321", Some(2)),
            ("+4915112345678", Some(3)),
            ("+4", None),
            ("+44", None),
            ("49151", None),
            ("", None),
        ] {
            assert_eq!(table.get(number).copied(), expected, "{number}");
        }
        assert_eq!(table.iter().count(), 3);
        for wrong in [r#"{"": 1}"#, r#"{"+": 1}"#, r#"{"+49x": 1}"#, r#"{"1234567890123456": 1}"#] {
            assert!(serde_json::from_str::<Prefixes<u8>>(wrong).is_err(), "{wrong}");
        }
    }
}
