//! What an SMSC does, as it stands in a script file (TOML) or in `POST /set` (JSON). Every key may
//! be left out; unknown ones are refused.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::receipt::{Carrier, Dialect, IdInReceipt, State};
use super::status::Status;
use super::write::Malformation;

/// A whole script. `listen`, `control` and `log` hold from the start; all else can be changed while
/// the SMSC runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// Where SMPP is listened on.
    pub listen: SocketAddr,
    /// Where the HTTP control listens; none without it. This machine only.
    pub control: Option<SocketAddr>,
    /// Seed of everything that happens by chance: the same seed and the same order of links and PDUs
    /// bring the same chances.
    pub seed: u64,
    /// Whether the last digits of recipients choose rows of the table.
    pub rows: bool,
    /// All times of the rows, in percent of what the table says.
    pub waits_percent: u32,
    /// Who may bind. Empty: anybody.
    pub systems: Vec<System>,
    /// How binds are answered.
    pub bind: Binds,
    /// How submits are answered.
    pub submit: Submits,
    /// Errors by chance, tried in this order.
    pub errors: Vec<Chance>,
    /// Names of messages.
    pub ids: Ids,
    /// Receipts.
    pub receipts: Receipts,
    /// How `deliver_sm` are sent and sent again.
    pub deliver: Deliver,
    /// Inbound messages that come by themselves.
    pub inbound: Vec<Inbound>,
    /// Checks of the link.
    pub enquire_link: EnquireLink,
    /// Links that break.
    pub drops: Drops,
    /// PDUs that are wrong, by themselves.
    pub malformed: Vec<Malformed>,
    /// Limits of what is taken from a link.
    pub limits: Limits,
    /// What is kept of what arrived.
    pub log: Log,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            control: None,
            seed: 1,
            rows: true,
            waits_percent: 100,
            systems: Vec::new(),
            bind: Binds::default(),
            submit: Submits::default(),
            errors: Vec::new(),
            ids: Ids::default(),
            receipts: Receipts::default(),
            deliver: Deliver::default(),
            inbound: Vec::new(),
            enquire_link: EnquireLink::default(),
            drops: Drops::default(),
            malformed: Vec::new(),
            limits: Limits::default(),
            log: Log::default(),
        }
    }
}

/// One who may bind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// 1 to 15 octets.
    pub system_id: String,
    /// Any where it is left out.
    pub password: Option<String>,
    /// Modes allowed; all where it is left out.
    #[serde(default = "all_modes")]
    pub modes: Vec<Mode>,
    /// Most binds at a time; further ones are answered with `ESME_RBINDFAIL`. 0: any number.
    #[serde(default)]
    pub binds_max: usize,
}

impl System {
    /// One who may bind in all modes, any number of times.
    pub fn new(system_id: &str, password: &str) -> Self {
        Self {
            system_id: system_id.to_owned(),
            password: Some(password.to_owned()),
            modes: all_modes(),
            binds_max: 0,
        }
    }
}

/// How a system is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It submits.
    Transmitter,
    /// It gets receipts and inbound messages.
    Receiver,
    /// Both.
    Transceiver,
}

impl Mode {
    /// Whether it may submit.
    pub fn submits(self) -> bool {
        self != Self::Receiver
    }

    /// Whether it gets receipts and inbound messages.
    pub fn receives(self) -> bool {
        self != Self::Transmitter
    }
}

fn all_modes() -> Vec<Mode> {
    vec![Mode::Transmitter, Mode::Receiver, Mode::Transceiver]
}

/// How binds are answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Binds {
    /// Every bind is answered with this.
    pub status: Option<Status>,
    /// The first so many binds are answered with `status` only; 0: all of them.
    pub times: u64,
    /// Answer after so many milliseconds.
    pub delay_ms: u64,
    /// Whether binds are answered at all.
    pub answer: bool,
    /// `system_id` of the answer.
    pub system_id: String,
    /// `sc_interface_version` of the answer: 0x34 or 0x50; 0 leaves it out.
    pub version: u8,
    /// `outbind` is sent first on every new link.
    pub outbind: bool,
    /// A link that has not bound after so many milliseconds is closed.
    pub timeout_ms: u64,
}

impl Default for Binds {
    fn default() -> Self {
        Self {
            status: None,
            times: 0,
            delay_ms: 0,
            answer: true,
            system_id: "waypost-smsc".to_owned(),
            version: 0x34,
            outbind: false,
            timeout_ms: 30_000,
        }
    }
}

