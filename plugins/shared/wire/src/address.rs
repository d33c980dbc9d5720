//! What kind of address a provider speaks of.

/// The kinds of the plugin API; an adapter turns them into those of its bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// E.164 with a leading `+`.
    International,
    /// 3 to 8 digits.
    ShortCode,
    /// Anything else that an SMS can come from: at most 11 characters, 3GPP TS 23.040 9.1.2.5.
    Alphanumeric,
}

/// The kind of an address as a provider writes it. None: no SMS comes from there, such as
/// `whatsapp:+4915112345678`.
#[must_use]
pub fn kind(address: &str) -> Option<Kind> {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(digits) = address.strip_prefix('+')
        && (7..=15).contains(&digits.len())
        && is_digits(digits)
    {
        return Some(Kind::International);
    }
    if is_digits(address) {
        return (3..=8).contains(&address.len()).then_some(Kind::ShortCode);
    }
    (address.chars().count() <= 11).then_some(Kind::Alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_addresses() {
        for (address, expected) in [
            ("+15017122661", Some(Kind::International)),
            ("12345", Some(Kind::ShortCode)),
            ("BRAND", Some(Kind::Alphanumeric)),
            ("+123", Some(Kind::Alphanumeric)),
            ("", None),
            ("12", None),
            ("4915112345678", None),
            ("whatsapp:+15017122661", None),
        ] {
            assert_eq!(kind(address), expected, "{address:?}");
        }
    }
}
