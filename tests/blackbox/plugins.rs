//! A tenant's own component, from an upload to a decision and back.

use reqwest::Method;
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

/// A number in Germany, and one in the United Kingdom, that the simulator delivers.
const GERMAN: &str = "+4915112345000";
const BRITISH: &str = "+447400123000";

fn author(gateway: &Gateway, tenant: &str) -> Client {
    let key = gateway.key(tenant, &["send", "read", "plugins"]);
    Client::new(gateway.address(), &key)
}

async fn uploaded(client: &Client, countries: &[&str]) -> String {
    let settings = json!({ "countries": countries });
    let revision = client.upload("deny", "screening", waypost_test_guests::DENY, &settings).await;
    client.ready("deny", &revision).await;
    revision
}

async fn changed(client: &Client, what: &str, body: &Value) -> Value {
    let answer = client.post(&format!("/v1/plugins/deny/{what}"), body).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    answer.body
}

/// The code of the refusal, empty where the message is taken.
async fn sent(client: &Client, to: &str) -> (u16, String, Value) {
    let answer = client.post("/v1/messages", &json!({ "to": to, "text": "Hello" })).await;
    (answer.status, answer.code().to_owned(), answer.body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_is_uploaded_watched_activated_and_rolled_back() {
    let gateway = Gateway::start(CONFIG).await;
    let (author, other) = (author(&gateway, "default"), author(&gateway, "other"));

    // Two messages of before, one of which the new component would have refused.
    for to in [GERMAN, BRITISH] {
        assert_eq!(sent(&author, to).await.0, 202);
    }
    let first = uploaded(&author, &["DE"]).await;
    assert_eq!(sent(&author, GERMAN).await.0, 202, "it decides nothing yet");
    let backtest = author.post("/v1/plugins/deny/backtest", &json!({ "revision": first, "last": 100 })).await;
    assert_eq!(backtest.status, 200, "{}", backtest.text);
    let report = &backtest.body;
    assert_eq!(
        (&report["messages"], &report["compared"], &report["differing"]),
        (&json!(3), &json!(3), &json!(2))
    );
    let group = &report["by_kind"][0];
    assert_eq!(
        (&group["was"], &group["would_be"], &group["country"]),
        (&json!("allow"), &json!("refuse country_denied"), &json!("DE"))
    );

    // As a shadow it is asked and changes nothing.
    assert_eq!(changed(&author, "shadow", &json!({ "revision": first })).await["shadow"], json!(first));
    for to in [GERMAN, BRITISH] {
        assert_eq!(sent(&author, to).await.0, 202);
    }
    let shadow = eventually("the shadow has been asked twice", || async {
        let activity = author.get("/v1/plugins/deny/activity").await.body;
        let seen = activity["revisions"].as_array()?.iter().find(|it| it["part"] == "shadow")?.clone();
        (seen["calls"] == 2).then_some(seen)
    })
    .await;
    assert_eq!((&shadow["against"]["compared"], &shadow["against"]["differing"]), (&json!(2), &json!(1)));
    assert_eq!(shadow["results"], json!({ "allow": 1, "refuse country_denied": 1 }));

    // Activated, it decides about the next message of this tenant, and of no other.
    changed(&author, "activate", &json!({ "revision": first })).await;
    let (status, code, body) = sent(&author, GERMAN).await;
    assert_eq!((status, code.as_str()), (422, "policy_refused"), "{body}");
    assert_eq!(sent(&author, BRITISH).await.0, 202);
    assert_eq!(sent(&other, GERMAN).await.0, 202, "another tenant's");
    let explained = author.post("/v1/messages/explain", &json!({ "to": GERMAN, "text": "Hello" })).await.body;
    let decision = explained.to_string();
    assert!(decision.contains(&first) && decision.contains("country_denied"), "{decision}");

    // Other settings are another revision; rolling back is one call.
    let settings = json!({ "settings": { "countries": ["GB"] } });
    let second = author.put("/v1/plugins/deny/settings", &settings).await;
    assert_eq!(second.status, 202, "{}", second.text);
    let second = second.body["revision"].as_str().unwrap().to_owned();
    author.ready("deny", &second).await;
    let diff = author.get(&format!("/v1/plugins/deny/diff?from={first}&to={second}")).await.body;
    let difference = json!({ "pointer": "/countries", "from": ["DE"], "to": ["GB"] });
    assert_eq!(diff, json!({ "same_component": true, "settings": [difference] }));
    changed(&author, "activate", &json!({ "revision": second })).await;
    assert_eq!((sent(&author, GERMAN).await.0, sent(&author, BRITISH).await.0), (202, 422));
    assert_eq!(changed(&author, "rollback", &json!(null)).await["active"], json!(first));
    assert_eq!((sent(&author, GERMAN).await.0, sent(&author, BRITISH).await.0), (422, 202));

    // What decided gives the same answers when it is asked again.
    let again = author.post("/v1/plugins/deny/backtest", &json!({ "revision": first, "last": 2 })).await.body;
    assert_eq!(
        (&again["against"], &again["compared"], &again["differing"]),
        (&json!(first), &json!(2), &json!(0))
    );

    // What is in use stays; what is not goes.
    let used = author.delete(&format!("/v1/plugins/deny/revisions/{first}")).await;
    assert_eq!((used.status, used.code()), (409, "revision_in_use"));
    assert_eq!(author.delete(&format!("/v1/plugins/deny/revisions/{second}")).await.status, 204);
    changed(&author, "deactivate", &json!(null)).await;
    assert_eq!(sent(&author, GERMAN).await.0, 202);
    assert_eq!(author.delete("/v1/plugins/deny").await.status, 204);
    assert_eq!(author.get("/v1/plugins/deny").await.code(), "plugin_unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_active_decides_after_a_restart() {
    let mut gateway = Gateway::start(CONFIG).await;
    let author = author(&gateway, "default");
    let revision = uploaded(&author, &["DE"]).await;
    changed(&author, "activate", &json!({ "revision": revision })).await;
    gateway.kill();
    gateway.run().await;
    assert_eq!((sent(&author, GERMAN).await.0, sent(&author, BRITISH).await.0), (422, 202));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_used_is_said_and_changes_nothing() {
    let gateway = Gateway::start(CONFIG).await;
    let author = author(&gateway, "default");
    let wasm = [("content-type", "application/wasm")];
    let put = |path: &'static str, bytes: Vec<u8>| author.request(Method::PUT, path, &wasm, bytes);
    for (path, bytes, status, code) in [
        ("/v1/plugins/Deny?role=screening", vec![0], 422, "plugin_name_invalid"),
        ("/v1/plugins/deny", vec![0], 422, "plugin_role_missing"),
        ("/v1/plugins/deny?role=provider", vec![0], 422, "plugin_role_invalid"),
        ("/v1/plugins/deny?rolle=screening", vec![0], 400, "parameter_unknown"),
        ("/v1/plugins/deny?role=screening", vec![0; 24 * 1024 * 1024 + 1], 413, "plugin_too_large"),
        ("/v1/plugins/deny?role=screening", vec![0; 25 * 1024 * 1024], 413, "body_too_large"),
    ] {
        let answer = put(path, bytes).await.expect("an answer");
        assert_eq!((answer.status, answer.code()), (status, code), "{path}: {}", answer.text);
    }

    // What is no component, or does not take its settings, fails its check with a reason.
    for (component, settings, code) in [
        (&b"\0asm\x01\0\0\0"[..], json!({}), "plugin_not_component"),
        (&b"nonsense"[..], json!({}), "plugin_not_valid"),
        (waypost_test_guests::DENY, json!({}), "plugin_settings_invalid"),
        (waypost_test_guests::DENY, json!({ "countries": ["Germany"] }), "plugin_settings_invalid"),
    ] {
        let revision = author.upload("deny", "screening", component, &settings).await;
        let failed = eventually("the check has failed", || async {
            let found = author.get(&format!("/v1/plugins/deny/revisions/{revision}")).await.body;
            (found["state"] == "failed").then_some(found)
        })
        .await;
        assert_eq!(failed["problem"]["code"], code, "{failed}");
        let answer = author.post("/v1/plugins/deny/activate", &json!({ "revision": revision })).await;
        assert_eq!((answer.status, answer.code()), (409, "revision_not_ready"), "{}", answer.text);
    }
    assert_eq!(sent(&author, GERMAN).await.0, 202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fixtures_are_run_against_the_real_component() {
    let gateway = Gateway::start(CONFIG).await;
    let author = author(&gateway, "default");
    let revision = uploaded(&author, &["DE"]).await;
    let message = json!({ "to": GERMAN, "text": "Hello" });
    let fixtures = json!([
        { "name": "refused", "message": message, "expect": { "refuse": "country_denied" } },
        { "name": "wrong", "message": message, "expect": { "allow": true } },
        { "name": "own settings", "message": message, "settings": { "countries": [] }, "expect": { "allow": true } },
        { "name": "too dear", "message": message, "fuel_max": 1 },
    ]);
    let body = json!({ "revision": revision, "fixtures": fixtures });
    let answer = author.post("/v1/plugins/deny/test", &body).await;
    assert_eq!((answer.status, &answer.body["passed"]), (200, &json!(false)), "{}", answer.text);
    let passed: Vec<_> =
        answer.body["fixtures"].as_array().unwrap().iter().map(|it| it["passed"].clone()).collect();
    assert_eq!(passed, [json!(true), json!(false), json!(true), json!(false)], "{}", answer.text);
    let wrong = json!({ "revision": revision, "fixtures": [{ "message": { "to": "1" } }] });
    assert_eq!(author.post("/v1/plugins/deny/test", &wrong).await.code(), "fixture_invalid");
}