/// How submits are answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Submits {
    /// Answer after so many milliseconds.
    pub delay_ms: u64,
    /// And up to so many more, by chance.
    pub jitter_ms: u64,
    /// Answers wait for one another for 10 ms, and leave in an order by chance.
    pub out_of_order: bool,
    /// Most submits of a link without an answer; 0: any number.
    pub window: usize,
    /// What happens beyond the window.
    pub over_window: OverWindow,
    /// Submits a second and link; beyond, `ESME_RTHROTTLED`. 0: any number.
    pub per_second: u32,
    /// Submits that may come at once within `per_second`; 0: a tenth of a second of it.
    pub burst: u32,
    /// What is answered beyond the rate and the window.
    pub throttled_status: Status,
    /// `congestion_state` (0 to 100) in every answer.
    pub congestion: Option<u8>,
    /// Share of submits that are taken and never answered: 0 to 1.
    pub unanswered: f64,
}

impl Default for Submits {
    fn default() -> Self {
        Self {
            delay_ms: 0,
            jitter_ms: 0,
            out_of_order: false,
            window: 0,
            over_window: OverWindow::Throttle,
            per_second: 0,
            burst: 0,
            throttled_status: Status::RTHROTTLED,
            congestion: None,
            unanswered: 0.0,
        }
    }
}

/// What happens to submits beyond the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverWindow {
    /// They are refused with `throttled_status`.
    Throttle,
    /// The link is not read from until there is room.
    StopReading,
}

/// An error by chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chance {
    /// What is answered.
    pub status: Status,
    /// Share of submits: 0 to 1.
    pub share: f64,
}

/// Names of messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ids {
    /// How the number of a message is written.
    pub format: IdFormat,
    /// Number of the first message; 0: from the clock, so that no id comes again after a restart.
    pub first: u64,
}

impl Default for Ids {
    fn default() -> Self {
        Self { format: IdFormat::Decimal, first: 0 }
    }
}

/// How the number of a message is written in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdFormat {
    /// Decimal.
    Decimal,
    /// Hexadecimal in lower case.
    Hex,
    /// Hexadecimal in upper case.
    HexUpper,
    /// 64 characters: `0` before the decimal number.
    Long,
    /// Decimal with `smsc-` before it and `@net.example` after it.
    Text,
}

/// Receipts of submits that ask for one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Receipts {
    /// Which submits get one.
    pub send: SendReceipts,
    /// So many milliseconds after the answer.
    pub delay_ms: u64,
    /// And up to so many more, by chance.
    pub jitter_ms: u64,
    /// Weights of the states by their names; `DELIVRD` alone where it is empty.
    pub states: BTreeMap<State, u32>,
    /// What carries the content.
    pub by: Carrier,
    /// How the text is written.
    pub dialect: Dialect,
    /// How the message's id is written in it.
    pub id: IdInReceipt,
    /// `err` of states other than `DELIVRD`, 0 to 999; also `network_error_code`.
    pub error: u16,
    /// In a `data_sm`.
    pub data_sm: bool,
    /// `esm_class`; 4 by the specification.
    pub esm_class: u8,
    /// The text in `message_payload`.
    pub payload: bool,
    /// Share that is lost: 0 to 1.
    pub lost: f64,
    /// Share that is sent twice: 0 to 1.
    pub doubled: f64,
    /// Share of which the id is of no message: 0 to 1.
    pub unknown: f64,
    /// They leave before the answer, which is held back for 100 ms or more.
    pub early: bool,
}

impl Default for Receipts {
    fn default() -> Self {
        Self {
            send: SendReceipts::Asked,
            delay_ms: 300,
            jitter_ms: 0,
            states: BTreeMap::new(),
            by: Carrier::Both,
            dialect: Dialect::Standard,
            id: IdInReceipt::Same,
            error: 1,
            data_sm: false,
            esm_class: 4,
            payload: false,
            lost: 0.0,
            doubled: 0.0,
            unknown: 0.0,
            early: false,
        }
    }
}

/// Which submits get a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendReceipts {
    /// Those whose `registered_delivery` asks for it.
    Asked,
    /// All.
    Always,
    /// None.
    Never,
}

/// How `deliver_sm` are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deliver {
    /// Most of a link without an answer.
    pub window: usize,
    /// Sent again after so many milliseconds where the answer is an error, or the link broke before it.
    pub retry_ms: u64,
    /// So many times.
    pub retries: u32,
    /// Most that wait for a receiver or for their time; beyond, the first due is dropped and counted.
    pub waiting_max: usize,
}

