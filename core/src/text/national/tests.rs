use proptest::prelude::*;

use super::*;
use crate::text::alphabet::{DEFAULT, ESCAPE, Septets};
use crate::text::{Reference, USER_DATA_OCTETS_MAX, pack_septets};

const BOTH: ShiftKinds = ShiftKinds { locking: true, single: true };

fn every_shift() -> impl Iterator<Item = Shift> {
    let languages = || Language::ALL.map(Some).into_iter().chain([None]);
    languages().flat_map(move |locking| languages().map(move |single| Shift { locking, single }))
}

#[test]
fn identifiers_are_those_of_ts_23_038() {
    let by_identifier: Vec<_> = (0..=255).filter_map(Language::from_identifier).collect();
    assert_eq!(by_identifier, Language::ALL);
    assert_eq!((Language::Turkish.identifier(), Language::Urdu.identifier()), (1, 13));
}

/// Cells from all corners of annex A, by code point.
#[test]
fn known_cells() {
    use Language as L;
    let locking: [(L, u8, u32); 24] = [
        (L::Turkish, 0x07, 0x131),
        (L::Turkish, 0x40, 0x130),
        (L::Turkish, 0x60, 0xE7),
        (L::Portuguese, 0x12, 0xAA),
        (L::Portuguese, 0x15, 0x221E),
        (L::Portuguese, 0x7D, 0x60),
        (L::Bengali, 0x00, 0x981),
        (L::Bengali, 0x7F, 0x9F1),
        (L::Gujarati, 0x0C, 0xA8D),
        (L::Hindi, 0x00, 0x901),
        (L::Hindi, 0x28, 0x29),
        (L::Hindi, 0x2C, 0x2C),
        (L::Hindi, 0x3C, 0x929),
        (L::Hindi, 0x7F, 0x97F),
        (L::Kannada, 0x24, 0xCA1),
        (L::Malayalam, 0x7F, 0xD79),
        (L::Oriya, 0x47, 0xB33),
        (L::Punjabi, 0x60, 0xA51),
        (L::Tamil, 0x3C, 0xBA9),
        (L::Telugu, 0x10, 0xC10),
        (L::Urdu, 0x00, 0x627),
        (L::Urdu, 0x0C, 0x67D),
        (L::Urdu, 0x59, 0x6CC),
        (L::Urdu, 0x7F, 0x670),
    ];
    for (language, septet, point) in locking {
        let shift = Shift { locking: Some(language), single: None };
        assert_eq!(shift.decode(&[septet]), String::from(char::from_u32(point).unwrap()), "{language:?}");
    }
    let single: [(L, u8, u32); 18] = [
        (L::Turkish, 0x47, 0x11E),
        (L::Turkish, 0x69, 0x131),
        (L::Spanish, 0x09, 0xE7),
        (L::Spanish, 0x75, 0xFA),
        (L::Portuguese, 0x05, 0xEA),
        (L::Portuguese, 0x61, 0xC2),
        (L::Portuguese, 0x7F, 0xE2),
        (L::Bengali, 0x34, 0x9FA),
        (L::Gujarati, 0x19, 0x964),
        (L::Hindi, 0x3A, 0x971),
        (L::Kannada, 0x2A, 0xCF2),
        (L::Malayalam, 0x34, 0xD7F),
        (L::Oriya, 0x20, 0xB6A),
        (L::Punjabi, 0x23, 0xA6D),
        (L::Tamil, 0x24, 0xBEE),
        (L::Telugu, 0x23, 0xC6D),
        (L::Urdu, 0x3F, 0x6D4),
        (L::Urdu, 0x15, 0xA1),
    ];
    for (language, septet, point) in single {
        let shift = Shift { locking: None, single: Some(language) };
        let expected = String::from(char::from_u32(point).unwrap());
        assert_eq!(shift.decode(&[ESCAPE, septet]), expected, "{language:?} {septet:#04x}");
    }
}

