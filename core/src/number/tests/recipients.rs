use super::super::{
    Country, Npi, NumberError, NumberKind, Recipient, Strictness, Ton, parse_recipient, parse_recipient_as,
};
use super::{countries, country};

fn taken(input: &str, default: &str, e164: &str, of: &str, kind: NumberKind) {
    let recipient = parse_recipient(input, countries(default))
        .unwrap_or_else(|error| panic!("{input:?} in {default:?}: {error}"));
    assert_eq!(recipient.address.as_str(), e164, "{input:?} in {default:?}");
    assert_eq!(recipient.country, countries(of), "{input:?} in {default:?}");
    assert_eq!(recipient.kind, kind, "{input:?} in {default:?}");
}

fn refused(input: &str, default: &str, code: &str) {
    match parse_recipient(input, countries(default)) {
        Ok(recipient) => panic!("{input:?} in {default:?} is {}", recipient.address),
        Err(error) => assert_eq!(error.code(), code, "{input:?} in {default:?}"),
    }
}

#[test]
fn international_spellings() {
    use NumberKind::{FixedOrMobile, Mobile};
    for (input, e164, of, kind) in [
        ("+447400123456", "+447400123456", "GB", Mobile),
        (" +44 7400 123456\n", "+447400123456", "GB", Mobile),
        ("+44 (0)7400-123.456", "+447400123456", "GB", Mobile),
        ("+4407400123456", "+447400123456", "GB", Mobile),
        ("+ 4 4 7 4 0 0 1 2 3 4 5 6", "+447400123456", "GB", Mobile),
        ("＋４４７４００１２３４５６", "+447400123456", "GB", Mobile),
        ("+٤٤٧٤٠٠١٢٣٤٥٦", "+447400123456", "GB", Mobile),
        ("\u{202a}+44\u{a0}7400\u{2011}123456\u{202c}", "+447400123456", "GB", Mobile),
        ("(+44) 7400 123456", "+447400123456", "GB", Mobile),
        ("+1 (201) 555-0123", "+12015550123", "US", FixedOrMobile),
        ("+1 204 234 5678", "+12042345678", "CA", FixedOrMobile),
        ("+1 876 210 1234", "+18762101234", "JM", Mobile),
        ("+7 912 345 67 89", "+79123456789", "RU", Mobile),
        ("+7 771 000 99 98", "+77710009998", "KZ", Mobile),
        ("+44 7781 123456", "+447781123456", "GG", Mobile),
        ("+594 694 20 12 34", "+594694201234", "GF", Mobile),
        ("+383 43 201 234", "+38343201234", "XK", Mobile),
    ] {
        taken(input, "", e164, of, kind);
        taken(input, "FR", e164, of, kind);
    }
}

#[test]
fn worldwide_services_have_no_country() {
    taken("+870 301234567", "", "+870301234567", "", NumberKind::Mobile);
    taken("+883 510012345", "GB", "+883510012345", "", NumberKind::Voip);
    taken("+800 12345678", "", "+80012345678", "", NumberKind::TollFree);
    taken("+881 612345678", "US", "+881612345678", "", NumberKind::Mobile);
}

#[test]
fn national_spellings() {
    use NumberKind::{FixedLine, FixedOrMobile, Mobile};
    for (input, default, e164, of, kind) in [
        ("07400 123456", "GB", "+447400123456", "GB", Mobile),
        ("7400123456", "GB", "+447400123456", "GB", Mobile),
        ("447400123456", "GB", "+447400123456", "GB", Mobile),
        ("07781 123456", "GB", "+447781123456", "GG", Mobile),
        ("０７４００ １２３４５６", "GB", "+447400123456", "GB", Mobile),
        ("00 44 7400 123456", "FR", "+447400123456", "GB", Mobile),
        ("011 44 7400 123456", "US", "+447400123456", "GB", Mobile),
        ("00447400123456", "US", "+447400123456", "GB", Mobile),
        ("(201) 555-0123", "US", "+12015550123", "US", FixedOrMobile),
        ("1-201-555-0123", "US", "+12015550123", "US", FixedOrMobile),
        ("8 912 345-67-89", "RU", "+79123456789", "RU", Mobile),
        ("32 12 34 56", "DK", "+4532123456", "DK", FixedOrMobile),
        ("611 1234", "IS", "+3546111234", "IS", Mobile),
        ("0694 20 12 34", "GF", "+594694201234", "GF", Mobile),
        ("0650 1234567", "AT", "+436501234567", "AT", Mobile),
        ("040 1234", "DE", "+49401234", "DE", FixedLine),
    ] {
        taken(input, default, e164, of, kind);
    }
}

