//! The simulator's carrier as a process of its own, which outlives the gateway.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::Client;

/// A carrier on loopback. Killed when it goes out of scope.
pub struct Simulator {
    child: Child,
    client: Client,
    address: std::net::SocketAddr,
}

impl Simulator {
    /// The key that it signs with.
    pub const KEY: &str = "simulator-key";

    /// Starts one that signs with [`Simulator::KEY`].
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_waypost"))
            .args(["simulate", "carrier", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .env("WAYPOST_SIMULATOR_SIGNING_KEY", Self::KEY)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().parse().unwrap();
        Self { child, client: Client::new(address, ""), address }
    }

    /// `http://…`, for the provider's settings.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:port`, for the provider's hosts.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Has it report an inbound message to `url`, and gives its reference.
    pub async fn inbound(&self, url: &str, from: &str, to: &str, text: &str) -> String {
        let order = json!({ "url": url, "from": from, "to": to, "text": text });
        let answer = self.client.post("/v1/inbound", &order).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.body["reference"].as_str().unwrap().to_owned()
    }

    /// What it has taken: `taken`, `distinct`, `doubled`.
    pub async fn counts(&self) -> Value {
        self.client.get("/v1/counts").await.body
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
