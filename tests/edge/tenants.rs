//! Tenants at one address, and policies in a chain.

use serde_json::json;
use waypost_core::edge::SendMode;

use crate::stage::Stage;

const TWO: &str = r#"
[tenants.acme]
destination_per_hour = 1000
[[tenants.beta.screening]]
component = "country-blacklist"
settings = { deny = ["FR"] }
[[tenants.beta.screening]]
component = "country-blacklist"
settings = { deny = ["DE"] }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_that_call_at_once_see_only_what_is_theirs() {
    let stage = Stage::start(TWO, SendMode::Queue).await;
    let (acme, beta) = (stage.client("acme").await, stage.client("beta").await);
    let mut calls = Vec::new();
    for index in 0..20 {
        for (client, name) in [(&acme, "acme"), (&beta, "beta")] {
            let client = client.clone();
            calls.push(tokio::spawn(async move {
                let body = json!({"to": format!("+447400{index:06}"), "text": name, "tags": [name]});
                client.send_body(&body, None).await.status
            }));
        }
    }
    for call in calls {
        assert_eq!(call.await.unwrap(), 202);
    }
    for (client, name) in [(&acme, "acme"), (&beta, "beta")] {
        let list = client.get("/v1/messages?limit=100").await;
        let messages = list.body["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 20);
        assert!(messages.iter().all(|message| message["tags"] == json!([name])), "{name}: {list:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_opens_its_own_tenant_only() {
    let stage = Stage::start(TWO, SendMode::Queue).await;
    let (acme, _) = (stage.client("acme").await, stage.client("beta").await);
    assert_eq!(acme.get("/v1/messages").await.status, 200);
    let stranger = acme.at(&format!("{}/t/beta", stage.edge.url()));
    let answer = stranger.get("/v1/messages").await;
    assert_eq!((answer.status, answer.text("code")), (401, "key_invalid"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_refuses_what_any_of_it_refuses() {
    let stage = Stage::start(TWO, SendMode::Queue).await;
    let beta = stage.client("beta").await;
    for to in ["+33612345678", "+4915112345678"] {
        let refused = beta.send(to, None).await;
        assert_eq!((refused.status, refused.text("policy_code")), (422, "country_denied"), "{to}");
    }
    assert_eq!(beta.send("+447400123456", None).await.text("status"), "queued");
    let trace = beta.get("/v1/messages?limit=1").await;
    let id = trace.body["messages"][0]["id"].as_str().unwrap().to_owned();
    let trace = beta.get(&format!("/v1/messages/{id}/trace")).await;
    let decision = &trace.body["steps"][0]["decisions"][0];
    assert_eq!(decision["component"], "country-blacklist + country-blacklist", "{trace:?}");
}