#[test]
fn italian_zeros_stay() {
    taken("02 1234 5678", "IT", "+390212345678", "IT", NumberKind::FixedLine);
    taken("+39 02 12345678", "", "+390212345678", "IT", NumberKind::FixedLine);
    taken("312 345 6789", "IT", "+393123456789", "IT", NumberKind::Mobile);
    taken("+39 0541 709123", "", "+390541709123", "IT", NumberKind::FixedLine);
    taken("+378 0549 886377", "", "+3780549886377", "SM", NumberKind::FixedLine);
}

#[test]
fn latin_american_mobiles() {
    use NumberKind::{FixedOrMobile, Mobile};
    for (input, default, e164) in [
        ("011 15-2345-6789", "AR", "+5491123456789"),
        ("+54 9 11 2345 6789", "", "+5491123456789"),
        ("+54 11 15 2345 6789", "", "+5491123456789"),
        ("(11) 96123-4567", "BR", "+5511961234567"),
        ("0 15 11 96123-4567", "BR", "+5511961234567"),
        ("+55 11 96123-4567", "", "+5511961234567"),
    ] {
        let of = if e164.starts_with("+54") { "AR" } else { "BR" };
        taken(input, default, e164, of, Mobile);
    }
    for (input, default) in [("222 123 4567", "MX"), ("+52 222 123 4567", ""), ("+52 222 1234567", "MX")] {
        taken(input, default, "+522221234567", "MX", FixedOrMobile);
    }
}

#[test]
fn short_codes_belong_to_the_default_country() {
    for (input, default) in [
        ("60777", "GB"),
        ("242733", "US"),
        ("24273", "US"),
        (" 1204 ", "DK"),
        ("22922", "DE"),
        ("38015", "FR"),
        ("４８８８０", "IT"),
        ("26789", "BR"),
    ] {
        let recipient = parse_recipient(input, countries(default))
            .unwrap_or_else(|error| panic!("{input:?} in {default}: {error}"));
        assert_eq!(recipient.kind, NumberKind::ShortCode, "{input:?} in {default}");
        assert_eq!(recipient.country, countries(default));
        assert!(!recipient.address.as_str().starts_with('+'));
        assert_eq!(recipient.ton_npi(), (Ton::NetworkSpecific, Npi::Unknown));
    }
}

#[test]
fn short_codes_do_not_swallow_local_numbers() {
    for (input, default, code) in [
        ("60777", "", "short_code_country_missing"),
        ("12345678", "", "short_code_country_missing"),
        ("5550123", "US", "number_area_code_missing"),
        ("555-0123", "US", "number_area_code_missing"),
        ("123456", "GB", "number_area_code_missing"),
        ("6-07-77", "GB", "number_area_code_missing"),
        ("12", "GB", "number_too_short"),
        ("12345678", "DK", "number_invalid"),
        ("98765432", "AU", "number_invalid"),
        ("060777", "GB", "number_area_code_missing"),
    ] {
        refused(input, default, code);
    }
    taken("62889", "AC", "+24762889", "AC", NumberKind::FixedLine);
    taken("312345", "AD", "+376312345", "AD", NumberKind::Mobile);
    taken("211234", "FO", "+298211234", "FO", NumberKind::Mobile);
}