/// Digits, capitals and small letters stand at the same septets wherever a table has them, and each
/// script stands in its own block of Unicode. A slip of the pen would show here.
#[test]
fn cells_are_of_the_scripts_of_their_language() {
    let blocks = [
        (Language::Bengali, 0x980..=0x9FF),
        (Language::Gujarati, 0xA80..=0xAFF),
        (Language::Hindi, 0x900..=0x97F),
        (Language::Kannada, 0xC80..=0xCFF),
        (Language::Malayalam, 0xD00..=0xD7F),
        (Language::Oriya, 0xB00..=0xB7F),
        (Language::Punjabi, 0xA00..=0xA7F),
        (Language::Tamil, 0xB80..=0xBFF),
        (Language::Telugu, 0xC00..=0xC7F),
        (Language::Urdu, 0x600..=0x6FF),
    ];
    for (language, block) in blocks {
        let table = locking::table(language).unwrap();
        for (septet, point) in (0_u8..).zip(table.iter().copied()) {
            let latin = matches!(point, 0 | 0x0A | 0x0D | 0x20..=0x3F | 0x61..=0x7A);
            assert!(latin || block.contains(&point), "{language:?} {septet:#04x} {point:#06x}");
            if matches!(septet, b'0'..=b'9' | b'a'..=b'z' | b'\n' | b'\r' | b' ') {
                assert_eq!(point, u16::from(septet), "{language:?}");
            }
        }
        // But for Urdu the letters go up one by one.
        let letters: Vec<u16> = table.iter().copied().filter(|point| *point > 0xFF).collect();
        assert!(language == Language::Urdu || letters.is_sorted_by(|a, b| a < b), "{language:?}");
        for (septet, point) in single::table(language).into_iter().flatten() {
            let danda = matches!(point, 0x964 | 0x965);
            let latin = matches!(point, 0x0C | 0x20..=0x7E | 0xA1..=0xBF | 0x20AC);
            assert!(latin || danda || block.contains(point), "{language:?} {septet:#04x} {point:#06x}");
        }
    }
}

/// How many cells each table has, as counted in two other transcriptions.
#[test]
fn sizes_of_the_tables() {
    let cells = |language| {
        let locking = locking::table(language).map_or(0, |table| table.iter().filter(|it| **it != 0).count());
        (locking, single::table(language).into_iter().flatten().count())
    };
    let expected = [
        (127, 17),
        (0, 19),
        (127, 37),
        (114, 82),
        (120, 70),
        (127, 88),
        (120, 73),
        (120, 82),
        (116, 75),
        (110, 76),
        (102, 77),
        (120, 77),
        (127, 90),
    ];
    assert_eq!(Language::ALL.map(cells), expected);
}

#[test]
fn every_character_comes_back() {
    for shift in every_shift() {
        for character in (0..=0xFFFF).filter_map(char::from_u32) {
            let Some(septets) = shift.encode_char(character) else { continue };
            let text = character.to_string();
            let encoded = shift.encode(&text).unwrap();
            assert_eq!(encoded.len(), septets.count() as usize);
            assert_eq!(shift.decode(&encoded), text, "{shift:?} {character:?}");
        }
        assert_eq!(shift.encode_char('😀'), None);
    }
    assert_eq!(Shift::default().encode_char('€'), Some(Septets::Extension(0x65)));
}

#[test]
fn what_a_table_lacks_is_read_from_the_alphabet() {
    let hindi = Shift { locking: Some(Language::Hindi), single: Some(Language::Hindi) };
    assert_eq!(hindi.decode(&[ESCAPE, 0x7F, ESCAPE, ESCAPE, 0x00, ESCAPE]), "\u{97F} \u{901} ");
    let bengali = Shift { locking: Some(Language::Bengali), single: None };
    assert_eq!(bengali.decode(&[0x0C, 0x80, 0x61]), "\u{FFFD}\u{FFFD}a");
    let spanish = Shift { locking: Some(Language::Spanish), single: None };
    assert_eq!(spanish.decode(&[0x00]), DEFAULT[0].to_string());
}

