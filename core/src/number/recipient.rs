use serde::{Deserialize, Serialize};

use super::address::Address;
use super::calling::{AddressKind, Npi, Ton};
use super::country::Country;
use super::error::NumberError;
use super::kind::NumberKind;
use super::plan::{self, Planned, Unplanned};
use super::short_code;
use super::spelling::Spelled;

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Recipient {
    /// E.164 with `+`, or the digits of a short code.
    pub address: Address,
    /// The country; `None` for a number of a worldwide service such as +870 or +883.
    pub country: Option<Country>,
    /// What the number is used for.
    pub kind: NumberKind,
}

/// How much must be known about a number before it is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strictness {
    /// A range of its numbering plan holds the number.
    #[default]
    Valid,
    /// Its length is possible in its numbering plan. For ranges that were opened after the
    /// metadata was made. Such a number has kind [`NumberKind::Unknown`], and no country where
    /// several countries share the calling code.
    Possible,
}

impl Recipient {
    /// The usual TON and NPI; see [`AddressKind::ton_npi`].
    #[must_use]
    pub const fn ton_npi(&self) -> (Ton, Npi) {
        match self.kind {
            NumberKind::ShortCode => AddressKind::ShortCode.ton_npi(),
            _ => AddressKind::International.ton_npi(),
        }
    }
}

/// Reads a recipient: E.164 with `+`, a number as dialled in the default country, or a short code
/// of the default country.
///
/// Digits of other scripts and the usual punctuation are taken. With a default country, `00` is
/// taken as `+` even where another prefix is dialled, unless a valid national number results.
///
/// # Errors
/// [`NumberError`], also for numbers that are possible but not valid.
pub fn parse_recipient(input: &str, default_country: Option<Country>) -> Result<Recipient, NumberError> {
    parse_recipient_as(input, default_country, Strictness::Valid)
}

/// As [`parse_recipient`], with a choice of strictness.
///
/// # Errors
/// [`NumberError`].
pub fn parse_recipient_as(
    input: &str,
    default_country: Option<Country>,
    strictness: Strictness,
) -> Result<Recipient, NumberError> {
    read(Spelled::read(input)?, default_country, strictness, LocalNumbers::MayBeMeant)
}

/// Whether digits may stand for a local number without its area code.
///
/// A person may write a recipient so; a sender is an address that was assigned as it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LocalNumbers {
    MayBeMeant,
    NotMeant,
}

pub(super) fn read(
    spelled: Spelled,
    default_country: Option<Country>,
    strictness: Strictness,
    local_numbers: LocalNumbers,
) -> Result<Recipient, NumberError> {
    let Spelled { text, bare } = spelled;
    if text.starts_with('+') {
        return settle(plan::international(text), strictness);
    }
    let is_short = bare && SHORT_CODE_DIGITS.contains(&text.len());
    let Some(country) = default_country else {
        return Err(if is_short {
            NumberError::ShortCodeCountryMissing
        } else {
            NumberError::CountryMissing
        });
    };
    let outcome = plan::national(&text, country);
    if is_short && !is_number(&outcome, &text, local_numbers) && short_code::exists(country, &text) {
        return Ok(Recipient {
            address: Address::new(text),
            country: Some(country),
            kind: NumberKind::ShortCode,
        });
    }
    if outcome.is_err()
        && let Some(digits) = text.strip_prefix("00")
        && let Ok(planned) = plan::international(format!("+{digits}"))
    {
        return Ok(planned.into());
    }
    settle(outcome, strictness)
}

impl From<Planned> for Recipient {
    fn from(Planned { e164, country, kind }: Planned) -> Self {
        Self { address: Address::new(e164), country, kind }
    }
}

/// 3GPP and the operators set no common bounds; these hold every short code in use.
const SHORT_CODE_DIGITS: std::ops::RangeInclusive<usize> = 3..=8;

/// From this many digits on, digits that are a number as well as a short code are the number.
///
/// Shorter ones are the short code: some open numbering plans, Germany's for one, hold fixed lines
/// of five digits and fewer, which nobody writes without the trunk prefix, beside short codes of
/// that length.
const NUMBER_DIGITS_MIN: usize = 6;

/// Whether the digits are a number rather than a short code.
fn is_number(outcome: &Result<Planned, Unplanned>, digits: &str, local_numbers: LocalNumbers) -> bool {
    match outcome {
        Ok(Planned { kind: NumberKind::Mobile | NumberKind::FixedOrMobile, .. }) => true,
        Ok(_) => digits.len() >= NUMBER_DIGITS_MIN,
        Err(Unplanned::Possible(..) | Unplanned::Refused(NumberError::AreaCodeMissing)) => {
            local_numbers == LocalNumbers::MayBeMeant && digits.len() >= NUMBER_DIGITS_MIN
        }
        Err(Unplanned::Refused(_)) => false,
    }
}

fn settle(outcome: Result<Planned, Unplanned>, strictness: Strictness) -> Result<Recipient, NumberError> {
    match outcome {
        Ok(planned) => Ok(planned.into()),
        Err(Unplanned::Refused(error)) => Err(error),
        Err(Unplanned::Possible(e164, country)) => match strictness {
            Strictness::Valid => Err(NumberError::Invalid),
            Strictness::Possible => {
                Ok(Recipient { address: Address::new(e164), country, kind: NumberKind::Unknown })
            }
        },
    }
}
