//! What arrived, entry by entry: the newest in memory, and all of it in a file where one is named.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::SmscError;
use super::pdu::{self, Submit, tag};
use super::script;
use super::status::Status;
use super::text;

/// One thing that happened on a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 1, without gaps.
    pub number: u64,
    /// Unix time, in milliseconds.
    pub unix_ms: u64,
    /// Number of the link, from 1.
    pub link: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A connection was made.
    Opened {
        /// The other side's address.
        peer: String,
    },
    /// A bind came.
    Bind(Bind),
    /// A `submit_sm` or `data_sm` came.
    Submit(Box<Submitted>),
    /// The answer to a submit was handed to the operating system. In the file only: in memory it is
    /// in `answer` of the submit.
    Answered {
        /// Number of the submit's entry.
        submit: u64,
        /// Status that was answered.
        status: Status,
    },
    /// A `deliver_sm` or `data_sm` of the simulator was answered.
    DeliverAnswered {
        /// Its sequence number.
        sequence: u32,
        /// What the ESME said.
        status: Status,
    },
    /// A `generic_nack` came.
    Nack {
        /// What it is about.
        sequence: u32,
        /// What the ESME said.
        status: Status,
    },
    /// Something came that cannot be read, or that must not come.
    Malformed {
        /// Its command.
        command: u32,
        /// What was answered.
        status: Status,
    },
    /// An `enquire_link` came.
    EnquireLink,
    /// `unbind` came.
    Unbind,
    /// The link ended.
    Closed {
        /// By whom, and why.
        reason: String,
    },
}

/// A bind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// `bind_transceiver` and so on.
    pub command: String,
    /// Who it is.
    pub system_id: String,
    /// Its type.
    pub system_type: String,
    /// 0x34 for 3.4, 0x50 for 5.0.
    pub interface_version: u8,
    /// Type of number of the addresses served.
    pub ton: u8,
    /// Numbering plan of the addresses served.
    pub npi: u8,
    /// Pattern of the addresses served.
    pub address_range: String,
    /// What is answered.
    pub status: Status,
}

/// A submit, field by field. Octets that are not ASCII are written as `\x..` in strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// `submit_sm` or `data_sm`.
    pub command: String,
    /// Sequence number.
    pub sequence: u32,
    /// `service_type`.
    pub service_type: String,
    /// Sender.
    pub source: Address,
    /// Recipient.
    pub destination: Address,
    /// `esm_class`.
    pub esm_class: u8,
    /// `protocol_id`.
    pub protocol_id: u8,
    /// `priority_flag`.
    pub priority: u8,
    /// `schedule_delivery_time`.
    pub schedule: String,
    /// `validity_period`.
    pub validity: String,
    /// `registered_delivery`.
    pub registered_delivery: u8,
    /// `replace_if_present_flag`.
    pub replace_if_present: u8,
    /// `data_coding`.
    pub data_coding: u8,
    /// `sm_default_msg_id`.
    pub default_message: u8,
    /// `short_message` or `message_payload`, whole, in hexadecimal.
    pub octets: String,
    /// The user data header in it, without its length octet, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub udh: Option<String>,
    /// Of a longer message, by user data header or `sar_` parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// What it says, where `data_coding` is of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// All optional parameters, in their order.
    pub tlvs: Vec<Tlv>,
    /// The id that the SMSC gave it, where it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The status that was answered, once the answer was handed to the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Status>,
}

/// An address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Type of number.
    pub ton: u8,
    /// Numbering plan indicator.
    pub npi: u8,
    /// The address itself.
    pub address: String,
}

/// Which part of a longer message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What joins the parts.
    pub reference: u16,
    /// How many there are.
    pub total: u8,
    /// From 1.
    pub number: u8,
}

/// An optional parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tlv {
    /// Its tag, in four hexadecimal digits.
    pub tag: String,
    /// Its value, in hexadecimal.
    pub value: String,
}

impl Submitted {
    /// All fields of a submit.
    pub fn new(command: u32, sequence: u32, submit: &Submit<'_>) -> Self {
        let content = submit.content();
        let header = header_bytes(submit.esm_class, content);
        let udh = content.get(1..header).filter(|udh| !udh.is_empty());
        Self {
            command: if command == pdu::command::DATA_SM { "data_sm" } else { "submit_sm" }.to_owned(),
            sequence,
            service_type: ascii(submit.service_type),
            source: Address::of(submit.source),
            destination: Address::of(submit.destination),
            esm_class: submit.esm_class,
            protocol_id: submit.protocol_id,
            priority: submit.priority,
            schedule: ascii(submit.schedule),
            validity: ascii(submit.validity),
            registered_delivery: submit.registered_delivery,
            replace_if_present: submit.replace_if_present,
            data_coding: submit.data_coding,
            default_message: submit.default_message,
            octets: hexadecimal(content),
            udh: udh.map(hexadecimal),
            part: udh.and_then(part_of_header).or_else(|| part_of_tlvs(submit)),
            text: text::decode(submit.data_coding, &content[header..]),
            tlvs: submit
                .tlvs
                .map(|(tag, value)| Tlv { tag: format!("{tag:04x}"), value: hexadecimal(value) })
                .collect(),
            id: None,
            answer: None,
        }
    }
}

