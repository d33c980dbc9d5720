//! Delivery receipts, by parameters and by text.

use super::pdu::{DeliverSm, tag};
use super::reference::normal_reference;
use super::{receipt_text, state, time};
use crate::config::smpp::Receipts;
use crate::decision::{Receipt, ReceiptStatus};
use crate::limits::CODE_CHARS_MAX;

/// Why a receipt cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It names no message.
    #[error("the receipt does not say of which message it is")]
    NoId,
    /// It tells nothing.
    #[error("the receipt does not say what became of its message")]
    NoState,
}

impl ReceiptError {
    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoId => "receipt_without_id",
            Self::NoState => "receipt_without_state",
        }
    }
}

/// Where a receipt is only the news that a message is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finality {
    /// What the receipt says is the end, as far as it is one.
    AsStated,
    /// An intermediate notification: the message goes on being tried, whatever it says.
    Intermediate,
}

/// Reads a receipt. Parameters come first: `receipted_message_id`, `message_state` and
/// `network_error_code` (SMPP 3.4 section 5.3.2); the text has what they leave out.
///
/// The reference is in the form of [`normal_reference`]: an id of a parameter is written as in
/// `submit_sm_resp`, one of the text as [`Receipts::id_in_receipt`] says.
///
/// # Errors
/// The receipt lacks what it is for.
pub fn read(
    deliver: &DeliverSm,
    text: &str,
    rules: &Receipts,
    finality: Finality,
) -> Result<Receipt, ReceiptError> {
    let fields = receipt_text::parse(text);
    let stated = deliver.tlv(tag::RECEIPTED_MESSAGE_ID).map(c_string).filter(|id| !id.is_empty());
    let reference = match (&stated, fields.id) {
        (Some(id), _) => normal_reference(id, rules.id_in_response),
        (None, Some(id)) => normal_reference(id, rules.id_in_receipt),
        (None, None) => return Err(ReceiptError::NoId),
    };
    if reference.is_empty() {
        return Err(ReceiptError::NoId);
    }
    let number = deliver.tlv(tag::MESSAGE_STATE).and_then(|value| value.first()).copied();
    let (status, name) = match (number, fields.stat, finality) {
        (Some(number), stat, _) => (state::of_number(number), stat.unwrap_or(state::name(number))),
        (None, Some(stat), _) => (state::of_name(stat), stat),
        (None, None, Finality::Intermediate) => (ReceiptStatus::Sent, "ENROUTE"),
        (None, None, Finality::AsStated) => return Err(ReceiptError::NoState),
    };
    let status = match finality {
        Finality::Intermediate if status != ReceiptStatus::Accepted => ReceiptStatus::Sent,
        _ => status,
    };
    let code = network_error(deliver).or_else(|| fields.err.and_then(error_code));
    Ok(Receipt {
        reference,
        message_id: None,
        status,
        reason: (status != ReceiptStatus::Delivered).then(|| reason(name, code.as_deref())),
        code,
        at_ms: fields.done_date.and_then(|date| time::parse(date, rules.utc_offset_minutes)),
    })
}

/// A string with a closing NUL, as an SMSC writes it.
fn c_string(value: &[u8]) -> String {
    let end = value.iter().position(|octet| *octet == 0).unwrap_or(value.len());
    value.iter().take(end).copied().map(char::from).collect()
}

/// `gsm_27`, or with another kind of network its number (SMPP 5.0 section 4.8.4.42).
fn network_error(deliver: &DeliverSm) -> Option<String> {
    let [kind, high, low] = deliver.tlv(tag::NETWORK_ERROR_CODE)? else { return None };
    let code = u16::from_be_bytes([*high, *low]);
    let named = match kind {
        3 => format!("gsm_{code}"),
        7 => format!("smpp_{code}"),
        kind => format!("network_{kind}_{code}"),
    };
    (code != 0).then_some(named)
}

/// As it is written, unless it is zero, which says that there was no error.
fn error_code(err: &str) -> Option<String> {
    let is_error = err.bytes().any(|byte| byte != b'0');
    is_error.then(|| printable(err))
}

fn reason(state: &str, code: Option<&str>) -> String {
    let state = printable(state);
    match code {
        Some(code) => format!("the SMSC says {state}, error {code}"),
        None => format!("the SMSC says {state}"),
    }
}

/// What may be shown of a field: the SMSC can write anything there.
fn printable(field: &str) -> String {
    field.chars().filter(|character| character.is_ascii_graphic()).take(CODE_CHARS_MAX).collect()
}
