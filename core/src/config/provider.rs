//! `[providers.<name>]`: who carries messages.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::context::Kind;
use super::cursor::Cursor;
use super::host::AllowedHost;
use super::key::{Integer, List, Number};
use super::limits as l;
use super::price::{Price, read_price};
use super::problem::ConfigCode;
use super::quote::quoted;
use super::secret::{SecretRef, read_secrets};
use super::settings::read_settings;
use super::smpp::keys::SMPP;
use super::smpp::{Smpp, read_smpp};
use super::target::{InboundTarget, read_target};
use super::value::{Value, read_distinct};
use crate::number::Country;

/// One provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// `component` and `settings`, or `smpp`: how the provider is spoken to. Required.
    pub speaks: Speaks,
    /// `secrets`: references by name (`[a-z][a-z0-9_]{0,63}`), up to 16. Default none.
    pub secrets: BTreeMap<String, SecretRef>,
    /// `hosts`: where the provider's requests may go, up to 64. Default none: nowhere.
    pub hosts: Vec<AllowedHost>,
    /// `enabled`: whether messages are submitted to this provider. Default true.
    pub enabled: bool,
    /// `weight`: where no component ranks, the higher comes first; 0 to 1000. Default 100.
    pub weight: u32,
    /// `rate_per_second` (0.001 to 100000) and `rate_burst` (1 to 100000, default 1), in messages.
    /// Default no limit.
    pub rate: Option<Rate>,
    /// `in_flight_max`: submits that wait for an answer at once, 1 to 10000. Default 64, and over
    /// SMPP the windows of all sessions together.
    pub in_flight_max: u32,
    /// `timeout_ms`: time for one request, 100 to 120000 ms. Default 10000.
    pub timeout_ms: u32,
    /// `countries`: destinations that the provider serves, 1 to 250. Default none: all.
    pub countries: Option<BTreeSet<Country>>,
    /// `price`: price of one segment. Default none: unknown.
    pub price: Option<Price>,
    /// `retry`: when a failed submit is tried again.
    pub retry: Retry,
    /// `circuit`: when a failing provider is left alone.
    pub circuit: Circuit,
    /// `in_doubt`: what becomes of a submit whose answer was lost.
    pub in_doubt: InDoubt,
    /// `inbound`: where inbound messages of this provider go when `numbers` does not say. Default
    /// none.
    pub inbound: Option<InboundTarget>,
}

/// How a provider is spoken to.
#[derive(Clone, Debug, PartialEq)]
pub enum Speaks {
    /// Over HTTP, as a component says.
    Component {
        /// `component`: a built-in component or one of `components`.
        name: String,
        /// `settings`: handed to the component, at most 32 KiB as JSON and 16 levels. Default an
        /// empty object.
        settings: Json,
    },
    /// `smpp`: over SMPP, by the host itself.
    Smpp(Box<Smpp>),
}

impl Provider {
    /// The component and its settings; `None` over SMPP.
    #[must_use]
    pub fn component(&self) -> Option<(&str, &Json)> {
        match &self.speaks {
            Speaks::Component { name, settings } => Some((name, settings)),
            Speaks::Smpp(_) => None,
        }
    }

    /// The SMSC; `None` where a component speaks.
    #[must_use]
    pub fn smpp(&self) -> Option<&Smpp> {
        match &self.speaks {
            Speaks::Smpp(smpp) => Some(smpp),
            Speaks::Component { .. } => None,
        }
    }
}

/// A rate with the burst that it allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// So many a second, 0.001 to 100000.
    pub per_second: f64,
    /// So many at once after a pause, 1 to 100000. Default 1.
    pub burst: u32,
}

/// `[providers.<name>.retry]`: exponential back-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// `attempts_max`: submits of one message, the first included, 1 to 50. Default 5.
    pub attempts_max: u32,
    /// `base_ms`: pause before the second submit, 10 to 3600000 ms. Default 1000.
    pub base_ms: u32,
    /// `max_ms`: longest pause, `base_ms` to 86400000 ms. Default 600000.
    pub max_ms: u32,
}

