//! PDUs that the simulator writes, appended to a buffer that goes out in one write.

use super::pdu::{HEAD_BYTES, command};
use super::status::Status;

/// Appends a PDU of which `body` writes all but the head.
pub fn pdu(out: &mut Vec<u8>, command: u32, status: Status, sequence: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    for field in [command, status.0, sequence] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    body(out);
    let length = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

/// Appends a PDU without a body.
pub fn empty(out: &mut Vec<u8>, command: u32, status: Status, sequence: u32) {
    pdu(out, command, status, sequence, |_| {});
}

/// Appends the response to a submit: with the message id where the message is taken.
pub fn answer(out: &mut Vec<u8>, request: u32, status: Status, sequence: u32, id: &[u8]) {
    let response = request | command::RESPONSE;
    if status != Status::ROK {
        // SMPP 3.4, 4.4.2: no body where the status is not zero.
        return empty(out, response, status, sequence);
    }
    pdu(out, response, status, sequence, |out| string(out, id));
}

/// Appends a string and its final zero octet. Zero octets within are left out.
pub fn string(out: &mut Vec<u8>, octets: &[u8]) {
    out.extend(octets.iter().filter(|octet| **octet != 0));
    out.push(0);
}

/// Appends an optional parameter. What is longer than 65,535 octets is cut.
pub fn tlv(out: &mut Vec<u8>, tag: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&tag.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&value[..usize::from(length)]);
}

/// An address of the simulator's own, with its type of number and numbering plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Type of number.
    pub ton: u8,
    /// Numbering plan indicator.
    pub npi: u8,
    /// At most 64 octets.
    pub octets: Box<[u8]>,
}

impl Party {
    /// International for `+` and digits, national-specific short code for up to six digits,
    /// alphanumeric for all else.
    pub fn guess(text: &str) -> Self {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let numeric = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
        let (ton, npi, octets) = match numeric {
            true if digits.len() <= 6 => (3, 0, digits),
            true => (1, 1, digits),
            false => (5, 0, text),
        };
        Self { ton, npi, octets: octets.as_bytes().into() }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.ton, self.npi]);
        string(out, &self.octets);
    }
}

/// What goes to an ESME in a `deliver_sm` or `data_sm`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// As `data_sm` instead of `deliver_sm`; the message is in `message_payload` then.
    pub data_sm: bool,
    /// The sender: of a receipt, the recipient of the message.
    pub source: Party,
    /// The recipient: of a receipt, the sender of the message.
    pub destination: Party,
    /// 0x04 for a receipt, 0x40 where the message begins with a user data header.
    pub esm_class: u8,
    /// SMPP 5.0, 4.7.7.
    pub data_coding: u8,
    /// More than 254 octets go into `message_payload`.
    pub message: Vec<u8>,
    /// In `message_payload`, however short.
    pub payload: bool,
    /// Further optional parameters.
    pub tlvs: Vec<(u16, Vec<u8>)>,
}

impl Delivery {
    /// Appends it with this sequence number.
    pub fn write(&self, out: &mut Vec<u8>, sequence: u32) {
        let command = if self.data_sm { command::DATA_SM } else { command::DELIVER_SM };
        pdu(out, command, Status::ROK, sequence, |out| {
            string(out, b"");
            self.source.write(out);
            self.destination.write(out);
            let length = u8::try_from(self.message.len()).unwrap_or(u8::MAX);
            let short = !self.payload && !self.data_sm && length != u8::MAX;
            if self.data_sm {
                out.extend_from_slice(&[self.esm_class, 0, self.data_coding]);
            } else {
                // protocol id, priority, schedule, validity, registered delivery, replace, coding, default id
                out.extend_from_slice(&[self.esm_class, 0, 0, 0, 0, 0, 0, self.data_coding, 0]);
                out.push(if short { length } else { 0 });
            }
            if short {
                out.extend_from_slice(&self.message);
            } else if !self.message.is_empty() || self.payload {
                tlv(out, super::pdu::tag::MESSAGE_PAYLOAD, &self.message);
            }
            for (tag, value) in &self.tlvs {
                tlv(out, *tag, value);
            }
        });
    }
}

