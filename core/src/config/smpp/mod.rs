//! `[providers.<name>.smpp]`: a carrier's SMSC, and how it is spoken to.

pub(in crate::config) mod keys;
mod receipts;
mod status;
mod submit;
pub(in crate::config) mod submit_keys;

use std::collections::BTreeMap;
use std::fmt;

use toml::de::DeValue;

use super::cursor::Cursor;
use super::host::AllowedHost;
use super::key::{Integer, Other};
use super::limits as l;
use super::problem::ConfigCode;
use super::quote::quoted;
use super::secret::{SecretRef, read_secret};
use super::value::{Value, read_distinct};

pub use keys::{
    ADDRESSES_MAX, PASSWORD_BYTES_MAX, STATUSES_MAX, SYSTEM_ID_BYTES_MAX, UTC_OFFSET_MINUTES_MAX,
};
pub use receipts::{IdForm, Inbound, Receipts};
pub use status::StatusRule;
pub use submit::{
    AddressForm, Alphabet, LongMessages, MessageMode, National, RegisteredDelivery, ShiftTables, Submit,
    Validity,
};
pub use submit_keys::{SERVICE_TYPE_BYTES_MAX, TLV_OCTETS_MAX, TLVS_MAX};

use keys::*;

/// Ports of SMPP without and with TLS, as IANA has them.
const PORT: u16 = 2775;
const TLS_PORT: u16 = 3550;

/// `[providers.<name>.smpp]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Smpp {
    /// `address`: servers of the SMSC in the order in which they are tried, 1 to 8. Required.
    pub addresses: Vec<SmscAddress>,
    /// `binds`: sessions open at once, of each kind where the mode has two, 1 to 32. Default 1.
    pub binds: u32,
    /// `mode`. Default transceiver.
    pub mode: BindMode,
    /// `system_id`, 1 to 15 of printable ASCII. Required.
    pub system_id: String,
    /// `password`. Default none: an empty one.
    pub password: Option<SecretRef>,
    /// `system_type`, up to 12 of printable ASCII. Default empty.
    pub system_type: String,
    /// `version`. Default 3.4.
    pub version: Version,
    /// `address_ton`, `address_npi` and `address_range` of the bind. Default 0, 0 and empty.
    pub address_range: AddressRange,
    /// `tls`, `tls_ca_file` and `tls_server_name`. Default none: no TLS.
    pub tls: Option<Tls>,
    /// `window`: requests of one session that wait for an answer, 1 to 1000. Default 10.
    pub window: u32,
    /// `bind_rate_per_second`: `submit_sm` on each session, 0.001 to 100000. Default no limit.
    pub bind_rate_per_second: Option<f64>,
    /// `enquire_link_ms`: silence after which `enquire_link` is sent, 1000 to 3600000. Default 30000.
    pub enquire_link_ms: u32,
    /// `response_timeout_ms`: time for one answer, 100 to 120000. Default `timeout_ms` of the provider.
    pub response_timeout_ms: u32,
    /// `bind_timeout_ms`: time to connect and to bind, 100 to 120000. Default 10000.
    pub bind_timeout_ms: u32,
    /// `inactivity_ms`: silence after which a session is closed, 2000 to 7200000. Default 120000.
    pub inactivity_ms: u32,
    /// `reconnect_min_ms`: pause before a session is opened again, 100 to 600000. Default 1000.
    pub reconnect_min_ms: u32,
    /// `reconnect_max_ms`: longest such pause, 100 to 3600000. Default 60000.
    pub reconnect_max_ms: u32,
    /// `throttle_pause_ms`: pause of a session that was too fast, 10 to 600000. Default 1000.
    pub throttle_pause_ms: u32,
    /// `congestion`: whether `congestion_state` is honoured. Default true.
    pub congestion: bool,
    /// `trace_file` and `trace_bodies`. Default none.
    pub trace: Option<Trace>,
    /// `submit`: how a message is put into `submit_sm`.
    pub submit: Submit,
    /// `receipts`: how receipts are read.
    pub receipts: Receipts,
    /// `inbound`: how inbound messages are read.
    pub inbound: Inbound,
    /// `status`: what a command status leads to, where the operator says so; up to 256.
    pub status: BTreeMap<u32, StatusRule>,
}

impl Smpp {
    /// Requests that all transmitting sessions of one host may have open at once; 0 for a lone
    /// receiver.
    #[must_use]
    pub fn windows(&self) -> u32 {
        if self.mode.submits() { self.binds.saturating_mul(self.window) } else { 0 }
    }
}

/// One server of an SMSC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmscAddress {
    /// Host name, or IP address without brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
}

impl fmt::Display for SmscAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// How sessions are bound (SMPP 3.4 section 2.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindMode {
    /// Each session sends and receives.
    Transceiver,
    /// As many sessions that send as sessions that receive.
    TransmitterAndReceiver,
    /// Sessions that send, receipts come elsewhere or not at all.
    Transmitter,
    /// Sessions that receive.
    Receiver,
}

