//! A gateway with one carrier: the SMSC simulator, in the process of the test.

use serde_json::{Value, json};
use waypost_simulator::smsc::{Event, Script, Smsc, Submitted};

use crate::kit::{Client, Gateway, eventually};

/// What the carrier asks for.
pub const PASSWORD: &str = "s3cret";

pub struct World {
    pub smsc: Smsc,
    pub gateway: Gateway,
    pub client: Client,
}

impl World {
    /// `script` is added to what the simulator does, `smpp` to the table of the provider.
    pub async fn start(script: &str, smpp: &str) -> Self {
        let script = format!("{script}\n[[systems]]\nsystem_id = \"shop\"\npassword = \"{PASSWORD}\"\n");
        let smsc = Smsc::start(Script::from_toml(&script).unwrap()).await.unwrap();
        let config = config(&smsc.addr.to_string(), smpp);
        let gateway = Gateway::start_with(&config, &[("CARRIER_PASSWORD", PASSWORD)]).await;
        let client = gateway.client();
        let control = &smsc.control;
        eventually("a bind", || async { (control.counts().bound_transceivers > 0).then_some(()) }).await;
        Self { smsc, gateway, client }
    }

    /// Sends a message and gives its id.
    pub async fn send(&self, to: &str, text: &str) -> String {
        self.send_json(&json!({ "to": to, "from": "Waypost", "text": text })).await
    }

    pub async fn send_json(&self, message: &Value) -> String {
        let answer = self.client.post("/v1/messages", message).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// What arrived for a recipient, in order.
    pub fn arrived(&self, to: &str) -> Vec<Submitted> {
        let log = self.smsc.control.log(0, usize::MAX);
        let submits = log.into_iter().filter_map(|entry| match entry.event {
            Event::Submit(submitted) => Some(*submitted),
            _ => None,
        });
        submits.filter(|submitted| submitted.destination.address == to.trim_start_matches('+')).collect()
    }

    /// Waits for an inbound message with that text, and gives it.
    pub async fn inbox(&self, text: &str) -> Value {
        eventually("it is in the inbox", || async {
            let found = self.client.get("/v1/inbox?limit=500").await.body;
            found["messages"].as_array()?.iter().find(|it| it["text"] == text).cloned()
        })
        .await
    }
}

pub fn config(address: &str, smpp: &str) -> String {
    format!(
        r#"
[server]
listen = "{{address}}"
default_region = "GB"
[tenants.default]
rate_per_second = 100000
rate_burst = 100000
key_rate_per_second = 100000
key_rate_burst = 100000
[providers.carrier]
retry = {{ attempts_max = 50, base_ms = 20, max_ms = 100 }}
in_doubt = {{ wait_seconds = 1, then = "retry" }}
[providers.carrier.smpp]
address = "{address}"
system_id = "shop"
password = {{ env = "CARRIER_PASSWORD" }}
window = 100
reconnect_min_ms = 100
reconnect_max_ms = 200
throttle_pause_ms = 50
{smpp}
"#
    )
}