impl Address {
    fn of(address: pdu::Address<'_>) -> Self {
        Self { ton: address.ton, npi: address.npi, address: ascii(address.octets) }
    }
}

/// The log of an SMSC.
pub(crate) struct Log {
    entries_max: usize,
    kept: Mutex<Kept>,
}

struct Kept {
    entries: VecDeque<Entry>,
    last: u64,
    file: Option<Journal>,
}

struct Journal {
    file: BufWriter<File>,
    room: u64,
}

impl Log {
    /// A log, or none where nothing is to be kept.
    pub(crate) fn open(script: &script::Log) -> Result<Option<Self>, SmscError> {
        let file = match &script.file {
            Some(path) => {
                let opened = OpenOptions::new().append(true).create(true).open(path);
                let file = opened.map_err(|source| SmscError::Log { path: path.clone(), source })?;
                Some(Journal { file: BufWriter::with_capacity(64 * 1024, file), room: script.file_bytes })
            }
            None if script.entries == 0 => return Ok(None),
            None => None,
        };
        let kept = Kept { entries: VecDeque::new(), last: 0, file };
        Ok(Some(Self { entries_max: script.entries, kept: Mutex::new(kept) }))
    }

    /// Adds an entry and gives its number.
    pub(crate) fn add(&self, link: u64, event: Event) -> u64 {
        let mut kept = self.kept();
        kept.last += 1;
        let entry = Entry { number: kept.last, unix_ms: unix_ms(), link, event };
        if let Some(journal) = &mut kept.file {
            journal.append(&entry);
        }
        if self.entries_max > 0 {
            if kept.entries.len() >= self.entries_max {
                kept.entries.pop_front();
            }
            kept.entries.push_back(entry);
        }
        kept.last
    }

    /// Notes that the answer to a submit has left.
    pub(crate) fn answered(&self, link: u64, submit: u64, status: Status) {
        let mut kept = self.kept();
        if let Some(entry) = kept.find(submit)
            && let Event::Submit(submitted) = &mut entry.event
        {
            submitted.answer = Some(status);
        }
        if let Some(journal) = &mut kept.file {
            let event = Event::Answered { submit, status };
            journal.append(&Entry { number: submit, unix_ms: unix_ms(), link, event });
        }
    }

    /// Hands to the operating system what is to be in the file.
    pub(crate) fn flush(&self) {
        if let Some(journal) = &mut self.kept().file {
            journal.flush();
        }
    }

    /// Entries after that number, at most so many.
    pub(crate) fn after(&self, number: u64, entries_max: usize) -> Vec<Entry> {
        let kept = self.kept();
        let first = kept.entries.partition_point(|entry| entry.number <= number);
        kept.entries.range(first..).take(entries_max).cloned().collect()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn find(&mut self, number: u64) -> Option<&mut Entry> {
        let first = self.entries.front()?.number;
        let index = usize::try_from(number.checked_sub(first)?).ok()?;
        self.entries.get_mut(index)
    }
}

impl Journal {
    fn append(&mut self, entry: &Entry) {
        let Ok(mut line) = serde_json::to_vec(entry) else { return };
        line.push(b'\n');
        let Some(room) = self.room.checked_sub(line.len() as u64) else {
            if self.room > 0 {
                tracing::warn!("the log file is full: nothing more is written to it");
            }
            self.room = 0;
            return;
        };
        self.room = room;
        if let Err(error) = self.file.write_all(&line) {
            tracing::error!(%error, "the log file cannot be written");
        }
    }

    fn flush(&mut self) {
        if let Err(error) = self.file.flush() {
            tracing::error!(%error, "the log file cannot be written");
        }
    }
}

/// Octets of the user data header at the beginning of a message, its length octet included.
pub(crate) fn header_bytes(esm_class: u8, content: &[u8]) -> usize {
    match content.first() {
        Some(length) if esm_class & 0x40 != 0 => (usize::from(*length) + 1).min(content.len()),
        _ => 0,
    }
}

fn part_of_header(mut udh: &[u8]) -> Option<Part> {
    while let [element, length, rest @ ..] = udh {
        let (value, after) = rest.split_at_checked(usize::from(*length))?;
        match (element, value) {
            (0, [reference, total, number]) => {
                return Some(Part { reference: u16::from(*reference), total: *total, number: *number });
            }
            (8, [high, low, total, number]) => {
                let reference = u16::from_be_bytes([*high, *low]);
                return Some(Part { reference, total: *total, number: *number });
            }
            _ => udh = after,
        }
    }
    None
}

fn part_of_tlvs(submit: &Submit<'_>) -> Option<Part> {
    let reference = <[u8; 2]>::try_from(submit.tlvs.get(tag::SAR_MSG_REF_NUM)?).ok()?;
    let total = *submit.tlvs.get(tag::SAR_TOTAL_SEGMENTS)?.first()?;
    let number = *submit.tlvs.get(tag::SAR_SEGMENT_SEQNUM)?.first()?;
    Some(Part { reference: u16::from_be_bytes(reference), total, number })
}

pub(crate) fn ascii(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}

pub(crate) fn hexadecimal(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
