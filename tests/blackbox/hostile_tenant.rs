//! A tenant whose component misbehaves hurts itself only.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::kit::{Gateway, number};

/// The component of `tests/guests/hostile` does what a message's tag says.
fn config() -> String {
    let component = waypost_test_guests::HOSTILE_PATH;
    format!(
        r#"
[server]
listen = "{{address}}"
[components.hostile]
path = "{component}"
[providers.simulator]
component = "simulator"
[tenants.good]
[[tenants.good.screening]]
component = "country-blacklist"
settings = {{ deny = ["CI"] }}
[tenants.bad]
[[tenants.bad.screening]]
component = "hostile"
settings = {{ when = "call" }}
"#
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_served_while_a_component_misbehaves() {
    for (what, fault) in [
        ("endless-loop", "out-of-fuel"),
        ("memory-bomb", "out-of-memory"),
        ("deep-recursion", "trap"),
        ("trap", "trap"),
        ("huge-output", "invalid-output"),
    ] {
        let gateway = Gateway::start(&config()).await;
        let (good, bad) = (gateway.client_of("good"), gateway.client_of("bad"));
        let hostile: Vec<_> = (0..4)
            .map(|index| {
                let bad = bad.clone();
                tokio::spawn(async move {
                    let mut codes = Vec::new();
                    for step in 0..10 {
                        let to = number(index * 100 + step, "999");
                        let tag = format!("misbehave:{what}");
                        let body = json!({ "to": to, "text": "Hello", "tags": [tag] });
                        codes.push(bad.post("/v1/messages", &body).await);
                    }
                    codes
                })
            })
            .collect();
        let mut slowest = Duration::ZERO;
        for index in 0..20 {
            let start = Instant::now();
            good.send(&number(50_000 + index, "000")).await;
            slowest = slowest.max(start.elapsed());
        }
        assert!(slowest < Duration::from_secs(2), "{what}: {slowest:?}");
        for answers in hostile {
            for answer in answers.await.unwrap() {
                assert_eq!(answer.status, 422, "{what}: {}", answer.text);
                assert_eq!(answer.body["policy_code"], "component_failed", "{what}: {}", answer.text);
            }
        }
        // The trace names the fault; the host is well.
        let refused = bad.get("/v1/messages?status=refused&limit=1").await.body;
        let id = refused["messages"][0]["id"].as_str().unwrap().to_owned();
        let steps = bad.steps(&id).await;
        assert_eq!(steps[0]["decisions"][0]["fault"], fault, "{what}");
        assert_eq!(good.get("/readyz").await.status, 200);
        // And nothing of it is visible across the border.
        assert_eq!(good.get(&format!("/v1/messages/{id}")).await.status, 404);
    }
}

#[tokio::test]
async fn on_failure_skip_lets_messages_through_and_says_so() {
    let config = config().replace("{ when = \"call\" }", "{ when = \"call\" }\non_failure = \"skip\"");
    let gateway = Gateway::start(&config).await;
    let bad = gateway.client_of("bad");
    let body = json!({ "to": number(1, "000"), "text": "Hello", "tags": ["misbehave:panic"] });
    let answer = bad.post("/v1/messages", &body).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let id = answer.body["id"].as_str().unwrap();
    bad.wait_for(id, "delivered").await;
    assert_eq!(bad.steps(id).await[0]["decisions"][0]["fault"], "trap");
}
