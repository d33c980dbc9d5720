//! A tenant that means harm hurts itself only: everything that it can try ends by a limit that has a name,
//! while another tenant's messages go through, and nothing of it is visible to that other tenant.
//!
//! How much slower the others become is measured by `cargo xtask bench --only hostile`.

mod claims;
mod compiling;
mod deciding;
mod talking;
mod uploads;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::kit::{Answer, Client, Gateway, eventually, number};

const CONFIG: &str = r#"
[server]
listen = "{address}"
[providers.simulator]
component = "simulator"
[tenants.good]
[[tenants.good.screening]]
component = "country-blacklist"
settings = { deny = ["CI"] }
"#;

/// Numbers of the good tenant's messages, which the simulator delivers at once.
const DELIVERED: &str = "000";

/// Between two messages of the good tenant, so that it takes little of a small machine.
const PAUSE: Duration = Duration::from_millis(10);

/// A gateway with a tenant of its configuration, and one made over the API that means harm.
struct World {
    gateway: Gateway,
    operator: Client,
    /// Sends, and looks whether anything of the other can be seen.
    good: Client,
    /// The hostile tenant as who writes its plugins.
    author: Client,
    /// The hostile tenant as who sends.
    sender: Client,
    /// The last index of a number of the good tenant.
    last: Mutex<u32>,
}

impl World {
    async fn start(plan: &Value) -> Self {
        Self::start_with(CONFIG, plan).await
    }

    async fn start_with(config: &str, plan: &Value) -> Self {
        let gateway = Gateway::start(config).await;
        let good = gateway.client_of("good");
        let good = good.with_key(&gateway.key("good", &["send", "read", "inbox", "admin", "plugins"]));
        let operator = good.with_key(&gateway.key("good", &["operator"]));
        let made = operator.put("/v1/tenants/hostile", &json!({ "plan": plan })).await;
        assert!(matches!(made.status, 200 | 201), "{}", made.text);
        let (author, sender) = (member(&operator, "plugin-author").await, member(&operator, "sender").await);
        Self { gateway, operator, good, author, sender, last: Mutex::new(0) }
    }

    /// Uploads the misbehaving component and has it decide.
    async fn activate(&self, plugin: &str, role: &str, settings: &Value) -> String {
        let revision = self.author.upload(plugin, role, waypost_test_guests::HOSTILE, settings).await;
        self.author.ready(plugin, &revision).await;
        let body = json!({ "revision": revision });
        let answer = self.author.post(&format!("/v1/plugins/{plugin}/activate"), &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        revision
    }

    /// A message of the hostile tenant whose tag says what its component is to do.
    async fn misbehaves(&self, misdeed: &str, index: u32) -> Answer {
        let tag = format!("misbehave:{misdeed}");
        let body = json!({ "to": number(index, DELIVERED), "text": "Hello", "tags": [tag] });
        self.sender.post("/v1/messages", &body).await
    }

    /// Does something while the good tenant sends, whose messages are taken and delivered meanwhile.
    async fn while_others_send<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        let is_over = AtomicBool::new(false);
        let sending = async {
            let mut ids = Vec::new();
            while !is_over.load(Ordering::Relaxed) || ids.len() < 5 {
                ids.push(self.good.send(&number(self.next().await, DELIVERED)).await);
                tokio::time::sleep(PAUSE).await;
            }
            for id in &ids {
                self.good.wait_for(id, "delivered").await;
            }
        };
        let working = async {
            let done = work.await;
            is_over.store(true, Ordering::Relaxed);
            done
        };
        let (done, ()) = tokio::join!(working, sending);
        self.nothing_is_seen(what).await;
        done
    }

    async fn next(&self) -> u32 {
        let mut last = self.last.lock().await;
        *last += 1;
        50_000 + *last
    }

    /// What the good tenant can read tells nothing of the other, nor of how it fares.
    async fn nothing_is_seen(&self, what: &str) {
        assert_eq!(self.good.get("/readyz").await.status, 200, "{what}");
        for path in ["/metrics", "/readyz", "/v1/plugins", "/v1/keys", "/v1/inbox", "/v1/providers"] {
            let text = self.good.get(path).await.text;
            assert!(!text.contains("hostile"), "{what}, {path}: {text}");
        }
        let refused = self.good.get("/v1/messages?status=refused").await.body;
        assert_eq!(refused["messages"], json!([]), "{what}");
    }

    /// How the check of a revision of the hostile tenant has ended.
    async fn failed(&self, plugin: &str, revision: &str) -> Value {
        let path = format!("/v1/plugins/{plugin}/revisions/{revision}");
        eventually(&format!("the check of {plugin} {revision} has failed"), || async {
            let found = self.author.get(&path).await.body;
            assert!(found["state"] != "ready", "{found}");
            (found["state"] == "failed").then(|| found["problem"].clone())
        })
        .await
    }
}

/// A key of the hostile tenant that the operator makes.
async fn member(operator: &Client, role: &str) -> Client {
    let body = json!({ "label": "test", "role": role });
    let made = operator.post("/v1/tenants/hostile/keys", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    operator.with_key(made.body["key"].as_str().unwrap())
}

/// An upload that may be refused.
async fn try_upload(client: &Client, plugin: &str, component: &[u8], settings: &[u8]) -> Answer {
    const BOUNDARY: &str = "a-boundary";
    let mut form = Vec::new();
    for (name, bytes) in [("role", &b"screening"[..]), ("settings", settings), ("component", component)] {
        let head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(bytes);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let headers = [("content-type", content_type.as_str())];
    client.request(Method::PUT, &format!("/v1/plugins/{plugin}"), &headers, form).await.expect("an answer")
}
