//! Every row of the table over HTTP: what is answered, which webhooks arrive and in which order.
//!
//! All rows run side by side, with their waits shortened to 30 %.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by unwrapping it")]

mod common;

use std::time::{Duration, Instant};

use common::{Arrived, Receiver, client, get_json, options, post_json, simulator, submit_body};
use serde_json::Value;
use waypost_simulator::table;

const WAITS_PERCENT: u32 = 30;
const DELAY_MS: u64 = 50;
/// The latest receipt comes 3 s (30 % of 10 s) after its answer.
const ALL_OVER: Duration = Duration::from_millis(4_500);
const CLIENT_PATIENCE: Duration = Duration::from_secs(4);

use Seen::{Dropped, Odd, Refused, Taken, TimedOut};

/// What the client sees of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Taken,
    Refused(u16, &'static str, &'static str),
    Odd(u16, &'static str),
    Dropped,
    TimedOut,
}

/// Suffix, first try, times taken on the first try, webhooks of it.
type Expected = (&'static str, Seen, u64, &'static [&'static str]);

const EXPECTED: &[Expected] = &[
    ("000", Taken, 1, &["delivered"]),
    ("001", Refused(422, "message", "recipient_unreachable"), 0, &[]),
    ("002", Refused(422, "sender", "sender_not_registered"), 0, &[]),
    ("003", Refused(429, "throttled", "too_many_requests"), 0, &[]),
    ("004", Refused(503, "transient", "network_busy"), 0, &[]),
    ("005", Refused(402, "system", "no_credit"), 0, &[]),
    ("006", Dropped, 1, &["delivered"]),
    ("007", Dropped, 1, &[]),
    ("008", Refused(503, "transient", "network_down"), 0, &[]),
    ("009", Taken, 1, &["undelivered absent_subscriber"]),
    ("010", Taken, 1, &["expired validity_over"]),
    ("011", Taken, 1, &["delivered", "delivered"]),
    ("012", Taken, 1, &["delivered"]),
    ("013", Taken, 1, &["delivered", "sent"]),
    ("014", Taken, 1, &[]),
    ("015", Taken, 1, &["delivered"]),
    ("016", Odd(200, "OK"), 1, &["delivered"]),
    ("017", Taken, 1, &["forged undelivered", "delivered"]),
    ("018", Refused(500, "unknown", "internal_error"), 1, &["delivered"]),
    ("019", Taken, 1, &["rejected blocked_by_network"]),
    ("020", Taken, 1, &["delivered", "text STOP"]),
    ("021", Dropped, 0, &[]),
    ("022", Taken, 1, &["accepted", "sent", "delivered"]),
    ("023", Taken, 1, &["delivered"]),
    ("024", Taken, 1, &["delivered", "undelivered absent_subscriber"]),
    ("025", Taken, 1, &["unknown"]),
    ("026", Taken, 1, &["failed network_failure"]),
    ("027", Taken, 1, &["stale undelivered", "delivered"]),
    ("028", Taken, 1, &["unreadable", "delivered"]),
    ("029", TimedOut, 1, &["delivered"]),
    ("030", Refused(429, "throttled", "too_many_requests"), 0, &[]),
    ("031", Odd(502, "<html><body><h1>502 Bad Gateway</h1></body></html>"), 0, &[]),
    ("032", Taken, 1, &["strange delivered", "delivered"]),
    ("033", Taken, 1, &["delivered", "text Hello", "text Hello"]),
    ("034", Taken, 1, &["delivered", "text Děkuji 👍"]),
    ("035", Taken, 1, &["delivered", "data 00ff10fe"]),
    ("036", Taken, 1, &["delivered"]),
    ("037", Taken, 1, &["sent"]),
    ("other", Taken, 1, &["delivered"]),
];

/// Rows that behave like all other numbers from the second try on.
const FIRST_TRY_ONLY: &[&str] = &["003", "004", "021", "031"];

struct Tried {
    seen: Seen,
    answer: Value,
    answered_after: Duration,
    retry_after_ms: Option<u64>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_behaves_as_the_table_says() {
    let mut service_options = options();
    service_options.carrier.delay_ms = DELAY_MS;
    service_options.carrier.waits_percent = WAITS_PERCENT;
    let endpoint = simulator(service_options).await;
    let receiver = Receiver::start().await;
    let client = client();

    let suffixes: Vec<_> = EXPECTED.iter().map(|row| row.0).collect();
    assert_eq!(suffixes, table().iter().map(|row| row.suffix).collect::<Vec<_>>(), "a row without a test");

    let tries: Vec<_> = EXPECTED
        .iter()
        .map(|row| tokio::spawn(try_once(client.clone(), endpoint.clone(), receiver.url(row.0), row.0, "a")))
        .collect();
    tokio::time::sleep(ALL_OVER).await;

    for (tried, (suffix, seen, taken, webhooks)) in tries.into_iter().zip(EXPECTED) {
        let tried = tried.await.unwrap();
        assert_eq!(tried.seen, *seen, "{suffix}");
        let count = get_json(&client, &format!("{endpoint}/v1/counts/a-{suffix}")).await;
        assert_eq!(count["taken"], *taken, "{suffix}");
        let arrived = receiver.arrived(suffix);
        let told: Vec<_> = arrived.iter().map(|arrived| told(arrived, suffix)).collect();
        assert_eq!(told, *webhooks, "{suffix}");
        if *seen == Taken {
            assert_eq!(tried.answer["parts"], 1, "{suffix}");
            check_references(&arrived, &tried.answer["reference"], suffix);
        }
        check_times(suffix, &tried);
    }

    for suffix in FIRST_TRY_ONLY {
        let again = try_once(client.clone(), endpoint.clone(), receiver.url(suffix), suffix, "a").await;
        assert_eq!(again.seen, Taken, "{suffix}");
        assert_eq!(told(&receiver.wait(suffix, 1).await[0], suffix), "delivered");
    }
    for suffix in ["008", "030"] {
        let again = try_once(client.clone(), endpoint.clone(), receiver.url(suffix), suffix, "a").await;
        assert!(matches!(again.seen, Refused(..)), "{suffix}");
    }
    let counts = get_json(&client, &format!("{endpoint}/v1/counts")).await;
    assert_eq!(counts["doubled"], serde_json::json!([]));
    assert_eq!(counts["submits"]["003"], 2);
}

async fn try_once(
    client: reqwest::Client,
    endpoint: String,
    receipt_url: String,
    suffix: &'static str,
    id_prefix: &'static str,
) -> Tried {
    let body = submit_body(&format!("{id_prefix}-{suffix}"), &recipient(suffix), &receipt_url);
    let started = Instant::now();
    let answered =
        tokio::time::timeout(CLIENT_PATIENCE, post_json(&client, &format!("{endpoint}/v1/messages"), &body))
            .await;
    let answered_after = started.elapsed();
    let nothing = |seen| Tried { seen, answer: Value::Null, answered_after, retry_after_ms: None };
    let Ok(answered) = answered else {
        return nothing(TimedOut);
    };
    let Ok(response) = answered else {
        return nothing(Dropped);
    };
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let Ok(answer) = serde_json::from_str::<Value>(&text) else {
        return nothing(Odd(status, text.leak()));
    };
    let seen = match (status, answer["class"].as_str(), answer["code"].as_str()) {
        (201, None, None) => Taken,
        (_, Some(class), Some(code)) => Refused(status, class.to_owned().leak(), code.to_owned().leak()),
        _ => Odd(status, text.leak()),
    };
    Tried { seen, retry_after_ms: answer["retry_after_ms"].as_u64(), answer, answered_after }
}

fn recipient(suffix: &str) -> String {
    let suffix = if suffix == "other" { "999" } else { suffix };
    format!("+420601123{suffix}")
}

/// A webhook in few words; checks what all webhooks have in common.
fn told(arrived: &Arrived, suffix: &str) -> String {
    let stale = arrived.age_ms > 3_000_000;
    assert!(stale || arrived.age_ms < 3_000, "{suffix}: signed {} ms ago", arrived.age_ms);
    let Ok(event) = serde_json::from_slice::<Value>(&arrived.body) else {
        assert!(arrived.signature_right, "{suffix}");
        return "unreadable".into();
    };
    let age_ms = common::unix_ms() - event["at_ms"].as_u64().unwrap();
    assert!(age_ms < 60_000, "{suffix}");
    if event["type"] == "inbound" {
        assert!(arrived.signature_right, "{suffix}");
        assert_eq!(
            (event["from"].as_str().unwrap(), &event["to"]),
            (recipient(suffix).as_str(), &"Waypost".into())
        );
        let kind = if event["text"].is_string() { "text" } else { "data" };
        return format!("{kind} {}", event[kind].as_str().unwrap());
    }
    assert_eq!(event["type"], "receipt", "{suffix}");
    let mut words = Vec::new();
    if !arrived.signature_right {
        words.push("forged");
    }
    if stale {
        words.push("stale");
    }
    if event["message_id"] != format!("a-{suffix}") {
        words.push("strange");
    }
    words.push(event["status"].as_str().unwrap());
    words.extend(event["code"].as_str());
    assert_eq!(event["code"].is_string(), event["reason"].is_string(), "{suffix}");
    words.join(" ")
}

/// All receipts of a message carry the reference of its answer; inbound messages have one of their
/// own, and a doubled one has the same twice.
fn check_references(arrived: &[Arrived], reference: &Value, suffix: &str) {
    let mut inbound = Vec::new();
    for arrived in arrived {
        let Ok(event) = serde_json::from_slice::<Value>(&arrived.body) else {
            continue;
        };
        let strange = event["message_id"] == "no-such-message";
        if event["type"] == "receipt" {
            assert_eq!(event["reference"] != *reference, strange, "{suffix}");
        } else {
            assert_ne!(event["reference"], *reference, "{suffix}");
            inbound.push(event["reference"].clone());
        }
    }
    assert!(inbound.windows(2).all(|pair| pair[0] == pair[1]), "{suffix}");
}

fn check_times(suffix: &str, tried: &Tried) {
    let (least_ms, retry_after_ms) = match suffix {
        "003" => (0, Some(500)),
        "030" => (0, Some(1_000)),
        "015" => (600, None),
        "023" => (300, None),
        _ => (0, None),
    };
    assert_eq!(tried.retry_after_ms, retry_after_ms, "{suffix}");
    assert!(tried.answered_after >= Duration::from_millis(least_ms), "{suffix}: {:?}", tried.answered_after);
}
