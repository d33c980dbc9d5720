//! `[edge]`: the Spin application that `waypost edge package` makes of this file.

use super::context::Kind;
use super::cursor::Cursor;
use super::host::AllowedHost;
use super::limits as l;
use super::quote::quoted;
use super::value::Value;

/// Port of a Redis whose URL names none.
const REDIS_PORT: u16 = 6379;

/// `[edge]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// `default_tenant`: the tenant that answers at `/`, beside `/t/<name>/`. Default the only
    /// tenant; none where there are several.
    pub default_tenant: Option<String>,
    /// `mode`: how messages are sent, where their tenant does not say. Default `queue`.
    pub mode: EdgeMode,
    /// `redis_url`: the address that the application uses where its variables do not say another.
    /// Default none: the variables have to.
    pub redis: Option<RedisAddress>,
}

/// How a message that the edge takes is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeMode {
    /// It is put into the queue, and a host claims it.
    Queue,
    /// The first attempt is made within the request; what fails goes to the queue.
    AtOnce,
}

impl EdgeMode {
    /// The word of the file: `queue` or `at-once`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::AtOnce => "at-once",
        }
    }
}

/// Where a Redis is, without who may use it: credentials are a variable of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisAddress {
    /// `rediss`: over TLS.
    pub tls: bool,
    /// Host name, or IP address, IPv6 in brackets.
    pub host: String,
    /// 1 to 65535. Default 6379.
    pub port: u16,
}

impl RedisAddress {
    /// `redis` or `rediss`.
    pub fn scheme(&self) -> &'static str {
        if self.tls { "rediss" } else { "redis" }
    }
}

pub(super) fn read_edge(mut cursor: Cursor<'_>) -> Edge {
    let default_tenant = cursor.take(l::EDGE_DEFAULT_TENANT.name);
    let redis = cursor.take(l::EDGE_REDIS_URL.name);
    let edge = Edge {
        default_tenant: default_tenant.and_then(|value| value.reference(Kind::Tenant)),
        mode: cursor.choice(&l::EDGE_MODE),
        redis: redis.and_then(|value| read_redis(&value)),
    };
    cursor.finish();
    edge
}

fn read_redis(value: &Value<'_>) -> Option<RedisAddress> {
    let text = value.text_within(l::URL_BYTES_MAX)?;
    let example = || "write for example \"redis://10.0.0.5:6379\"".to_owned();
    let (tls, address) = match (text.strip_prefix("redis://"), text.strip_prefix("rediss://")) {
        (Some(address), _) => (false, address),
        (None, Some(address)) => (true, address),
        (None, None) => return value.invalid("must begin with redis:// or rediss://", example()),
    };
    // What stands before an @ is a password, which no message repeats.
    if address.contains('@') {
        let help = "set it in the variable redis_auth of the application".to_owned();
        return value.invalid("must not contain a user or a password", help);
    }
    match AllowedHost::parse(address) {
        Ok(host) if host.subdomains => value.invalid("must name one host, not *", example()),
        Ok(host) => {
            let port = host.port.unwrap_or(REDIS_PORT);
            Some(RedisAddress { tls, host: AllowedHost { port: None, ..host }.to_string(), port })
        }
        Err(error) => value.invalid(format!("the address {} {error}", quoted(address)), example()),
    }
}