#[test]
fn refusals_say_why() {
    for (input, default, code) in [
        ("", "GB", "number_empty"),
        (" \t\u{200b}", "GB", "number_empty"),
        (&"1".repeat(65), "GB", "number_input_too_long"),
        ("1-800-FLOWERS", "US", "number_has_letters"),
        ("+1-800-FLOWERS", "", "number_has_letters"),
        ("tel:+447400123456", "", "number_has_letters"),
        ("hello", "GB", "number_has_letters"),
        ("+12015550123 x12", "", "number_has_extension"),
        ("+12015550123;ext=12", "", "number_has_extension"),
        ("(201) 555-0123 ext. 12", "US", "number_has_extension"),
        ("201 555 0123 #12", "US", "number_has_extension"),
        ("+44*7400123456", "", "number_character_invalid"),
        ("+44+7400123456", "", "number_character_invalid"),
        ("+447400123456\u{1F600}", "", "number_character_invalid"),
        ("+", "GB", "number_too_short"),
        ("-", "GB", "number_too_short"),
        ("+4", "", "number_too_short"),
        ("+44", "", "number_too_short"),
        ("+999123456789", "", "number_calling_code_unknown"),
        ("+0447400123456", "", "number_calling_code_unknown"),
        ("+4474001234", "", "number_too_short"),
        ("+44740012345678", "", "number_too_long"),
        ("+1201555012345678901", "", "number_too_long"),
        ("+441111111111", "", "number_invalid"),
        ("+12005550123", "", "number_invalid"),
        // Mexico's prefixes for mobiles and trunk calls are gone from the metadata.
        ("044 222 123 4567", "MX", "number_too_long"),
        ("+52 1 222 123 4567", "", "number_too_long"),
        ("07400123456", "", "number_country_missing"),
        ("00447400123456", "", "number_country_missing"),
        ("07400123456", "AQ", "number_country_without_plan"),
    ] {
        refused(input, default, code);
    }
}

#[test]
fn the_character_that_is_out_of_place_is_named() {
    for (input, character, position) in
        [("+44*7400", '*', 4), (" 07_400", '_', 4), ("+44+7400", '+', 4), ("１２％", '％', 3)]
    {
        assert_eq!(
            parse_recipient(input, None),
            Err(NumberError::Character { character, position }),
            "{input}"
        );
    }
}

#[test]
fn possible_numbers_are_taken_where_that_is_enough() {
    let possible = |input: &str| parse_recipient_as(input, None, Strictness::Possible);
    let german = possible("+49 1000 123456").unwrap();
    assert_eq!(german.kind, NumberKind::Unknown);
    assert_eq!(german.country, Some(country("DE")));
    let shared = possible("+1 200 555 0123").unwrap();
    assert_eq!((shared.country, shared.kind), (None, NumberKind::Unknown));
    let valid = possible("+447400123456").unwrap();
    assert_eq!((valid.country, valid.kind), (Some(country("GB")), NumberKind::Mobile));
    assert_eq!(possible("+44740012").unwrap_err().code(), "number_too_short");
}

#[test]
fn a_recipient_survives_json_and_hides_in_debug() {
    let recipient = parse_recipient("+447400123456", None).unwrap();
    let json = serde_json::to_string(&recipient).unwrap();
    assert_eq!(json, r#"{"address":"+447400123456","country":"GB","kind":"mobile"}"#);
    assert_eq!(serde_json::from_str::<Recipient>(&json).unwrap(), recipient);
    assert_eq!(recipient.ton_npi(), (Ton::International, Npi::Isdn));
    assert_eq!(recipient.address.without_plus(), "447400123456");
    let debug = format!("{recipient:?}");
    assert!(debug.contains("…56") && !debug.contains("7400"), "{debug}");
}

#[test]
fn every_country_can_be_the_default_one() {
    for default in Country::all() {
        let recipient = parse_recipient("+447400123456", Some(default)).unwrap();
        assert_eq!(recipient.country, Some(country("GB")), "{default}");
        let _ = parse_recipient("07400123456", Some(default));
    }
}
