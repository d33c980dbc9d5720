//! Why a body cannot be planned.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::{EncodingChoice, SEGMENTS_LIMIT};

/// Most distinct characters that [`TextError::NotInGsm7`] lists.
pub const OFFENDING_MAX: usize = 10;

/// A character that GSM-7 does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffendingChar {
    /// The character. It is part of a message's body: not for logs above DEBUG.
    pub character: char,
    /// Where it first stands, in Unicode characters (code points) from 0.
    pub position: u32,
}

/// Why a body was refused. `Display` names counts and limits only, never a
/// part of the body, so that it may be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextError {
    /// There is nothing to send, or nothing was left once invisible
    /// characters were removed.
    Empty,
    /// The body is longer than [`BODY_BYTES_MAX`](crate::text::BODY_BYTES_MAX).
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// GSM-7 was asked for and the text has characters that it lacks.
    NotInGsm7 {
        /// The distinct characters in order of appearance, at most
        /// [`OFFENDING_MAX`].
        offending: Vec<OffendingChar>,
        /// All occurrences, listed or not.
        occurrences: u32,
        /// Whether `replace_lookalikes` would make the text fit GSM-7.
        lookalikes_would_help: bool,
    },
    /// Binary was asked for and the body is text.
    BinaryForText,
    /// A text encoding was asked for and the body is binary.
    TextEncodingForBinary {
        /// What was asked for.
        requested: EncodingChoice,
    },
    /// The body takes more segments than allowed.
    TooManySegments {
        /// Segments that it would take.
        segments: u32,
        /// Segments that were allowed.
        segments_max: u8,
        /// Units (septets, UTF-16 code units or octets) of the body.
        units: u32,
    },
    /// `segments_max` is 0 or above [`SEGMENTS_LIMIT`].
    SegmentsMaxOutOfRange {
        /// What was asked for.
        segments_max: u8,
    },
    /// A plan was used with a body that it was not made from.
    PlanMismatch,
}

impl TextError {
    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "body_empty",
            Self::TooLong { .. } => "body_too_long",
            Self::NotInGsm7 { .. } => "not_in_gsm7",
            Self::BinaryForText => "binary_encoding_for_text",
            Self::TextEncodingForBinary { .. } => "text_encoding_for_binary",
            Self::TooManySegments { .. } => "too_many_segments",
            Self::SegmentsMaxOutOfRange { .. } => "segments_max_out_of_range",
            Self::PlanMismatch => "plan_mismatch",
        }
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str(
                "the body has nothing to send: give it at least one visible character or one octet",
            ),
            Self::TooLong { bytes, bytes_max } => write!(
                f,
                "the body is {bytes} bytes long and {bytes_max} is the limit: send it in parts"
            ),
            Self::NotInGsm7 {
                offending,
                occurrences,
                lookalikes_would_help,
            } => {
                write!(
                    f,
                    "{occurrences} of the text's characters are not in the GSM-7 alphabet"
                )?;
                if let Some(first) = offending.first() {
                    write!(f, ", the first at character {}", first.position)?;
                }
                f.write_str(if *lookalikes_would_help {
                    ": set replace_lookalikes to have them replaced, or ask for encoding auto or ucs2"
                } else {
                    ": ask for encoding auto or ucs2, or remove them (replace_lookalikes does not know them all)"
                })
            }
            Self::BinaryForText => f.write_str(
                "encoding binary needs a binary body and this one is text: ask for auto, gsm7 or ucs2, or send the octets as data",
            ),
            Self::TextEncodingForBinary { requested } => {
                let name = match requested {
                    EncodingChoice::Auto => "auto",
                    EncodingChoice::Gsm7 => "gsm7",
                    EncodingChoice::Ucs2 => "ucs2",
                    EncodingChoice::Binary => "binary",
                };
                write!(
                    f,
                    "encoding {name} needs a text and this body is binary: ask for auto or binary, or send it as text"
                )
            }
            Self::TooManySegments {
                segments,
                segments_max,
                units,
            } => write!(
                f,
                "the body of {units} units takes {segments} segments and {segments_max} are allowed: shorten it or raise segments_max (at most {SEGMENTS_LIMIT})"
            ),
            Self::SegmentsMaxOutOfRange { segments_max } => write!(
                f,
                "segments_max is {segments_max}: give a number from 1 to {SEGMENTS_LIMIT}"
            ),
            Self::PlanMismatch => {
                f.write_str("the plan was made for another body: plan this body again")
            }
        }
    }
}

impl std::error::Error for TextError {}
