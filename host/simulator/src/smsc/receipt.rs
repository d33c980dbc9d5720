//! Receipts: what they say, and the many ways in which SMSCs write it.
//!
//! The text is from SMPP 3.4, appendix B, which is no rule: every vendor has a dialect of it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::pdu::tag;
use super::script::{IdFormat, Receipts};
use super::write::{Delivery, Party};

/// Characters of the message that are quoted in the text.
pub const QUOTED_MAX: usize = 20;

/// State of a message (SMPP 5.0, 4.7.15; names from SMPP 3.4, appendix B).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// On its way.
    Enroute,
    /// Delivered.
    Delivrd,
    /// The validity is over.
    Expired,
    /// Deleted in the SMSC.
    Deleted,
    /// Not deliverable.
    Undeliv,
    /// Taken over by somebody for the subscriber.
    Acceptd,
    /// Nobody knows.
    Unknown,
    /// Rejected.
    Rejectd,
}

impl State {
    /// As it stands in the text.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enroute => "ENROUTE",
            Self::Delivrd => "DELIVRD",
            Self::Expired => "EXPIRED",
            Self::Deleted => "DELETED",
            Self::Undeliv => "UNDELIV",
            Self::Acceptd => "ACCEPTD",
            Self::Unknown => "UNKNOWN",
            Self::Rejectd => "REJECTD",
        }
    }

    /// As it stands in `message_state`.
    pub fn number(self) -> u8 {
        match self {
            Self::Enroute => 1,
            Self::Delivrd => 2,
            Self::Expired => 3,
            Self::Deleted => 4,
            Self::Undeliv => 5,
            Self::Acceptd => 6,
            Self::Unknown => 7,
            Self::Rejectd => 8,
        }
    }

    /// Whether a `registered_delivery` asks for a receipt of it. Bits 0 and 1: 1 always, 2 on failure,
    /// 3 on success; bit 4: intermediate notifications (SMPP 5.0, 4.7.21).
    pub fn is_asked_for(self, registered_delivery: u8) -> bool {
        match (self, registered_delivery & 3) {
            (Self::Enroute, _) => registered_delivery & 0x13 != 0,
            (_, 1) => true,
            (Self::Delivrd | Self::Acceptd, 3) => true,
            (Self::Delivrd | Self::Acceptd, _) => false,
            (_, bits) => bits == 2,
        }
    }
}

/// What carries the content of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// The text.
    Text,
    /// `receipted_message_id`, `message_state` and `network_error_code`; no text.
    Tlvs,
    /// Both.
    Both,
}

/// How the text of a receipt is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// As in appendix B: `id:… sub:001 dlvrd:001 submit date:YYMMDDhhmm done date:… stat:… err:000 text:…`.
    Standard,
    /// Dates with seconds.
    Seconds,
    /// Dates with seconds and four digits of the year.
    LongYear,
    /// Keys and state in lower case.
    Lower,
    /// Keys in upper case.
    Upper,
    /// `Text:` with a capital, as many write it.
    CapitalText,
    /// No `sub`, `dlvrd`, `submit date` and `text`.
    Minimal,
    /// `id` and `stat`, and nothing else.
    Bare,
    /// The state first, the id last.
    Reordered,
    /// `submit_date` and `done_date`.
    Underscores,
    /// A blank after each colon.
    Spaced,
    /// `err` with letters, and five of them.
    LetterError,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Standard,
        Self::Seconds,
        Self::LongYear,
        Self::Lower,
        Self::Upper,
        Self::CapitalText,
        Self::Minimal,
        Self::Bare,
        Self::Reordered,
        Self::Underscores,
        Self::Spaced,
        Self::LetterError,
    ];
}

/// How a message's id is written in its receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdInReceipt {
    /// As in the answer.
    Same,
    /// Its number in decimal, whatever the answer has.
    Decimal,
    /// Its number in hexadecimal, lower case.
    Hex,
    /// Its number in hexadecimal, upper case.
    HexUpper,
    /// As in the answer, with `0` before it up to 20 characters.
    Padded,
}

/// A message's id as it stands in the answer.
pub fn id_text(format: IdFormat, number: u64) -> String {
    match format {
        IdFormat::Decimal => number.to_string(),
        IdFormat::Hex => format!("{number:x}"),
        IdFormat::HexUpper => format!("{number:X}"),
        IdFormat::Long => format!("{number:064}"),
        IdFormat::Text => format!("smsc-{number}@net.example"),
    }
}

