//! UCS-2 as it is on the air: UTF-16BE, surrogate pairs included.

use std::fmt;

/// Why octets are not UTF-16BE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ucs2Error {
    /// The number of octets is odd.
    OddLength {
        /// That number.
        octets: usize,
    },
    /// Half a surrogate pair stands alone.
    UnpairedSurrogate {
        /// Where it stands, in 16-bit units from 0.
        unit: usize,
    },
}

impl Ucs2Error {
    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OddLength { .. } => "ucs2_odd_length",
            Self::UnpairedSurrogate { .. } => "ucs2_unpaired_surrogate",
        }
    }
}

impl fmt::Display for Ucs2Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OddLength { octets } => write!(
                f,
                "UCS-2 takes two octets for each unit and there are {octets}: the last unit is incomplete"
            ),
            Self::UnpairedSurrogate { unit } => {
                write!(f, "the surrogate at unit {unit} has no partner: join all segments before decoding")
            }
        }
    }
}

impl std::error::Error for Ucs2Error {}

/// Units that a text takes: one for each character of the Basic Multilingual
/// Plane, two for others.
pub(super) fn count_units(text: &str) -> u32 {
    text.chars().map(|c| c.len_utf16() as u32).sum()
}

/// A text as UTF-16BE, without a byte order mark.
pub(super) fn encode_ucs2(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len() * 2);
    for unit in text.encode_utf16() {
        octets.extend(unit.to_be_bytes());
    }
    octets
}

/// Reads UTF-16BE. Join the segments of a message first: other senders cut
/// surrogate pairs.
///
/// # Errors
/// When the length is odd or a surrogate stands alone.
pub fn decode_ucs2(octets: &[u8]) -> Result<String, Ucs2Error> {
    if !octets.len().is_multiple_of(2) {
        return Err(Ucs2Error::OddLength { octets: octets.len() });
    }
    let mut text = String::with_capacity(octets.len());
    let mut unit = 0;
    for decoded in char::decode_utf16(units(octets)) {
        let character = decoded.map_err(|_| Ucs2Error::UnpairedSurrogate { unit })?;
        unit += character.len_utf16();
        text.push(character);
    }
    Ok(text)
}

/// Reads UTF-16BE, with U+FFFD for each lone surrogate and for a last odd
/// octet.
#[must_use]
pub fn decode_ucs2_lossy(octets: &[u8]) -> String {
    let mut text: String = char::decode_utf16(units(octets))
        .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if !octets.len().is_multiple_of(2) {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

fn units(octets: &[u8]) -> impl Iterator<Item = u16> {
    octets.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_answers() {
        let octets = [0x00, 0x41, 0x20, 0xAC, 0xD8, 0x3D, 0xDE, 0x00];
        assert_eq!(encode_ucs2("A€😀"), octets);
        assert_eq!(decode_ucs2(&octets), Ok("A€😀".to_owned()));
        assert_eq!(count_units("A€😀"), 4);
    }

    #[test]
    fn refuses_or_marks_what_is_broken() {
        let cases: [(&[u8], Ucs2Error, &str); 3] = [
            (&[0, 0x41, 0], Ucs2Error::OddLength { octets: 3 }, "A\u{FFFD}"),
            (&[0, 0x41, 0xD8, 0x3D], Ucs2Error::UnpairedSurrogate { unit: 1 }, "A\u{FFFD}"),
            (&[0xDE, 0, 0, 0x41], Ucs2Error::UnpairedSurrogate { unit: 0 }, "\u{FFFD}A"),
        ];
        for (octets, error, lossy) in cases {
            assert_eq!(decode_ucs2(octets), Err(error), "{octets:02x?}");
            assert_eq!(decode_ucs2_lossy(octets), lossy, "{octets:02x?}");
        }
    }

    proptest! {
        #[test]
        fn round_trips(text in any::<String>()) {
            let octets = encode_ucs2(&text);
            prop_assert_eq!(octets.len() as u32, 2 * count_units(&text));
            prop_assert_eq!(decode_ucs2(&octets), Ok(text.clone()));
            prop_assert_eq!(decode_ucs2_lossy(&octets), text);
        }

        #[test]
        fn takes_any_octets(octets in prop::collection::vec(any::<u8>(), 0..100)) {
            let lossy = decode_ucs2_lossy(&octets);
            if let Ok(text) = decode_ucs2(&octets) {
                prop_assert_eq!(text, lossy);
            }
        }
    }
}