/// `[providers.<name>.circuit]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circuit {
    /// `failures`: failures in a row that open the circuit, 1 to 1000. Default 5.
    pub failures: u32,
    /// `open_ms`: time until one submit tries the provider again, 100 to 3600000 ms. Default 30000.
    pub open_ms: u32,
}

/// `[providers.<name>.in_doubt]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InDoubt {
    /// `wait_seconds`: how long a receipt is waited for, 0 to 604800 s. Default 900.
    pub wait_seconds: u32,
    /// `then`: `give-up` (default) or `retry`.
    pub then: InDoubtThen,
}

/// What follows when no receipt has settled a submit in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InDoubtThen {
    /// The message ends as `unknown`: it may have been sent, it is not sent twice.
    GiveUp,
    /// The message is submitted again: it may be sent twice.
    Retry,
}

pub(super) fn read_provider(name: &str, mut cursor: Cursor<'_>) -> Provider {
    let timeout_ms = cursor.integer(&l::TIMEOUT_MS);
    let speaks = read_speaks(name, timeout_ms, &mut cursor);
    let provider = Provider {
        in_flight_max: read_in_flight(&mut cursor, &speaks),
        speaks,
        secrets: read_secrets(&cursor.table(&l::SECRETS), name),
        hosts: read_hosts(&mut cursor, &l::HOSTS),
        enabled: cursor.flag(&l::ENABLED),
        weight: cursor.integer(&l::WEIGHT),
        rate: read_rate(&mut cursor, &l::RATE_PER_SECOND, &l::RATE_BURST),
        timeout_ms,
        countries: read_countries(&mut cursor),
        price: cursor.table_optional(&l::PRICE).map(read_price),
        retry: read_retry(cursor.table(&l::RETRY)),
        circuit: read_circuit(cursor.table(&l::CIRCUIT)),
        in_doubt: read_in_doubt(cursor.table(&l::IN_DOUBT)),
        inbound: cursor.table_optional(&l::INBOUND).map(read_target),
    };
    cursor.finish();
    provider
}

fn read_speaks(name: &str, timeout_ms: u32, cursor: &mut Cursor<'_>) -> Speaks {
    let Some(smpp) = cursor.take(SMPP.name) else {
        let component = read_component_name(cursor, Some(name));
        return Speaks::Component { name: component, settings: read_settings(cursor.take(l::SETTINGS.name)) };
    };
    for key in [l::COMPONENT.name, l::SETTINGS.name, l::SECRETS.name, l::HOSTS.name] {
        if let Some(value) = cursor.take(key) {
            let help = "keep one of them".to_owned();
            value.at_key().error(ConfigCode::Conflict, "has no meaning beside smpp", help);
        }
    }
    match smpp.cursor() {
        Some(table) => Speaks::Smpp(Box::new(read_smpp(name, timeout_ms, table))),
        None => Speaks::Component { name: String::new(), settings: Json::Null },
    }
}

fn read_in_flight(cursor: &mut Cursor<'_>, speaks: &Speaks) -> u32 {
    let stated = cursor.take(l::IN_FLIGHT_MAX.name);
    let default = match speaks {
        Speaks::Component { .. } => l::IN_FLIGHT_MAX.default,
        Speaks::Smpp(smpp) => smpp.windows().clamp(l::IN_FLIGHT_MAX.min, l::IN_FLIGHT_MAX.max),
    };
    let stated = stated.and_then(|value| value.integer(l::IN_FLIGHT_MAX.min, l::IN_FLIGHT_MAX.max));
    stated.unwrap_or(default)
}

