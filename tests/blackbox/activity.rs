//! What is seen of plugins: counted over restarts, shown to their tenant and to operators.

use serde_json::{Value, json};

use crate::kit::{Client, Gateway, eventually};

const CONFIG: &str = r#"
[server]
listen = "{address}"
[providers.simulator]
component = "simulator"
[tenants.default]
[tenants.other]
"#;
const GERMAN: &str = "+4915112345000";
const BRITISH: &str = "+447400123000";

fn author(gateway: &Gateway, tenant: &str) -> Client {
    Client::new(gateway.address(), &gateway.key(tenant, &["send", "read", "plugins", "admin"]))
}

async fn active(author: &Client, plugin: &str, component: &[u8], settings: &Value) -> String {
    let revision = author.upload(plugin, "screening", component, settings).await;
    author.ready(plugin, &revision).await;
    let path = format!("/v1/plugins/{plugin}/activate");
    assert_eq!(author.post(&path, &json!({ "revision": revision })).await.status, 200);
    revision
}

async fn send(author: &Client, to: &str) {
    author.post("/v1/messages", &json!({ "to": to, "text": "Hello" })).await;
}

async fn seen(author: &Client) -> Vec<Value> {
    let answer = author.get("/v1/plugins/deny/activity").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["revisions"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_seen_goes_on_after_a_restart_and_ends_with_the_revision() {
    let mut gateway = Gateway::start(CONFIG).await;
    let author = author(&gateway, "default");
    let first = active(&author, "deny", waypost_test_guests::DENY, &json!({ "countries": ["DE"] })).await;
    let settings = json!({ "countries": ["GB"] });
    let shadow = author.upload("deny", "screening", waypost_test_guests::DENY, &settings).await;
    author.ready("deny", &shadow).await;
    author.post("/v1/plugins/deny/shadow", &json!({ "revision": shadow })).await;
    for to in [GERMAN, BRITISH, BRITISH] {
        send(&author, to).await;
    }
    let before = eventually("the shadow was asked", || async {
        let seen = seen(&author).await;
        seen.iter().all(|it| it["calls"] == 3).then_some(seen)
    })
    .await;
    assert!(gateway.stop().await);
    gateway.run().await;
    let of = |seen: &[Value], revision: &str| {
        seen.iter().find(|it| it["revision"] == *revision).cloned().unwrap_or_default()
    };
    let after = seen(&author).await;
    for revision in [&first, &shadow] {
        assert_eq!(of(&after, revision), of(&before, revision));
    }
    send(&author, GERMAN).await;
    let after = eventually("both were asked again", || async {
        let seen = seen(&author).await;
        seen.iter().all(|it| it["calls"] == 4).then_some(seen)
    })
    .await;
    let (active, shadow_seen) = (of(&after, &first), of(&after, &shadow));
    assert_eq!(active["results"], json!({ "allow": 2, "refuse country_denied": 2 }));
    assert_eq!(active["since"], of(&before, &first)["since"]);
    assert!(active["fuel"]["p50"].as_u64() > Some(0) && active["time_ns"]["max"].as_u64() > Some(0));
    let against = &shadow_seen["against"];
    assert_eq!((&against["compared"], &against["differing"]), (&json!(4), &json!(4)), "{against}");
    assert_eq!(against["messages_differing"].as_array().unwrap().len(), 4);

    // What is deleted is not shown any more, and a plugin of the same name begins anew.
    author.post("/v1/plugins/deny/shadow", &json!({ "revision": null })).await;
    assert_eq!(author.delete(&format!("/v1/plugins/deny/revisions/{shadow}")).await.status, 204);
    assert!(seen(&author).await.iter().all(|it| it["revision"] == *first));
    author.post("/v1/plugins/deny/deactivate", &json!(null)).await;
    assert_eq!(author.delete("/v1/plugins/deny").await.status, 204);
    assert!(gateway.stop().await);
    gateway.run().await;
    active_again(&author, &first).await;
}

async fn active_again(author: &Client, revision: &str) {
    let again = active(author, "deny", waypost_test_guests::DENY, &json!({ "countries": ["DE"] })).await;
    assert_eq!(again, revision);
    send(author, GERMAN).await;
    let seen = seen(author).await;
    assert_eq!((seen.len(), &seen[0]["calls"]), (1, &json!(1)), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_every_revision_and_tenants_their_own_log() {
    let gateway = Gateway::start(CONFIG).await;
    let (author, other) = (author(&gateway, "default"), author(&gateway, "other"));
    let revision = active(&author, "chatty", waypost_test_guests::HOSTILE, &json!({ "when": "call" })).await;
    let body = json!({ "to": BRITISH, "text": "Hello", "tags": ["misbehave:log"] });
    for tags in [json!(["misbehave:log"]), json!(["misbehave:trap"]), json!([])] {
        let mut body = body.clone();
        body["tags"] = tags;
        author.post("/v1/messages", &body).await;
    }
    let operator = author.with_key(&gateway.key("other", &["operator"]));
    let metrics = operator.get("/metrics").await.text;
    let of = format!(r#"tenant="default",plugin="chatty",revision="{revision}",part="active""#);
    for line in [
        format!(r#"waypost_plugin_calls_total{{{of},result="allow"}} 1"#),
        format!(r#"waypost_plugin_calls_total{{{of},result="refuse"}} 1"#),
        format!(r#"waypost_plugin_calls_total{{{of},result="trap"}} 1"#),
        format!("waypost_plugin_fuel_count{{{of}}} 3"),
        format!("waypost_plugin_seconds_count{{{of}}} 3"),
    ] {
        assert!(metrics.lines().any(|it| it == line), "{line}\n{metrics}");
    }
    assert!(!other.get("/metrics").await.text.contains("chatty"), "another tenant is told nothing");

    // The log by message, and of a message that is not sent.
    let lines = author.get("/v1/plugins/chatty/logs").await.body;
    let lines = lines["lines"].as_array().unwrap();
    assert!(lines.iter().all(|it| it["revision"] == *revision), "{lines:?}");
    assert!(lines.iter().any(|it| it["text"].as_str().unwrap().contains("one")), "{lines:?}");
    let explained = author.post("/v1/messages/explain", &body).await.body;
    let decision = &explained["messages"][0]["decisions"][0];
    assert_eq!((&decision["component"], &decision["revision"]), (&json!("chatty"), &json!(revision)));
    assert!(decision["log"][0].as_str().unwrap().contains("one"), "{decision}");
    let told = gateway.cli(&[
        "explain",
        "--key",
        author.key(),
        "--to",
        BRITISH,
        "--text",
        "Hello",
        "--tag",
        "misbehave:log",
    ]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains(&revision) && told.contains("chatty log: ") && told.contains("one"), "{told}");
}

#[tokio::test]
async fn what_waits_for_a_provider_is_shown_to_whom_it_belongs() {
    let gateway = Gateway::start(CONFIG).await;
    let shared = author(&gateway, "default");
    let providers =
        |client: Client| async move { client.get("/v1/providers").await.body["providers"][0].clone() };
    let provider = providers(shared.clone()).await;
    assert_eq!((&provider["name"], provider.get("backlog")), (&json!("simulator"), None), "{provider}");
    let operator = shared.with_key(&gateway.key("default", &["admin", "operator"]));
    assert_eq!(providers(operator).await["backlog"], 0);
    let alone = Gateway::start(&CONFIG.replace("[tenants.other]\n", "")).await;
    assert_eq!(providers(author(&alone, "default")).await["backlog"], 0);
}
