use crate::config::smpp::{Alphabet, Inbound};
use crate::smpp::{Coding, Content, UserDataHeader, coding, join, parse_udh};
use crate::text::national::Shift;
use crate::text::{Body, Language, pack_septets};

const GSM7: Coding = Coding::Gsm7(Shift { locking: None, single: None });

fn part(coding: Coding, octets: &[u8]) -> Content {
    Content { coding, octets: octets.to_vec() }
}

fn text(text: &str) -> Body {
    Body::Text(text.to_owned())
}

#[test]
fn data_codings_are_known() {
    let rules = Inbound::default();
    let cases = [
        (0x00, GSM7),
        (0x01, Coding::Ascii),
        (0x02, Coding::Binary),
        (0x03, Coding::Latin1),
        (0x04, Coding::Binary),
        (0x05, Coding::Binary),
        (0x08, Coding::Ucs2),
        (0x0E, Coding::Binary),
        (0x10, GSM7),
        (0x14, Coding::Binary),
        (0x18, Coding::Ucs2),
        (0x1C, Coding::Binary),
        // Compressed.
        (0x20, Coding::Binary),
        (0x48, Coding::Ucs2),
        (0x80, Coding::Binary),
        (0xC8, GSM7),
        (0xD0, GSM7),
        (0xE8, Coding::Ucs2),
        (0xF0, GSM7),
        (0xF1, GSM7),
        (0xF4, Coding::Binary),
        (0xF6, Coding::Binary),
    ];
    for (data_coding, expected) in cases {
        assert_eq!(coding(data_coding, &rules), expected, "{data_coding:#04x}");
    }
    let latin1 = Inbound { alphabet: Alphabet::Latin1, packed: false };
    assert_eq!((coding(0, &latin1), coding(0xF0, &latin1)), (Coding::Latin1, GSM7));
}

#[test]
fn bodies_are_read() {
    let hindi = Coding::Gsm7(Shift { locking: Some(Language::Hindi), single: None });
    let cases: [(Coding, &[u8], Body); 6] = [
        (GSM7, &[0x48, 0x69, 0x1B, 0x65, 0x00], text("Hi€@")),
        (hindi, &[0x00, 0x61], text("\u{901}a")),
        (Coding::Ascii, b"Hi\xE4", text("Hi\u{FFFD}")),
        (Coding::Latin1, b"Gr\xFC\xDFe", text("Grüße")),
        (Coding::Ucs2, &[0xD8, 0x3D, 0xDE, 0x00, 0x00], text("😀\u{FFFD}")),
        (Coding::Binary, &[0, 1, 2], Body::Binary(vec![0, 1, 2])),
    ];
    for (coding, octets, body) in cases {
        assert_eq!(part(coding, octets).body(), body, "{coding:?}");
    }
}

#[test]
fn packed_septets_are_unpacked_behind_their_header() {
    let rules = Inbound { alphabet: Alphabet::Gsm7, packed: true };
    let body = |user_data: &[u8], udhi: bool| {
        let header = if udhi { parse_udh(user_data).unwrap() } else { UserDataHeader::default() };
        Content::of(user_data, 0, &header, &rules).body()
    };
    // TS 23.038 section 6.1.2.1.1: "hellohello" is the best known packing.
    let packed = [0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37];
    assert_eq!(body(&packed, false), text("hellohello"));
    // Seven septets in seven octets: the last seven bits are padding.
    assert_eq!(body(&pack_septets(b"seven77", 0), false), text("seven77"));
    assert_eq!(body(&pack_septets(b"eight888", 0), false), text("eight888"));
    let udh = [0x05, 0x00, 0x03, 0x01, 0x02, 0x01];
    let user_data = [udh.as_slice(), &pack_septets(b"behind a header", 6)].concat();
    assert_eq!(body(&user_data, true), text("behind a header"));
}

#[test]
fn characters_that_were_cut_in_two_are_whole_again() {
    let smile = [0x00, 0x41, 0xD8, 0x3D, 0xDE, 0x00, 0x00, 0x42];
    let parts = vec![(2, part(Coding::Ucs2, &smile[4..])), (1, part(Coding::Ucs2, &smile[..4]))];
    assert_eq!(join(parts), text("A😀B"));
    let odd = vec![(1, part(Coding::Ucs2, &smile[..3])), (2, part(Coding::Ucs2, &smile[3..]))];
    assert_eq!(join(odd), text("A😀B"));
    let euro = vec![(1, part(GSM7, &[0x41, 0x1B])), (2, part(GSM7, &[0x65, 0x42]))];
    assert_eq!(join(euro), text("A€B"));
}

#[test]
fn parts_in_different_codings_are_joined_too() {
    let turkish = Coding::Gsm7(Shift { locking: None, single: Some(Language::Turkish) });
    let mixed = vec![
        (3, part(Coding::Ucs2, &[0x04, 0x16])),
        (1, part(GSM7, &[0x41, 0x1B])),
        (2, part(turkish, &[0x1B, 0x67])),
        (2, part(GSM7, b"again")),
    ];
    assert_eq!(join(mixed), text("A ğЖ"));
    let binary = vec![(1, part(Coding::Binary, &[1])), (2, part(GSM7, &[0x41]))];
    assert_eq!(join(binary), Body::Binary(vec![1, 0x41]));
    assert_eq!(join(Vec::new()), text(""));
}

#[test]
fn contents_are_kept_and_come_back() {
    let both = Coding::Gsm7(Shift { locking: Some(Language::Urdu), single: Some(Language::Turkish) });
    for coding in [GSM7, both, Coding::Ascii, Coding::Latin1, Coding::Ucs2, Coding::Binary] {
        let content = part(coding, b"\x00\xFFabc");
        assert_eq!(Content::from_bytes(&content.to_bytes()), Ok(content.clone()));
        let json = serde_json::to_string(&content).unwrap();
        assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), content);
    }
    assert_eq!(part(both, b"a").to_bytes(), [0, 13, 1, b'a']);
    for bad in [&[][..], &[0, 0], &[0, 14, 0], &[1, 1, 0], &[5, 0, 0]] {
        assert!(Content::from_bytes(bad).is_err(), "{bad:?}");
    }
    let header = UserDataHeader { octets: 99, ..UserDataHeader::default() };
    assert_eq!(Content::of(b"short", 0, &header, &Inbound::default()).octets, b"");
}
