//! What a caller asks for, and the sizes that follow from it.

use serde::{Deserialize, Serialize};

/// Most octets of user data in one short message, header included
/// (TS 23.040 section 9.2.3.16: 140 octets, or 160 septets).
pub const USER_DATA_OCTETS_MAX: usize = 140;

/// Longest body that [`plan`](crate::text::plan()) reads, in bytes of UTF-8 or
/// of binary data. Twenty segments of three-byte characters take 4,020 bytes;
/// the rest is room for invisible characters that a replacement removes.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// Most segments that Waypost lets a caller ask for. The concatenation header
/// could count to 255; messages of more than a few segments arrive incomplete
/// too often, and cost too much by mistake.
pub const SEGMENTS_LIMIT: u8 = 20;

/// Most segments where the caller says nothing.
pub const SEGMENTS_MAX_DEFAULT: u8 = 10;

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Text for a reader.
    Text(String),
    /// Octets for an application (TS 23.038 "8 bit data").
    Binary(Vec<u8>),
}

/// The encoding that the caller asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncodingChoice {
    /// GSM-7 where it holds the whole text, else UCS-2; binary for binary.
    #[default]
    Auto,
    /// GSM-7 or a refusal.
    Gsm7,
    /// UCS-2 even where GSM-7 would do.
    Ucs2,
    /// 8-bit data; only for a binary body.
    Binary,
}

/// The encoding that a message is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// GSM 7-bit default alphabet with its extension table; a unit is a septet.
    Gsm7,
    /// UTF-16BE, surrogate pairs allowed; a unit is a 16-bit code unit.
    Ucs2,
    /// 8-bit data; a unit is an octet.
    Binary,
}

impl Encoding {
    /// How many units fit beside a user data header of `udh_octets` octets,
    /// its length octet included. 0 means that there is no header.
    ///
    /// In GSM-7 the text starts on a septet boundary after the header
    /// (TS 23.040 section 9.2.3.24), so 6 octets of header cost 7 septets.
    #[must_use]
    pub const fn units_max(self, udh_octets: usize) -> usize {
        let octets = USER_DATA_OCTETS_MAX.saturating_sub(udh_octets);
        match self {
            Self::Gsm7 => octets * 8 / 7,
            Self::Ucs2 => octets / 2,
            Self::Binary => octets,
        }
    }
}

/// Size of the reference number that ties the segments of a message together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// 8 bits, information element 0x00 (TS 23.040 section 9.2.3.24.1):
    /// understood everywhere, 256 messages per pair of numbers.
    #[default]
    Eight,
    /// 16 bits, information element 0x08 (TS 23.040 section 9.2.3.24.8): one
    /// unit less in a segment, mixes up fewer messages.
    Sixteen,
}

impl Reference {
    /// Octets of the user data header with only this element in it, its
    /// length octet included: 6 or 7.
    #[must_use]
    pub const fn udh_octets(self) -> usize {
        match self {
            Self::Eight => 6,
            Self::Sixteen => 7,
        }
    }
}

/// How a body is to be planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanOptions {
    /// The encoding asked for.
    pub encoding: EncodingChoice,
    /// Whether look-alike characters may be replaced where that brings the
    /// whole text into GSM-7. Without effect when UCS-2 is asked for.
    pub replace_lookalikes: bool,
    /// Most segments that the sender will pay for, 1 to [`SEGMENTS_LIMIT`].
    /// A longer body is refused, never cut.
    pub segments_max: u8,
    /// Size of the concatenation reference.
    pub reference_bits: Reference,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            encoding: EncodingChoice::Auto,
            replace_lookalikes: false,
            segments_max: SEGMENTS_MAX_DEFAULT,
            reference_bits: Reference::Eight,
        }
    }
}
