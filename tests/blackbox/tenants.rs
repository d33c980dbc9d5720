//! Tenants that are made, changed and deleted while the gateway runs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::{Client, Gateway, eventually, number};

const CONFIG: &str = r#"
[server]
listen = "{address}"
[providers.simulator]
component = "simulator"
[tenants.default]
"#;

fn operator(gateway: &Gateway) -> Client {
    Client::new(gateway.address(), &gateway.key("default", &["operator"]))
}

/// A client with a key of a role that an operator makes.
async fn client_of(operator: &Client, tenant: &str, role: &str) -> Client {
    let body = json!({ "label": "test", "role": role });
    let made = operator.post(&format!("/v1/tenants/{tenant}/keys"), &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    operator.with_key(made.body["key"].as_str().unwrap())
}

#[tokio::test]
async fn a_tenant_is_made_changed_and_deleted() {
    let gateway = Gateway::start(CONFIG).await;
    let operator = operator(&gateway);
    let made = operator.put("/v1/tenants/acme", &json!({})).await;
    assert_eq!((made.status, made.header("etag")), (201, Some("\"1\"")), "{}", made.text);
    assert_eq!(made.body["plan"]["decision_ms_per_second"], 250);
    let acme = client_of(&operator, "acme", "admin").await;
    let id = acme.send(&number(1, "000")).await;
    acme.wait_for(&id, "delivered").await;
    assert_eq!(acme.get("/v1/tenants").await.code(), "scope_missing");

    // What the file's reader refuses is refused, with the path.
    let wrong = operator.put("/v1/tenants/acme", &json!({ "settings": { "max_segment": 1 } })).await;
    assert_eq!((wrong.status, wrong.code()), (422, "tenant_invalid"), "{}", wrong.text);
    let problem = &wrong.body["problems"][0];
    assert_eq!((&problem["path"], &problem["code"]), (&json!("max_segment"), &json!("config_unknown_key")));
    let unloadable = json!({ "settings": { "callback_secret": { "env": "NOT_THERE" } } });
    let wrong = operator.put("/v1/tenants/acme", &unloadable).await;
    assert_eq!(wrong.body["problems"][0]["code"], "tenant_not_loadable", "{}", wrong.text);
    let wrong = operator.put("/v1/tenants/acme", &json!({ "plan": { "fuel_max": 1 } })).await;
    assert_eq!((wrong.code(), &wrong.body["problems"][0]["path"]), ("plan_invalid", &json!("fuel_max")));
    let wrong = operator.put("/v1/tenants/Acme!", &json!({})).await;
    assert_eq!(wrong.code(), "tenant_invalid", "{}", wrong.text);

    // A change holds for the next request; what is left out stays.
    let two_segments = json!({ "to": number(2, "000"), "text": "x".repeat(200) });
    assert_eq!(acme.post("/v1/messages", &two_segments).await.status, 202);
    let changed = operator.put("/v1/tenants/acme", &json!({ "settings": { "max_segments": 1 } })).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")), "{}", changed.text);
    assert_eq!(acme.post("/v1/messages", &two_segments).await.code(), "too_many_segments");
    let planned = operator.put("/v1/tenants/acme", &json!({ "plan": { "plugins_max": 3 } })).await;
    assert_eq!(planned.body["settings"], json!({ "max_segments": 1 }));
    assert_eq!((&planned.body["plan"]["plugins_max"], &planned.body["version"]), (&json!(3), &json!(3)));

    // Two who change the same tenant notice.
    let late = put_if(&operator, "acme", "\"2\"", &json!({ "enabled": false })).await;
    assert_eq!((late.0, late.1["code"].as_str()), (412, Some("tenant_changed")));
    assert_eq!(late.1["version"], 3);

    disable_and_delete(&operator, &acme).await;
}

async fn put_if(operator: &Client, tenant: &str, tag: &str, body: &Value) -> (u16, Value) {
    let headers = [("content-type", "application/json"), ("if-match", tag)];
    let path = format!("/v1/tenants/{tenant}");
    let answer = operator.request(Method::PUT, &path, &headers, body.to_string().into_bytes()).await.unwrap();
    (answer.status, answer.body)
}

async fn disable_and_delete(operator: &Client, acme: &Client) {
    let message = json!({ "to": number(3, "000"), "text": "Hello" });
    assert_eq!(put_if(operator, "acme", "\"3\"", &json!({ "enabled": false })).await.0, 200);
    assert_eq!(acme.post("/v1/messages", &message).await.code(), "key_invalid");
    assert_eq!(operator.put("/v1/tenants/acme", &json!({ "enabled": true })).await.status, 200);
    assert_eq!(acme.post("/v1/messages", &message).await.status, 202);

    // Sent, so that nothing waits; and then with a plugin.
    eventually("nothing waits", || async {
        let waiting = acme.get("/v1/messages?status=queued,submitting,held").await.body;
        waiting["messages"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
    let author = client_of(operator, "acme", "plugin-author").await;
    author.upload("policy", "screening", waypost_test_guests::HOSTILE, &json!({ "when": "call" })).await;
    let refused = operator.delete("/v1/tenants/acme").await;
    assert_eq!((refused.status, refused.code()), (409, "tenant_in_use"), "{}", refused.text);
    let deleted = operator.delete("/v1/tenants/acme?force=true").await;
    assert_eq!((deleted.status, &deleted.body["plugins"]), (200, &json!(1)), "{}", deleted.text);
    assert_eq!(deleted.body["keys"], 2);
    assert_eq!(acme.post("/v1/messages", &message).await.code(), "key_invalid");
    assert_eq!(operator.get("/v1/tenants/acme").await.code(), "tenant_unknown");

    // Another of the same name begins anew.
    assert_eq!(operator.put("/v1/tenants/acme", &json!({})).await.status, 201);
    assert_eq!(acme.post("/v1/messages", &message).await.code(), "key_invalid");
    let author = client_of(operator, "acme", "plugin-author").await;
    assert_eq!(author.get("/v1/plugins").await.body, json!({ "plugins": [] }));
}

#[tokio::test]
async fn a_tenant_of_the_file_gets_a_plan_and_nothing_else() {
    let mut gateway = Gateway::start(CONFIG).await;
    let operator = operator(&gateway);
    for body in [json!({ "settings": {} }), json!({ "enabled": false })] {
        let refused = operator.put("/v1/tenants/default", &body).await;
        assert_eq!((refused.status, refused.code()), (409, "tenant_configured"), "{}", refused.text);
    }
    assert_eq!(operator.delete("/v1/tenants/default").await.code(), "tenant_configured");
    let plan = json!({ "plan": { "component_bytes_max": 1024, "recorded_percent": 0 } });
    assert_eq!(operator.put("/v1/tenants/default", &plan).await.status, 200);
    let key = gateway.key("default", &["send", "read", "plugins"]);
    assert!(gateway.stop().await);
    gateway.run().await;
    let list = operator.get("/v1/tenants").await.body;
    assert_eq!(list["tenants"][0]["source"], "configuration");
    assert_eq!(list["tenants"][0]["plan"]["component_bytes_max"], 1024);
    let headers = [("content-type", "application/wasm")];
    let component = waypost_test_guests::HOSTILE.to_vec();
    let path = "/v1/plugins/big?role=screening";
    let author = operator.with_key(&key);
    let refused = author.request(Method::PUT, path, &headers, component).await.expect("an answer");
    assert_eq!(refused.status, 413, "{}", refused.text);

    assert_eq!(operator.delete("/v1/tenants/default").await.status, 200);
    let usual = operator.get("/v1/tenants/default").await.body;
    assert_eq!((&usual["version"], &usual["plan"]["recorded_percent"]), (&json!(0), &json!(100)));
    author.upload("big", "screening", waypost_test_guests::HOSTILE, &json!({ "when": "call" })).await;
}

#[tokio::test]
async fn tenants_are_listed_page_by_page_and_by_the_command_line() {
    let gateway = Gateway::start(CONFIG).await;
    let operator = operator(&gateway);
    for name in ["b", "a", "c"] {
        assert_eq!(operator.put(&format!("/v1/tenants/{name}"), &json!({})).await.status, 201);
    }
    let mut names = Vec::new();
    let mut path = "/v1/tenants?limit=2".to_owned();
    loop {
        let page = operator.get(&path).await.body;
        names.extend(
            page["tenants"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/tenants?limit=2&cursor={cursor}");
    }
    assert_eq!(names, ["a", "b", "c", "default"]);
    std::fs::write(gateway.folder().join("a.toml"), "max_segments = 2\n").unwrap();
    let put = gateway.cli(&["tenants", "put", "a", "--settings", "a.toml", "--key", operator.key()]);
    assert!(put.status.success(), "{}", String::from_utf8_lossy(&put.stderr));
    std::fs::write(gateway.folder().join("a.toml"), "max_segment = 2\n").unwrap();
    let put = gateway.cli(&["tenants", "put", "a", "--settings", "a.toml", "--key", operator.key()]);
    let said = String::from_utf8_lossy(&put.stderr).into_owned();
    assert!(!put.status.success() && said.contains("max_segment") && said.contains("max_segments"), "{said}");
    assert!(!gateway.key("a", &["send"]).is_empty(), "a key in the store itself, for a registered tenant");
    let shown = gateway.cli(&["tenants", "show", "a", "--json", "--key", operator.key()]);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["settings"], json!({ "max_segments": 2 }));
}

#[tokio::test]
async fn a_tenants_components_run_for_no_longer_than_its_plan_says() {
    let gateway = Gateway::start(CONFIG).await;
    let operator = operator(&gateway);
    let body = json!({ "plan": { "decision_ms_per_second": 1 } });
    assert_eq!(operator.put("/v1/tenants/burner", &body).await.status, 201);
    let burner = client_of(&operator, "burner", "admin").await;
    let settings = json!({ "when": "call" });
    let revision = burner.upload("burn", "screening", waypost_test_guests::HOSTILE, &settings).await;
    burner.ready("burn", &revision).await;
    let message = json!({ "to": number(1, "000"), "text": "Hello", "tags": ["misbehave:endless-loop"] });

    // A shadow that has used the time is left out, and the message goes.
    let shadow = json!({ "revision": revision });
    assert_eq!(burner.post("/v1/plugins/burn/shadow", &shadow).await.status, 200);
    eventually("a message is left out", || async {
        let answer = burner.post("/v1/messages", &message).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let activity = burner.get("/v1/plugins/burn/activity").await.body;
        (activity["revisions"][0]["against"]["left_out"].as_u64()? > 0).then_some(())
    })
    .await;

    // Who decides is not left out: the request waits.
    assert_eq!(burner.post("/v1/plugins/burn/activate", &shadow).await.status, 200);
    for path in ["/v1/messages", "/v1/messages/explain"] {
        let limited = burner.post(path, &message).await;
        assert_eq!((limited.status, limited.code()), (429, "limit_reached"), "{path}: {}", limited.text);
        assert_eq!(limited.body["limit"], "decision_time");
        assert!(limited.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    }
    let other = gateway.client();
    other.send(&number(2, "000")).await;
    // Without a plugin that decides there is nothing to wait for.
    assert_eq!(burner.post("/v1/plugins/burn/deactivate", &json!({})).await.status, 200);
    assert_eq!(burner.post("/v1/messages", &message).await.status, 202);
}
