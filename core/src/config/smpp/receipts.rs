//! `[providers.<name>.smpp.receipts]` and `inbound`: how the SMSC writes what it delivers.

use super::keys as k;
use super::submit::Alphabet;
use crate::config::cursor::Cursor;
use crate::config::quote::quoted;
use crate::config::value::Value;

/// `[providers.<name>.smpp.receipts]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipts {
    /// `id_in_response`: how `submit_sm_resp` writes ids. Default auto.
    pub id_in_response: IdForm,
    /// `id_in_receipt`: how receipts write ids. Default auto.
    pub id_in_receipt: IdForm,
    /// `unmarked`: whether a text in the form of a receipt is one without the bits of `esm_class`
    /// that say so. Default false.
    pub unmarked: bool,
    /// `utc_offset`: how far the clock of the receipts is ahead of UTC, in minutes, -840 to 840.
    /// Default 0.
    pub utc_offset_minutes: i16,
}

/// How an SMSC writes the id of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdForm {
    /// The same text in both places, but for case, leading zeros, hyphens and a `0x`.
    #[default]
    Auto,
    /// The same text in both places, to the letter.
    Text,
    /// A decimal number.
    Decimal,
    /// A hexadecimal number.
    Hex,
}

/// `[providers.<name>.smpp.inbound]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inbound {
    /// `alphabet`: what `data_coding` 0 stands for. Default GSM-7.
    pub alphabet: Alphabet,
    /// `packed`: GSM-7 comes packed. Default false.
    pub packed: bool,
}

pub(super) fn read_receipts(mut cursor: Cursor<'_>) -> Receipts {
    let utc_offset = cursor.take(k::UTC_OFFSET.name);
    let receipts = Receipts {
        id_in_response: cursor.choice(&k::ID_IN_RESPONSE),
        id_in_receipt: cursor.choice(&k::ID_IN_RECEIPT),
        unmarked: cursor.flag(&k::UNMARKED),
        utc_offset_minutes: utc_offset.and_then(|value| read_offset(&value)).unwrap_or_default(),
    };
    cursor.finish();
    receipts
}

pub(super) fn read_inbound(mut cursor: Cursor<'_>) -> Inbound {
    let inbound =
        Inbound { alphabet: cursor.choice(&k::INBOUND_ALPHABET), packed: cursor.flag(&k::INBOUND_PACKED) };
    cursor.finish();
    inbound
}

fn read_offset(value: &Value<'_>) -> Option<i16> {
    let text = value.text()?;
    let Some(minutes) = parse_offset(text) else {
        let reason = format!("{} is not an offset from UTC of at most 14 hours", quoted(text));
        return value.invalid(reason, "write for example \"+02:00\"".to_owned());
    };
    Some(minutes)
}

fn parse_offset(text: &str) -> Option<i16> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |digits: &str| {
        let two_digits = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u16>().ok().filter(|_| two_digits)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours * 60 + minutes;
    let offset = i16::try_from(total).ok()?;
    (minutes < 60 && total <= k::UTC_OFFSET_MINUTES_MAX).then_some(sign * offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_signed_hours_and_minutes() {
        let cases = [
            ("+00:00", Some(0)),
            ("-00:30", Some(-30)),
            ("+05:45", Some(345)),
            ("+14:00", Some(840)),
            ("-14:00", Some(-840)),
            ("+14:01", None),
            ("+01:60", None),
            ("01:00", None),
            ("+1:00", None),
            ("+0100", None),
            ("+99:99", None),
            ("++1:00", None),
            ("+é:00", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_offset(text), expected, "{text}");
        }
    }
}
