//! Bad input is normal: the right status, a problem document with a stable code, nothing stored.

use reqwest::Method;
use serde_json::json;

use crate::kit::{Client, Gateway};

const CONFIG: &str = r#"
[server]
listen = "{address}"
[providers.simulator]
component = "simulator"
[tenants.default]
[tenants.other]
"#;

async fn raw(client: &Client, body: &[u8], content_type: &str) -> crate::kit::Answer {
    let headers = [("content-type", content_type)];
    client.request(Method::POST, "/v1/messages", &headers, body.to_vec()).await.expect("an answer")
}

#[tokio::test]
async fn every_bad_body_has_its_own_answer_and_leaves_nothing() {
    let gateway = Gateway::start(CONFIG).await;
    let client = gateway.client();
    let long = "x".repeat(20_000);
    let many: Vec<_> = (0..101).map(|index| format!("\"+4474000{index:05}\"")).collect();
    let cases: Vec<(Vec<u8>, u16, &str)> = vec![
        (b"".to_vec(), 400, "json_malformed"),
        (b"{".to_vec(), 400, "json_malformed"),
        (b"{\"to\": \"+447400123456\", }".to_vec(), 400, "json_malformed"),
        (b"[]".to_vec(), 422, "field_type"),
        (b"\xff\xfe{}".to_vec(), 400, "body_not_utf8"),
        (br#"{"to":"+447400123456","text":"\ud800"}"#.to_vec(), 400, "json_malformed"),
        (br#"{"text":"hi"}"#.to_vec(), 422, "field_missing"),
        (br#"{"to":"+447400123456"}"#.to_vec(), 422, "field_missing"),
        (br#"{"to":"+447400123456","text":"hi","txet":1}"#.to_vec(), 422, "field_unknown"),
        (br#"{"to":447400123456,"text":"hi"}"#.to_vec(), 422, "field_type"),
        (br#"{"to":"+447400123456","text":5}"#.to_vec(), 422, "field_type"),
        (br#"{"to":[],"text":"hi"}"#.to_vec(), 422, "field_empty"),
        (br#"{"to":"+447400123456","text":"hi","max_segments":0}"#.to_vec(), 422, "field_range"),
        (br#"{"to":"+447400123456","text":"hi","priority":4}"#.to_vec(), 422, "field_range"),
        (br#"{"to":"+447400123456","text":"hi","valid_for_seconds":1}"#.to_vec(), 422, "field_range"),
        (br#"{"to":"+447400123456","text":"hi","data":"aGk="}"#.to_vec(), 422, "text_and_data"),
        (br#"{"to":"1","text":"hi"}"#.to_vec(), 422, "number_country_missing"),
        (br#"{"to":"+44740012345678","text":"hi"}"#.to_vec(), 422, "number_too_long"),
        (br#"{"to":"+999123456789","text":"hi"}"#.to_vec(), 422, "number_calling_code_unknown"),
        (br#"{"to":"1-800-FLOWERS","text":"hi"}"#.to_vec(), 422, "number_has_letters"),
        (br#"{"to":"+447400123456","text":""}"#.to_vec(), 422, "body_empty"),
        (
            "{\"to\":\"+447400123456\",\"text\":\"\u{1f600}\",\"encoding\":\"gsm7\"}".as_bytes().to_vec(),
            422,
            "not_in_gsm7",
        ),
        (
            format!("{{\"to\":\"+447400123456\",\"text\":\"{}\",\"max_segments\":2}}", &long[..400])
                .into_bytes(),
            422,
            "too_many_segments",
        ),
        (format!("{{\"to\":\"+447400123456\",\"text\":\"{long}\"}}").into_bytes(), 422, "body_too_long"),
        (format!("{{\"to\":[{}],\"text\":\"hi\"}}", many.join(",")).into_bytes(), 422, "too_many_recipients"),
        (vec![b' '; 300 * 1024], 413, "body_too_large"),
        (
            format!("{{\"to\":\"+447400123456\",\"text\":\"hi\",\"client_ref\":\"{}\"}}", &long[..200])
                .into_bytes(),
            422,
            "field_too_long",
        ),
    ];
    for (body, status, code) in cases {
        let answer = raw(&client, &body, "application/json").await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
        assert_eq!((answer.status, answer.code()), (status, code), "{shown}: {}", answer.text);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{shown}");
        assert_eq!(answer.body["status"], status, "{shown}");
        assert!(answer.body["detail"].as_str().is_some_and(|it| it.len() > 10), "{shown}: {}", answer.text);
    }
    let wrong_type = raw(&client, br#"{"to":"+447400123456","text":"hi"}"#, "text/plain").await;
    assert_eq!((wrong_type.status, wrong_type.code()), (415, "content_type_unsupported"));
    let stored = client.get("/v1/messages").await.body;
    assert_eq!(stored["messages"].as_array().unwrap().len(), 0, "{stored}");
}

#[tokio::test]
async fn a_wrong_recipient_in_a_list_is_pointed_at_and_none_is_taken() {
    let gateway = Gateway::start(CONFIG).await;
    let client = gateway.client();
    let body = json!({ "to": ["+447400123456", "+447400123457", "+4474"], "text": "hi" });
    let answer = client.post("/v1/messages", &body).await;
    assert_eq!((answer.status, answer.code()), (422, "number_too_short"), "{}", answer.text);
    assert_eq!(answer.body["pointer"], "/to/2");
    assert_eq!(client.get("/v1/messages").await.body["messages"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn keys_and_scopes_are_checked() {
    let gateway = Gateway::start(CONFIG).await;
    let client = gateway.client();
    let body = json!({ "to": "+447400123456", "text": "hi" });
    let none = client.with_key("").post("/v1/messages", &body).await;
    assert_eq!((none.status, none.code()), (401, "key_missing"));
    assert!(none.header("www-authenticate").unwrap().starts_with("Bearer"));

    let good = client.key().to_owned();
    let mut other_secret = good.clone();
    other_secret.pop();
    other_secret.push(if good.ends_with('A') { 'B' } else { 'A' });
    let unknown = format!("wp_{}_{}", "a".repeat(12), "A".repeat(43));
    let mut texts = Vec::new();
    for key in [other_secret.as_str(), unknown.as_str(), "wp_short", "nonsense"] {
        let answer = client.with_key(key).post("/v1/messages", &body).await;
        assert_eq!((answer.status, answer.code()), (401, "key_invalid"), "{}", answer.text);
        texts.push(answer.text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "the answer does not tell which part was wrong");

    let reader = client.with_key(&gateway.key("default", &["read"]));
    let answer = reader.post("/v1/messages", &body).await;
    assert_eq!((answer.status, answer.code()), (403, "scope_missing"), "{}", answer.text);
    assert!(answer.text.contains("send"));
    let sender = client.with_key(&gateway.key("default", &["send"]));
    let id = sender.send("+447400123456").await;
    for path in [format!("/v1/messages/{id}"), format!("/v1/messages/{id}/trace"), "/v1/inbox".to_owned()] {
        assert_eq!(sender.get(&path).await.code(), "scope_missing", "{path}");
    }
}

#[tokio::test]
async fn a_revoked_key_is_like_an_unknown_one() {
    let gateway = Gateway::start(CONFIG).await;
    let client = gateway.client();
    let made = client.post("/v1/keys", &json!({ "label": "short-lived", "scopes": ["read"] })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let key = client.with_key(made.body["key"].as_str().unwrap());
    assert_eq!(key.get("/v1/messages").await.status, 200);
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(client.delete(&format!("/v1/keys/{id}")).await.status, 204);
    crate::kit::eventually("the key stops working within its cache time", || async {
        (key.get("/v1/messages").await.code() == "key_invalid").then_some(())
    })
    .await;
    let listed = client.get("/v1/keys").await;
    assert!(!listed.text.contains(made.body["key"].as_str().unwrap()));
}

#[tokio::test]
async fn unknown_things_are_404_and_other_tenants_are_unknown() {
    let gateway = Gateway::start(CONFIG).await;
    let (client, other) = (gateway.client(), gateway.client_of("other"));
    let id = client.send("+447400123456").await;
    let unknown = "msg_00000000000000000000000000";
    for path in ["", "/trace"] {
        let foreign = other.get(&format!("/v1/messages/{id}{path}")).await;
        let missing = other.get(&format!("/v1/messages/{unknown}{path}")).await;
        assert_eq!((foreign.status, foreign.code()), (404, "message_unknown"));
        assert_eq!(foreign.text.replace(&id, "ID"), missing.text.replace(unknown, "ID"));
    }
    assert_eq!(other.delete(&format!("/v1/messages/{id}")).await.status, 404);
    assert_eq!(client.get("/v1/messages/nonsense").await.status, 404);
    assert_eq!(client.get("/v1/nothing").await.code(), "path_unknown");
    let wrong_method = client.request(Method::PUT, "/v1/messages", &[], Vec::new()).await.unwrap();
    assert_eq!((wrong_method.status, wrong_method.code()), (405, "method_not_allowed"));
    let hook = client.post("/hooks/nobody", &json!({})).await;
    assert_eq!((hook.status, hook.code()), (404, "provider_unknown"));
    let forged = client.post("/hooks/simulator", &json!({ "type": "receipt" })).await;
    assert_eq!((forged.status, forged.code()), (403, "webhook_forged"), "{}", forged.text);
}

#[tokio::test]
async fn an_idempotency_key_is_good_for_one_body() {
    let gateway = Gateway::start(CONFIG).await;
    let client = gateway.client();
    let key = [("idempotency-key", "order-1")];
    let body = json!({ "to": ["+447400123456", "+447400123457"], "text": "hi" });
    let first = client.try_post("/v1/messages", &body, &key).await.unwrap();
    assert_eq!(first.status, 202, "{}", first.text);
    let again = client.try_post("/v1/messages", &body, &key).await.unwrap();
    assert_eq!(again.status, 202);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let ids = |answer: &crate::kit::Answer| {
        let messages = answer.body["messages"].as_array().unwrap().clone();
        messages.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&first), ids(&again));
    let other = json!({ "to": "+447400123456", "text": "something else" });
    let reused = client.try_post("/v1/messages", &other, &key).await.unwrap();
    assert_eq!((reused.status, reused.code()), (409, "idempotency_key_reused"), "{}", reused.text);
    assert_eq!(client.get("/v1/messages").await.body["messages"].as_array().unwrap().len(), 2);
    let long = "x".repeat(300);
    let answer = client.try_post("/v1/messages", &body, &[("idempotency-key", &long)]).await.unwrap();
    assert_eq!((answer.status, answer.code()), (400, "header_invalid"), "{}", answer.text);
}
