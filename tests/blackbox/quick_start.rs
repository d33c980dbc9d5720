//! What a newcomer sees in the first minutes, with the configuration that the project ships.

use serde_json::json;

use crate::kit::{Gateway, eventually};

/// The shipped configuration, on a free port.
fn shipped() -> String {
    include_str!("../../waypost.toml").replace("127.0.0.1:7700", "{address}")
}

#[tokio::test]
async fn the_first_message_is_delivered_and_explained() {
    let gateway = Gateway::start(&shipped()).await;
    let client = gateway.client();
    let body = json!({ "to": "+447400123456", "text": "Hello from Waypost" });
    let answer = client.post("/v1/messages", &body).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let taken = &answer.body;
    assert_eq!(taken["to"], "+447400123456");
    assert_eq!(taken["country"], "GB");
    assert_eq!(taken["from"], "Waypost");
    assert_eq!(taken["encoding"], "gsm7");
    assert_eq!(taken["segments"], 1);
    assert_eq!(taken["price"]["amount"], "0.030000");
    assert_eq!(taken["price"]["currency"], "EUR");
    let id = taken["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(format!("/v1/messages/{id}").as_str()));

    let message = client.wait_for(id, "delivered").await;
    assert_eq!(message["text"], "Hello from Waypost");
    let steps = client.steps(id).await;
    let kinds: Vec<_> = steps.iter().map(|step| step["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["accepted", "attempt", "receipt"]);
    let decisions = steps[0]["decisions"].as_array().unwrap();
    let components: Vec<_> = decisions.iter().map(|it| it["component"].as_str().unwrap()).collect();
    assert_eq!(components, ["country-blacklist", "sender-override", "least-cost"]);
    for decision in decisions.iter().chain(steps[1]["decisions"].as_array().unwrap()) {
        assert!(decision["fuel"].as_u64().unwrap() > 0, "{decision}");
        assert!(decision["memory_bytes"].as_u64().unwrap() > 0, "{decision}");
        assert_eq!(decision["revision"].as_str().unwrap().len(), 16, "{decision}");
    }
}

#[tokio::test]
async fn a_local_number_is_read_as_one_of_the_default_region() {
    let gateway = Gateway::start(&shipped()).await;
    let client = gateway.client();
    let id = client.send("07400 123 456").await;
    assert_eq!(client.message(&id).await["to"], "+447400123456");
}

#[tokio::test]
async fn a_denied_country_is_refused_with_its_reason_and_can_be_looked_up() {
    let gateway = Gateway::start(&shipped()).await;
    let client = gateway.client();
    // Ivory Coast.
    let answer = client.post("/v1/messages", &json!({ "to": "+2250123456789", "text": "Hello" })).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(answer.code(), "policy_refused");
    assert_eq!(answer.body["policy_code"], "country_denied");
    let id = answer.body["message_id"].as_str().unwrap();
    assert_eq!(client.message(id).await["status"], "refused");
    let steps = client.steps(id).await;
    assert_eq!(steps[0]["kind"], "refused");
    assert_eq!(steps[0]["decisions"][0]["component"], "country-blacklist");
}

#[tokio::test]
async fn explain_decides_and_sends_nothing() {
    let gateway = Gateway::start(&shipped()).await;
    let client = gateway.client();
    let body = json!({ "to": ["+447400123456", "+2250123456789"], "text": "“Hello” – 😀" });
    let answer = client.post("/v1/messages/explain", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let messages = answer.body["messages"].as_array().unwrap();
    assert_eq!(messages[0]["encoding"], "ucs2");
    assert_eq!(messages[0]["route"], "simulator");
    assert_eq!(messages[0]["decisions"].as_array().unwrap().len(), 3);
    assert_eq!(messages[1]["refused"]["code"], "country_denied");
    assert_eq!(client.get("/v1/messages").await.body["messages"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn what_was_replaced_is_in_the_answer() {
    let gateway = Gateway::start(&shipped()).await;
    let client = gateway.client();
    let body = json!({ "to": "+447400123456", "text": "“Hello”…", "replace_lookalikes": true });
    let answer = client.post("/v1/messages", &body).await;
    assert_eq!(answer.body["encoding"], "gsm7", "{}", answer.text);
    assert_eq!(answer.body["replaced"].as_array().unwrap().len(), 3, "{}", answer.text);
    let id = answer.body["id"].as_str().unwrap();
    assert_eq!(client.message(id).await["text"], "\"Hello\"...");
}

#[tokio::test]
async fn an_inbound_reply_comes_by_long_polling() {
    let gateway = Gateway::start(&shipped()).await;
    let client = gateway.client();
    let waiting = {
        let client = client.clone();
        tokio::spawn(async move { client.get("/v1/inbox?wait_seconds=20").await })
    };
    // The simulator answers such a recipient's message with STOP.
    client.send("+447400123020").await;
    let inbox = waiting.await.unwrap().body;
    let message = &inbox["messages"][0];
    assert_eq!(message["from"], "+447400123020", "{inbox}");
    assert_eq!(message["text"], "STOP");
    let sequence = message["sequence"].as_u64().unwrap();
    let acknowledged =
        client.post("/v1/inbox/ack", &json!({ "inbox": "default", "sequences": [sequence] })).await;
    assert_eq!(acknowledged.body["acknowledged"], 1, "{}", acknowledged.text);
    assert_eq!(client.get("/v1/inbox").await.body["messages"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn operations_answer_without_a_key() {
    let gateway = Gateway::start(&shipped()).await;
    let client = gateway.client();
    client.send("+447400123456").await;
    let open = client.with_key("");
    assert_eq!(open.get("/healthz").await.status, 200);
    assert_eq!(open.get("/readyz").await.status, 200);
    let document = open.get("/openapi.json").await.body;
    assert!(document["paths"]["/v1/messages"]["post"].is_object());
    let operator = open.with_key(&gateway.key("default", &["operator"]));
    eventually("metrics count the message", || async {
        let metrics = operator.get("/metrics").await.text;
        let accepted = "waypost_messages_accepted_total{tenant=\"default\",state=\"queued\"} 1";
        (metrics.contains(accepted) && metrics.contains("waypost_decisions_total")).then_some(())
    })
    .await;
}