impl BindMode {
    /// True where messages can be submitted.
    #[must_use]
    pub const fn submits(self) -> bool {
        !matches!(self, Self::Receiver)
    }

    /// True where receipts and messages can come in.
    #[must_use]
    pub const fn receives(self) -> bool {
        !matches!(self, Self::Transmitter)
    }
}

/// The version of SMPP that is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// SMPP 3.4.
    V34,
    /// SMPP 5.0.
    V50,
}

impl Version {
    /// `interface_version` of the bind (SMPP 5.0 section 4.7.13).
    #[must_use]
    pub const fn value(self) -> u8 {
        match self {
            Self::V34 => 0x34,
            Self::V50 => 0x50,
        }
    }
}

/// The addresses that a session wants messages of (SMPP 3.4 section 4.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressRange {
    /// `addr_ton`.
    pub ton: u8,
    /// `addr_npi`.
    pub npi: u8,
    /// `address_range`, up to 40 of printable ASCII.
    pub range: String,
}

/// How TLS is spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// `tls_ca_file`: PEM, 1 to 4096 bytes of path. Default none: the authorities of the Web.
    pub ca_file: Option<String>,
    /// `tls_server_name`. Default none: the host of the address.
    pub server_name: Option<String>,
}

/// Where PDUs are written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// `trace_file`, 1 to 4096 bytes of path.
    pub file: String,
    /// `trace_bodies`: numbers and bodies too.
    pub bodies: bool,
}

/// Reads the table of the provider `owner`, which gives one request `timeout_ms`.
pub(super) fn read_smpp(owner: &str, timeout_ms: u32, mut cursor: Cursor<'_>) -> Smpp {
    let tls = read_tls(&mut cursor);
    let addresses = cursor.required(&ADDRESS, "write address = \"smsc.example.com:2775\"");
    let password = cursor.take(PASSWORD.name);
    let system_id = cursor.required(&SYSTEM_ID, "write system_id = \"<account>\"");
    let enquire_link_ms = cursor.integer(&ENQUIRE_LINK_MS);
    let reconnect_min_ms = cursor.integer(&RECONNECT_MIN_MS);
    let per_second = cursor.take(BIND_RATE_PER_SECOND.name);
    let smpp = Smpp {
        addresses: addresses.map(|value| read_addresses(&value, tls.is_some())).unwrap_or_default(),
        binds: cursor.integer(&BINDS),
        mode: cursor.choice(&MODE),
        system_id: system_id.and_then(|value| read_ascii(&value, 1, SYSTEM_ID_BYTES_MAX)).unwrap_or_default(),
        password: password.and_then(|value| read_secret(&value, owner, PASSWORD.name)),
        system_type: read_field(&mut cursor, &SYSTEM_TYPE, SYSTEM_TYPE_BYTES_MAX),
        version: cursor.choice(&VERSION),
        address_range: AddressRange {
            ton: read_octet(&mut cursor, &ADDRESS_TON),
            npi: read_octet(&mut cursor, &ADDRESS_NPI),
            range: read_field(&mut cursor, &ADDRESS_RANGE, ADDRESS_RANGE_BYTES_MAX),
        },
        tls,
        window: cursor.integer(&WINDOW),
        bind_rate_per_second: per_second
            .and_then(|value| value.number(BIND_RATE_PER_SECOND.min, BIND_RATE_PER_SECOND.max)),
        enquire_link_ms,
        response_timeout_ms: read_response_timeout(&mut cursor, timeout_ms),
        bind_timeout_ms: cursor.integer(&BIND_TIMEOUT_MS),
        inactivity_ms: read_above(&mut cursor, &INACTIVITY_MS, enquire_link_ms + 1, ENQUIRE_LINK_MS.name),
        reconnect_min_ms,
        reconnect_max_ms: read_above(&mut cursor, &RECONNECT_MAX_MS, reconnect_min_ms, RECONNECT_MIN_MS.name),
        throttle_pause_ms: cursor.integer(&THROTTLE_PAUSE_MS),
        congestion: cursor.flag(&CONGESTION),
        trace: read_trace(&mut cursor),
        submit: submit::read_submit(cursor.table(&SUBMIT)),
        receipts: receipts::read_receipts(cursor.table(&RECEIPTS)),
        inbound: receipts::read_inbound(cursor.table(&SMPP_INBOUND)),
        status: status::read_statuses(&cursor.table(&STATUS)),
    };
    cursor.finish();
    smpp
}

/// One octet of a PDU.
fn read_octet(cursor: &mut Cursor<'_>, key: &Integer<u32>) -> u8 {
    u8::try_from(cursor.integer(key)).unwrap_or(u8::MAX)
}

