//! `[store]`: where messages are kept.

use toml::de::DeValue;

use super::context::Kind;
use super::cursor::Cursor;
use super::host::AllowedHost;
use super::limits as l;
use super::problem::ConfigCode;
use super::quote::quoted;
use super::secret::{SecretRef, read_secret};
use super::store_keys;
use super::value::{Value, read_distinct};

/// `[store]`: where messages are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// `kind`: `sqlite` (default) or `redis`, with what the kind needs.
    pub kind: StoreKind,
    /// `retention_days`: how long settled messages are kept, 1 to 3650. Default 30.
    pub retention_days: u32,
    /// `lease_margin_ms`: a lease is this much longer than the provider's time-out, 1000 to 600000.
    /// Default 30000.
    pub lease_margin_ms: u64,
}

/// Kind of the store.
#[derive(Clone, Debug, PartialEq)]
pub enum StoreKind {
    /// A database file under `data_dir`.
    Sqlite,
    /// A Redis that any number of hosts share.
    Redis(Redis),
}

impl StoreKind {
    /// The word of the file.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Redis(_) => "redis",
        }
    }
}

/// `kind` as the file says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KindWord {
    Sqlite,
    Redis,
}

/// How to reach a Redis, and what is kept there.
#[derive(Clone, Debug, PartialEq)]
pub struct Redis {
    /// `url`: one or more of `redis://host[:port][/db]`, `rediss://` for TLS. Several are the nodes
    /// of a replicated set (the one that takes writes is found), or of a cluster. Never with a
    /// user or a password.
    pub urls: Vec<String>,
    /// `username`: for a server with ACLs. Default none: the server's default user.
    pub username: Option<SecretRef>,
    /// `password`. Default none.
    pub password: Option<SecretRef>,
    /// `prefix`: before every key, `[a-z0-9-]{1,32}`. Default `waypost`. Two gateways with different
    /// prefixes share nothing.
    pub prefix: String,
    /// `cluster`: the servers are a Redis Cluster. Default false.
    pub cluster: bool,
    /// `connect_timeout_ms`: time to connect, 50 to 60000. Default 2000.
    pub connect_timeout_ms: u32,
    /// `response_timeout_ms`: time for one answer, 50 to 60000. Default 2000.
    pub response_timeout_ms: u32,
    /// `shared_config`: components, providers, tenants and numbers are those of `waypost config
    /// push`, the same for every host. Default false.
    pub shared_config: bool,
}

impl Store {
    /// What is needed to reach Redis, where the store is one.
    #[must_use]
    pub fn redis(&self) -> Option<&Redis> {
        match &self.kind {
            StoreKind::Redis(redis) => Some(redis),
            StoreKind::Sqlite => None,
        }
    }
}

pub(super) fn read_store(mut cursor: Cursor<'_>) -> Store {
    let kind = match cursor.choice(&l::STORE_KIND) {
        KindWord::Redis => StoreKind::Redis(read_redis(&mut cursor)),
        KindWord::Sqlite => {
            warn_of_redis_keys(&mut cursor);
            StoreKind::Sqlite
        }
    };
    let store = Store {
        kind,
        retention_days: cursor.integer(&l::RETENTION_DAYS),
        lease_margin_ms: u64::from(cursor.integer(&l::LEASE_MARGIN_MS)),
    };
    cursor.finish();
    store
}

fn read_redis(cursor: &mut Cursor<'_>) -> Redis {
    let cluster = cursor.flag(&store_keys::REDIS_CLUSTER);
    let url = cursor.required(&store_keys::REDIS_URL, "write url = \"redis://127.0.0.1:6379\"");
    let mut secret = |name: &'static str| {
        let value = cursor.take(name)?;
        read_secret(&value, "redis", name)
    };
    let (username, password) =
        (secret(store_keys::REDIS_USERNAME.name), secret(store_keys::REDIS_PASSWORD.name));
    let prefix = cursor.take(store_keys::REDIS_PREFIX.name).and_then(|value| read_prefix(&value));
    Redis {
        urls: url.map(|value| read_urls(&value, cluster)).unwrap_or_default(),
        username,
        password,
        prefix: prefix.unwrap_or(store_keys::REDIS_PREFIX_DEFAULT).to_owned(),
        cluster,
        connect_timeout_ms: cursor.integer(&store_keys::REDIS_CONNECT_TIMEOUT_MS),
        response_timeout_ms: cursor.integer(&store_keys::REDIS_RESPONSE_TIMEOUT_MS),
        shared_config: cursor.flag(&store_keys::REDIS_SHARED_CONFIG),
    }
}

