//! What a client is told when it starts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use waypost_core::smpp::pdu::Address;

use crate::codec::command;
use crate::tls::Tls;
use crate::trace::Trace;

/// A provider's SMSC and how to speak to it. [`Options::new`] has usable values for all but the
/// address and the account.
#[derive(Debug, Clone)]
pub struct Options {
    /// The provider's name, for logs.
    pub name: String,
    /// Where the SMSC is, the preferred address first. Each connection begins with the first and
    /// goes to the next where that fails.
    pub endpoints: Vec<Endpoint>,
    /// TLS, or plain TCP.
    pub tls: Option<Tls>,
    /// At most 64 octets; SMPP itself allows 15.
    pub system_id: String,
    /// At most 64 octets; SMPP itself allows 8.
    pub password: Password,
    /// At most 12 octets.
    pub system_type: String,
    /// What is said in the bind.
    pub interface_version: InterfaceVersion,
    /// Which addresses are served (SMPP 3.4 section 5.2.7), at most 40 octets.
    pub address_range: Address,
    /// The binds to hold, at least one.
    pub binds: Vec<BindMode>,
    /// How many submits may wait for their answers on one bind, at least 1.
    pub window: usize,
    /// Submits a second on one bind, more than 0.
    pub rate_per_second: Option<f64>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// When to come back after an end.
    pub reconnect: Reconnect,
    /// What to do when the SMSC asks for less.
    pub throttling: Throttling,
    /// What is taken at most.
    pub limits: Limits,
    /// Where PDUs are traced to.
    pub trace: Option<Arc<Trace>>,
    /// What jitter comes from: the same seed waits the same.
    pub seed: u64,
}

/// An address of the SMSC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Name or IP address.
    pub host: String,
    /// Port; 2775 is the registered one, 3550 that for TLS.
    pub port: u16,
}

/// A password, which is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// What a bind is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BindMode {
    /// Sends.
    Transmitter,
    /// Receives.
    Receiver,
    /// Sends and receives.
    Transceiver,
}

/// The version of SMPP that a bind says it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterfaceVersion {
    /// 3.4.
    V3_4,
    /// 5.0.
    V5_0,
}

/// How long to wait, each more than zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// For the TCP connection, name resolution included.
    pub connect: Duration,
    /// For the TLS handshake.
    pub tls: Duration,
    /// For the answer to the bind.
    pub bind: Duration,
    /// For the answer to a submit, from when it is put into the connection's buffer.
    pub response: Duration,
    /// How long nothing may come before `enquire_link` asks.
    pub enquire_link: Duration,
    /// How long nothing may come after that.
    pub enquire_link_response: Duration,
    /// How long a submit may wait for a free place in a window.
    pub queue: Duration,
    /// How long [`crate::Incoming::deliver`] may take; after that the SMSC is told to try again.
    pub deliver: Duration,
    /// How long a clean end may take: outstanding answers and `unbind_resp`.
    pub stop: Duration,
}

/// When to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconnect {
    /// Wait after the first failure. Doubled for each, with jitter in the upper half.
    pub base: Duration,
    /// Longest wait.
    pub max: Duration,
    /// Wait after a bind was refused for a reason that does not pass by itself, as a wrong password:
    /// SMSCs lock accounts out that try too often.
    pub refused: Duration,
}

/// What to do when the SMSC asks for less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Throttling {
    /// How long the bind sends nothing after `ESME_RTHROTTLED` or `ESME_RMSGQFUL`, more than zero.
    pub pause: Duration,
    /// Whether `congestion_state` (SMPP 5.0) is heeded, too.
    pub heed_congestion: bool,
}

/// What is taken at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a PDU, either way.
    pub pdu_octets_max: usize,
    /// Optional parameters of a PDU that comes in.
    pub tlvs_max: usize,
    /// Messages of one bind that [`crate::Incoming`] works on at once; then reading stops.
    pub incoming_max: usize,
    /// Submits that wait for all binds together.
    pub queue_max: usize,
}