/// Reads the required `component`; a table that is `named` like a component most likely means it.
/// What has a name is a provider.
pub(super) fn read_component_name(cursor: &mut Cursor<'_>, named: Option<&str>) -> String {
    let components = cursor.context.names(Kind::Component);
    let help = match named {
        Some(name) if components.contains(name) => format!("write component = {}", quoted(name)),
        Some(_) => format!("write component = \"<name>\", or add [{}.smpp]", cursor.place.path),
        None => "write component = \"<name>\"".to_owned(),
    };
    let value = cursor.required(&l::COMPONENT, help);
    value.and_then(|value| value.reference(Kind::Component)).unwrap_or_default()
}

pub(super) fn read_hosts(cursor: &mut Cursor<'_>, key: &List) -> Vec<AllowedHost> {
    read_distinct(&cursor.list(key).unwrap_or_default(), read_host)
}

pub(super) fn read_rate(cursor: &mut Cursor<'_>, per_second: &Number, burst: &Integer<u32>) -> Option<Rate> {
    let rate = cursor.take(per_second.name);
    let burst_value = cursor.take(burst.name);
    if let (None, Some(value)) = (&rate, &burst_value) {
        let help = format!("set {} too, or remove it", per_second.name);
        let reason = format!("has no meaning without {}", per_second.name);
        value.error(ConfigCode::Conflict, reason, help);
    }
    let limit = burst_value.and_then(|value| value.integer(burst.min, burst.max));
    let per_second = rate?.number(per_second.min, per_second.max)?;
    Some(Rate { per_second, burst: limit.unwrap_or(burst.default) })
}

fn read_host(value: &Value<'_>) -> Option<AllowedHost> {
    let text = value.text()?;
    let error = match AllowedHost::parse(text) {
        Ok(host) => return Some(host),
        Err(error) => error,
    };
    // What stands before an @ can be a password.
    if text.contains('@') {
        return value.invalid(format!("the host {error}"), None);
    }
    let authority = text.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest));
    let fixed = authority.or_else(|| text.split('/').next());
    let fixed = fixed.filter(|fixed| AllowedHost::parse(fixed).is_ok());
    let help = fixed.map(|fixed| format!("did you mean {}?", quoted(fixed)));
    value.invalid(format!("the host {} {error}", quoted(text)), help)
}

fn read_countries(cursor: &mut Cursor<'_>) -> Option<BTreeSet<Country>> {
    let entries = cursor.list(&l::COUNTRIES)?;
    Some(read_distinct(&entries, |entry| entry.country()).into_iter().collect())
}

fn read_retry(mut cursor: Cursor<'_>) -> Retry {
    let base = cursor.take(l::BASE_MS.name);
    let max = cursor.take(l::MAX_MS.name);
    let within = |value: &Option<Value<'_>>, key: &Integer<u32>| match value {
        Some(value) => value.integer(key.min, key.max),
        None => Some(key.default),
    };
    let (base_ms, max_ms) = (within(&base, &l::BASE_MS), within(&max, &l::MAX_MS));
    if let (Some(base_ms), Some(max_ms), Some(value)) = (base_ms, max_ms, max.or(base))
        && base_ms > max_ms
    {
        let reason = format!("base_ms ({base_ms}) is above max_ms ({max_ms})");
        let help = "raise max_ms or lower base_ms".to_owned();
        value.error(ConfigCode::Conflict, reason, help);
    }
    let retry = Retry {
        attempts_max: cursor.integer(&l::ATTEMPTS_MAX),
        base_ms: base_ms.unwrap_or(l::BASE_MS.default),
        max_ms: max_ms.unwrap_or(l::MAX_MS.default),
    };
    cursor.finish();
    retry
}

fn read_circuit(mut cursor: Cursor<'_>) -> Circuit {
    let circuit = Circuit { failures: cursor.integer(&l::FAILURES), open_ms: cursor.integer(&l::OPEN_MS) };
    cursor.finish();
    circuit
}

fn read_in_doubt(mut cursor: Cursor<'_>) -> InDoubt {
    let in_doubt = InDoubt { wait_seconds: cursor.integer(&l::WAIT_SECONDS), then: cursor.choice(&l::THEN) };
    cursor.finish();
    in_doubt
}