/// One kind is often tried after the other, so what belongs to the other is no error.
fn warn_of_redis_keys(cursor: &mut Cursor<'_>) {
    for name in store_keys::REDIS_KEYS {
        if let Some(value) = cursor.take(name) {
            let value = value.at_key();
            let help = "write kind = \"redis\", or remove it".to_owned();
            value.context.warning(ConfigCode::NoEffect, &value.place, "only Redis has this key", help);
        }
    }
}

fn read_urls(value: &Value<'_>, cluster: bool) -> Vec<String> {
    let DeValue::Array(entries) = value.inner else {
        return read_url(value, cluster).into_iter().collect();
    };
    if !(1..=l::REDIS_URLS_MAX).contains(&entries.len()) {
        let reason = format!("must have 1 to {} entries, found {}", l::REDIS_URLS_MAX, entries.len());
        value.error(ConfigCode::OutOfRange, reason, None);
        return Vec::new();
    }
    read_distinct(&value.entries(entries), |entry| read_url(entry, cluster))
}

/// `redis[s]://host[:port][/db]`. No message repeats the text: it may hold a password.
pub(super) fn read_url(value: &Value<'_>, cluster: bool) -> Option<String> {
    let text = value.text_within(l::URL_BYTES_MAX)?;
    let example = "write for example \"redis://127.0.0.1:6379\"".to_owned();
    let rest = text.strip_prefix("redis://").or_else(|| text.strip_prefix("rediss://"));
    let Some(rest) = rest else {
        return value.invalid("must begin with redis:// or rediss:// (TLS)", example);
    };
    if rest.contains('@') {
        let help =
            "write password = { env = \"REDIS_PASSWORD\" } in [store], and username likewise".to_owned();
        value.error(ConfigCode::LiteralSecret, "must be without a user or a password", help);
        return None;
    }
    if rest.contains(['?', '#']) {
        return value.invalid("must not contain a query or a fragment", example);
    }
    let (authority, db) = rest.split_once('/').unwrap_or((rest, ""));
    let is_number = db.is_empty() || (db.len() <= 5 && db.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_number {
        return value.invalid("has something else than the number of a database after the host", example);
    }
    if cluster && db.bytes().any(|byte| byte != b'0') {
        return value.invalid("a cluster has no other database than 0", "remove the number".to_owned());
    }
    match AllowedHost::parse(authority) {
        Ok(host) if host.subdomains => value.invalid("must name one host, not *", example),
        Err(error) => value.invalid(format!("the host {error}"), example),
        Ok(_) => Some(text.to_owned()),
    }
}

fn read_prefix<'a>(value: &Value<'a>) -> Option<&'a str> {
    let text = value.text()?;
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=l::NAME_BYTES_MAX).contains(&text.len()) || !text.bytes().all(allowed) {
        let reason = format!("{} is not 1 to 32 of a-z, 0-9 and -", quoted(text));
        return value.invalid(reason, "write for example \"waypost\"".to_owned());
    }
    Some(text)
}

/// With a shared configuration, what the hosts share does not stand in the file of one.
pub(super) fn report_unshared(cursor: &mut Cursor<'_>) {
    let tables = [Kind::Component, Kind::Provider, Kind::Tenant].map(Kind::table);
    for table in tables.into_iter().chain([l::NUMBERS.name]) {
        if let Some(value) = cursor.take(table) {
            let reason = "every host shares this (store.shared_config), so it does not stand here";
            let help = "remove it, and hand it out by `waypost config push`".to_owned();
            value.at_key().error(ConfigCode::Conflict, reason, help);
        }
    }
}
