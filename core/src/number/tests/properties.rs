use proptest::prelude::*;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use super::super::{Country, NumberError, NumberKind, Strictness};
use super::super::{parse_recipient, parse_recipient_as, parse_sender};

fn any_country() -> impl Strategy<Value = Option<Country>> {
    let all: Vec<Country> = Country::all().collect();
    proptest::option::of(proptest::sample::select(all))
}

/// `+`, a calling code in use, and 4 to 13 digits: near enough to real numbers to find many.
fn near_numbers() -> impl Strategy<Value = String> {
    let codes: Vec<i32> = PHONE_NUMBER_UTIL.get_supported_calling_codes().collect();
    (proptest::sample::select(codes), "0?", "[0-9]{4,13}")
        .prop_map(|(code, zero, rest)| format!("+{zero}{code}{rest}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_text_panics(text in ".{0,40}", country in any_country()) {
        let _ = parse_recipient(&text, country);
        let _ = parse_sender(&text, country);
        let _ = Country::parse(&text);
    }

    #[test]
    fn no_text_of_number_signs_panics(
        text in "[0-9+＋０-９٠-٩ ()./~#*;,x=e\u{200b}\u{2212}-]{0,64}",
        country in any_country(),
    ) {
        let _ = parse_recipient_as(&text, country, Strictness::Possible);
        let _ = parse_sender(&text, country);
    }

    #[test]
    fn what_comes_out_goes_in_again(text in "(\\+|00|0|)[0-9]{1,15}", country in any_country()) {
        for strictness in [Strictness::Valid, Strictness::Possible] {
            let Ok(recipient) = parse_recipient_as(&text, country, strictness) else { continue };
            let again = match recipient.kind {
                NumberKind::ShortCode => parse_recipient_as(recipient.address.as_str(), country, strictness),
                _ => parse_recipient_as(recipient.address.as_str(), None, strictness),
            };
            if recipient.kind == NumberKind::Unknown {
                // A number outside all known ranges may still be read as one with a trunk prefix.
                prop_assert!(again.is_ok());
            } else {
                prop_assert_eq!(again, Ok(recipient));
            }
        }
    }

    #[test]
    fn the_library_agrees(text in near_numbers()) {
        prop_assert_eq!(ours(&text), theirs(&text), "{}", text);
    }

    #[test]
    fn an_error_never_shows_the_number(digits in "\\+[0-9]{7,16}") {
        if let Err(error) = parse_recipient(&digits, None) {
            prop_assert!(!error.to_string().contains(&digits[1..]));
            prop_assert!(!matches!(error, NumberError::Empty));
        }
    }
}

/// Every start of a number under a calling code that countries share.
#[test]
fn the_library_agrees_on_shared_calling_codes() {
    for code in PHONE_NUMBER_UTIL.get_supported_calling_codes() {
        let regions = PHONE_NUMBER_UTIL.get_regions_for_country_calling_code(code);
        if regions.is_none_or(|regions| regions.len() < 2) {
            continue;
        }
        for start in 200..1000 {
            for rest in SHARED_RESTS {
                let text = format!("+{code}{start}{rest}");
                assert_eq!(ours(&text), theirs(&text), "{text}");
            }
        }
    }
}

/// Lengths and digits that occur under shared calling codes.
const SHARED_RESTS: [&str; 3] = ["5550123", "201234", "4567"];

type Found = Option<(String, String, String)>;

fn ours(text: &str) -> Found {
    let recipient = parse_recipient(text, None).ok()?;
    let country = recipient.country.map_or("001".to_owned(), |country| country.to_string());
    Some((recipient.address.to_string(), country, recipient.kind.name().replace('_', "")))
}

fn theirs(text: &str) -> Found {
    let number = PHONE_NUMBER_UTIL.parse(text, None).ok()?;
    if !PHONE_NUMBER_UTIL.is_valid_number(&number) {
        return None;
    }
    let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned();
    let region = PHONE_NUMBER_UTIL.get_region_for_number(&number)?.to_string();
    let kind = match PHONE_NUMBER_UTIL.get_number_type(&number) {
        PhoneNumberType::FixedLineOrMobile => "fixedormobile".to_owned(),
        PhoneNumberType::PremiumRate => "premium".to_owned(),
        PhoneNumberType::PersonalNumber => "personal".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    };
    Some((e164, region, kind))
}
