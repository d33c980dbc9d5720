//! The keys of `[providers.<name>.smpp]` with their defaults and ranges.

use super::receipts::IdForm;
use super::submit::Alphabet;
use super::submit_keys::{ALPHABET, PACKED};
use super::{BindMode, Version};
use crate::config::key::{Absent, Choice, Flag, Integer, Number, Other};
use crate::decision::FailureClass;

/// Most servers of one SMSC.
pub const ADDRESSES_MAX: usize = 8;
/// Longest `system_id`, in octets without its NUL (SMPP 3.4 section 4.1.1).
pub const SYSTEM_ID_BYTES_MAX: usize = 15;
/// Longest password, in octets without its NUL (SMPP 3.4 section 4.1.1).
pub const PASSWORD_BYTES_MAX: usize = 8;
/// Longest `system_type`, in octets without its NUL (SMPP 3.4 section 4.1.1).
pub const SYSTEM_TYPE_BYTES_MAX: usize = 12;
/// Longest `address_range`, in octets without its NUL (SMPP 3.4 section 4.1.1).
pub const ADDRESS_RANGE_BYTES_MAX: usize = 40;
/// Most statuses with a rule of their own.
pub const STATUSES_MAX: usize = 256;
/// Longest offset from UTC that a receipt's clock may have, in minutes.
pub const UTC_OFFSET_MINUTES_MAX: u16 = 14 * 60;

pub(in crate::config) const SMPP: Other = Other {
    name: "smpp",
    kind: "table",
    default: "this or `component`",
    range: "",
    meaning: "the SMSC that carries the messages, over SMPP",
};

pub(in crate::config) const ADDRESS: Other = Other {
    name: "address",
    kind: "string or list of strings, `host:port`",
    default: "required",
    range: "1 to 8; without a port 2775, with `tls` 3550",
    meaning: "where the SMSC listens; the next one is tried where one cannot be reached",
};
pub(in crate::config) const BINDS: Integer<u32> = Integer {
    name: "binds",
    default: 1,
    min: 1,
    max: 32,
    meaning: "sessions that this host keeps open at once, of each kind where `mode` has two",
};
pub(in crate::config) const MODE: Choice<BindMode> = Choice {
    name: "mode",
    default: BindMode::Transceiver,
    choices: &[
        ("transceiver", BindMode::Transceiver),
        ("transmitter+receiver", BindMode::TransmitterAndReceiver),
        ("transmitter", BindMode::Transmitter),
        ("receiver", BindMode::Receiver),
    ],
    meaning: "how the sessions are bound; a lone `transmitter` gets no receipts, a lone `receiver` sends nothing",
};
pub(in crate::config) const SYSTEM_ID: Other = Other {
    name: "system_id",
    kind: "string",
    default: "required",
    range: "1 to 15 of printable ASCII",
    meaning: "the account at the SMSC",
};
pub(in crate::config) const PASSWORD: Other = Other {
    name: "password",
    kind: "reference: `{ env = \"NAME\" }` or `{ file = \"path\" }`",
    default: "none: an empty one",
    range: "the secret has up to 8 octets",
    meaning: "password of the account",
};
pub(in crate::config) const SYSTEM_TYPE: Other = Other {
    name: "system_type",
    kind: "string",
    default: "empty",
    range: "up to 12 of printable ASCII",
    meaning: "kind of this system, where the SMSC wants one",
};
pub(in crate::config) const VERSION: Choice<Version> = Choice {
    name: "version",
    default: Version::V34,
    choices: &[("3.4", Version::V34), ("5.0", Version::V50)],
    meaning: "version of SMPP that is spoken",
};
pub(in crate::config) const ADDRESS_TON: Integer<u32> =
    Integer { name: "address_ton", default: 0, min: 0, max: 255, meaning: "`addr_ton` of the bind" };
pub(in crate::config) const ADDRESS_NPI: Integer<u32> =
    Integer { name: "address_npi", default: 0, min: 0, max: 255, meaning: "`addr_npi` of the bind" };
