//! The components of `edge/`, packaged by `waypost edge package`, beside a native host on the same Redis
//! that does the sending. In the test host, or in real Spin.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use waypost_edge_host::{EdgeHost, Options};
use waypost_redis_kit::Server;

use super::native::{durable, on};
use crate::configuration::{CARRIER_KEY_VARIABLE, Configuration, Places};
use crate::kit::{Client, Gateway, Simulator, free_address};
use crate::target::{Deployment, Target};

/// An edge and the host behind it.
pub struct Edge {
    name: &'static str,
    in_spin: bool,
}

impl Edge {
    /// The name of [`Edge::HOSTED`].
    pub const HOSTED_NAME: &str = "edge";
    /// In the test host.
    pub const HOSTED: Self = Self { name: Self::HOSTED_NAME, in_spin: false };
    /// The name of [`Edge::SPIN`].
    pub const SPIN_NAME: &str = "spin";
    /// In `spin up`.
    pub const SPIN: Self = Self { name: Self::SPIN_NAME, in_spin: true };

    /// True where `spin` can be run.
    pub fn spin_is_there() -> bool {
        Command::new("spin").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    }
}

#[async_trait]
impl Target for Edge {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn start(&self, configuration: &Configuration) -> Box<dyn Deployment> {
        let carrier = Simulator::start(&[]);
        let redis = durable();
        let text = |public_url: &str| {
            let places = Places { address: "{address}", public_url, carrier: &carrier };
            let text = configuration.text(&places);
            format!("{text}\n{}[edge]\ndefault_tenant = \"shop\"\n", on(&redis))
        };
        let secrets = [(CARRIER_KEY_VARIABLE, Simulator::KEY)];
        let mut gateway = Gateway::prepare(&text("http://127.0.0.1:9"), &secrets);
        let packaged = gateway.cli(&["edge", "package", "--config", "waypost.toml", "--out", "edge-app"]);
        assert!(packaged.status.success(), "{}", String::from_utf8_lossy(&packaged.stdout));
        let variables = variables(&redis, &text(""));
        let manifest = gateway.folder().join("edge-app/spin.toml");
        let edge = if self.in_spin {
            Running::Spin(Spin::start(&manifest, &variables).await)
        } else {
            let options = Options { variables, ..Options::default() };
            Running::Hosted(EdgeHost::start(&manifest, options).await.unwrap())
        };
        // Receipts come to the edge, whoever has sent the message.
        gateway.write_config(&text(&format!("http://{}", edge.address())));
        gateway.run().await;
        Box::new(Deployed { edge, gateway, _redis: redis, _carrier: carrier })
    }
}

/// Where Redis is, and the secret of every provider of the configuration.
fn variables(redis: &Server, config: &str) -> BTreeMap<String, String> {
    let providers = config.lines().filter_map(|line| line.strip_prefix("[providers.")?.strip_suffix(']'));
    let mut variables: BTreeMap<String, String> = providers
        .map(|provider| (format!("provider_{provider}_webhook"), Simulator::KEY.to_owned()))
        .collect();
    variables.insert("redis_host".to_owned(), redis.address().ip().to_string());
    variables.insert("redis_port".to_owned(), redis.address().port().to_string());
    variables
}

enum Running {
    Hosted(EdgeHost),
    Spin(Spin),
}

impl Running {
    fn address(&self) -> SocketAddr {
        match self {
            Self::Hosted(edge) => edge.address(),
            Self::Spin(spin) => spin.address,
        }
    }
}

/// `spin up` as a process.
struct Spin {
    child: Child,
    address: SocketAddr,
}

impl Spin {
    async fn start(manifest: &Path, variables: &BTreeMap<String, String>) -> Self {
        let address = free_address();
        let mut command = Command::new("spin");
        command.args(["up", "--listen", &address.to_string(), "--from"]).arg(manifest);
        for (name, value) in variables {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        }
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        let spin = Self { child, address };
        let client = Client::new(address, "");
        let start = Instant::now();
        while client.try_get("/healthz").await.is_none_or(|answer| answer.status != 200) {
            assert!(start.elapsed() < Duration::from_secs(60), "spin does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        spin
    }
}

impl Drop for Spin {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fields are dropped in order: the edge and the host stop before their store.
struct Deployed {
    edge: Running,
    gateway: Gateway,
    _redis: Server,
    _carrier: Simulator,
}

impl Deployment for Deployed {
    fn address(&self) -> SocketAddr {
        self.edge.address()
    }

    fn base(&self, tenant: &str) -> String {
        format!("/t/{tenant}")
    }

    fn key(&self, tenant: &str, scopes: &[&str]) -> String {
        self.gateway.key(tenant, scopes)
    }
}