impl Default for Deliver {
    fn default() -> Self {
        Self { window: 1_000, retry_ms: 1_000, retries: 10, waiting_max: 1_000_000 }
    }
}

/// An inbound message that comes by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbound {
    /// Which system gets it; any one that is bound to receive where it is left out.
    pub system_id: Option<String>,
    /// Sender.
    pub from: String,
    /// Recipient: a number or name of the ESME's.
    pub to: String,
    /// Text; this or `data`.
    pub text: Option<String>,
    /// Octets in hexadecimal, as data coding 4.
    pub data: Option<String>,
    /// `data_coding`, where it is not to be chosen by the content. The octets stay as they are.
    pub data_coding: Option<u8>,
    /// How a long message is cut.
    #[serde(default)]
    pub parts: Parts,
    /// The first after so many milliseconds; of the start, in a script.
    #[serde(default)]
    pub after_ms: u64,
    /// Further ones every so many milliseconds.
    #[serde(default)]
    pub every_ms: u64,
    /// So many in all.
    #[serde(default = "one")]
    pub times: u64,
    /// The parts leave in reverse order.
    #[serde(default)]
    pub reversed: bool,
    /// Numbers of parts that are left out, from 1.
    #[serde(default)]
    pub missing: Vec<u8>,
}

fn one() -> u64 {
    1
}

/// How a long message is cut (of more than 140 octets, or 160 characters of the default alphabet).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parts {
    /// Concatenation header with an 8-bit reference (3GPP TS 23.040, 9.2.3.24.1).
    #[default]
    Udh,
    /// Concatenation header with a 16-bit reference (9.2.3.24.8).
    Udh16,
    /// The three `sar_` optional parameters.
    Sar,
    /// Not cut: one `message_payload`.
    Payload,
}

/// Checks of the link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnquireLink {
    /// Sent every so many milliseconds; 0: never.
    pub every_ms: u64,
    /// A link that does not answer one within so many milliseconds is closed; 0: never.
    pub timeout_ms: u64,
    /// Whether those of the ESME are answered.
    pub answer: bool,
}

impl Default for EnquireLink {
    fn default() -> Self {
        Self { every_ms: 0, timeout_ms: 10_000, answer: true }
    }
}

/// Links that break.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Drops {
    /// After so many submits of a link; 0: never.
    pub after_submits: u64,
    /// Share of submits with which the link breaks: 0 to 1.
    pub share: f64,
    /// In which way.
    pub how: Drop,
    /// So many times in all; 0: always.
    pub times: u64,
}

impl Default for Drops {
    fn default() -> Self {
        Self { after_submits: 0, share: 0.0, how: Drop::Close, times: 0 }
    }
}

/// How a link breaks. Answers that have not left by then never do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drop {
    /// The connection is closed.
    Close,
    /// It is reset (RST).
    Reset,
    /// Half of a PDU, then closed.
    MidPdu,
    /// The answer to the last submit stops after its head, then closed.
    HalfAnswer,
    /// Neither read nor written any more, and not closed before the other side does, or for 10 minutes:
    /// as when a cable is cut, but for what the operating system still takes in.
    Silent,
    /// `unbind` is sent, and the link is closed when it is answered, or after 5 s.
    Unbind,
}

/// A PDU that is wrong, by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Malformed {
    /// What is wrong with it.
    pub what: Malformation,
    /// Share of submits after whose answer it is sent: 0 to 1.
    pub share: f64,
}

/// Limits of what is taken from a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Most links; further ones are closed at once.
    pub links: usize,
    /// Longest PDU, in octets; a longer one is answered with `generic_nack`, and ends the link.
    pub pdu_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { links: 1_000, pdu_bytes: 64 * 1024 }
    }
}

/// What is kept of what arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Entries kept in memory, the newest; 0: none, which is fastest.
    pub entries: usize,
    /// Every entry is also appended to this file, one JSON object a line.
    pub file: Option<PathBuf>,
    /// The file is not written to beyond so many bytes.
    pub file_bytes: u64,
    /// Recipients of which submits are counted, the first ones; 0: none.
    pub recipients: usize,
}

impl Default for Log {
    fn default() -> Self {
        Self { entries: 10_000, file: None, file_bytes: 1024 * 1024 * 1024, recipients: 10_000 }
    }
}
