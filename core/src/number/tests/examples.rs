//! libphonenumber's own example numbers.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use super::super::{Country, NumberKind, parse_recipient};

/// Lines of `region|calling code|type|national number`, from metadata 9.0.33. The tables in use
/// are newer, so this also tells when a range is taken back.
const EXAMPLES: &str = include_str!("../testdata/example_numbers.txt");

/// Regions whose example is in a range that a bigger neighbour with the same calling code lists
/// too. libphonenumber names the neighbour, and so do we.
const SHARED: [&str; 11] = ["AX", "BL", "CC", "CX", "EH", "GG", "IM", "JE", "MF", "SJ", "VA"];

/// A range whose type has changed between the metadata of the examples and that in use.
const RETYPED: (&str, NumberKind) = ("+26779101234", NumberKind::Mobile);

struct Example {
    region: &'static str,
    calling_code: &'static str,
    kind: NumberKind,
    national: &'static str,
}

fn examples() -> impl Iterator<Item = Example> {
    EXAMPLES.lines().map(|line| {
        let fields: Vec<&str> = line.split('|').collect();
        let [region, calling_code, kind, national] = fields[..] else {
            panic!("bad line {line}");
        };
        let kind = match kind {
            "fixedLine" => NumberKind::FixedLine,
            "mobile" => NumberKind::Mobile,
            "tollFree" => NumberKind::TollFree,
            "premiumRate" => NumberKind::Premium,
            "sharedCost" => NumberKind::SharedCost,
            "voip" => NumberKind::Voip,
            "personalNumber" => NumberKind::Personal,
            "pager" => NumberKind::Pager,
            "uan" => NumberKind::Uan,
            "voicemail" => NumberKind::Voicemail,
            other => panic!("bad type {other}"),
        };
        Example { region, calling_code, kind, national }
    })
}

#[test]
fn every_example_is_taken_as_it_stands() {
    let mut seen = 0;
    for example in examples() {
        let e164 = format!("+{}{}", example.calling_code, example.national);
        let recipient = parse_recipient(&e164, None).unwrap_or_else(|error| panic!("{e164} {error}"));
        assert_eq!(recipient.address.as_str(), e164);
        let country = Country::from_bytes(example.region.as_bytes().try_into().unwrap_or_default());
        let is_geographic =
            matches!(example.kind, NumberKind::Mobile | NumberKind::FixedLine | NumberKind::Pager);
        if (country.is_none() || is_geographic) && !SHARED.contains(&example.region) {
            assert_eq!(recipient.country, country, "{e164}");
        }
        let kinds_agree = recipient.kind == example.kind
            || recipient.kind == NumberKind::FixedOrMobile
                && matches!(example.kind, NumberKind::FixedLine | NumberKind::Mobile);
        assert!(
            kinds_agree || RETYPED == (e164.as_str(), recipient.kind),
            "{e164} is {} and should be {}",
            recipient.kind,
            example.kind
        );
        seen += 1;
    }
    assert_eq!(seen, 1144);
}

#[test]
fn every_example_of_a_country_is_taken_as_dialled_there() {
    for example in examples() {
        let Ok(country) = example.region.parse::<Country>() else {
            continue;
        };
        let e164 = format!("+{}{}", example.calling_code, example.national);
        if example.national.len() <= 8 && !matches!(example.kind, NumberKind::Mobile) {
            continue;
        }
        let recipient =
            parse_recipient(example.national, Some(country)).unwrap_or_else(|error| panic!("{e164} {error}"));
        assert_eq!(recipient.address.as_str(), e164);
    }
}

#[test]
fn every_mobile_example_is_taken_as_people_write_it() {
    for example in examples().filter(|example| example.kind == NumberKind::Mobile) {
        let Ok(country) = example.region.parse::<Country>() else {
            continue;
        };
        let e164 = format!("+{}{}", example.calling_code, example.national);
        let number = PHONE_NUMBER_UTIL.parse(&e164, None).unwrap();
        for format in [PhoneNumberFormat::National, PhoneNumberFormat::International] {
            let written = PHONE_NUMBER_UTIL.format(&number, format);
            let recipient = parse_recipient(&written, Some(country))
                .unwrap_or_else(|error| panic!("{e164} as {written}: {error}"));
            assert_eq!(recipient.address.as_str(), e164, "{written}");
        }
        let idd = format!("00{}{}", example.calling_code, example.national);
        let abroad = if example.region == "SE" { "DE" } else { "SE" }.parse().unwrap();
        assert_eq!(parse_recipient(&idd, Some(abroad)).unwrap().address.as_str(), e164);
    }
}

#[test]
fn every_example_of_the_metadata_in_use_is_taken() {
    use PhoneNumberType as T;
    for region in PHONE_NUMBER_UTIL.get_supported_regions() {
        for kind in [T::FixedLine, T::Mobile, T::TollFree, T::PremiumRate, T::VoIP, T::UAN] {
            let Ok(number) = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind) else {
                continue;
            };
            let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164);
            let recipient = parse_recipient(&e164, None)
                .unwrap_or_else(|error| panic!("{region} {kind:?} {e164} {error}"));
            assert_eq!(recipient.address.as_str(), e164);
        }
    }
}
