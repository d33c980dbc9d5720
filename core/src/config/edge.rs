//! `[edge]`: the Spin application that `waypost edge package` makes of this file.

use super::context::Kind;
use super::cursor::Cursor;
use super::host::AllowedHost;
use super::key::{Choice, Other};
use super::limits as l;
use super::store::read_url;

/// Port of a Redis whose URL names none.
const REDIS_PORT: u16 = 6379;

pub(super) const EDGE: Other = Other {
    name: "edge",
    kind: "table",
    default: "defaults",
    range: "",
    meaning: "the Spin application that `waypost edge package` makes of this file",
};
pub(super) const EDGE_DEFAULT_TENANT: Other = Other {
    name: "default_tenant",
    kind: "string, tenant",
    default: "the only tenant; none where there are several",
    range: "one of `tenants`",
    meaning: "tenant that answers at `/`, beside `/t/<name>/`, and takes the webhooks",
};
pub(super) const EDGE_MODE: Choice<EdgeMode> = Choice {
    name: "mode",
    default: EdgeMode::Queue,
    choices: &[("queue", EdgeMode::Queue), ("at-once", EdgeMode::AtOnce)],
    meaning: "whether the edge leaves sending to the hosts on the same Redis, or tries once itself first",
};
pub(super) const EDGE_REDIS_URL: Other = Other {
    name: "redis_url",
    kind: "string, URL",
    default: "the first of `store.url`",
    range: "`redis://host[:port][/db]` or `rediss://…`, no user and no password",
    meaning: "where the application reaches the Redis of the store, where its variables do not say otherwise",
};
pub(super) const TENANT_EDGE_MODE: Other = Other {
    name: "edge_mode",
    kind: "string",
    default: "`edge.mode`",
    range: "`queue`, `at-once`",
    meaning: "the same as `edge.mode`, for this tenant",
};

/// `[edge]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// `default_tenant`: the tenant that answers at `/`, beside `/t/<name>/`. Default the only
    /// tenant; none where there are several.
    pub default_tenant: Option<String>,
    /// `mode`: how messages are sent, where their tenant does not say. Default `queue`.
    pub mode: EdgeMode,
    /// `redis_url`: where the application reaches the Redis of the store. Default none: at the first of
    /// `store.url`.
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
    /// The number of the database. Default 0.
    pub database: u32,
}

impl RedisAddress {
    /// Reads `redis[s]://host[:port][/database]`, as `store.url` and `edge.redis_url` write it. None
    /// for anything else.
    pub fn of_url(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let tls = match scheme {
            "redis" => false,
            "rediss" => true,
            _ => return None,
        };
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let database = if database.is_empty() { 0 } else { database.parse().ok()? };
        let host = AllowedHost::parse(authority).ok().filter(|host| !host.subdomains)?;
        let port = host.port.unwrap_or(REDIS_PORT);
        Some(Self { tls, host: AllowedHost { port: None, ..host }.to_string(), port, database })
    }

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
        redis: redis.and_then(|value| read_url(&value, false)).and_then(|url| RedisAddress::of_url(&url)),
    };
    cursor.finish();
    edge
}
