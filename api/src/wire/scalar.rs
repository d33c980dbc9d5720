//! Single values.

use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::value::StrDeserializer;
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use waypost_core::id::MessageId;
use waypost_core::message::State;

use waypost_core::time::rfc3339;

/// A time: RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp(pub u64);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

/// The id of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub MessageId);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Where a message is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub State);

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

/// A telephone number in E.164, a short code or an alphanumeric sender. `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Address<'a>(pub &'a str);

impl fmt::Debug for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

impl Serialize for Address<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// Bytes, in JSON as base64 (RFC 4648 section 4).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Octets<'a>(pub &'a [u8]);

impl Serialize for Octets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0))
    }
}

/// A whole number from JSON, whatever its size, so that a range can be named when it is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole(pub i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Whole, E> {
                Ok(Whole(i64::try_from(number).unwrap_or(i64::MAX)))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Whole, E> {
                Ok(Whole(number))
            }
        }

        deserializer.deserialize_i64(Number)
    }
}

/// One of a set of words. serde alone would take `{"word": null}` for it, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Text<T> {
            type Value = Word<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Word<T>, E> {
                let word: StrDeserializer<'_, E> = word.into_deserializer();
                T::deserialize(word).map(Word)
            }
        }

        deserializer.deserialize_str(Text(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_one_spelling() {
        let id = MessageId::from_parts(1 << 40, 7);
        for (json, expected) in [
            (serde_json::to_value(Timestamp(1_700_000_000_250)), "2023-11-14T22:13:20.250Z"),
            (serde_json::to_value(Timestamp(0)), "1970-01-01T00:00:00.000Z"),
            (serde_json::to_value(Id(id)), &id.to_string()),
            (serde_json::to_value(Status(State::InDoubt)), "in_doubt"),
            (serde_json::to_value(Octets(&[0, 255, 16])), "AP8Q"),
        ] {
            assert_eq!(json.unwrap(), expected);
        }
        assert_eq!(format!("{:?}", Address("+447700900123")), "Address(…)");
    }

    #[test]
    fn whole_numbers_of_any_size_are_read() {
        for (json, expected) in [
            ("0", Some(0)),
            ("-7", Some(-7)),
            ("18446744073709551615", Some(i64::MAX)),
            ("1.0", None),
            ("1e3", None),
            ("\"1\"", None),
        ] {
            let read: Option<Whole> = serde_json::from_str(json).ok();
            assert_eq!(read, expected.map(Whole), "{json}");
        }
    }
}
