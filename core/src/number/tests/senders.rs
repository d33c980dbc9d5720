use super::super::{AddressKind, Npi, SenderError, SenderKind, Ton, parse_sender};
use super::{countries, country};

#[test]
fn names() {
    for name in ["Waypost", "A", "Way post 1", "Café no é".trim_end(), "24Shop", "ÅÄÖ & Co.", "ΔΩ", "A-1"]
    {
        if let Err(error) = parse_sender(name, None) {
            panic!("{name}: {error}");
        }
        let sender = parse_sender(name, Some(country("GB"))).unwrap();
        assert_eq!(sender.address.as_str(), name);
        assert_eq!((sender.kind, sender.country), (SenderKind::Alphanumeric, None));
        assert_eq!(sender.kind.ton_npi(), (Ton::Alphanumeric, Npi::Unknown));
    }
}

#[test]
fn bad_names_are_refused_with_the_character() {
    for (name, error) in [
        ("", SenderError::Empty),
        ("   ", SenderError::Empty),
        (" Waypost", SenderError::OuterSpace),
        ("Waypost ", SenderError::OuterSpace),
        ("WaypostSMSGW", SenderError::TooLong { chars: 12 }),
        ("Way€", SenderError::Character { character: '€', position: 4 }),
        ("Way[1]", SenderError::Character { character: '[', position: 4 }),
        ("Почта", SenderError::Character { character: 'П', position: 1 }),
        ("a\nb", SenderError::Character { character: '\n', position: 2 }),
        ("Waypost…", SenderError::Character { character: '…', position: 8 }),
        ("ç", SenderError::Character { character: 'ç', position: 1 }),
    ] {
        assert_eq!(parse_sender(name, None), Err(error), "{name:?}");
    }
    let long = "x".repeat(100);
    assert_eq!(parse_sender(&long, None), Err(SenderError::TooLong { chars: 100 }));
}

#[test]
fn numbers_and_short_codes() {
    for (input, default, address, of, kind) in [
        ("+447400123456", "", "+447400123456", "GB", SenderKind::International),
        ("+44 7400 123456 ", "", "+447400123456", "GB", SenderKind::International),
        ("07400 123456", "GB", "+447400123456", "GB", SenderKind::International),
        ("+883510012345", "", "+883510012345", "", SenderKind::International),
        ("60777", "GB", "60777", "GB", SenderKind::ShortCode),
        ("567676", "IN", "567676", "IN", SenderKind::ShortCode),
        ("22922", "DE", "22922", "DE", SenderKind::ShortCode),
    ] {
        let sender = parse_sender(input, countries(default))
            .unwrap_or_else(|error| panic!("{input} in {default}: {error}"));
        assert_eq!(sender.address.as_str(), address);
        assert_eq!((sender.country, sender.kind), (countries(of), kind), "{input}");
    }
}

#[test]
fn digits_are_never_a_name() {
    for (input, default, code) in [
        ("60777", "", "short_code_country_missing"),
        ("24/7", "", "number_country_missing"),
        ("24/7", "GB", "number_too_short"),
        ("12345678901", "", "number_country_missing"),
        ("+441111111111", "", "number_invalid"),
    ] {
        assert_eq!(parse_sender(input, countries(default)).unwrap_err().code(), code, "{input}");
    }
}

#[test]
fn wire_values_are_those_of_smpp() {
    assert_eq!(
        [
            AddressKind::International,
            AddressKind::National,
            AddressKind::ShortCode,
            AddressKind::Alphanumeric
        ]
        .map(|kind| {
            let (ton, npi) = kind.ton_npi();
            (ton.value(), npi.value())
        }),
        [(1, 1), (2, 1), (3, 0), (5, 0)]
    );
    for value in 0..=u8::MAX {
        if let Some(ton) = Ton::from_value(value) {
            assert_eq!(ton.value(), value);
        }
        if let Some(npi) = Npi::from_value(value) {
            assert_eq!(npi.value(), value);
        }
    }
    assert_eq!(Ton::from_value(7), None);
    assert_eq!(Npi::from_value(2), None);
    assert_eq!(Npi::from_value(18), Some(Npi::WapClientId));
}
