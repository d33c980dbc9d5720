//! What hosts on one Redis know of each other: circuits, the shared configuration, who is there.
//!
//! All keys of a prefix are in one slot. None of this is needed to keep a message: hosts go on alone
//! while Redis is away.

mod circuit;
mod config;
mod host;

use std::sync::Arc;

use super::{Connection, Layout, RedisError, Request, Script, Value};
use crate::breaker::Breaker;

pub use circuit::{Proposal, SharedBreaker, Written};
pub use config::{FILE_BYTES_MAX, Pushed, VERSIONS_MAX, VersionRecord, Versions};
pub use host::{HostReport, SeenHost};

static CIRCUIT: Script = Script::new("circuit", include_str!("scripts/circuit.lua"));
static PULSE: Script = Script::new("pulse", include_str!("scripts/pulse.lua"));
static HOSTS: Script = Script::new("hosts", include_str!("scripts/hosts.lua"));
static PUSH: Script = Script::new("push", include_str!("scripts/push.lua"));

/// How long a host that is gone is still listed, in milliseconds.
const HOST_LISTED_MS: u64 = 24 * 3600 * 1000;

/// The hosts of one Redis and prefix.
#[derive(Clone)]
pub struct Fleet {
    connection: Arc<dyn Connection>,
    keys: Keys,
}

#[derive(Clone)]
struct Keys {
    circuits: Vec<u8>,
    config: Vec<u8>,
    files: Vec<u8>,
    hosts: Vec<u8>,
    seen: Vec<u8>,
    registry: Vec<u8>,
}

/// What a host learns from Redis several times a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// The time of Redis, in Unix microseconds.
    pub time_us: u64,
    /// The version of the shared configuration; 0: there is none.
    pub config_version: u64,
    /// The version of what is registered. Another one than before, also a smaller one: something has
    /// changed.
    pub registry_version: u64,
    /// The version of all circuits together.
    pub circuits_version: u64,
    /// Route, version and state of each, where that version is not the one that the host knew.
    pub circuits: Vec<(String, u64, Breaker)>,
}

impl Fleet {
    /// Over a connection. No other gateway on the same Redis has the prefix.
    #[must_use]
    pub fn new(connection: Arc<dyn Connection>, prefix: &str) -> Self {
        let layout = Layout::new(prefix);
        let key = |name: &str| layout.fleet(name).into_bytes();
        let keys = Keys {
            circuits: key("circuits"),
            config: key("config"),
            files: key("files"),
            hosts: key("hosts"),
            seen: key("seen"),
            registry: key("registry"),
        };
        Self { connection, keys }
    }

    /// Time, versions and changed circuits, in one round trip; with `report` also a sign of life.
    ///
    /// # Errors
    /// [`RedisError`].
    pub async fn pulse(
        &self,
        circuits_version: u64,
        report: Option<&HostReport>,
    ) -> Result<Pulse, RedisError> {
        let keys = &self.keys;
        let (name, report) = report.map_or_else(Default::default, |it| (it.name.clone(), it.to_json()));
        let request = Request::script(
            &PULSE,
            [&keys.circuits, &keys.config, &keys.hosts, &keys.seen, &keys.registry].map(Vec::clone).into(),
            vec![decimal(circuits_version), name.into_bytes(), report.into_bytes(), decimal(HOST_LISTED_MS)],
        );
        let values = self.ask(request).await?;
        let [seconds, micros, config_version, registry_version, circuits_version, rest @ ..] =
            values.as_slice()
        else {
            return Err(unreadable("pulse"));
        };
        let circuits = rest.as_chunks::<2>().0.iter().filter_map(|[route, circuit]| {
            let (version, state) = circuit_of(circuit.text()?)?;
            Some((route.text()?.to_owned(), version, state))
        });
        Ok(Pulse {
            time_us: time_us(seconds, micros)?,
            config_version: number(config_version)?,
            registry_version: number(registry_version)?,
            circuits_version: number(circuits_version)?,
            circuits: circuits.collect(),
        })
    }

    /// Writes a circuit where no other host has since.
    ///
    /// # Errors
    /// [`RedisError`]; then it may be written or not, and [`Fleet::pulse`] will tell.
    pub async fn propose(&self, route: &str, proposal: &Proposal) -> Result<Written, RedisError> {
        // A plain record of numbers and words: writing it as JSON does not fail.
        let state = serde_json::to_vec(&proposal.state).unwrap_or_default();
        let request = Request::script(
            &CIRCUIT,
            vec![self.keys.circuits.clone()],
            vec![route.as_bytes().to_vec(), decimal(proposal.follows), state],
        );
        let values = self.ask(request).await?;
        match values.as_slice() {
            [taken, version] if taken.int() == Some(1) => Ok(Written::Taken(number(version)?)),
            [_, version, circuit] => {
                let state = circuit.text().and_then(|text| serde_json::from_str(text).ok());
                Ok(state.map_or(Ok(Written::Lost), |state| {
                    number(version).map(|version| Written::Behind(version, state))
                })?)
            }
            _ => Err(unreadable("circuit")),
        }
    }

    async fn ask(&self, request: Request) -> Result<Vec<Value>, RedisError> {
        let answer = self.connection.ask(vec![request]).await.pop();
        answer.unwrap_or_else(|| Err(unreadable("nothing")))
    }
}

/// `<version> <state as JSON>`
fn circuit_of(text: &str) -> Option<(u64, Breaker)> {
    let (version, state) = text.split_once(' ')?;
    Some((version.parse().ok()?, serde_json::from_str(state).ok()?))
}

fn time_us(seconds: &Value, micros: &Value) -> Result<u64, RedisError> {
    Ok(number(seconds)?.saturating_mul(1_000_000).saturating_add(number(micros)?))
}

fn number(value: &Value) -> Result<u64, RedisError> {
    value.unsigned().ok_or_else(|| unreadable("a number"))
}

fn decimal(number: u64) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn unreadable(what: &str) -> RedisError {
    RedisError::Other(format!("an answer of another form than expected ({what})"))
}
