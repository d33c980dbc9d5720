//! The service around the rows: counts, journal, keys, limits, inbound messages, retries.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by unwrapping it")]

mod common;

use std::io::{Read, Write};
use std::time::Duration;

use common::{Receiver, client, get_json, options, post_json, simulator, submit_body};
use serde_json::json;
use waypost_simulator::{SchedulerOptions, Service, ServiceError};

#[tokio::test]
async fn doubles_are_counted_and_named() {
    let (endpoint, receiver, client) = (simulator(options()).await, Receiver::start().await, client());
    let mut references = Vec::new();
    for id in ["m1", "m2", "m1"] {
        let body = submit_body(id, "+420601123014", &receiver.url("any"));
        let answer = post_json(&client, &format!("{endpoint}/v1/messages"), &body).await.unwrap();
        assert_eq!(answer.status(), 201);
        let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        references.push(answer["reference"].as_str().unwrap().to_owned());
    }
    assert!(references.is_sorted() && references[0] != references[2], "{references:?}");
    let counts = get_json(&client, &format!("{endpoint}/v1/counts")).await;
    assert_eq!(
        (&counts["taken"], &counts["distinct"], &counts["doubled_total"]),
        (&json!(3), &json!(2), &json!(1))
    );
    assert_eq!(counts["doubled"], json!(["m1"]));
    assert_eq!(counts["submits"], json!({"014": 3}));
    let count = get_json(&client, &format!("{endpoint}/v1/counts/m1")).await;
    assert_eq!(count, json!({"id": "m1", "taken": 2}));
    assert_eq!(get_json(&client, &format!("{endpoint}/v1/counts/none")).await["taken"], 0);
}

#[tokio::test]
async fn the_journal_has_what_was_taken_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut with_journal = options();
    with_journal.carrier.journal = Some(path.clone());
    let (endpoint, client) = (simulator(with_journal.clone()).await, client());
    for (id, to) in [
        ("lost", "+420601123007"),
        ("no", "+420601123001"),
        ("yes", "+420601123014"),
        ("yes", "+420601123014"),
    ] {
        let body = submit_body(id, to, "http://127.0.0.1:9/");
        let _ = post_json(&client, &format!("{endpoint}/v1/messages"), &body).await;
    }
    let journal = std::fs::read_to_string(&path).unwrap();
    let ids: Vec<_> = journal.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(ids, ["lost", "yes", "yes"]);

    let endpoint = simulator(with_journal).await;
    let counts = get_json(&client, &format!("{endpoint}/v1/counts")).await;
    assert_eq!((&counts["taken"], &counts["doubled"]), (&json!(3), &json!(["yes"])));
}

#[tokio::test]
async fn a_lost_answer_is_a_closed_connection_without_a_byte() {
    let endpoint = simulator(options()).await;
    let address = endpoint.strip_prefix("http://").unwrap().to_owned();
    let body = submit_body("m1", "+420601123007", "http://127.0.0.1:9/").to_string();
    let read = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let head = format!("POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map(|_| answer)
    })
    .await
    .unwrap();
    assert!(matches!(&read, Ok(answer) if answer.is_empty()), "{read:?}");
    assert_eq!(get_json(&client(), &format!("{endpoint}/v1/counts/m1")).await["taken"], 1);
}

