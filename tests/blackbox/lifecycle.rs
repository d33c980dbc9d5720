//! Every script of the simulator, from the application's side: what a recipient does and where its
//! message ends.

use serde_json::json;

use crate::kit::{Client, Gateway, eventually, number};

const CONFIG: &str = r#"
[server]
listen = "{address}"
[providers.simulator]
component = "simulator"
retry = { attempts_max = 3, base_ms = 20, max_ms = 50 }
circuit = { failures = 1000, open_ms = 100 }
in_doubt = { wait_seconds = 1, then = "give-up" }
[tenants.default]
"#;

async fn start() -> (Gateway, Client) {
    let gateway = Gateway::start(CONFIG).await;
    let client = gateway.client();
    (gateway, client)
}

#[tokio::test]
async fn each_script_ends_where_it_should() {
    let (_gateway, client) = start().await;
    let cases = [
        ("999", "delivered"),
        ("000", "delivered"),
        ("001", "failed"),
        ("002", "failed"),
        ("003", "delivered"),
        ("004", "delivered"),
        ("006", "delivered"),
        ("007", "unknown"),
        ("008", "exhausted"),
        ("009", "undelivered"),
        ("010", "expired"),
        ("011", "delivered"),
        ("013", "delivered"),
        ("014", "submitted"),
        ("016", "delivered"),
        ("017", "delivered"),
        ("018", "delivered"),
        ("019", "failed"),
    ];
    let mut sent = Vec::new();
    for (suffix, status) in cases {
        sent.push((suffix, status, client.send(&number(1, suffix)).await));
    }
    for (suffix, status, id) in sent {
        let message = client.wait_for(&id, status).await;
        let doubted = message["possibly_duplicated"] == true;
        assert_eq!(doubted, ["006", "007", "016", "018"].contains(&suffix), "{suffix}: {message}");
    }
}

#[tokio::test]
async fn the_trace_of_a_lost_answer_tells_the_whole_story() {
    let (_gateway, client) = start().await;
    let id = client.send(&number(1, "006")).await;
    client.wait_for(&id, "delivered").await;
    let steps = client.steps(&id).await;
    let story: Vec<_> =
        steps.iter().map(|step| (step["kind"].as_str().unwrap(), step["status"].as_str().unwrap())).collect();
    assert_eq!(story, [("accepted", "queued"), ("attempt", "in_doubt"), ("receipt", "delivered")]);
}

#[tokio::test]
async fn a_message_that_waits_can_be_taken_back_and_one_that_went_cannot() {
    let config =
        CONFIG.replace("component = \"simulator\"", "component = \"simulator\"\nrate_per_second = 0.01");
    let gateway = Gateway::start(&config).await;
    let client = gateway.client();
    // The rate lets the first go; the second waits.
    let first = client.send(&number(1, "999")).await;
    client.wait_for(&first, "delivered").await;
    let second = client.send(&number(2, "999")).await;
    let cancelled = client.delete(&format!("/v1/messages/{second}")).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    assert_eq!(cancelled.body["status"], "cancelled");
    let late = client.delete(&format!("/v1/messages/{first}")).await;
    assert_eq!((late.status, late.code()), (409, "too_late_to_cancel"));
}

#[tokio::test]
async fn dead_letters_are_listed_sent_again_and_deleted() {
    let (_gateway, client) = start().await;
    let failed = client.send(&number(1, "001")).await;
    let exhausted = client.send(&number(1, "008")).await;
    client.wait_for(&failed, "failed").await;
    client.wait_for(&exhausted, "exhausted").await;

    let of_class = client.get("/v1/dead-letters?class=message").await.body;
    let ids: Vec<_> =
        of_class["dead_letters"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [failed.as_str()], "{of_class}");

    let again = client.post(&format!("/v1/dead-letters/{exhausted}/redrive"), &json!({})).await;
    assert_eq!(again.status, 200, "{}", again.text);
    client.wait_for(&exhausted, "exhausted").await;
    let kinds: Vec<_> =
        client.steps(&exhausted).await.iter().map(|it| it["kind"].as_str().unwrap().to_owned()).collect();
    assert!(kinds.contains(&"redriven".to_owned()), "{kinds:?}");

    let by_class = client.post("/v1/dead-letters/redrive", &json!({ "class": "message" })).await;
    assert_eq!(by_class.body["redriven"], 1, "{}", by_class.text);
    client.wait_for(&failed, "failed").await;

    let deleted = client.delete(&format!("/v1/dead-letters/{failed}")).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(client.get(&format!("/v1/messages/{failed}")).await.status, 404);
    let good = client.send(&number(1, "999")).await;
    client.wait_for(&good, "delivered").await;
    let refused = client.delete(&format!("/v1/dead-letters/{good}")).await;
    assert_eq!((refused.status, refused.code()), (409, "not_a_dead_letter"));
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let (_gateway, client) = start().await;
    let mut sent = Vec::new();
    for index in 0..7 {
        sent.push(client.send(&number(index, "000")).await);
    }
    for id in &sent {
        client.wait_for(id, "delivered").await;
    }
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/v1/messages?status=delivered&limit=3{cursor}")).await.body;
        let messages = page["messages"].as_array().unwrap();
        assert!(messages.len() <= 3);
        found.extend(messages.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    sent.reverse();
    assert_eq!(found, sent, "newest first, each once");
    let to = number(3, "000").replace('+', "%2B");
    let one = client.get(&format!("/v1/messages?to={to}")).await.body;
    assert_eq!(one["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn urgent_messages_overtake() {
    let config = CONFIG.replace(
        "component = \"simulator\"",
        "component = \"simulator\"\nrate_per_second = 5\nin_flight_max = 1",
    );
    let gateway = Gateway::start(&config).await;
    let client = gateway.client();
    let mut bulk = Vec::new();
    for index in 0..6 {
        bulk.push(client.send(&number(index, "000")).await);
    }
    let body = json!({ "to": number(9, "000"), "text": "Hello", "priority": 3 });
    let urgent = client.post("/v1/messages", &body).await.body["id"].as_str().unwrap().to_owned();
    client.wait_for(&urgent, "delivered").await;
    let last = client.message(bulk.last().unwrap()).await;
    assert_eq!(last["status"], "queued", "the urgent one came last and went before the bulk");
    eventually("the bulk goes too", || async {
        (client.message(bulk.last().unwrap()).await["status"] == "delivered").then_some(())
    })
    .await;
}
