//! Text of messages: the default alphabet of 3GPP TS 23.038, 6.2.1, one character in an octet,
//! Latin-1, ASCII and UCS-2 (read as UTF-16, as phones do).

/// The default alphabet in the order of its codes; the code 0x1B leads to the extension table.
const GSM: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_', 'Φ', 'Γ',
    'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#', '¤', '%', '&', '\'',
    '(', ')', '*', '+', ',', '-', '.', '/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<',
    '=', '>', '?', '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q',
    'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f',
    'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä',
    'ö', 'ñ', 'ü', 'à',
];
/// The extension table: what stands after 0x1B.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];
const ESCAPE: u8 = 0x1B;

/// Data coding of the SMSC's default alphabet.
pub const CODING_DEFAULT: u8 = 0;
/// Data coding of UCS-2.
pub const CODING_UCS2: u8 = 8;

/// The text of a message without its user data header; `None` where the coding is not of text. What
/// cannot be read becomes U+FFFD.
pub fn decode(data_coding: u8, octets: &[u8]) -> Option<String> {
    // The groups of 3GPP TS 23.038, 4, besides the codings of SMPP: 0xF0 to 0xFF with a class, and 0x00 to
    // 0x3F with bit 4 for one.
    match data_coding {
        0 | 0x10..=0x13 | 0xF0..=0xF3 => Some(gsm_text(octets)),
        1 => Some(octets.iter().map(|octet| ascii(*octet)).collect()),
        3 => Some(octets.iter().copied().map(char::from).collect()),
        8 | 0x18..=0x1B => Some(ucs2_text(octets)),
        _ => None,
    }
}

/// A text as data coding and octets: the default alphabet where that has all characters, else UCS-2.
pub fn encode(text: &str) -> (u8, Vec<u8>) {
    match gsm_octets(text) {
        Some(octets) => (CODING_DEFAULT, octets),
        None => (CODING_UCS2, text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    }
}

/// Where a message of that coding can be cut at or before `octets`: not within a character.
pub fn cut(data_coding: u8, message: &[u8], octets: usize) -> usize {
    if octets >= message.len() {
        return message.len();
    }
    match data_coding {
        CODING_DEFAULT if octets > 1 && message[octets - 1] == ESCAPE => octets - 1,
        CODING_UCS2 => {
            let even = octets & !1;
            // A high surrogate stays with the low one after it.
            let splits = even > 2 && (0xD8..0xDC).contains(&message[even - 2]);
            if splits { even - 2 } else { even }
        }
        _ => octets,
    }
}

fn gsm_text(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut rest = octets.iter();
    while let Some(octet) = rest.next() {
        let char = match *octet {
            ESCAPE => rest.next().map(|code| {
                let extended = EXTENSION.iter().find(|(known, _)| known == code);
                extended.map_or('\u{fffd}', |(_, char)| *char)
            }),
            code => GSM.get(usize::from(code)).copied(),
        };
        text.push(char.unwrap_or('\u{fffd}'));
    }
    text
}

fn gsm_octets(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    for char in text.chars() {
        let plain = GSM.iter().position(|known| *known == char && char != '\u{1b}');
        if let Some(code) = plain.and_then(|code| u8::try_from(code).ok()) {
            octets.push(code);
            continue;
        }
        let (code, _) = EXTENSION.iter().find(|(_, known)| *known == char)?;
        octets.extend_from_slice(&[ESCAPE, *code]);
    }
    Some(octets)
}

fn ucs2_text(octets: &[u8]) -> String {
    let units = octets.chunks(2).map(|pair| match pair {
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => 0xFFFD,
    });
    char::decode_utf16(units).map(|char| char.unwrap_or('\u{fffd}')).collect()
}

fn ascii(octet: u8) -> char {
    if octet.is_ascii() { char::from(octet) } else { '\u{fffd}' }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn alphabets_are_those_of_the_specification() {
        assert_eq!(encode("@£Δ à"), (0, vec![0x00, 0x01, 0x10, 0x20, 0x7F]));
        assert_eq!(encode("{€}"), (0, vec![0x1B, 0x28, 0x1B, 0x65, 0x1B, 0x29]));
        assert_eq!(encode("👍"), (8, vec![0xD8, 0x3D, 0xDC, 0x4D]));
        assert_eq!(decode(3, &[0xE9]).as_deref(), Some("é"));
        assert_eq!(decode(0, &[0x1B]).as_deref(), Some("\u{fffd}"));
        assert_eq!(decode(8, &[0xD8, 0x3D, 0x00]).as_deref(), Some("\u{fffd}\u{fffd}"));
        assert_eq!(decode(4, b"x"), None);
    }

    #[test]
    fn characters_are_not_cut() {
        assert_eq!(cut(0, &[0x41, 0x1B, 0x65], 2), 1);
        assert_eq!(cut(8, &[0, 0x41, 0xD8, 0x3D, 0xDC, 0x4D], 4), 2);
        assert_eq!(cut(8, &[0, 0x41, 0, 0x42], 3), 2);
        assert_eq!(cut(4, &[1, 2, 3], 2), 2);
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in ".{0,100}") {
            let (coding, octets) = encode(&text);
            prop_assert_eq!(decode(coding, &octets), Some(text));
        }

        #[test]
        fn no_octets_make_it_panic(coding in any::<u8>(), octets in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode(coding, &octets);
            for at in 0..octets.len() {
                prop_assert!(cut(coding, &octets, at) <= octets.len());
            }
        }
    }
}
