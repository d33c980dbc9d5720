//! Both ways to send.

use serde_json::json;
use waypost_core::edge::SendMode;

use crate::stage::{Stage, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_queued_in_two_round_trips() {
    let stage = Stage::usual(SendMode::Queue).await;
    let client = stage.client("acme").await;
    // The first request brings the scripts to Redis.
    assert_eq!(client.send("+447400123000", None).await.status, 202);
    let before = stage.edge.redis_calls();
    let answer = client.send("07400 123000", None).await;
    let calls = stage.edge.redis_calls() - before;
    assert_eq!((answer.status, answer.text("status")), (202, "queued"), "{answer:?}");
    assert_eq!(calls, 2, "the key with the time; the accept");
    assert_eq!(answer.text("to"), "+447400123000");
    assert_eq!(answer.body["price"]["amount"], json!("0.040000"), "{answer:?}");

    let id = answer.text("id").to_owned();
    let trace = client.get(&format!("/v1/messages/{id}/trace")).await;
    let decisions = &trace.body["steps"][0]["decisions"];
    let roles: Vec<_> = decisions.as_array().unwrap().iter().map(|it| it["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["screening", "sender-identity", "routing"], "{trace:?}");
    let waiting = client.get("/v1/messages?status=queued").await;
    assert_eq!(waiting.body["messages"].as_array().map(Vec::len), Some(2), "{waiting:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_sent_at_once_in_three_round_trips_and_delivered_by_a_webhook() {
    let stage = Stage::usual(SendMode::Queue).await;
    let client = stage.client("acme").await;
    assert_eq!(client.send("+447400123014", Some("at-once")).await.status, 202);
    let before = stage.edge.redis_calls();
    let answer = client.send("+447400123014", Some("at-once")).await;
    let calls = stage.edge.redis_calls() - before;
    assert_eq!((answer.status, answer.text("status")), (202, "submitted"), "{answer:?}");
    assert_eq!(calls, 4, "the key with the time; the accept; reference and settle, which go together");

    let answer = client.send("+447400123999", Some("at-once")).await;
    let path = format!("/v1/messages/{}", answer.text("id"));
    eventually("the receipt", async || {
        let message = client.get(&path).await;
        (message.text("status") == "delivered").then_some(())
    })
    .await;
    let trace = client.get(&format!("{path}/trace")).await;
    let kinds: Vec<_> = trace.body["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["decisions"].as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(kinds, [3, 2, 0], "accepted, attempted, reported: {trace:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_at_once_takes_the_usual_way() {
    let stage = Stage::usual(SendMode::AtOnce).await;
    let client = stage.client("acme").await;
    for (suffix, expected) in [
        ("001", "failed"),
        ("004", "queued"),
        ("005", "queued"),
        ("007", "in_doubt"),
        ("016", "in_doubt"),
        ("029", "in_doubt"),
        ("014", "submitted"),
    ] {
        let answer = client.send(&format!("+447400123{suffix}"), None).await;
        assert_eq!((answer.status, answer.text("status")), (202, expected), "{suffix}: {answer:?}");
    }
    let queued = client.send("+447400123014", Some("queue")).await;
    assert_eq!(queued.text("status"), "queued", "the request wins over the tenant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_recipients_are_sent_together_and_the_rest_is_queued() {
    let stage = Stage::usual(SendMode::AtOnce).await;
    let client = stage.client("acme").await;
    let to: Vec<String> = (0..10).map(|index| format!("+44740012{index}014")).collect();
    let answer = client.send_body(&json!({"to": to, "text": "Hello"}), None).await;
    let statuses: Vec<_> =
        answer.body["messages"].as_array().unwrap().iter().map(|it| it["status"].as_str().unwrap()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == "submitted").count(), 8, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == "queued").count(), 2, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_that_is_no_mode_is_refused() {
    let stage = Stage::usual(SendMode::Queue).await;
    let client = stage.client("acme").await;
    let answer = client.send("+447400123014", Some("now")).await;
    assert_eq!((answer.status, answer.text("code")), (400, "header_invalid"));
    assert_eq!(answer.body["header"], "waypost-send");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_refuses_is_heard() {
    let stage = Stage::usual(SendMode::AtOnce).await;
    let client = stage.client("acme").await;
    let refused = client.send("+33612345678", None).await;
    assert_eq!((refused.status, refused.text("code")), (422, "policy_refused"), "{refused:?}");
    assert_eq!(refused.text("policy_code"), "country_denied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_sends_nothing_twice() {
    let stage = Stage::usual(SendMode::AtOnce).await;
    let client = stage.client("acme").await;
    let body = json!({"to": "+447400123014", "text": "Hello"});
    let first = client.send_keyed(&body, "order-1").await;
    let second = client.send_keyed(&body, "order-1").await;
    assert_eq!(first.text("id"), second.text("id"));
    assert_eq!(second.text("status"), "submitted");
    assert!(second.headers.contains_key("idempotency-replayed"), "{second:?}");
    let other = client.send_keyed(&json!({"to": "+447400123014", "text": "Bye"}), "order-1").await;
    assert_eq!((other.status, other.text("code")), (409, "idempotency_key_reused"), "{other:?}");
}
