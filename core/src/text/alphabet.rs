//! The GSM 7-bit default alphabet and its extension table, in both directions
//! (TS 23.038 sections 6.2.1 and 6.2.1.1).

/// The septet that announces a septet of the extension table.
pub const ESCAPE: u8 = 0x1B;

/// The character of each septet of the default alphabet. The place of
/// [`ESCAPE`] holds the space that a receiver shows for a lone escape.
#[rustfmt::skip]
pub const DEFAULT: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ' ', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension table: the septet after [`ESCAPE`], and its character. The
/// first is the page break.
pub const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{0C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (EURO_SEPTET, '€'),
];

/// How a character is written in GSM-7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Septets {
    /// One septet of the default alphabet.
    Default(u8),
    /// [`ESCAPE`], then this septet of the extension table.
    Extension(u8),
}

impl Septets {
    /// Septets taken: 1 or 2.
    #[must_use]
    pub const fn count(self) -> u32 {
        match self {
            Self::Default(_) => 1,
            Self::Extension(_) => 2,
        }
    }
}

/// The septets of a character, or `None` where GSM-7 does not have it.
#[must_use]
pub const fn encode_char(character: char) -> Option<Septets> {
    let index = character as usize;
    if index >= BY_CHAR.len() {
        return if character == '€' { Some(Septets::Extension(EURO_SEPTET)) } else { None };
    }
    match BY_CHAR[index] {
        ABSENT => None,
        entry if entry & EXTENDED != 0 => Some(Septets::Extension(entry & !EXTENDED)),
        entry => Some(Septets::Default(entry)),
    }
}

/// The character of a septet that follows [`ESCAPE`], or `None` where the
/// extension table is empty there.
#[must_use]
pub fn decode_extension(septet: u8) -> Option<char> {
    EXTENSION.iter().find(|(code, _)| *code == septet).map(|(_, character)| *character)
}

const EURO_SEPTET: u8 = 0x65;
const ABSENT: u8 = 0xFF;
const EXTENDED: u8 = 0x80;

/// Septet by code point up to the end of the Greek block, [`EXTENDED`] for the
/// extension table. Only the euro sign lies beyond.
static BY_CHAR: [u8; 0x400] = invert();

const fn invert() -> [u8; 0x400] {
    let mut table = [ABSENT; 0x400];
    let mut septet = 0;
    while septet < DEFAULT.len() {
        if septet != ESCAPE as usize {
            table[DEFAULT[septet] as usize] = septet as u8;
        }
        septet += 1;
    }
    let mut row = 0;
    while row < EXTENSION.len() {
        let (septet, character) = EXTENSION[row];
        if (character as usize) < table.len() {
            table[character as usize] = septet | EXTENDED;
        }
        row += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unicode code points of septets 0x00 to 0x7F, written as numbers so that
    /// a mistyped look-alike in `DEFAULT` shows. Runs of ASCII are ranges.
    fn default_by_number() -> Vec<u32> {
        let mut points: Vec<u32> = vec![
            0x40, 0xA3, 0x24, 0xA5, 0xE8, 0xE9, 0xF9, 0xEC, 0xF2, 0xC7, 0x0A, 0xD8, 0xF8, 0x0D, 0xC5, 0xE5,
            0x394, 0x5F, 0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398, 0x39E, 0x20, 0xC6, 0xE6,
            0xDF, 0xC9, 0x20, 0x21, 0x22, 0x23, 0xA4,
        ];
        points.extend(0x25..=0x3F);
        points.push(0xA1);
        points.extend(0x41..=0x5A);
        points.extend([0xC4, 0xD6, 0xD1, 0xDC, 0xA7, 0xBF]);
        points.extend(0x61..=0x7A);
        points.extend([0xE4, 0xF6, 0xF1, 0xFC, 0xE0]);
        points
    }

    #[test]
    fn default_table_matches_ts_23_038() {
        let expected = default_by_number();
        assert_eq!(expected.len(), 128);
        for (septet, point) in expected.into_iter().enumerate() {
            assert_eq!(DEFAULT[septet] as u32, point, "septet {septet:#04x}");
        }
    }

    #[test]
    fn both_tables_invert() {
        for (septet, character) in DEFAULT.into_iter().enumerate() {
            if septet != usize::from(ESCAPE) {
                assert_eq!(encode_char(character), Some(Septets::Default(septet as u8)), "{character:?}");
            }
        }
        for (septet, character) in EXTENSION {
            assert_eq!(encode_char(character), Some(Septets::Extension(septet)));
            assert_eq!(decode_extension(septet), Some(character));
        }
    }

    #[test]
    fn extension_matches_ts_23_038() {
        let expected = [
            (0x0A, 0x0C),
            (0x14, 0x5E),
            (0x28, 0x7B),
            (0x29, 0x7D),
            (0x2F, 0x5C),
            (0x3C, 0x5B),
            (0x3D, 0x7E),
            (0x3E, 0x5D),
            (0x40, 0x7C),
            (0x65, 0x20AC),
        ];
        assert_eq!(EXTENSION.map(|(septet, c)| (septet, c as u32)), expected);
        assert_eq!((0..=255).filter_map(decode_extension).count(), 10);
    }

    #[test]
    fn nothing_else_is_in_the_alphabet() {
        let members = ('\0'..=char::MAX).filter(|c| encode_char(*c).is_some());
        assert_eq!(members.count(), 127 + 10);
        for outside in ['\t', '`', 'ç', '\u{1B}', '°', 'Α', 'А', '’', '😀'] {
            assert_eq!(encode_char(outside), None, "{outside:?}");
        }
    }
}