pub(in crate::config) const ADDRESS_RANGE: Other = Other {
    name: "address_range",
    kind: "string",
    default: "empty",
    range: "up to 40 of printable ASCII",
    meaning: "numbers whose messages these sessions want, as the SMSC writes them",
};
pub(in crate::config) const TLS: Flag = Flag { name: "tls", default: false, meaning: "speak over TLS" };
pub(in crate::config) const TLS_CA_FILE: Other = Other {
    name: "tls_ca_file",
    kind: "string, path",
    default: "the authorities of the Web",
    range: "1 to 4096 bytes; only with `tls`",
    meaning: "PEM file with the authorities that may vouch for the SMSC",
};
pub(in crate::config) const TLS_SERVER_NAME: Other = Other {
    name: "tls_server_name",
    kind: "string, host",
    default: "the host of `address`",
    range: "host name or IP address; only with `tls`",
    meaning: "name that the SMSC's certificate must have",
};
pub(in crate::config) const WINDOW: Integer<u32> = Integer {
    name: "window",
    default: 10,
    min: 1,
    max: 1_000,
    meaning: "requests of one session that wait for an answer at once",
};
pub(in crate::config) const BIND_RATE_PER_SECOND: Number = Number {
    name: "bind_rate_per_second",
    default: Absent("no limit"),
    min: 0.001,
    max: 100_000.0,
    meaning: "`submit_sm` a second on each session, evenly spaced",
};
pub(in crate::config) const ENQUIRE_LINK_MS: Integer<u32> = Integer {
    name: "enquire_link_ms",
    default: 30_000,
    min: 1_000,
    max: 3_600_000,
    meaning: "silence after which the SMSC is asked whether it is there",
};
pub(in crate::config) const RESPONSE_TIMEOUT_MS: Integer<Absent> = Integer {
    name: "response_timeout_ms",
    default: Absent("`timeout_ms` of the provider"),
    min: 100,
    max: 120_000,
    meaning: "time for the answer to one request; not above `timeout_ms`",
};
pub(in crate::config) const BIND_TIMEOUT_MS: Integer<u32> = Integer {
    name: "bind_timeout_ms",
    default: 10_000,
    min: 100,
    max: 120_000,
    meaning: "time to connect and to bind",
};
pub(in crate::config) const INACTIVITY_MS: Integer<u32> = Integer {
    name: "inactivity_ms",
    default: 120_000,
    min: 2_000,
    max: 7_200_000,
    meaning: "silence after which a session is closed; above `enquire_link_ms`",
};
pub(in crate::config) const RECONNECT_MIN_MS: Integer<u32> = Integer {
    name: "reconnect_min_ms",
    default: 1_000,
    min: 100,
    max: 600_000,
    meaning: "pause before a lost session is opened again; doubles with each failure",
};
pub(in crate::config) const RECONNECT_MAX_MS: Integer<u32> = Integer {
    name: "reconnect_max_ms",
    default: 60_000,
    min: 100,
    max: 3_600_000,
    meaning: "longest such pause; not below `reconnect_min_ms`",
};
pub(in crate::config) const THROTTLE_PAUSE_MS: Integer<u32> = Integer {
    name: "throttle_pause_ms",
    default: 1_000,
    min: 10,
    max: 600_000,
    meaning: "how long a session submits nothing after the SMSC said that it is too fast",
};
pub(in crate::config) const CONGESTION: Flag = Flag {
    name: "congestion",
    default: true,
    meaning: "slow down as the `congestion_state` of answers says (SMPP 5.0)",
};
pub(in crate::config) const TRACE_FILE: Other = Other {
    name: "trace_file",
    kind: "string, path",
    default: "none: no trace",
    range: "1 to 4096 bytes",
    meaning: "file to which every PDU is written, numbers and bodies hidden",
};
pub(in crate::config) const TRACE_BODIES: Flag = Flag {
    name: "trace_bodies",
    default: false,
    meaning: "write numbers and bodies into the trace too; only with `trace_file`",
};
pub(in crate::config) const SUBMIT: Other = Other {
    name: "submit",
    kind: "table",
    default: "defaults",
    range: "",
    meaning: "how a message is put into `submit_sm`",
};
pub(in crate::config) const RECEIPTS: Other = Other {
    name: "receipts",
    kind: "table",
    default: "defaults",
    range: "",
    meaning: "how the SMSC writes receipts",
};
pub(in crate::config) const SMPP_INBOUND: Other = Other {
    name: "inbound",
    kind: "table",
    default: "defaults",
    range: "",
    meaning: "how the SMSC writes inbound messages",
};
pub(in crate::config) const STATUS: Other = Other {
    name: "status",
    kind: "table of tables",
    default: "the table of `docs/smpp.md`",
    range: "up to 256, keys `ESME_…`, hexadecimal with `0x`, or decimal",
    meaning: "what a command status leads to, where this SMSC means something else by it",
};

pub(in crate::config) const ID_IN_RESPONSE: Choice<IdForm> =
    Choice { name: "id_in_response", meaning: "how `submit_sm_resp` writes the id of a message", ..ID_FORM };
pub(in crate::config) const ID_IN_RECEIPT: Choice<IdForm> =
    Choice { name: "id_in_receipt", meaning: "how receipts write the id of a message", ..ID_FORM };
pub(in crate::config) const UNMARKED: Flag = Flag {
    name: "unmarked",
    default: false,
    meaning: "a text in the form of a receipt is one, though `esm_class` does not say so; a subscriber could then write receipts",
};
pub(in crate::config) const UTC_OFFSET: Other = Other {
    name: "utc_offset",
    kind: "string",
    default: "`+00:00`",
    range: "`+hh:mm` or `-hh:mm`, up to 14 hours",
    meaning: "how far the clock of the receipts is ahead of UTC",
};

pub(in crate::config) const INBOUND_ALPHABET: Choice<Alphabet> =
    Choice { meaning: "alphabet of `data_coding` 0", ..ALPHABET };
pub(in crate::config) const INBOUND_PACKED: Flag =
    Flag { meaning: "GSM-7 comes packed, eight septets in seven octets", ..PACKED };

pub(in crate::config) const CLASS: Choice<FailureClass> = Choice {
    name: "class",
    default: FailureClass::System,
    choices: &[
        ("message", FailureClass::Message),
        ("sender", FailureClass::Sender),
        ("throttled", FailureClass::Throttled),
        ("transient", FailureClass::Transient),
        ("system", FailureClass::System),
        ("in-doubt", FailureClass::InDoubt),
    ],
    meaning: "who has to act",
};
pub(in crate::config) const CLASS_ROW: Other = Other {
    name: CLASS.name,
    kind: "string",
    default: "required",
    range: "`message`, `sender`, `throttled`, `transient`, `system`, `in-doubt`",
    meaning: CLASS.meaning,
};
pub(in crate::config) const RETRY_AFTER_MS: Integer<Absent> = Integer {
    name: "retry_after_ms",
    default: Absent("as `retry` of the provider says"),
    min: 1,
    max: 86_400_000,
    meaning: "shortest pause before the message is tried again",
};

const ID_FORM: Choice<IdForm> = Choice {
    name: "id",
    default: IdForm::Auto,
    choices: &[
        ("auto", IdForm::Auto),
        ("text", IdForm::Text),
        ("decimal", IdForm::Decimal),
        ("hex", IdForm::Hex),
    ],
    meaning: "",
};