/// A text field of a PDU that may be empty.
fn read_field(cursor: &mut Cursor<'_>, key: &Other, bytes_max: usize) -> String {
    let value = cursor.take(key.name);
    value.and_then(|value| read_ascii(&value, 0, bytes_max)).unwrap_or_default()
}

fn read_ascii(value: &Value<'_>, bytes_min: usize, bytes_max: usize) -> Option<String> {
    let text = value.text()?;
    if !(bytes_min..=bytes_max).contains(&text.len()) {
        let reason = format!("must have {bytes_min} to {bytes_max} bytes, found {}", text.len());
        value.error(ConfigCode::OutOfRange, reason, None);
        return None;
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return value.invalid("must be printable ASCII", None);
    }
    Some(text.to_owned())
}

fn read_addresses(value: &Value<'_>, tls: bool) -> Vec<SmscAddress> {
    let DeValue::Array(entries) = value.inner else {
        return read_address(value, tls).into_iter().collect();
    };
    if !(1..=ADDRESSES_MAX).contains(&entries.len()) {
        let reason = format!("must have 1 to {ADDRESSES_MAX} entries, found {}", entries.len());
        value.error(ConfigCode::OutOfRange, reason, None);
        return Vec::new();
    }
    read_distinct(&value.entries(entries), |entry| read_address(entry, tls))
}

fn read_address(value: &Value<'_>, tls: bool) -> Option<SmscAddress> {
    let text = value.text()?;
    let example = "write for example \"smsc.example.com:2775\"".to_owned();
    match AllowedHost::parse(text) {
        Ok(host) if host.subdomains => value.invalid("must name one host, not *", example),
        Ok(host) => Some(SmscAddress {
            host: host.host,
            port: host.port.unwrap_or(if tls { TLS_PORT } else { PORT }),
        }),
        // What stands before an @ can be a password.
        Err(error) if text.contains('@') => value.invalid(format!("the host {error}"), example),
        Err(error) => value.invalid(format!("the host {} {error}", quoted(text)), example),
    }
}

fn read_tls(cursor: &mut Cursor<'_>) -> Option<Tls> {
    let tls = cursor.flag(&TLS);
    let (ca_file, server_name) = (cursor.take(TLS_CA_FILE.name), cursor.take(TLS_SERVER_NAME.name));
    for value in [&ca_file, &server_name].into_iter().flatten().filter(|_| !tls) {
        value.error(
            ConfigCode::Conflict,
            "has no meaning without tls",
            "set tls = true, or remove it".to_owned(),
        );
    }
    if !tls {
        return None;
    }
    let ca_file = ca_file.and_then(|value| value.text_within(l::PATH_BYTES_MAX).map(str::to_owned));
    Some(Tls { ca_file, server_name: server_name.and_then(|value| read_server_name(&value)) })
}

fn read_server_name(value: &Value<'_>) -> Option<String> {
    match AllowedHost::parse(value.text()?) {
        Ok(host) if !host.subdomains && host.port.is_none() => Some(host.host),
        Ok(_) => value.invalid("must be one host without a port", None),
        Err(error) => value.invalid(format!("the host {error}"), None),
    }
}

fn read_trace(cursor: &mut Cursor<'_>) -> Option<Trace> {
    let file = cursor.take(TRACE_FILE.name);
    let bodies = cursor.take(TRACE_BODIES.name);
    if let (None, Some(value)) = (&file, &bodies) {
        let help = "set trace_file too, or remove it".to_owned();
        value.error(ConfigCode::Conflict, "has no meaning without trace_file", help);
    }
    let bodies = bodies.and_then(|value| value.flag()).unwrap_or(TRACE_BODIES.default);
    Some(Trace { file: file?.text_within(l::PATH_BYTES_MAX)?.to_owned(), bodies })
}

/// An answer that is still waited for when the lease of its message has ended would come too late.
fn read_response_timeout(cursor: &mut Cursor<'_>, timeout_ms: u32) -> u32 {
    let Some(value) = cursor.take(RESPONSE_TIMEOUT_MS.name) else { return timeout_ms };
    let Some(found) = value.integer(RESPONSE_TIMEOUT_MS.min, RESPONSE_TIMEOUT_MS.max) else {
        return timeout_ms;
    };
    if found > timeout_ms {
        let reason = format!("{found} is above timeout_ms ({timeout_ms}) of the provider");
        value.error(ConfigCode::Conflict, reason, "raise timeout_ms or lower this".to_owned());
    }
    found
}

/// A time that must not be below another one. Its default gives way where only the other is written.
fn read_above(cursor: &mut Cursor<'_>, key: &Integer<u32>, least: u32, other: &str) -> u32 {
    let Some(value) = cursor.take(key.name) else { return key.default.max(least) };
    let Some(found) = value.integer(key.min, key.max) else { return key.default.max(least) };
    if found < least {
        let reason = format!("must be at least {least}, because of {other}, found {found}");
        value.error(ConfigCode::Conflict, reason, format!("raise it or lower {other}"));
    }
    found
}