#[test]
fn the_cheapest_tables_are_chosen() {
    let planned = |text: &str, languages: &[Language], kinds, segments_below| {
        plan(text, languages, kinds, Reference::Eight, segments_below)
    };
    let all = Language::ALL;
    // 71 characters that are UCS-2 for three letters alone: two segments, or one with Turkish.
    let turkish = format!("{}ğış", "a".repeat(68));
    let one = planned(&turkish, &all, BOTH, 2).unwrap();
    // In the alphabet each of the letters takes one septet, as an extension two; a header of three
    // octets more or less does not matter beside that many.
    assert_eq!((one.shift.locking, one.shift.single), (Some(Language::Turkish), None));
    assert_eq!((one.segments, one.septets), (1, 71));
    let single = ShiftKinds { locking: false, single: true };
    assert_eq!(planned(&turkish, &all, single, 2).unwrap().septets, 74);
    assert_eq!(planned(&turkish, &[Language::Hindi], BOTH, 2), None);
    assert_eq!(planned(&turkish, &[], BOTH, 2), None);
    assert_eq!(planned(&turkish, &all, BOTH, 1), None);
    // Letters and digits of Hindi: both tables, or not at all.
    let hindi = "नमस्ते १२३".repeat(10);
    let both = planned(&hindi, &all, BOTH, 3).unwrap();
    let tables = Shift { locking: Some(Language::Hindi), single: Some(Language::Hindi) };
    assert_eq!((both.shift, both.segments), (tables, 1));
    assert_eq!(planned(&hindi, &all, single, 3), None);
}

#[test]
fn headers_name_the_tables_and_the_parts() {
    let text = "ğ".repeat(200);
    let languages = [Language::Turkish];
    let single = ShiftKinds { locking: false, single: true };
    let several = plan(&text, &languages, single, Reference::Sixteen, 9).unwrap();
    let segments = several.segments(&text, 0xABCD);
    let headers: Vec<_> = segments.iter().map(|segment| segment.udh.clone().unwrap()).collect();
    assert_eq!(headers[1], [9, 0x08, 4, 0xAB, 0xCD, 3, 2, 0x24, 1, 1]);
    let locking = ShiftKinds { locking: true, single: false };
    let one = plan("ğ", &languages, locking, Reference::Eight, 9).unwrap();
    assert_eq!(one.segments("ğ", 7)[0].udh, Some(vec![3, 0x25, 1, 1]));
    assert_eq!(one.segments("ğ", 7)[0].payload, [0x0C]);
}

proptest! {
    #[test]
    fn segments_fit_and_give_the_text_back(
        text in "[ğışçöüĞİŞa-zA-Z0-9 {}€áéíóú@_]{1,600}",
        sixteen in any::<bool>(),
        locking in any::<bool>(),
    ) {
        let bits = if sixteen { Reference::Sixteen } else { Reference::Eight };
        let kinds = ShiftKinds { locking, single: true };
        if let Some(plan) = plan(&text, &Language::ALL, kinds, bits, u8::MAX) {
            let segments = plan.segments(&text, 0x1234);
            prop_assert_eq!(segments.len(), usize::from(plan.segments));
            let mut septets = Vec::new();
            for segment in segments {
                let udh = segment.udh.unwrap();
                prop_assert_eq!(usize::from(udh[0]), udh.len() - 1);
                let packed = pack_septets(&segment.payload, udh.len());
                prop_assert!(udh.len() + packed.len() <= USER_DATA_OCTETS_MAX);
                septets.extend(segment.payload);
            }
            prop_assert_eq!(septets.len(), plan.septets as usize);
            prop_assert_eq!(plan.shift.decode(&septets), text);
        }
    }

    #[test]
    fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..200), index in 0_usize..196) {
        let shift = every_shift().nth(index).unwrap();
        prop_assert!(shift.decode(&octets).chars().count() <= octets.len());
    }
}
