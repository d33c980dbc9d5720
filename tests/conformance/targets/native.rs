//! The binary `waypost serve`, with the carrier as a second process.

use std::net::SocketAddr;

use async_trait::async_trait;

use crate::configuration::{CARRIER_KEY_VARIABLE, Configuration, Places};
use crate::kit::{Gateway, Simulator};
use crate::target::{Deployment, Target};

/// The native host with a store.
pub struct Native {
    name: &'static str,
    /// The table `[store]` of the configuration; empty: the default.
    store: &'static str,
}

impl Native {
    /// The name of [`Native::SQLITE`].
    pub const SQLITE_NAME: &str = "native-sqlite";
    /// With a database in the gateway's own folder.
    pub const SQLITE: Self = Self { name: Self::SQLITE_NAME, store: "" };
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
        let text = format!("{}\n{}", configuration.text(&places), self.store);
        let gateway = Gateway::start_with(&text, &[(CARRIER_KEY_VARIABLE, Simulator::KEY)]).await;
        Box::new(Running { gateway, _carrier: carrier })
    }
}

struct Running {
    gateway: Gateway,
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
