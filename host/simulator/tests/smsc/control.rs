//! The control over HTTP, and the log file.

use serde_json::{Value, json};
use waypost_simulator::smsc::{Entry, Event};

use crate::client::{Esme, eventually};
use crate::start;

const PLAIN: &str = "420601999999";

/// The HTTP client wants one, though nothing here is encrypted. A second installation changes nothing.
fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

async fn get(url: String) -> String {
    let response = http().get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.text().await.unwrap()
}

async fn post(url: String, body: &Value) -> (u16, Value) {
    let response = http().post(url).body(body.to_string()).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

#[tokio::test]
async fn everything_can_be_seen_and_ordered_over_http() {
    let smsc = start("control = \"127.0.0.1:0\"").await;
    let url = format!("http://{}", smsc.control_addr.unwrap());
    assert_eq!(get(format!("{url}/healthz")).await, "ok");
    let (status, body) = post(format!("{url}/deliver"), &json!({ "malformed": { "what": "garbage" } })).await;
    assert_eq!((status, &body["code"]), (409, &json!("no_link")));
    let mut esme = Esme::bound(smsc.addr).await;
    esme.submitted(PLAIN).await;
    let counts: Value = serde_json::from_str(&get(format!("{url}/counts")).await).unwrap();
    assert_eq!((&counts["submits"], &counts["rows"]["other"]), (&json!(1), &json!(1)));
    let count: Value = serde_json::from_str(&get(format!("{url}/counts/{PLAIN}")).await).unwrap();
    assert_eq!(count["submits"], 1);
    let log = get(format!("{url}/log?after=2&max=1")).await;
    let entry: Entry = serde_json::from_str(&log).unwrap();
    assert!(matches!(entry.event, Event::Submit(submitted) if submitted.text.as_deref() == Some("hello")));
    let links: Value = serde_json::from_str(&get(format!("{url}/links")).await).unwrap();
    assert_eq!((&links[0]["system_id"], &links[0]["mode"]), (&json!("waypost"), &json!("transceiver")));

    let (status, _) = post(format!("{url}/set"), &json!({ "receipts": { "delay_ms": 0 } })).await;
    assert_eq!(status, 204);
    let (status, body) = post(format!("{url}/set"), &json!({ "receipts": { "dealy_ms": 0 } })).await;
    assert_eq!((status, &body["code"]), (400, &json!("script_invalid")));
    assert!(body["reason"].as_str().unwrap().contains("dealy_ms"));
    let inbound = json!({ "inbound": { "from": "+420601123456", "to": "10000", "text": "MO" } });
    assert_eq!(post(format!("{url}/deliver"), &inbound).await.0, 204);
    let mut texts = Vec::new();
    while !texts.contains(&"MO".to_owned()) {
        texts.push(esme.delivered().await.text());
    }
    let wrong = json!({ "inbound": { "from": "+420601123456", "to": "10000" } });
    let (status, body) = post(format!("{url}/deliver"), &wrong).await;
    assert_eq!((status, &body["code"]), (400, &json!("order_invalid")));
    let (status, body) = post(format!("{url}/drop"), &json!({ "how": "close" })).await;
    assert_eq!((status, &body["links"]), (200, &json!(1)));
    while esme.next().await.is_some() {}
}

#[tokio::test]
async fn the_file_has_every_submit_and_every_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    let smsc = start(&format!(
        "[log]\nentries = 0\nfile = {:?}\n[drops]\nafter_submits = 5",
        path.to_str().unwrap()
    ))
    .await;
    let mut esme = Esme::bound(smsc.addr).await;
    for _ in 0..4 {
        esme.submitted(PLAIN).await;
    }
    esme.submit(PLAIN, b"lost").await;
    assert_eq!(esme.next().await, None);
    let entries = || -> Vec<Entry> {
        let text = std::fs::read_to_string(&path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    eventually("closed", || matches!(entries().last().unwrap().event, Event::Closed { .. })).await;
    let entries = entries();
    let arrived: Vec<u64> = entries
        .iter()
        .filter(|entry| matches!(entry.event, Event::Submit(_)))
        .map(|entry| entry.number)
        .collect();
    let answered: Vec<u64> = entries
        .iter()
        .filter_map(|entry| match entry.event {
            Event::Answered { submit, .. } => Some(submit),
            _ => None,
        })
        .collect();
    assert_eq!((arrived.len(), &answered[..]), (5, &arrived[..4]));
}

#[tokio::test]
async fn the_log_and_its_file_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    let smsc = start(&format!(
        "[log]\nentries = 5\nfile_bytes = 3000\nfile = {:?}\nrecipients = 1",
        path.to_str().unwrap()
    ))
    .await;
    let mut esme = Esme::bound(smsc.addr).await;
    for _ in 0..50 {
        esme.submitted(PLAIN).await;
    }
    assert_eq!(esme.submitted("420601999998").await.status, 0);
    let log = smsc.control.log(0, 100);
    assert_eq!(log.len(), 5);
    assert!(log.windows(2).all(|pair| pair[0].number + 1 == pair[1].number));
    assert!((1..=3_000).contains(&std::fs::metadata(&path).unwrap().len()));
    assert_eq!((smsc.control.submits_to(PLAIN), smsc.control.submits_to("420601999998")), (50, 0));
}