/// What is wrong with the options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OptionsError {
    /// There must be at least one.
    #[error("{0} must not be empty")]
    Empty(&'static str),
    /// It has to be more than zero.
    #[error("{0} must be more than zero")]
    Zero(&'static str),
    /// It does not fit its field of the bind.
    #[error("{0}")]
    Unencodable(#[from] crate::outcome::EncodeError),
}

impl Options {
    /// One transceiver with a window of 10 to one address.
    #[must_use]
    pub fn new(endpoint: Endpoint, system_id: impl Into<String>, password: Password) -> Self {
        Self {
            name: "smpp".to_owned(),
            endpoints: vec![endpoint],
            tls: None,
            system_id: system_id.into(),
            password,
            system_type: String::new(),
            interface_version: InterfaceVersion::V3_4,
            address_range: Address::default(),
            binds: vec![BindMode::Transceiver],
            window: 10,
            rate_per_second: None,
            timeouts: Timeouts::default(),
            reconnect: Reconnect::default(),
            throttling: Throttling::default(),
            limits: Limits::default(),
            trace: None,
            seed: 0,
        }
    }

    /// Checks them.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn check(&self) -> Result<(), OptionsError> {
        if self.endpoints.is_empty() {
            return Err(OptionsError::Empty("endpoints"));
        }
        if self.binds.is_empty() {
            return Err(OptionsError::Empty("binds"));
        }
        let timeouts = &self.timeouts;
        let sizes = [
            ("window", self.window),
            ("tlvs_max", self.limits.tlvs_max),
            ("incoming_max", self.limits.incoming_max),
            ("queue_max", self.limits.queue_max),
            ("pdu_octets_max", self.limits.pdu_octets_max),
        ];
        let waits = [
            ("timeouts.connect", timeouts.connect),
            ("timeouts.tls", timeouts.tls),
            ("timeouts.bind", timeouts.bind),
            ("timeouts.response", timeouts.response),
            ("timeouts.enquire_link", timeouts.enquire_link),
            ("timeouts.enquire_link_response", timeouts.enquire_link_response),
            ("timeouts.queue", timeouts.queue),
            ("timeouts.deliver", timeouts.deliver),
            ("throttling.pause", self.throttling.pause),
        ];
        if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            return Err(OptionsError::Zero(name));
        }
        if let Some((name, _)) = waits.iter().find(|(_, wait)| wait.is_zero()) {
            return Err(OptionsError::Zero(name));
        }
        if self.rate_per_second.is_some_and(|rate| rate.is_nan() || rate <= 0.0) {
            return Err(OptionsError::Zero("rate_per_second"));
        }
        crate::codec::encode::bind(&self.bind_fields(BindMode::Transceiver), 1)?;
        Ok(())
    }

    pub(crate) fn bind_fields(&self, mode: BindMode) -> crate::codec::encode::Bind<'_> {
        crate::codec::encode::Bind {
            command: mode.command(),
            system_id: &self.system_id,
            password: &self.password.0,
            system_type: &self.system_type,
            interface_version: match self.interface_version {
                InterfaceVersion::V3_4 => 0x34,
                InterfaceVersion::V5_0 => 0x50,
            },
            range: &self.address_range,
        }
    }
}

impl Password {
    /// Keeps it.
    #[must_use]
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl BindMode {
    /// Whether such a bind sends.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::Transmitter | Self::Transceiver)
    }

    /// Whether such a bind receives.
    #[must_use]
    pub fn receives(self) -> bool {
        matches!(self, Self::Receiver | Self::Transceiver)
    }

    /// The name, as configuration and logs have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transmitter => "transmitter",
            Self::Receiver => "receiver",
            Self::Transceiver => "transceiver",
        }
    }

    fn command(self) -> u32 {
        match self {
            Self::Transmitter => command::BIND_TRANSMITTER,
            Self::Receiver => command::BIND_RECEIVER,
            Self::Transceiver => command::BIND_TRANSCEIVER,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            tls: Duration::from_secs(10),
            bind: Duration::from_secs(10),
            response: Duration::from_secs(30),
            enquire_link: Duration::from_secs(30),
            enquire_link_response: Duration::from_secs(10),
            queue: Duration::from_secs(10),
            deliver: Duration::from_secs(20),
            stop: Duration::from_secs(10),
        }
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Self { base: Duration::from_secs(1), max: Duration::from_secs(60), refused: Duration::from_secs(300) }
    }
}

impl Default for Throttling {
    fn default() -> Self {
        Self { pause: Duration::from_secs(1), heed_congestion: false }
    }
}

impl Default for Limits {
    fn default() -> Self {
        // The longest value of one parameter, and room for the rest of its message.
        Self { pdu_octets_max: 68 * 1024, tlvs_max: 64, incoming_max: 256, queue_max: 10_000 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let endpoint = Endpoint { host: "::1".to_owned(), port: 2775 };
        assert_eq!(endpoint.to_string(), "[::1]:2775");
        let options = Options::new(endpoint, "me", Password::new("s3cret"));
        assert!(!format!("{options:?}").contains("s3cret"));
    }
}
