//! What the SMSC delivers: receipts, acknowledgements and messages.

use super::content::{Coding, Content, coding};
use super::latin::decode_latin1;
use super::pdu::{Address, DeliverSm, tag};
use super::receipt::{self, Finality, ReceiptError};
use super::receipt_text;
use super::reference::normal_reference;
use super::udh::{self, Part, UserDataHeader};
use crate::config::smpp::Smpp;
use crate::decision::Receipt;
use crate::inbound::Party;
use crate::number::{SenderKind, Ton, parse_sender};
use crate::text::Body;

/// Bits of `esm_class` that tell the kind of a message, and the one that says that a user data
/// header comes first (SMPP 3.4 section 5.2.12).
const KIND_MASK: u8 = 0x3C;
const UDHI: u8 = 0x40;

/// Digits of a short code at most; what is longer is a number.
const SHORT_CODE_DIGITS_MAX: usize = 8;

/// Longest text of a receipt that is looked at, in octets.
pub const RECEIPT_OCTETS_MAX: usize = 2_048;

/// What a `deliver_sm` or `data_sm` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// What became of a message, for good or for now.
    Receipt(Receipt),
    /// A receipt that cannot be used. It is answered like any other: the next try would be the same.
    Unreadable(ReceiptError),
    /// The recipient's device or user acknowledges a message; nothing follows.
    Acknowledgement(Acknowledgement),
    /// A message, or a part of one.
    Message(Box<InboundSm>),
}

/// Kinds of acknowledgements (SMPP 3.4 section 5.2.12), which only some CDMA and TDMA networks have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledgement {
    /// SME delivery acknowledgement (0x08).
    Delivery,
    /// SME manual or user acknowledgement (0x10).
    User,
    /// Conversation abort (0x18).
    ConversationAbort,
}

/// A message that came in, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundSm {
    /// Whom it comes from.
    pub sender: Party,
    /// The number it was sent to.
    pub to: Party,
    /// What it says.
    pub content: Content,
    /// Where it is a part of a longer message. One of a single part is none.
    pub part: Option<Part>,
    /// The SMSC's id, in normal form, where it gives one. Two messages may well be alike otherwise.
    pub reference: Option<String>,
}

impl InboundSm {
    /// What it says, where it is no part.
    #[must_use]
    pub fn body(&self) -> Body {
        self.content.body()
    }
}

/// Tells what was delivered. Takes anything: what makes no sense is a message as well.
#[must_use]
pub fn read(deliver: &DeliverSm, smpp: &Smpp) -> Delivered {
    let text = || receipt_text_of(deliver, smpp);
    let receipt = |finality| match receipt::read(deliver, &text(), &smpp.receipts, finality) {
        Ok(receipt) => Delivered::Receipt(receipt),
        Err(error) => Delivered::Unreadable(error),
    };
    match deliver.esm_class & KIND_MASK {
        0x04 => receipt(Finality::AsStated),
        // 0x24 is reserved; it has the bits of both.
        0x20 | 0x24 => receipt(Finality::Intermediate),
        0x08 => Delivered::Acknowledgement(Acknowledgement::Delivery),
        0x10 => Delivered::Acknowledgement(Acknowledgement::User),
        0x18 => Delivered::Acknowledgement(Acknowledgement::ConversationAbort),
        // A subscriber cannot set these parameters, so no bit of esm_class is needed beside them.
        _ if has(deliver, tag::RECEIPTED_MESSAGE_ID) && has(deliver, tag::MESSAGE_STATE) => {
            receipt(Finality::AsStated)
        }
        _ if smpp.receipts.unmarked && receipt_text::parse(&text()).is_certain() => {
            receipt(Finality::AsStated)
        }
        _ => Delivered::Message(Box::new(message(deliver, smpp))),
    }
}

fn has(deliver: &DeliverSm, tag: u16) -> bool {
    deliver.tlv(tag).is_some_and(|value| !value.is_empty())
}

