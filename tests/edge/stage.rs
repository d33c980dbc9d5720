//! A Redis, a carrier, and an application between them.

use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::task::JoinHandle;
use waypost_api::key;
use waypost_core::config::Config;
use waypost_core::decision::Name;
use waypost_core::edge::SendMode;
use waypost_core::redis::Clock;
use waypost_core::store::{ApiKey, Scope, Store as _};
use waypost_edge_host::{EdgeHost, Options};
use waypost_redis_kit::Server;
use waypost_simulator::{Options as CarrierOptions, SchedulerOptions, Service, ServiceOptions};
use waypost_store::redis::{RedisOptions, RedisStore, open};

use crate::client::Client;
use crate::package::{self, SECRET};
use crate::relay::{Relay, Relaying};

/// Everything that runs. Stops when dropped.
pub struct Stage {
    pub redis: Server,
    pub edge: EdgeHost,
    pub store: RedisStore,
    carrier: JoinHandle<()>,
    _relaying: Relaying,
    _folder: TempDir,
}

impl Stage {
    /// With the tenants of this configuration, whose only provider is the carrier.
    pub async fn start(tenants: &str, mode: SendMode) -> Self {
        let redis = Server::start().unwrap();
        let (carrier, endpoint) = carrier().await;
        let relay = Relay::bind().await;
        let config = config(tenants, &endpoint);
        let folder = tempfile::tempdir().unwrap();
        let manifest = package::write(folder.path(), &config, &relay.url(), mode);
        let mut options = Options::default();
        options.variables.insert("redis_url".to_owned(), redis.url());
        let edge = EdgeHost::start(&manifest, options).await.unwrap();
        let relaying = relay.to(edge.address());
        let store = open(RedisOptions::new(&redis.url(), "waypost", "test"), Clock::Redis).await.unwrap();
        Self { redis, edge, store, carrier, _relaying: relaying, _folder: folder }
    }

    /// With one tenant that has the three usual decisions.
    pub async fn usual(mode: SendMode) -> Self {
        Self::start(USUAL, mode).await
    }

    /// An application of a tenant, with a key of its own.
    pub async fn client(&self, tenant: &str) -> Client {
        let id = format!("{tenant:a<12}");
        let text = format!("wp_{id}_{}", "k".repeat(43));
        let key = ApiKey {
            id: Name::from(id),
            tenant: Name::from(tenant),
            label: "test".to_owned(),
            scopes: Scope::ALL.to_vec(),
            hash: key::hash(&text),
            created_ms: 0,
            revoked_ms: None,
            expires_ms: None,
        };
        self.store.put_key(key).await.unwrap();
        Client::new(&format!("{}/t/{tenant}", self.edge.url()), &text)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

/// The three usual decisions.
const USUAL: &str = r#"
[[tenants.acme.screening]]
component = "country-blacklist"
settings = { deny = ["FR"] }
[tenants.acme.sender]
component = "sender-override"
settings = { default = "+442071234567" }
[tenants.acme.routing]
component = "least-cost"
"#;

/// Asks until the answer is there, for at most 20 seconds.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not within 20 s: {what}");
}

async fn carrier() -> (JoinHandle<()>, String) {
    let options = ServiceOptions {
        carrier: CarrierOptions { delay_ms: 50, ..CarrierOptions::default() },
        signing_key: SECRET.as_bytes().to_vec(),
        scheduler: SchedulerOptions::default(),
        remote_allowed: false,
    };
    let service = Service::bind("127.0.0.1:0".parse().unwrap(), options).await.unwrap();
    let endpoint = format!("http://{}", service.address());
    (tokio::spawn(service.run(std::future::pending())), endpoint)
}

fn config(tenants: &str, endpoint: &str) -> Config {
    let host = endpoint.trim_start_matches("http://");
    let text = format!(
        "[server]\ndefault_region = 'GB'\n[providers.carrier]\ncomponent = 'simulator'\n\
         settings = {{ endpoint = '{endpoint}' }}\nhosts = ['{host}']\n\
         secrets = {{ webhook = {{ env = 'UNUSED' }} }}\nprice = {{ currency = 'EUR', default = '0.04' }}\n\
         timeout_ms = 1000\n{tenants}"
    );
    let known = ["country-blacklist", "sender-override", "least-cost", "simulator"];
    Config::parse(&text, "waypost.toml", &known).unwrap().config
}
