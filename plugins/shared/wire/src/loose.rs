//! Values of JSON that one provider writes as a text and the other as a number.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text, or a number as a text. What is null, empty, or neither of them counts as not there, so
/// that a field which changes its type does not make an answer unreadable.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Loose(Option<String>);

impl Loose {
    /// The text, if there is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The number that the text stands for, if it fits the type.
    #[must_use]
    pub fn number<T: FromStr>(&self) -> Option<T> {
        self.text()?.parse().ok()
    }
}

impl<'de> Deserialize<'de> for Loose {
    // Once in a component, not once for each field of an answer.
    #[inline(never)]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose((!text.is_empty()).then(|| text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
        Ok(Loose(Some(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Loose, E> {
        Ok(Loose(Some(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Loose, E> {
        Ok(Loose(Some(number.to_string())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Loose, E> {
        Ok(Loose(None))
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Loose, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Loose, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_the_same() {
        for (json, text, number) in [
            (r#""2""#, Some("2"), Some(2)),
            ("2", Some("2"), Some(2)),
            ("-2", Some("-2"), Some(-2)),
            ("-0.0075", Some("-0.0075"), None),
            (r#""two""#, Some("two"), None),
            (r#""""#, None, None),
            ("null", None, None),
            ("true", None, None),
            (r#"[1, ["a"]]"#, None, None),
            (r#"{"a": {"b": 1}}"#, None, None),
        ] {
            let loose: Loose = serde_json::from_str(json).unwrap();
            assert_eq!(loose.text(), text, "{json}");
            assert_eq!(loose.number::<i32>(), number, "{json}");
        }
    }
}