/// Receipts are ASCII whatever `data_coding` says, which GSM-7 reads the same in letters and digits.
fn receipt_text_of(deliver: &DeliverSm, smpp: &Smpp) -> String {
    let octets = deliver.octets();
    let octets = octets.get(..RECEIPT_OCTETS_MAX).unwrap_or(octets);
    match coding(deliver.data_coding, &smpp.inbound) {
        coding @ (Coding::Ucs2 | Coding::Gsm7(_)) if coding == Coding::Ucs2 || smpp.inbound.packed => {
            match Content::of(octets, deliver.data_coding, &UserDataHeader::default(), &smpp.inbound).body() {
                Body::Text(text) => text,
                Body::Binary(octets) => decode_latin1(&octets),
            }
        }
        _ => decode_latin1(octets),
    }
}

fn message(deliver: &DeliverSm, smpp: &Smpp) -> InboundSm {
    let octets = deliver.octets();
    let header = (deliver.esm_class & UDHI != 0).then(|| udh::parse(octets)).flatten().unwrap_or_default();
    let part = header.part.or_else(|| sar_part(deliver)).filter(|part| part.total > 1);
    let reference = deliver.tlv(tag::RECEIPTED_MESSAGE_ID).map(decode_latin1);
    let reference = reference.map(|id| normal_reference(&id, smpp.receipts.id_in_response));
    InboundSm {
        sender: party(&deliver.source, smpp),
        to: party(&deliver.dest, smpp),
        content: Content::of(octets, deliver.data_coding, &header, &smpp.inbound),
        part,
        reference: reference.filter(|reference| !reference.is_empty()),
    }
}

/// The part by `sar_…` parameters (SMPP 3.4 sections 5.3.2.22 to 5.3.2.24), where all are there.
fn sar_part(deliver: &DeliverSm) -> Option<Part> {
    let reference = <[u8; 2]>::try_from(deliver.tlv(tag::SAR_MSG_REF_NUM)?).ok()?;
    let [total] = deliver.tlv(tag::SAR_TOTAL_SEGMENTS)? else { return None };
    let [number] = deliver.tlv(tag::SAR_SEGMENT_SEQNUM)? else { return None };
    Part::new(u16::from_be_bytes(reference), *total, *number)
}

/// One end of the conversation: by its type of number, and by its look where that says nothing.
fn party(address: &Address, smpp: &Smpp) -> Party {
    let value = address.value.trim();
    let digits = value.strip_prefix('+').unwrap_or(value);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let kind = match Ton::from_value(address.ton) {
        _ if !is_number => SenderKind::Alphanumeric,
        Some(Ton::Alphanumeric) => SenderKind::Alphanumeric,
        Some(Ton::International) => SenderKind::International,
        _ if value.starts_with('+') => SenderKind::International,
        _ if digits.len() <= SHORT_CODE_DIGITS_MAX => SenderKind::ShortCode,
        _ => return number(address.ton, digits, smpp),
    };
    let value = match kind {
        SenderKind::International => format!("+{digits}"),
        SenderKind::ShortCode | SenderKind::Alphanumeric => value.to_owned(),
    };
    Party { value, kind }
}

/// A number of more digits than a short code has and without a `+`: a national one where the
/// provider writes them so, an international one otherwise.
fn number(ton: u8, digits: &str, smpp: &Smpp) -> Party {
    let national = smpp.submit.national.as_ref();
    let of_country = national.filter(|national| ton == national.form.ton || ton == Ton::National.value());
    let parsed = of_country.and_then(|national| parse_sender(digits, Some(national.country)).ok());
    let value = match parsed {
        Some(sender) if sender.kind == SenderKind::International => sender.address.into_string(),
        // No calling code begins with 0: whoever reads the number has to know its country.
        _ if digits.starts_with('0') => digits.to_owned(),
        _ => format!("+{digits}"),
    };
    Party { value, kind: SenderKind::International }
}
