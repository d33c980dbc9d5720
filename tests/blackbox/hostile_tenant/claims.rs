//! A tenant and a component that claim to be another tenant's.

use reqwest::Method;
use serde_json::json;
use waypost_test_guests::{DENY, HOSTILE};

use super::World;
use crate::kit::number;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_a_component_is_says_the_key_and_nothing_else() {
    let world = World::start(&json!({ "decision_ms_per_second": 10_000 })).await;
    let own = world.good.upload("deny", "screening", DENY, &json!({ "countries": ["US"] })).await;
    world.good.ready("deny", &own).await;
    let active = world.good.post("/v1/plugins/deny/activate", &json!({ "revision": own })).await;
    assert_eq!(active.status, 200, "{}", active.text);
    let before = world.good.get("/v1/plugins/deny").await;

    // By a section of the component, headers, and the name of a plugin that the other has.
    let mut claiming = HOSTILE.to_vec();
    for (name, content) in [("waypost-tenant", "good"), ("tenant", "good"), ("producers-tenant", "good")] {
        let mut section = vec![name.len() as u8];
        section.extend(name.bytes().chain(content.bytes()));
        claiming.extend([0, section.len() as u8]);
        claiming.extend(section);
    }
    let headers = [
        ("content-type", "application/wasm"),
        ("x-waypost-tenant", "good"),
        ("x-tenant", "good"),
        ("x-forwarded-user", "good"),
        ("waypost-tenant", "good"),
    ];
    let put = |path: &'static str| world.author.request(Method::PUT, path, &headers, claiming.clone());
    let taken = put("/v1/plugins/deny?role=screening").await.unwrap();
    assert_eq!(taken.status, 202, "{}", taken.text);
    for (path, status, code) in [
        ("/v1/plugins/deny?role=screening&tenant=good", 400, "parameter_unknown"),
        ("/v1/plugins/good.deny?role=screening", 422, "plugin_name_invalid"),
        ("/v1/plugins/good%2Fdeny?role=screening", 422, "plugin_name_invalid"),
        ("/v1/tenants/good/plugins/deny?role=screening", 404, "path_unknown"),
    ] {
        let answer = put(path).await.unwrap();
        assert_eq!((answer.status, answer.code()), (status, code), "{path}: {}", answer.text);
    }

    // By its settings: the component's own schema decides, and nobody else reads them.
    let settings = json!({ "when": "call", "tenant": "good", "tenants": ["good"], "order": 0 });
    let revision = world.author.upload("deny", "screening", HOSTILE, &settings).await;
    let foreign = json!({ "countries": [], "tenant": "good" });
    let refused = world.author.upload("named", "screening", DENY, &foreign).await;
    assert_eq!(world.failed("named", &refused).await["code"], "plugin_settings_invalid");
    world.author.ready("deny", &revision).await;
    let answer = world.author.post("/v1/plugins/deny/activate", &json!({ "revision": revision })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);

    // It decides about its own tenant's messages, and is told whose they are.
    let echo = world.misbehaves("echo", 1).await;
    assert!(echo.body["detail"].as_str().unwrap().contains("hostile "), "{}", echo.text);
    let trap = json!({ "to": number(1, "000"), "text": "Hello", "tags": ["misbehave:trap"] });
    let answer = world.good.post("/v1/messages", &trap).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let id = answer.body["id"].as_str().unwrap();
    world.good.wait_for(id, "delivered").await;
    let decisions = world.good.steps(id).await[0]["decisions"].to_string();
    assert!(decisions.contains(&own) && !decisions.contains(&revision), "{decisions}");

    // What the other has under that name is as it was, whatever becomes of this one.
    assert_eq!(world.author.post("/v1/plugins/deny/deactivate", &json!({})).await.status, 200);
    assert_eq!(world.author.delete("/v1/plugins/deny").await.status, 204);
    assert_eq!(world.good.get("/v1/plugins/deny").await.text, before.text);
}

#[tokio::test]
async fn nothing_that_a_request_says_makes_it_another_tenants() {
    let world = World::start(&json!({})).await;
    let message = json!({ "to": number(1, "000"), "text": "Hello", "tenant": "good" });
    let answer = world.sender.post("/v1/messages", &message).await;
    assert_eq!((answer.status, answer.code()), (422, "field_unknown"), "{}", answer.text);
    let headers = [("x-waypost-tenant", "good"), ("x-tenant", "good")];
    let message = json!({ "to": number(2, "000"), "text": "Hello" });
    let answer = world.sender.try_post("/v1/messages", &message, &headers).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(world.good.get("/v1/messages").await.body["messages"], json!([]));
    for (method, path, body) in [
        (Method::PUT, "/v1/tenants/good", json!({ "plan": { "plugins_max": 0 } })),
        (Method::GET, "/v1/tenants/good", json!(null)),
        (Method::POST, "/v1/tenants/good/keys", json!({ "label": "x", "role": "admin" })),
        (Method::DELETE, "/v1/tenants/good", json!(null)),
    ] {
        let headers = [("content-type", "application/json")];
        for client in [&world.author, &world.sender] {
            let body = body.to_string().into_bytes();
            let answer = client.request(method.clone(), path, &headers, body).await.unwrap();
            assert_eq!((answer.status, answer.code()), (403, "scope_missing"), "{method} {path}");
        }
    }
    world.while_others_send("claims", async {}).await;
}
