//! The store that the configuration asks for, opened and found fit.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use tokio::sync::Semaphore;
use waypost_core::config::{Config, Redis, StoreKind};
use waypost_core::redis::fleet::Fleet;
use waypost_core::redis::server_check::{Durability, ServerFacts};
use waypost_core::redis::{Clock, Connection, RedisError, RedisStore, Request, Value};
use waypost_store::redis::{Link, RedisOptions};
use waypost_store::sqlite::{OpenMode, SqliteStore};
use waypost_store::{Store, redis};

use crate::metrics::Metrics;
use crate::{clock, secrets};

/// The database's file in the data folder.
pub const DATABASE: &str = "waypost.db";
/// Most exchanges with Redis under way at once; whoever comes later is told at once that the store is
/// not available. So nothing piles up while Redis is slow or away.
const ASKED_MAX: usize = 20_000;

/// A store, and what it says of the hosts that share it.
pub struct Opened {
    /// Where messages are kept.
    pub store: Arc<dyn Store>,
    /// The other hosts. None: the store is this host's alone.
    pub fleet: Option<Fleet>,
    /// How safe messages are there.
    pub durability: Durability,
}

/// The database of a configuration.
pub fn database_of(config: &Config, base: &Path) -> PathBuf {
    base.join(&config.server.data_dir).join(DATABASE)
}

/// Opens the store for a host that serves.
///
/// # Errors
/// Where it cannot be reached, or must not be used as it is: the reason, and what to do.
pub async fn open(
    config: &Config,
    base: &Path,
    host: &str,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Opened> {
    match &config.store.kind {
        StoreKind::Sqlite => {
            let store = open_sqlite(config, base, OpenMode::Host).await?;
            Ok(Opened { store: Arc::new(store), fleet: None, durability: Durability::Durable })
        }
        StoreKind::Redis(redis) => open_redis(redis, base, host, metrics).await,
    }
}

/// Opens the store for a command that ends soon; a host may be serving.
///
/// # Errors
/// As [`open`].
pub async fn open_tool(config: &Config, base: &Path) -> anyhow::Result<Opened> {
    match &config.store.kind {
        StoreKind::Sqlite => {
            let store = open_sqlite(config, base, OpenMode::Tool).await?;
            Ok(Opened { store: Arc::new(store), fleet: None, durability: Durability::Durable })
        }
        StoreKind::Redis(redis) => open_redis(redis, base, &host_name(config), &Arc::default()).await,
    }
}

/// The name of this host: as configured, or one that no other process has.
pub fn host_name(config: &Config) -> String {
    config.server.host_name.clone().unwrap_or_else(|| {
        let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let machine: String = machine.trim().chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        let machine = if machine.is_empty() { "host" } else { &machine };
        format!("{machine}-{:08x}", clock::random_u64() & 0xffff_ffff)
    })
}

/// How safe messages are in the Redis that is there now.
///
/// # Errors
/// Where it cannot be asked, or must not be used.
pub async fn look_at(connection: &impl Connection) -> anyhow::Result<Durability> {
    let info = Request::command("INFO", Vec::new());
    let sync = Request::command("CONFIG", vec![b"GET".to_vec(), b"appendfsync".to_vec()]);
    let mut answers = connection.ask(vec![info, sync]).await.into_iter();
    let info = answers.next().unwrap_or_else(|| Err(RedisError::Unreachable("no answer".to_owned())))?;
    let info = info.first().and_then(Value::text).unwrap_or_default();
    let sync = answers.next().unwrap_or_else(|| Ok(Vec::new()));
    Ok(ServerFacts::from_info(info).with_sync(&sync).check()?)
}

async fn open_sqlite(config: &Config, base: &Path, mode: OpenMode) -> anyhow::Result<SqliteStore> {
    let path = database_of(config, base);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the data folder {} (server.data_dir)", folder.display()))?;
    }
    Ok(tokio::task::spawn_blocking(move || SqliteStore::open(&path, mode)).await??)
}

async fn open_redis(
    config: &Redis,
    base: &Path,
    host: &str,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Opened> {
    let options = options_of(config, base, host)?;
    let opened = redis::open(options.clone(), Clock::Redis).await?;
    let durability =
        if config.cluster { look_at_nodes(&options).await? } else { look_at(opened.connection()).await? };
    let connection = Measured {
        link: opened.connection().clone(),
        metrics: metrics.clone(),
        places: Arc::new(Semaphore::new(ASKED_MAX)),
    };
    let fleet = Fleet::new(Arc::new(connection.clone()), &config.prefix);
    let store = RedisStore::new(connection, opened.layout().clone(), Clock::Redis, host.into());
    Ok(Opened { store: Arc::new(store), fleet: Some(fleet), durability })
}

/// The least safe of the nodes that are named and take writes.
async fn look_at_nodes(options: &RedisOptions) -> anyhow::Result<Durability> {
    let mut worst = None;
    for url in &options.urls {
        let one = RedisOptions { urls: vec![url.clone()], cluster: false, ..options.clone() };
        // A replica, or a node that is away: the others answer for the cluster.
        let Ok(node) = redis::open(one, Clock::Redis).await else { continue };
        let durability = look_at(node.connection()).await.with_context(|| format!("the node {url}"))?;
        if worst.is_none() || durability != Durability::Durable {
            worst = Some(durability);
        }
    }
    worst.map_or_else(|| bail!("no node of the cluster that `store.url` names takes writes"), Ok)
}

fn options_of(config: &Redis, base: &Path, host: &str) -> anyhow::Result<RedisOptions> {
    let secret = |reference: &Option<_>, name: &str| -> anyhow::Result<Option<String>> {
        let Some(reference) = reference else { return Ok(None) };
        let secret = secrets::read(reference, base).with_context(|| format!("store.{name}"))?;
        let text = std::str::from_utf8(secret.expose());
        Ok(Some(text.with_context(|| format!("store.{name} is not UTF-8"))?.to_owned()))
    };
    Ok(RedisOptions {
        urls: config.urls.clone(),
        cluster: config.cluster,
        username: secret(&config.username, "username")?,
        password: secret(&config.password, "password")?,
        prefix: config.prefix.clone(),
        host: host.to_owned(),
        connect_timeout: Duration::from_millis(u64::from(config.connect_timeout_ms)),
        response_timeout: Duration::from_millis(u64::from(config.response_timeout_ms)),
    })
}

/// The way to Redis, measured, with an end to how many may wait for it.
#[derive(Clone)]
struct Measured {
    link: Link,
    metrics: Arc<Metrics>,
    places: Arc<Semaphore>,
}

#[async_trait]
impl Connection for Measured {
    async fn ask(&self, requests: Vec<Request>) -> Vec<Result<Vec<Value>, RedisError>> {
        let Ok(_place) = self.places.try_acquire() else {
            let error = RedisError::NotReady("too many requests wait for it".to_owned());
            return requests.iter().map(|_| Err(error.clone())).collect();
        };
        let began = Instant::now();
        let answers = self.link.ask(requests).await;
        self.metrics.store_asked(began.elapsed());
        answers
    }
}
