//! Numbers that the operator gives to tenants while Waypost runs.

use serde_json::{Value, json};

use crate::kit::{Answer, Client, Gateway, Simulator, number};

const FIRST: &str = "+447400900101";
const SECOND: &str = "+447400900102";
const OF_THE_FILE: &str = "+447400900103";

struct World {
    carrier: Simulator,
    gateway: Gateway,
    operator: Client,
}

impl World {
    async fn start() -> Self {
        let carrier = Simulator::start(&[]);
        let config = format!(
            r#"
[server]
listen = "{{address}}"
[providers.carrier]
component = "simulator"
hosts = ["{}"]
settings = {{ endpoint = "{}" }}
secrets = {{ webhook = {{ env = "CARRIER_KEY" }} }}
[tenants.default]
numbers = {{ "{OF_THE_FILE}" = "default" }}
"#,
            carrier.host(),
            carrier.url(),
        );
        let gateway = Gateway::start_with(&config, &[("CARRIER_KEY", Simulator::KEY)]).await;
        let operator = gateway.client().with_key(&gateway.key("default", &["operator"]));
        Self { carrier, gateway, operator }
    }

    async fn put(&self, tenant: &str, numbers: Value) -> Answer {
        let settings = json!({ "settings": { "numbers": numbers } });
        self.operator.put(&format!("/v1/tenants/{tenant}"), &settings).await
    }

    fn client(&self, tenant: &str) -> Client {
        self.operator.with_key(&self.gateway.key(tenant, &["send", "read", "inbox"]))
    }

    /// Whether a message to a number comes into an inbox.
    async fn brings(&self, to: &str, client: &Client, inbox: &str) {
        let hook = format!("{}/hooks/carrier", self.gateway.url());
        let reference = self.carrier.inbound(&hook, &number(1, "999"), to, "Hello").await;
        client.receives(&reference, inbox).await;
    }
}

#[tokio::test]
async fn a_registered_tenant_receives_at_its_numbers_and_sends_from_them() {
    let world = World::start().await;
    assert_eq!(world.put("acme", json!({ FIRST: "support" })).await.status, 201);
    assert_eq!(world.put("beta", json!({ SECOND: "default" })).await.status, 201);
    let (acme, beta) = (world.client("acme"), world.client("beta"));
    world.brings(FIRST, &acme, "support").await;
    world.brings(SECOND, &beta, "default").await;
    world.brings(OF_THE_FILE, &world.client("default"), "default").await;

    let message = json!({ "to": number(2, "999"), "from": FIRST, "text": "Hello" });
    assert_eq!(acme.post("/v1/messages", &message).await.status, 202);
    let answer = beta.post("/v1/messages", &message).await;
    assert_eq!(
        (answer.status, &answer.body["policy_code"]),
        (422, &json!("sender_not_own")),
        "{}",
        answer.text
    );

    // Moved, without a restart: acme gives it up first.
    assert_eq!(world.put("acme", json!({})).await.status, 200);
    assert_eq!(world.put("beta", json!({ FIRST: "default", SECOND: "default" })).await.status, 200);
    world.brings(FIRST, &beta, "default").await;
    let answer = acme.post("/v1/messages", &message).await;
    assert_eq!(answer.body["policy_code"], "sender_not_own", "{}", answer.text);
}

#[tokio::test]
async fn a_number_that_another_has_is_refused() {
    let world = World::start().await;
    assert_eq!(world.put("acme", json!({ FIRST: "default" })).await.status, 201);
    for (taken, holder) in [(FIRST, "acme"), (OF_THE_FILE, "default")] {
        let answer = world.put("beta", json!({ taken: "default" })).await;
        assert_eq!((answer.status, answer.code()), (422, "tenant_invalid"), "{}", answer.text);
        let problem = &answer.body["problems"][0];
        assert_eq!(problem["code"], "config_conflict");
        assert_eq!(problem["path"], format!("numbers.{taken}"));
        assert_eq!(problem["reason"], format!("the tenant \"{holder}\" has this number"));
    }
    assert_eq!(world.operator.get("/v1/tenants/beta").await.status, 404, "nothing is left of it");
    // Whoever is gone has no number any more.
    assert_eq!(world.operator.delete("/v1/tenants/acme").await.status, 200);
    assert_eq!(world.put("beta", json!({ FIRST: "default" })).await.status, 201);
    world.brings(FIRST, &world.client("beta"), "default").await;
}
