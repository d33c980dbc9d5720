//! Keys: roles, expiry, rotation, last use, and what no key can give away.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use waypost_core::time::rfc3339;

use crate::kit::{Client, Gateway, eventually, number};

const CONFIG: &str = r#"
[server]
listen = "{address}"
[providers.simulator]
component = "simulator"
[tenants.default]
"#;

async fn make(admin: &Client, body: Value) -> (String, Client) {
    let made = admin.post("/v1/keys", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    (made.body["id"].as_str().unwrap().to_owned(), admin.with_key(made.body["key"].as_str().unwrap()))
}

async fn listed(admin: &Client, id: &str) -> Value {
    let list = admin.get("/v1/keys").await.body;
    list["keys"].as_array().unwrap().iter().find(|key| key["id"] == id).unwrap().clone()
}

#[tokio::test]
async fn a_role_may_do_what_it_is_for() {
    let gateway = Gateway::start(CONFIG).await;
    let admin = gateway.client();
    let message = json!({ "to": number(1, "000"), "text": "Hello" });
    for (role, send, read, keys, plugins) in [
        ("admin", 202, 200, 200, 404),
        ("sender", 202, 200, 403, 403),
        ("reader", 403, 200, 403, 403),
        ("plugin-author", 403, 200, 403, 404),
    ] {
        let (_, client) = make(&admin, json!({ "label": role, "role": role })).await;
        assert_eq!(client.post("/v1/messages", &message).await.status, send, "{role}");
        assert_eq!(client.get("/v1/messages").await.status, read, "{role}");
        assert_eq!(client.get("/v1/keys").await.status, keys, "{role}");
        assert_eq!(client.delete("/v1/plugins/none").await.status, plugins, "{role}");
        assert_eq!(client.get("/v1/tenants").await.status, 403, "{role}");
    }
}

#[tokio::test]
async fn a_key_expires() {
    let gateway = Gateway::start(CONFIG).await;
    let admin = gateway.client();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let end = rfc3339(u64::try_from((now + Duration::from_millis(1500)).as_millis()).unwrap());
    let body = json!({ "label": "short", "role": "reader", "expires_at": end });
    let (id, short) = make(&admin, body).await;
    assert_eq!(short.get("/v1/messages").await.status, 200);
    assert_eq!(listed(&admin, &id).await["expires_at"], end);
    eventually("it expires", || async {
        (short.get("/v1/messages").await.code() == "key_expired").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_key_is_rotated_and_its_last_use_is_known() {
    let mut gateway = Gateway::start(CONFIG).await;
    let admin = gateway.client();
    let (id, old) = make(&admin, json!({ "label": "shop", "role": "sender" })).await;
    assert_eq!(old.get("/v1/messages").await.status, 200);
    let rotated = admin.post(&format!("/v1/keys/{id}/rotate"), &json!({})).await;
    assert_eq!(rotated.status, 201, "{}", rotated.text);
    let (next_id, next) =
        (rotated.body["id"].as_str().unwrap(), admin.with_key(rotated.body["key"].as_str().unwrap()));
    assert_eq!((&rotated.body["label"], &rotated.body["scopes"]), (&json!("shop"), &json!(["send", "read"])));
    assert!(rotated.body.get("expires_at").is_none());
    for client in [&old, &next] {
        assert_eq!(client.get("/v1/messages").await.status, 200, "both go for a day");
    }
    assert!(listed(&admin, &id).await["expires_at"].is_string());

    // Without an overlap the old one ends at once.
    let again = admin.post(&format!("/v1/keys/{next_id}/rotate"), &json!({ "overlap_seconds": 0 })).await;
    assert_eq!(again.status, 201, "{}", again.text);
    assert_eq!(next.get("/v1/messages").await.code(), "key_expired");
    let over = admin.post(&format!("/v1/keys/{next_id}/rotate"), &json!({})).await;
    assert_eq!((over.status, over.code()), (409, "key_ended"));
    let long = json!({ "overlap_seconds": 604_801 });
    assert_eq!(admin.post(&format!("/v1/keys/{id}/rotate"), &long).await.code(), "field_range");

    // Told to the store in the background, and when the gateway stops.
    assert!(gateway.stop().await);
    gateway.run().await;
    assert!(listed(&admin, &id).await["last_used_at"].is_string());
    let unused = again.body["id"].as_str().unwrap();
    assert!(listed(&admin, unused).await.get("last_used_at").is_none());
}

#[tokio::test]
async fn only_operators_make_operators() {
    let gateway = Gateway::start(CONFIG).await;
    let admin = gateway.client();
    let body = json!({ "label": "me", "scopes": ["operator"] });
    let refused = admin.post("/v1/keys", &body).await;
    assert_eq!((refused.status, &refused.body["scope"]), (403, &json!("operator")), "{}", refused.text);
    let both = admin.with_key(&gateway.key("default", &["admin", "operator"]));
    let (id, _) = make(&both, body).await;
    // Who rotates a key has its text.
    let refused = admin.post(&format!("/v1/keys/{id}/rotate"), &json!({})).await;
    assert_eq!((refused.status, &refused.body["scope"]), (403, &json!("operator")), "{}", refused.text);
    assert_eq!(both.post(&format!("/v1/keys/{id}/rotate"), &json!({})).await.status, 201);
}
