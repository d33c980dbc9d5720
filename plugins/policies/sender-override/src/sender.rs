//! Senders as settings write them.

use crate::bindings::waypost::sms::types::{Address, AddressKind};

/// Digits of an E.164 number without its `+`: ITU-T E.164 permits 15, and 7 is the shortest that
/// a network hands out.
const INTERNATIONAL_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
const SHORT_CODE_DIGITS: std::ops::RangeInclusive<usize> = 3..=8;
/// Octets of an alphanumeric TP-OA, 3GPP TS 23.040 9.1.2.5: 11 septets.
const ALPHANUMERIC_CHARS_MAX: usize = 11;
/// What the GSM 03.38 default alphabet has beside the printable characters of ASCII.
const GSM_BEYOND_ASCII: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
/// Printable characters of ASCII which it has not, or only in its extension table.
const ASCII_BEYOND_GSM: &str = "`[\\]^{|}~";

/// Reads a sender.
///
/// # Errors
/// It is none, with what it is lacking.
pub fn parse(text: &str) -> Result<Address, String> {
    let value = text.trim();
    kind(value).map(|kind| Address { value: value.to_owned(), kind }).map_err(|lack| {
        let shown: String = value.chars().take(20).collect();
        format!("`{shown}` is not a sender: {lack}")
    })
}

fn kind(value: &str) -> Result<AddressKind, &'static str> {
    if value.is_empty() {
        return Err("it is empty");
    }
    if let Some(digits) = value.strip_prefix('+').filter(|rest| is_digits(rest)) {
        let fits = INTERNATIONAL_DIGITS.contains(&digits.len()) && !digits.starts_with('0');
        return if fits {
            Ok(AddressKind::International)
        } else {
            Err("a number has 7 to 15 digits after the `+`, the first of them not 0")
        };
    }
    if is_digits(value) {
        return if SHORT_CODE_DIGITS.contains(&value.len()) {
            Ok(AddressKind::ShortCode)
        } else {
            Err("a short code has 3 to 8 digits, and a number begins with `+`")
        };
    }
    if value.chars().count() > ALPHANUMERIC_CHARS_MAX {
        return Err("an alphanumeric sender has at most 11 characters");
    }
    if !value.chars().all(is_gsm_default) {
        return Err("it has a character that is not of the GSM 03.38 default alphabet");
    }
    Ok(AddressKind::Alphanumeric)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_gsm_default(character: char) -> bool {
    match character {
        ' '..='~' => !ASCII_BEYOND_GSM.contains(character),
        _ => GSM_BEYOND_ASCII.contains(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_one_of_three_kinds() {
        for (text, value, kind) in [
            ("+16462345678", "+16462345678", AddressKind::International),
            (" +442071234567 ", "+442071234567", AddressKind::International),
            ("12345", "12345", AddressKind::ShortCode),
            ("MYBRAND", "MYBRAND", AddressKind::Alphanumeric),
            ("My Brand 24", "My Brand 24", AddressKind::Alphanumeric),
            ("Größe&Ωø", "Größe&Ωø", AddressKind::Alphanumeric),
            ("+BRAND", "+BRAND", AddressKind::Alphanumeric),
        ] {
            assert_eq!(parse(text), Ok(Address { value: value.to_owned(), kind }), "{text:?}");
        }
    }

    #[test]
    fn says_what_a_sender_is_lacking() {
        for (text, lack) in [
            ("", "empty"),
            ("  ", "empty"),
            ("+123456", "7 to 15"),
            ("+1234567890123456", "7 to 15"),
            ("+0123456789", "not 0"),
            ("12", "3 to 8"),
            ("447712345678", "begins with `+`"),
            ("ABCDEFGHIJKL", "at most 11"),
            ("+1 646 1234567", "at most 11"),
            ("你好", "GSM 03.38"),
            ("A[B]", "GSM 03.38"),
            ("A\tB", "GSM 03.38"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(lack), "{text:?}: {error}");
        }
    }
}
