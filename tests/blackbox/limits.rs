//! Limits under concurrency are exact, and say when they free.

use std::time::Duration;

use serde_json::json;

use crate::kit::{Answer, Client, Gateway, number};

const CLIENTS: usize = 64;

fn config(limits: &str) -> String {
    format!(
        r#"
[server]
listen = "{{address}}"
[providers.simulator]
component = "simulator"
[tenants.default]
{limits}
"#
    )
}

/// One request from each of 64 clients at once.
async fn together(client: &Client, to: impl Fn(usize) -> String) -> Vec<Answer> {
    let requests: Vec<_> = (0..CLIENTS)
        .map(|index| {
            let (client, body) = (client.clone(), json!({ "to": to(index), "text": "Hello" }));
            tokio::spawn(async move { client.post("/v1/messages", &body).await })
        })
        .collect();
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_of_n_lets_exactly_n_through() {
    for (limits, name, cap) in [
        ("destination_per_hour = 20", "destination_per_hour", 20),
        ("destination_per_day = 7", "destination_per_day", 7),
        ("rate_per_second = 0.01\nrate_burst = 11", "tenant_rate", 11),
        ("key_rate_per_second = 0.01\nkey_rate_burst = 5", "key_rate", 5),
    ] {
        let gateway = Gateway::start(&config(limits)).await;
        let client = gateway.client();
        let answers = together(&client, |_| number(1, "999")).await;
        let accepted = answers.iter().filter(|answer| answer.status == 202).count();
        assert_eq!(accepted, cap, "{limits}");
        for answer in answers.iter().filter(|answer| answer.status != 202) {
            assert_eq!((answer.status, answer.code()), (429, "limit_reached"), "{}", answer.text);
            assert_eq!(answer.body["limit"], name);
            assert!(answer.body["free_at"].as_str().unwrap().ends_with('Z'), "{}", answer.text);
            assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
        }
        let stored = client.get("/v1/messages?limit=500").await.body;
        assert_eq!(stored["messages"].as_array().unwrap().len(), cap, "the rest left nothing behind");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_holds_for_each_number_by_itself() {
    let gateway = Gateway::start(&config("destination_per_hour = 4")).await;
    let client = gateway.client();
    let answers = together(&client, |index| number(index as u32 % 8, "999")).await;
    let accepted = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(accepted, 8 * 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_idempotency_key_leads_to_one_message() {
    let gateway = Gateway::start(&config("")).await;
    let client = gateway.client();
    let requests: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (client, body) = (client.clone(), json!({ "to": number(1, "999"), "text": "Hello" }));
            tokio::spawn(async move {
                client.try_post("/v1/messages", &body, &[("idempotency-key", "order-1")]).await.unwrap()
            })
        })
        .collect();
    let mut ids = std::collections::BTreeSet::new();
    let mut first = 0;
    for request in requests {
        let answer = request.await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.text);
        first += usize::from(answer.header("idempotency-replayed").is_none());
        ids.insert(answer.body["id"].as_str().unwrap().to_owned());
    }
    assert_eq!((ids.len(), first), (1, 1));
}

#[tokio::test]
async fn a_rate_towards_a_provider_is_kept() {
    let config = config("").replace(
        "component = \"simulator\"",
        "component = \"simulator\"\nrate_per_second = 20\nrate_burst = 1",
    );
    let gateway = Gateway::start(&config).await;
    let client = gateway.client();
    let start = std::time::Instant::now();
    let mut ids = Vec::new();
    for index in 0..21 {
        ids.push(client.send(&number(index, "000")).await);
    }
    for id in ids {
        client.wait_for(&id, "delivered").await;
    }
    // Twenty intervals of 50 ms lie between 21 messages.
    assert!(start.elapsed() >= Duration::from_millis(990), "{:?}", start.elapsed());
}