/// A receipt that is due some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// Number of the message.
    pub number: u64,
    /// Its id in the answer.
    pub id: Box<str>,
    /// Who the message was for.
    pub source: Party,
    /// Who it was from.
    pub destination: Party,
    pub state: State,
    /// Unix time, in seconds.
    pub submitted_s: u64,
    /// The beginning of the text.
    pub quoted: Box<str>,
    /// Instead of what the script says.
    pub by: Option<Carrier>,
    pub id_in_receipt: Option<IdInReceipt>,
    pub dialect: Option<Dialect>,
    /// With optional parameters that no specification has.
    pub strange_tlvs: bool,
}

impl Receipt {
    pub(crate) fn delivery(&self, script: &Receipts, done_s: u64) -> Delivery {
        let by = self.by.unwrap_or(script.by);
        let id = self.id_text(script);
        let error = if matches!(self.state, State::Delivrd | State::Enroute | State::Acceptd) {
            0
        } else {
            script.error
        };
        let mut tlvs = Vec::new();
        if by != Carrier::Text {
            let mut octets = id.clone().into_bytes();
            octets.push(0);
            tlvs.push((tag::RECEIPTED_MESSAGE_ID, octets));
            tlvs.push((tag::MESSAGE_STATE, vec![self.state.number()]));
            if error != 0 {
                // Network type 3 is GSM (SMPP 5.0, 4.8.4.42).
                let [high, low] = error.to_be_bytes();
                tlvs.push((tag::NETWORK_ERROR_CODE, vec![3, high, low]));
            }
        }
        if self.strange_tlvs {
            tlvs.push((0x1444, b"vendor".to_vec()));
            tlvs.push((0x3FFF, Vec::new()));
        }
        let message = match by {
            Carrier::Tlvs => Vec::new(),
            _ => self.text(self.dialect.unwrap_or(script.dialect), &id, error, done_s).into_bytes(),
        };
        Delivery {
            data_sm: script.data_sm,
            source: self.source.clone(),
            destination: self.destination.clone(),
            esm_class: script.esm_class,
            data_coding: 0,
            message,
            payload: script.payload,
            tlvs,
        }
    }

    fn id_text(&self, script: &Receipts) -> String {
        match self.id_in_receipt.unwrap_or(script.id) {
            IdInReceipt::Same => self.id.clone().into_string(),
            IdInReceipt::Decimal => self.number.to_string(),
            IdInReceipt::Hex => format!("{:x}", self.number),
            IdInReceipt::HexUpper => format!("{:X}", self.number),
            IdInReceipt::Padded => format!("{:0>20}", self.id),
        }
    }

    fn text(&self, dialect: Dialect, id: &str, error: u16, done_s: u64) -> String {
        let state = self.state.name();
        let delivered = if self.state == State::Delivrd { "001" } else { "000" };
        let submit = date(self.submitted_s, dialect);
        let done = date(done_s, dialect);
        let quoted = &self.quoted;
        let mut text = String::with_capacity(160);
        let written = match dialect {
            Dialect::Lower => write!(
                text,
                "id:{id} sub:001 dlvrd:{delivered} submit date:{submit} done date:{done} stat:{} err:{error:03} text:{quoted}",
                state.to_ascii_lowercase()
            ),
            Dialect::Upper => write!(
                text,
                "ID:{id} SUB:001 DLVRD:{delivered} SUBMIT DATE:{submit} DONE DATE:{done} STAT:{state} ERR:{error:03} TEXT:{quoted}"
            ),
            Dialect::CapitalText => write!(
                text,
                "id:{id} sub:001 dlvrd:{delivered} submit date:{submit} done date:{done} stat:{state} err:{error:03} Text:{quoted}"
            ),
            Dialect::Minimal => write!(text, "id:{id} done date:{done} stat:{state} err:{error:03}"),
            Dialect::Bare => write!(text, "id:{id} stat:{state}"),
            Dialect::Reordered => write!(
                text,
                "stat:{state} err:{error:03} done date:{done} submit date:{submit} dlvrd:{delivered} sub:001 id:{id}"
            ),
            Dialect::Underscores => write!(
                text,
                "id:{id} sub:001 dlvrd:{delivered} submit_date:{submit} done_date:{done} stat:{state} err:{error:03} text:{quoted}"
            ),
            Dialect::Spaced => write!(
                text,
                "id: {id} sub: 001 dlvrd: {delivered} submit date: {submit} done date: {done} stat: {state} err: {error:03} text: {quoted}"
            ),
            Dialect::LetterError => write!(
                text,
                "id:{id} sub:001 dlvrd:{delivered} submit date:{submit} done date:{done} stat:{state} err:E{error:04} text:{quoted}"
            ),
            Dialect::Standard | Dialect::Seconds | Dialect::LongYear => write!(
                text,
                "id:{id} sub:001 dlvrd:{delivered} submit date:{submit} done date:{done} stat:{state} err:{error:03} text:{quoted}"
            ),
        };
        // Writing to a `String` does not fail.
        let _ = written;
        text
    }
}

