//! What a message says, as octets with their coding. Parts are joined as octets: a sender may cut a
//! character in two.

use serde::{Deserialize, Serialize};

use super::latin;
use super::udh::UserDataHeader;
use crate::config::smpp::{Alphabet, Inbound};
use crate::text::national::Shift;
use crate::text::{Body, Language, decode_ucs2_lossy, unpack_septets};

/// How octets are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// One septet in each octet, with these tables.
    Gsm7(Shift),
    /// ASCII (IA5).
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// UTF-16BE.
    Ucs2,
    /// No text, or one in an alphabet that is not known here.
    Binary,
}

/// A message or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct Content {
    /// How to read the octets.
    pub coding: Coding,
    /// Without user data header; GSM-7 unpacked.
    pub octets: Vec<u8>,
}

/// Stored octets that are no [`Content`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these octets are no part of a message")]
pub struct ContentError;

/// The coding of a `data_coding` (SMPP 3.4 section 5.2.19); what SMPP reserves is read as the SMSC
/// had it from the network (TS 23.038 section 4).
#[must_use]
pub fn coding(data_coding: u8, rules: &Inbound) -> Coding {
    let gsm7 = Coding::Gsm7(Shift::default());
    match data_coding {
        0x00 => match rules.alphabet {
            Alphabet::Gsm7 => gsm7,
            Alphabet::Latin1 => Coding::Latin1,
            Alphabet::Ascii => Coding::Ascii,
        },
        0x01 => Coding::Ascii,
        0x03 => Coding::Latin1,
        0x08 => Coding::Ucs2,
        0x02 | 0x04..=0x07 | 0x09..=0x0F => Coding::Binary,
        // General data coding, with a class or marked for deletion, not compressed.
        0x10..=0x1F | 0x40..=0x5F => match data_coding & 0x0C {
            0x00 => gsm7,
            0x08 => Coding::Ucs2,
            _ => Coding::Binary,
        },
        // Message waiting.
        0xC0..=0xDF => gsm7,
        0xE0..=0xEF => Coding::Ucs2,
        // Data coding and message class.
        0xF0..=0xFF if data_coding & 0x04 == 0 => gsm7,
        _ => Coding::Binary,
    }
}

impl Content {
    /// The content behind a user data header.
    #[must_use]
    pub fn of(user_data: &[u8], data_coding: u8, header: &UserDataHeader, rules: &Inbound) -> Self {
        let octets = user_data.get(header.octets..).unwrap_or_default();
        match coding(data_coding, rules) {
            Coding::Gsm7(_) if rules.packed => {
                Self { coding: Coding::Gsm7(header.shift), octets: unpack(octets, header.octets) }
            }
            Coding::Gsm7(_) => Self { coding: Coding::Gsm7(header.shift), octets: octets.to_vec() },
            coding => Self { coding, octets: octets.to_vec() },
        }
    }

    /// The text, or the octets where there is none.
    #[must_use]
    pub fn body(&self) -> Body {
        match self.coding {
            Coding::Gsm7(shift) => Body::Text(shift.decode(&self.octets)),
            Coding::Ascii => Body::Text(latin::decode_ascii(&self.octets)),
            Coding::Latin1 => Body::Text(latin::decode_latin1(&self.octets)),
            Coding::Ucs2 => Body::Text(decode_ucs2_lossy(&self.octets)),
            Coding::Binary => Body::Binary(self.octets.clone()),
        }
    }

    /// A form to be kept: three octets and the content. Never changes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let identifier = |language: Option<Language>| language.map_or(0, Language::identifier);
        let head = match self.coding {
            Coding::Gsm7(shift) => [0, identifier(shift.locking), identifier(shift.single)],
            Coding::Ascii => [1, 0, 0],
            Coding::Latin1 => [2, 0, 0],
            Coding::Ucs2 => [3, 0, 0],
            Coding::Binary => [4, 0, 0],
        };
        [head.as_slice(), &self.octets].concat()
    }

    /// Reads what [`Content::to_bytes`] wrote.
    ///
    /// # Errors
    /// Anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContentError> {
        let Some(([kind, locking, single], octets)) = bytes.split_first_chunk::<3>() else {
            return Err(ContentError);
        };
        let coding = match (kind, *locking, *single) {
            (0, locking, single) => {
                Coding::Gsm7(Shift { locking: language(locking)?, single: language(single)? })
            }
            (1, 0, 0) => Coding::Ascii,
            (2, 0, 0) => Coding::Latin1,
            (3, 0, 0) => Coding::Ucs2,
            (4, 0, 0) => Coding::Binary,
            _ => return Err(ContentError),
        };
        Ok(Self { coding, octets: octets.to_vec() })
    }
}

impl TryFrom<Vec<u8>> for Content {
    type Error = ContentError;

    fn try_from(bytes: Vec<u8>) -> Result<Self, ContentError> {
        Self::from_bytes(&bytes)
    }
}

impl From<Content> for Vec<u8> {
    fn from(content: Content) -> Self {
        content.to_bytes()
    }
}

/// One message of its parts, each with its number, in any order; of a doubled number the first
/// counts, and a missing one leaves no trace. Parts in the same coding are joined before they are
/// read. Where one is binary, all of it is.
#[must_use]
pub fn join(mut parts: Vec<(u8, Content)>) -> Body {
    parts.sort_by_key(|(number, _)| *number);
    parts.dedup_by_key(|(number, _)| *number);
    if parts.iter().any(|(_, part)| part.coding == Coding::Binary) {
        return Body::Binary(parts.into_iter().flat_map(|(_, part)| part.octets).collect());
    }
    let mut text = String::new();
    let same = |a: &(u8, Content), b: &(u8, Content)| a.1.coding == b.1.coding;
    for run in parts.chunk_by(same) {
        let Some((_, first)) = run.first() else { continue };
        let octets = run.iter().flat_map(|(_, part)| part.octets.iter().copied()).collect();
        if let Body::Text(piece) = (Content { coding: first.coding, octets }).body() {
            text.push_str(&piece);
        }
    }
    Body::Text(text)
}

/// Septets of packed user data. SMPP tells octets, not septets: where the last seven bits can be
/// padding and are zero, they are taken for it, not for an `@`.
fn unpack(octets: &[u8], header_octets: usize) -> Vec<u8> {
    let mut septets = unpack_septets(octets, header_octets, usize::MAX);
    let bits = (header_octets + octets.len()) * 8;
    if bits.is_multiple_of(7) && septets.last() == Some(&0) {
        septets.pop();
    }
    septets
}

fn language(identifier: u8) -> Result<Option<Language>, ContentError> {
    match identifier {
        0 => Ok(None),
        _ => Language::from_identifier(identifier).map(Some).ok_or(ContentError),
    }
}
