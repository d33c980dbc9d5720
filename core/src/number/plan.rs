//! The numbering plans of the world, as libphonenumber describes them.

use rlibphonenumber::interfaces::AsOriginal;
use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberType, Region, ValidationError,
    get_national_significant_number_owned,
};

use super::country::Country;
use super::error::NumberError;
use super::kind::NumberKind;

/// A number in the plan it belongs to.
pub(super) struct Planned {
    /// E.164 with `+`.
    pub e164: String,
    /// The country, or `None` for a number of a worldwide service.
    pub country: Option<Country>,
    pub kind: NumberKind,
}

/// A number whose length is possible while no range of the plan holds it, or the reason why it is
/// not even that.
pub(super) enum Unplanned {
    /// Possible; E.164 with `+`, and the country where its calling code belongs to one only.
    Possible(String, Option<Country>),
    Refused(NumberError),
}

/// Looks an international number up. `text` is `+` and ASCII digits.
///
/// A number that is valid as it stands stays as it stands, so what this returns is returned again
/// when looked up again. Only then a trunk prefix, as in `+44 (0)20…`, is searched for.
pub(super) fn international(text: String) -> Result<Planned, Unplanned> {
    if let Some((calling_code, national)) = split_calling_code(text.strip_prefix('+').unwrap_or(&text))
        && let Some((country, kind)) = classify(calling_code, national)
    {
        return Ok(Planned { e164: text, country, kind });
    }
    parsed(&text, None).map_err(|unplanned| match unplanned {
        // After a calling code, a lost digit is likelier than a local number.
        Unplanned::Refused(NumberError::AreaCodeMissing) => Unplanned::Refused(NumberError::TooShort),
        other => other,
    })
}

/// Looks up a number as it is dialled in a country. `digits` are ASCII digits.
pub(super) fn national(digits: &str, country: Country) -> Result<Planned, Unplanned> {
    let Some(region) = region_of(country) else {
        return Err(Unplanned::Refused(NumberError::CountryWithoutPlan { country }));
    };
    parsed(digits, Some(region))
}

fn parsed(text: &str, region: Option<Region>) -> Result<Planned, Unplanned> {
    let number =
        PHONE_NUMBER_UTIL.parse(text, region).map_err(|error| Unplanned::Refused(parse_refusal(&error)))?;
    let national = get_national_significant_number_owned(&number);
    let e164 = format!("+{}{national}", number.country_code);
    match classify(number.country_code, &national) {
        Some((country, kind)) => Ok(Planned { e164, country, kind }),
        None => Err(unplanned(&number, e164)),
    }
}

fn parse_refusal(error: &ParseError) -> NumberError {
    match error {
        ParseError::InvalidCountryCode => NumberError::CallingCodeUnknown,
        ParseError::TooLongNsn => NumberError::TooLong,
        // Digits are all that is asked about, so what is no number at all has too few of them.
        ParseError::TooShortNsn | ParseError::TooShortAfterIdd | ParseError::NotANumber(_) => {
            NumberError::TooShort
        }
    }
}

fn unplanned(number: &PhoneNumber, e164: String) -> Unplanned {
    Unplanned::Refused(match PHONE_NUMBER_UTIL.is_possible_number_with_reason(number) {
        Ok(NumberLengthType::IsPossible) => {
            return Unplanned::Possible(e164, only_country(number.country_code));
        }
        Ok(NumberLengthType::IsPossibleLocalOnly) => NumberError::AreaCodeMissing,
        Err(ValidationError::TooShort) => NumberError::TooShort,
        Err(ValidationError::TooLong) => NumberError::TooLong,
        Err(ValidationError::InvalidCountryCode) => NumberError::CallingCodeUnknown,
        Err(ValidationError::InvalidLength) => NumberError::Invalid,
    })
}

/// What follows the calling code of an E.164 number, with or without its `+`.
pub(super) fn national_significant(e164: &str) -> Option<&str> {
    let digits = e164.strip_prefix('+').unwrap_or(e164);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    split_calling_code(digits).map(|(_, national)| national)
}

/// The calling code that the digits begin with, and the digits after it.
fn split_calling_code(digits: &str) -> Option<(i32, &str)> {
    if digits.starts_with('0') {
        return None;
    }
    let mut code = 0;
    for (at, digit) in digits.bytes().enumerate().take(CALLING_CODE_DIGITS_MAX) {
        code = code * 10 + i32::from(digit - b'0');
        if PHONE_NUMBER_UTIL.get_region_for_country_code(code).is_some() {
            return digits.get(at + 1..).map(|national| (code, national));
        }
    }
    None
}

/// ITU-T E.164: calling codes have one to three digits.
const CALLING_CODE_DIGITS_MAX: usize = 3;

/// The country and kind of a national significant number; `None` when it is not valid.
///
/// One walk answers what the library's own functions for the region, the validity and the type
/// each find out anew, which is most of the time that a message spends on its number. Where
/// countries share a calling code, those whose leading digits do not fit come last: North America
/// has two dozen of them.
fn classify(calling_code: i32, national: &str) -> Option<(Option<Country>, NumberKind)> {
    let util = PHONE_NUMBER_UTIL.as_original();
    let regions = || util.get_regions_for_country_calling_code(calling_code);
    let is_shared = regions()?.len() > 1;
    for fitting in [true, false] {
        for region in regions()? {
            let plan = util.get_metadata_for_region_or_calling_code(calling_code, region)?;
            let leading_digits = plan.leading_digits().anchor_start().ok().flatten().filter(|_| is_shared);
            if leading_digits.is_none_or(|pattern| pattern.is_match(national)) != fitting {
                continue;
            }
            let kind = util.get_number_type_helper(national, plan).ok().and_then(kind_of);
            if let Some(kind) = kind {
                return Some((country_of(region), kind));
            }
            if fitting && leading_digits.is_some() {
                return None;
            }
        }
    }
    None
}

fn kind_of(kind: PhoneNumberType) -> Option<NumberKind> {
    Some(match kind {
        PhoneNumberType::FixedLine => NumberKind::FixedLine,
        PhoneNumberType::Mobile => NumberKind::Mobile,
        PhoneNumberType::FixedLineOrMobile => NumberKind::FixedOrMobile,
        PhoneNumberType::TollFree => NumberKind::TollFree,
        PhoneNumberType::PremiumRate => NumberKind::Premium,
        PhoneNumberType::SharedCost => NumberKind::SharedCost,
        PhoneNumberType::VoIP => NumberKind::Voip,
        PhoneNumberType::PersonalNumber => NumberKind::Personal,
        PhoneNumberType::Pager => NumberKind::Pager,
        PhoneNumberType::UAN => NumberKind::Uan,
        PhoneNumberType::VoiceMail => NumberKind::Voicemail,
        PhoneNumberType::Unknown => return None,
    })
}

/// The country of a calling code that no other country shares.
fn only_country(calling_code: i32) -> Option<Country> {
    let mut regions = PHONE_NUMBER_UTIL.get_regions_for_country_calling_code(calling_code)?;
    let first = regions.next()?;
    regions.next().is_none().then(|| country_of(first)).flatten()
}

/// `None` for the plans of worldwide services.
fn country_of(region: Region) -> Option<Country> {
    // The discriminant is the two letters, or 1 for the whole world, which is no country.
    Country::from_bytes((region as u16).to_be_bytes())
}

/// `None` where the country has no numbering plan of its own.
fn region_of(country: Country) -> Option<Region> {
    let region = Region::from_code(country.as_str()).ok()?;
    PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| region)
}
