use std::fmt;

use super::INPUT_BYTES_MAX;
use super::country::Country;
use super::sender::ALPHANUMERIC_CHARS_MAX;

/// Why a text is not taken as a number. No variant holds the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// Nothing but space.
    Empty,
    /// More than [`INPUT_BYTES_MAX`] bytes.
    InputTooLong,
    /// Letters, as in a vanity number.
    Letters,
    /// A number with an extension.
    Extension,
    /// A character that has no place in a number.
    Character {
        /// The character.
        character: char,
        /// Its place in the input, counted in characters from 1.
        position: usize,
    },
    /// A national number, and no default country to read it by.
    CountryMissing,
    /// 3 to 8 digits, and no default country to tell a short code from a local number.
    ShortCodeCountryMissing,
    /// The default country has no numbering plan of its own.
    CountryWithoutPlan {
        /// The default country.
        country: Country,
    },
    /// No country or service has this calling code.
    CallingCodeUnknown,
    /// Fewer digits than any number of its plan.
    TooShort,
    /// More digits than any number of its plan.
    TooLong,
    /// A local number without its area code.
    AreaCodeMissing,
    /// The length fits but no range of the plan holds this number.
    Invalid,
}

impl NumberError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "number_empty",
            Self::InputTooLong => "number_input_too_long",
            Self::Letters => "number_has_letters",
            Self::Extension => "number_has_extension",
            Self::Character { .. } => "number_character_invalid",
            Self::CountryMissing => "number_country_missing",
            Self::ShortCodeCountryMissing => "short_code_country_missing",
            Self::CountryWithoutPlan { .. } => "number_country_without_plan",
            Self::CallingCodeUnknown => "number_calling_code_unknown",
            Self::TooShort => "number_too_short",
            Self::TooLong => "number_too_long",
            Self::AreaCodeMissing => "number_area_code_missing",
            Self::Invalid => "number_invalid",
        }
    }
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the number is empty; write it with `+` and the country calling code"),
            Self::InputTooLong => {
                write!(f, "the number is longer than {INPUT_BYTES_MAX} bytes; send one number in each entry",)
            }
            Self::Letters => {
                f.write_str("the number has letters in it; write the digits that the letters stand for")
            }
            Self::Extension => {
                f.write_str("the number has an extension, which cannot receive messages; leave it out")
            }
            Self::Character { character, position } => write!(
                f,
                "character {position} of the number, `{}`, has no place in a number; write digits \
                 with an optional leading `+`",
                character.escape_debug(),
            ),
            Self::CountryMissing => f.write_str(
                "the number has no country; write it with `+` and the country calling code, or \
                 set a default country",
            ),
            Self::ShortCodeCountryMissing => f.write_str(
                "the digits are a short code or a local number, which only a default country can \
                 tell; set one, or write `+` and the country calling code",
            ),
            Self::CountryWithoutPlan { country } => write!(
                f,
                "the default country {country} has no numbering plan of its own; write the number \
                 with `+` and the country calling code",
            ),
            Self::CallingCodeUnknown => f.write_str(
                "no country has the calling code that the number starts with; check the digits \
                 after `+`",
            ),
            Self::TooShort => {
                f.write_str("the number has too few digits; check for a lost digit or area code")
            }
            Self::TooLong => f.write_str("the number has too many digits; check for an extra one"),
            Self::AreaCodeMissing => f.write_str(
                "the number is a local one without its area code; write it with `+`, the country \
                 calling code and the area code",
            ),
            Self::Invalid => {
                f.write_str("no such number is in use in the numbering plan of its country; check the digits")
            }
        }
    }
}

impl std::error::Error for NumberError {}

/// Why a text is not taken as a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderError {
    /// Nothing but space.
    Empty,
    /// It looks like a number, and is not a good one.
    Number(NumberError),
    /// More than [`ALPHANUMERIC_CHARS_MAX`] characters.
    TooLong {
        /// How many characters it has.
        chars: usize,
    },
    /// A character outside the printable part of the GSM default alphabet.
    Character {
        /// The character.
        character: char,
        /// Its place in the input, counted in characters from 1.
        position: usize,
    },
    /// Space before or after the name.
    OuterSpace,
}

impl SenderError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "sender_empty",
            Self::Number(error) => error.code(),
            Self::TooLong { .. } => "sender_too_long",
            Self::Character { .. } => "sender_character_invalid",
            Self::OuterSpace => "sender_outer_space",
        }
    }
}

impl fmt::Display for SenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the sender is empty; write a number or a name"),
            Self::Number(error) => write!(f, "the sender is read as a number: {error}"),
            Self::TooLong { chars } => write!(
                f,
                "the sender has {chars} characters; a name may have {ALPHANUMERIC_CHARS_MAX} at most",
            ),
            Self::Character { character, position } => write!(
                f,
                "character {position} of the sender, `{}`, is not in the GSM default alphabet; \
                 replace it",
                character.escape_debug(),
            ),
            Self::OuterSpace => f.write_str("the sender begins or ends with a space; take the space away"),
        }
    }
}

impl std::error::Error for SenderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Number(error) => Some(error),
            _ => None,
        }
    }
}

impl From<NumberError> for SenderError {
    fn from(error: NumberError) -> Self {
        match error {
            NumberError::Empty => Self::Empty,
            other => Self::Number(other),
        }
    }
}