#[tokio::test]
async fn the_key_is_asked_for_where_it_is_set() {
    let mut with_key = options();
    with_key.carrier.api_key = Some("k1".into());
    let (endpoint, client) = (simulator(with_key).await, client());
    let body = submit_body("m1", "+420601123014", "http://127.0.0.1:9/");
    for (path, is_post) in [("messages", true), ("inbound", true), ("counts", false), ("counts/m1", false)] {
        let url = format!("{endpoint}/v1/{path}");
        for authorization in [None, Some("Bearer k2"), Some("k1")] {
            let request = if is_post { client.post(&url).body(body.to_string()) } else { client.get(&url) };
            let request =
                authorization.into_iter().fold(request, |request, key| request.header("authorization", key));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 401, "{path} {authorization:?}");
            let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            assert_eq!((&answer["class"], &answer["code"]), (&json!("system"), &json!("unauthorized")));
        }
    }
    let request = client.post(format!("{endpoint}/v1/messages")).header("authorization", "Bearer k1");
    assert_eq!(request.body(body.to_string()).send().await.unwrap().status(), 201);
    assert_eq!(client.get(format!("{endpoint}/healthz")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn bad_submits_are_refused_in_the_words_of_the_protocol() {
    let (endpoint, client) = (simulator(options()).await, client());
    for (body, status, class, code) in [
        ("{".to_owned(), 400, "system", "invalid_request"),
        (submit_body("m1", "nobody", "http://127.0.0.1:9/").to_string(), 422, "message", "invalid_recipient"),
        (" ".repeat(64 * 1024 + 1), 413, "message", "body_too_large"),
    ] {
        let answer = client.post(format!("{endpoint}/v1/messages")).body(body).send().await.unwrap();
        assert_eq!(answer.status(), status);
        let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!((&answer["class"], &answer["code"]), (&json!(class), &json!(code)));
        assert!(answer["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    }
    assert_eq!(get_json(&client, &format!("{endpoint}/v1/counts")).await["taken"], 0);
}

#[tokio::test]
async fn inbound_messages_can_be_ordered() {
    let (endpoint, receiver, client) = (simulator(options()).await, Receiver::start().await, client());
    let url = format!("{endpoint}/v1/inbound");
    let order = json!({"url": receiver.url("in"), "from": "+420601123456", "to": "10000", "text": "Ahoj"});
    let answer = post_json(&client, &url, &order).await.unwrap();
    assert_eq!(answer.status(), 202);
    let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    let arrived = receiver.wait("in", 1).await;
    assert!(arrived[0].signature_right);
    let event = arrived[0].json();
    assert_eq!(
        (&event["type"], &event["text"], &event["to"]),
        (&json!("inbound"), &json!("Ahoj"), &json!("10000"))
    );
    assert_eq!(event["reference"], answer["reference"]);
    for (key, value) in [
        ("data", json!("00")),
        ("from", json!("x")),
        ("to", json!("")),
        ("url", json!("file:///")),
        ("extra", json!(1)),
    ] {
        let mut bad = order.clone();
        bad[key] = value;
        assert_eq!(post_json(&client, &url, &bad).await.unwrap().status(), 400, "{key}");
    }
}

#[tokio::test]
async fn a_webhook_that_is_not_accepted_comes_again_signed_anew() {
    let mut quick = options();
    quick.scheduler = SchedulerOptions { retry_first_ms: 20, ..SchedulerOptions::default() };
    let (endpoint, receiver, client) = (simulator(quick).await, Receiver::start().await, client());
    receiver.refuse("later", 2);
    receiver.refuse("never", 100);
    for name in ["later", "never"] {
        let body = submit_body(name, "+420601123000", &receiver.url(name));
        post_json(&client, &format!("{endpoint}/v1/messages"), &body).await.unwrap();
    }
    let arrived = receiver.wait("later", 3).await;
    assert!(arrived.iter().all(|arrived| arrived.signature_right));
    assert!(arrived.windows(2).all(|pair| pair[0].body == pair[1].body), "at_ms is that of the event");
    receiver.wait("never", 6).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((receiver.arrived("later").len(), receiver.arrived("never").len()), (3, 6));
    let webhooks = &get_json(&client, &format!("{endpoint}/v1/counts")).await["webhooks"];
    assert_eq!(*webhooks, json!({"waiting": 0, "delivered": 1, "retried": 7, "given_up": 1, "dropped": 0}));
}

#[tokio::test]
async fn nothing_leaves_or_reaches_the_machine_unless_allowed() {
    let (endpoint, client) = (simulator(options()).await, client());
    let body = submit_body("m1", "+420601123000", "http://192.0.2.1/");
    post_json(&client, &format!("{endpoint}/v1/messages"), &body).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let webhooks = &get_json(&client, &format!("{endpoint}/v1/counts")).await["webhooks"];
    assert_eq!((&webhooks["given_up"], &webhooks["retried"]), (&json!(1), &json!(0)));

    let refused = Service::bind("0.0.0.0:0".parse().unwrap(), options()).await;
    assert!(matches!(refused, Err(ServiceError::NotLoopback(_))));
}