/// PDUs that are wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformation {
    /// `command_length` 8: less than a head. Where the next PDU begins is not known after it.
    ShortLength,
    /// `command_length` 0x7FFFFFFF and nothing more.
    HugeLength,
    /// `command_length` of 1 MiB, and that many octets.
    Oversized,
    /// A `deliver_sm` whose body ends within a mandatory field.
    Truncated,
    /// A command that no version of SMPP has.
    UnknownCommand,
    /// A response to a request that was never sent.
    UnknownSequence,
    /// A `deliver_sm` with optional parameters that no specification has.
    UnknownTlvs,
    /// A `deliver_sm` with an optional parameter that is longer than the PDU.
    TlvOverrun,
    /// A `deliver_sm` whose `sm_length` is more than there is.
    MessageOverrun,
    /// A `deliver_sm` whose source address has no end within its field.
    Unterminated,
    /// A `generic_nack` with sequence number 0.
    StrayNack,
    /// Octets that are no SMPP at all: the head of an HTTP response.
    Garbage,
}

impl Malformation {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::ShortLength,
        Self::HugeLength,
        Self::Oversized,
        Self::Truncated,
        Self::UnknownCommand,
        Self::UnknownSequence,
        Self::UnknownTlvs,
        Self::TlvOverrun,
        Self::MessageOverrun,
        Self::Unterminated,
        Self::StrayNack,
        Self::Garbage,
    ];

    /// Appends it. `sequence` is for those that look like a request.
    pub fn write(self, out: &mut Vec<u8>, sequence: u32) {
        const DELIVER: u32 = command::DELIVER_SM;
        const ENQUIRE: u32 = command::ENQUIRE_LINK;
        let start = out.len();
        match self {
            Self::ShortLength => {
                empty(out, ENQUIRE, Status::ROK, sequence);
                length(out, start, 8);
            }
            Self::HugeLength => {
                empty(out, ENQUIRE, Status::ROK, sequence);
                length(out, start, 0x7FFF_FFFF);
            }
            Self::Oversized => {
                let padding = OVERSIZED_BYTES - HEAD_BYTES;
                pdu(out, DELIVER, Status::ROK, sequence, |out| out.resize(out.len() + padding, 0));
            }
            Self::Truncated => pdu(out, DELIVER, Status::ROK, sequence, |out| out.extend(b"\0\x01\x014206")),
            Self::UnknownCommand => pdu(out, 0x0000_4242, Status::ROK, sequence, |out| out.extend(b"?\0")),
            Self::UnknownSequence => answer(out, command::SUBMIT_SM, Status::ROK, 0x7FFF_FFF0, b"0"),
            Self::UnknownTlvs => {
                let tlvs = vec![(0x1444, b"vendor".to_vec()), (0x3FFF, vec![]), (0xFFFF, vec![0xFF; 40])];
                Delivery { tlvs, ..plain() }.write(out, sequence);
            }
            Self::TlvOverrun => pdu(out, DELIVER, Status::ROK, sequence, |out| {
                mandatory(out, 0);
                out.extend_from_slice(&[0x04, 0x24, 0xFF, 0xFF, b'x']);
            }),
            Self::MessageOverrun => pdu(out, DELIVER, Status::ROK, sequence, |out| mandatory(out, 200)),
            Self::Unterminated => pdu(out, DELIVER, Status::ROK, sequence, |out| {
                out.extend_from_slice(b"\0\x01\x01");
                out.resize(out.len() + 100, b'7');
            }),
            Self::StrayNack => empty(out, command::GENERIC_NACK, Status::RINVCMDID, 0),
            Self::Garbage => out.extend_from_slice(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"),
        }
    }

    /// Whether a reader that finds it can still tell where the next PDU begins.
    pub fn is_framed(self) -> bool {
        !matches!(self, Self::ShortLength | Self::HugeLength | Self::Garbage)
    }
}

/// Octets of [`Malformation::Oversized`].
pub const OVERSIZED_BYTES: usize = 1024 * 1024;

fn plain() -> Delivery {
    Delivery {
        data_sm: false,
        source: Party::guess("+420601000000"),
        destination: Party::guess("10000"),
        esm_class: 0,
        data_coding: 0,
        message: b"well formed".to_vec(),
        payload: false,
        tlvs: Vec::new(),
    }
}

/// The mandatory fields of a `deliver_sm` with this `sm_length` and no message.
fn mandatory(out: &mut Vec<u8>, sm_length: u8) {
    out.extend_from_slice(b"\0\x01\x01420601000000\0\x03\x0010000\0");
    out.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 0, sm_length]);
}

fn length(out: &mut [u8], start: usize, length: u32) {
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}
