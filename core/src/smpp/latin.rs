//! Alphabets of one octet for each character.

/// A text in ISO 8859-1, or `None` where that lacks a character.
#[must_use]
pub fn encode_latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

/// A text in ASCII, or `None` where that lacks a character.
#[must_use]
pub fn encode_ascii(text: &str) -> Option<Vec<u8>> {
    text.is_ascii().then(|| text.as_bytes().to_vec())
}

/// Reads ISO 8859-1, which has every octet.
#[must_use]
pub fn decode_latin1(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

/// Reads ASCII, with U+FFFD for what is none.
#[must_use]
pub fn decode_ascii(octets: &[u8]) -> String {
    let character =
        |octet: &u8| if octet.is_ascii() { char::from(*octet) } else { char::REPLACEMENT_CHARACTER };
    octets.iter().map(character).collect()
}