/// The beginning of a text for a receipt: ASCII only, one line.
pub(crate) fn quote(text: &str) -> Box<str> {
    let plain = |char: char| if char.is_ascii_graphic() || char == ' ' { char } else { '.' };
    text.chars().take(QUOTED_MAX).map(plain).collect::<String>().into()
}

/// A date in UTC.
fn date(unix_s: u64, dialect: Dialect) -> String {
    let (year, month, day) = civil(unix_s / 86_400);
    let (hour, minute, second) = (unix_s / 3_600 % 24, unix_s / 60 % 60, unix_s % 60);
    match dialect {
        Dialect::LongYear => format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}"),
        Dialect::Seconds => format!("{:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}", year % 100),
        _ => format!("{:02}{month:02}{day:02}{hour:02}{minute:02}", year % 100),
    }
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar. Years are
/// counted from March, so that the leap day is the last of a year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt() -> Receipt {
        Receipt {
            number: 255,
            id: "255".into(),
            source: Party::guess("+420601000000"),
            destination: Party::guess("Shop"),
            state: State::Delivrd,
            submitted_s: 1_709_210_096,
            quoted: quote("Ahoj, světe\n123456789"),
            by: None,
            id_in_receipt: None,
            dialect: None,
            strange_tlvs: false,
        }
    }

    #[test]
    fn the_text_is_that_of_the_dialect() {
        for (dialect, text) in [
            (
                Dialect::Standard,
                "id:255 sub:001 dlvrd:001 submit date:2402291234 done date:2403010000 stat:DELIVRD err:000 text:Ahoj, sv.te.12345678",
            ),
            (
                Dialect::Seconds,
                "id:255 sub:001 dlvrd:001 submit date:240229123456 done date:240301000001 stat:DELIVRD err:000 text:Ahoj, sv.te.12345678",
            ),
            (Dialect::Bare, "id:255 stat:DELIVRD"),
            (
                Dialect::Reordered,
                "stat:DELIVRD err:000 done date:2403010000 submit date:2402291234 dlvrd:001 sub:001 id:255",
            ),
        ] {
            let script = Receipts { dialect, ..Receipts::default() };
            let delivery = receipt().delivery(&script, 1_709_251_201);
            assert_eq!(String::from_utf8(delivery.message).unwrap(), text);
        }
    }

    #[test]
    fn a_failure_has_its_error_in_both_forms() {
        let script = Receipts { error: 300, id: IdInReceipt::HexUpper, ..Receipts::default() };
        let delivery = Receipt { state: State::Undeliv, ..receipt() }.delivery(&script, 0);
        assert!(String::from_utf8(delivery.message).unwrap().contains("id:FF sub:001 dlvrd:000"));
        assert_eq!(delivery.tlvs, [(0x001E, b"FF\0".to_vec()), (0x0427, vec![5]), (0x0423, vec![3, 1, 44])]);
    }

    #[test]
    fn registered_delivery_says_what_is_asked_for() {
        for (bits, delivered, failed, enroute) in [
            (0, false, false, false),
            (1, true, true, true),
            (2, false, true, true),
            (3, true, false, true),
            (0x10, false, false, true),
        ] {
            let asked = |state: State| state.is_asked_for(bits);
            assert_eq!(
                (asked(State::Delivrd), asked(State::Undeliv), asked(State::Enroute)),
                (delivered, failed, enroute),
                "{bits}"
            );
        }
    }
}
