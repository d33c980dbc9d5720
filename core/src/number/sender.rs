use serde::{Deserialize, Serialize};

use super::INPUT_BYTES_MAX;
use super::address::Address;
use super::calling::{AddressKind, Npi, Ton};
use super::country::Country;
use super::error::SenderError;
use super::kind::NumberKind;
use super::recipient::{self, LocalNumbers, Strictness};
use super::spelling::{self, Spelled};

/// Whom a message comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sender {
    /// E.164 with `+`, the digits of a short code, or a name.
    pub address: Address,
    /// Which of these it is.
    pub kind: SenderKind,
    /// The country of a number or a short code; `None` for a name and for a worldwide number.
    pub country: Option<Country>,
}

/// What a sender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderKind {
    /// A number in E.164.
    International,
    /// A short code of one country.
    ShortCode,
    /// A name.
    Alphanumeric,
}

/// Longest alphanumeric sender in characters: ten octets of seven-bit characters (3GPP TS 23.040
/// section 9.1.2.5).
pub const ALPHANUMERIC_CHARS_MAX: usize = 11;

impl SenderKind {
    /// The usual TON and NPI; see [`AddressKind::ton_npi`].
    #[must_use]
    pub const fn ton_npi(self) -> (Ton, Npi) {
        match self {
            Self::International => AddressKind::International.ton_npi(),
            Self::ShortCode => AddressKind::ShortCode.ton_npi(),
            Self::Alphanumeric => AddressKind::Alphanumeric.ton_npi(),
        }
    }
}

/// Reads a sender: a number or short code where the text is digits with a leading `+` or
/// punctuation, a name otherwise.
///
/// A number is read as [`parse_recipient`](super::parse_recipient) reads it. A name has 1 to
/// [`ALPHANUMERIC_CHARS_MAX`] printable characters of the GSM default alphabet without its
/// extension (3GPP TS 23.038 section 6.2.1), and no space around it.
///
/// # Errors
/// [`SenderError`].
pub fn parse_sender(input: &str, default_country: Option<Country>) -> Result<Sender, SenderError> {
    if looks_like_number(input) {
        return number(input, default_country);
    }
    if input.len() > INPUT_BYTES_MAX {
        return Err(SenderError::TooLong { chars: input.chars().count() });
    }
    name(input)
}

fn number(input: &str, default_country: Option<Country>) -> Result<Sender, SenderError> {
    let spelled = Spelled::read(input)?;
    let found = recipient::read(spelled, default_country, Strictness::Valid, LocalNumbers::NotMeant)?;
    let kind = match found.kind {
        NumberKind::ShortCode => SenderKind::ShortCode,
        _ => SenderKind::International,
    };
    Ok(Sender { address: found.address, kind, country: found.country })
}

fn name(input: &str) -> Result<Sender, SenderError> {
    if input.trim_matches(spelling::is_blank).is_empty() {
        return Err(SenderError::Empty);
    }
    if input.starts_with(char::is_whitespace) || input.ends_with(char::is_whitespace) {
        return Err(SenderError::OuterSpace);
    }
    if let Some((at, character)) = input.chars().enumerate().find(|(_, c)| !is_gsm_printable(*c)) {
        return Err(SenderError::Character { character, position: at + 1 });
    }
    let chars = input.chars().count();
    if chars > ALPHANUMERIC_CHARS_MAX {
        return Err(SenderError::TooLong { chars });
    }
    Ok(Sender { address: Address::new(input.to_owned()), kind: SenderKind::Alphanumeric, country: None })
}

/// Digits, and nothing but what may stand between and before them.
fn looks_like_number(input: &str) -> bool {
    let mut has_digit = false;
    for character in input.chars() {
        if spelling::digit(character).is_some() {
            has_digit = true;
        } else if !matches!(character, '+' | '＋') && !spelling::is_punctuation(character) {
            return false;
        }
    }
    has_digit
}

/// In the GSM default alphabet (3GPP TS 23.038 section 6.2.1) and neither a line break nor the
/// escape to the extension table.
fn is_gsm_printable(character: char) -> bool {
    match character {
        'A'..='Z' | 'a'..='z' | '0'..='9' => true,
        _ => GSM_SIGNS.contains(character),
    }
}

const GSM_SIGNS: &str = " @£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
