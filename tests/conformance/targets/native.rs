//! The binary `waypost serve`, with the carrier as a second process.

use std::net::SocketAddr;

use async_trait::async_trait;

use crate::configuration::{CARRIER_KEY_VARIABLE, Configuration, Places};
use crate::kit::{Gateway, Simulator};
use crate::target::{Deployment, Target};
use waypost_redis_kit::{Persistence, Server, ServerOptions};

/// The native host with a store.
pub struct Native {
    name: &'static str,
    on_redis: bool,
}

impl Native {
    /// The name of [`Native::SQLITE`].
    pub const SQLITE_NAME: &str = "native-sqlite";
    /// With a database in the gateway's own folder.
    pub const SQLITE: Self = Self { name: Self::SQLITE_NAME, on_redis: false };
    /// The name of [`Native::REDIS`].
    pub const REDIS_NAME: &str = "native-redis";
    /// With a Redis server of its own.
    pub const REDIS: Self = Self { name: Self::REDIS_NAME, on_redis: true };
}

#[async_trait]
impl Target for Native {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn start(&self, configuration: &Configuration) -> Box<dyn Deployment> {
        let carrier = Simulator::start(&[]);
        // The kit fills in the address.
        let places = Places { address: "{address}", public_url: "http://{address}", carrier: &carrier };
        let redis = self.on_redis.then(durable);
        let store = redis.as_ref().map(on).unwrap_or_default();
        let text = format!("{}\n{store}", configuration.text(&places));
        let gateway = Gateway::start_with(&text, &[(CARRIER_KEY_VARIABLE, Simulator::KEY)]).await;
        Box::new(Running { gateway, _redis: redis, _carrier: carrier })
    }
}

/// A Redis server that keeps what it has answered.
pub fn durable() -> Server {
    let appendonly = Persistence::Always;
    Server::start_with(ServerOptions { appendonly, ..ServerOptions::default() }).unwrap()
}

/// The table `[store]` for a Redis server.
pub fn on(redis: &Server) -> String {
    format!("[store]\nkind = \"redis\"\nurl = \"{}\"\n", redis.url())
}

/// Fields are dropped in order: the gateway stops before its store.
struct Running {
    gateway: Gateway,
    _redis: Option<Server>,
    _carrier: Simulator,
}

impl Deployment for Running {
    fn address(&self) -> SocketAddr {
        self.gateway.address()
    }

    fn key(&self, tenant: &str, scopes: &[&str]) -> String {
        self.gateway.key(tenant, scopes)
    }
}
