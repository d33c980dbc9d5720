//! The link dies in the middle of many messages, again and again: nothing is lost, and whatever may have
//! been sent twice says so.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use waypost_simulator::smsc::{Event, Script, Smsc};

use crate::kit::{Gateway, eventually, number};
use crate::world::{PASSWORD, config};

const MESSAGES: u32 = 10_000;
const DEATHS: u64 = 10;
const SENDERS: u32 = 32;

/// Ways in which a link dies, by turns.
const WAYS: [&str; 4] = ["close", "reset", "mid_pdu", "half_answer"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_deaths_in_ten_thousand_messages_lose_nothing_and_hide_no_repeat() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("arrived.jsonl");
    let script = format!(
        "rows = false\n[submit]\ndelay_ms = 5\n[receipts]\ndelay_ms = 0\nsend = \"never\"\n\
         [drops]\nafter_submits = 900\ntimes = {DEATHS}\n\
         [log]\nentries = 0\nrecipients = 0\nfile = {:?}\n[[systems]]\nsystem_id = \"shop\"\npassword = \"{PASSWORD}\"\n",
        log.to_str().unwrap()
    );
    let smsc = Smsc::start(Script::from_toml(&script).unwrap()).await.unwrap();
    let config = config(&smsc.addr.to_string(), "")
        .replace("[providers.carrier]\n", "[providers.carrier]\ncircuit = { failures = 100 }\n");
    let gateway = Gateway::start_with(&config, &[("CARRIER_PASSWORD", PASSWORD)]).await;
    let client = gateway.client();
    let control = smsc.control.clone();
    let ways = tokio::spawn(async move {
        for turn in 1..DEATHS {
            while control.counts().drops < turn {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let way = WAYS[usize::try_from(turn).unwrap() % WAYS.len()];
            control.set(&json!({ "drops": { "how": way } })).unwrap();
        }
    });
    let senders = (0..SENDERS).map(|sender| {
        let client = client.clone();
        tokio::spawn(async move {
            for index in (sender..MESSAGES).step_by(SENDERS as usize) {
                let body = json!({ "to": number(index, "999"), "text": format!("number {index}"), "client_ref": index.to_string() });
                let answer = client.post("/v1/messages", &body).await;
                assert_eq!(answer.status, 202, "{}", answer.text);
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    ways.await.unwrap();
    eventually("ten deaths", || async { (smsc.control.counts().drops == DEATHS).then_some(()) }).await;
    let messages = settled(&client).await;

    // By recipient, which is another one for each message.
    let (arrived, unanswered) = eventually("the last answers are in the log", || async {
        let (arrived, unanswered) = arrivals(&log);
        let repeats = arrived.values().sum::<u64>() - arrived.len() as u64;
        // Each that was never answered came again.
        (unanswered.len() as u64 <= repeats).then_some((arrived, unanswered))
    })
    .await;
    assert_eq!(messages.len(), MESSAGES as usize);
    let mut doubted = HashSet::new();
    for message in &messages {
        assert_eq!(message["status"], "submitted", "{message}");
        let to = message["to"].as_str().unwrap().trim_start_matches('+').to_owned();
        assert!(arrived.contains_key(&to), "lost: {message}");
        if message["possibly_duplicated"] == json!(true) {
            doubted.insert(to);
        }
    }
    for (to, times) in &arrived {
        assert!(*times == 1 || doubted.contains(to), "{to} arrived {times} times and nobody said so");
    }
    let submits: u64 = arrived.values().sum();
    let repeats = submits - arrived.len() as u64;
    assert_eq!(arrived.len(), MESSAGES as usize);
    let metrics = client.with_key("").get("/metrics").await.text;
    let lost: u64 = metrics
        .lines()
        .find(|line| line.starts_with("waypost_smpp_answers_total") && line.contains("status=\"lost\""))
        .and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap();
    eprintln!(
        "{MESSAGES} messages, {DEATHS} deaths: {submits} submits arrived, {repeats} repeats, {lost} answers lost, \
         {} messages doubted, {} never answered",
        doubted.len(),
        unanswered.len()
    );
    // What the SMSC never answered was held for in doubt, and what arrived again is a lost answer: one that
    // the SMSC had written, or one of a submit that was cut off on its way.
    assert!(unanswered.is_subset(&doubted));
    assert!((unanswered.len() as u64..=lost).contains(&repeats), "{repeats} repeats");
    assert!(
        lost >= doubted.len() as u64 && lost <= 100 * DEATHS,
        "no more than the window each time: {lost}"
    );
    let handed_over: u64 = messages.iter().map(|message| message["attempts"].as_u64().unwrap()).sum();
    assert!(handed_over >= submits, "{handed_over} were handed over and {submits} arrived");
}

/// Every message, when all are settled.
async fn settled(client: &crate::kit::Client) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let mut messages: Vec<Value> = Vec::new();
        let mut cursor = Some(String::new());
        while let Some(after) = cursor {
            let page = client.get(&format!("/v1/messages?limit=500{after}")).await;
            assert_eq!(page.status, 200, "{}", page.text);
            messages.extend(page.body["messages"].as_array().unwrap().iter().cloned());
            cursor = page.body["next_cursor"].as_str().map(|next| format!("&cursor={next}"));
        }
        let open = messages.iter().filter(|message| message["status"] != "submitted").count();
        if open == 0 {
            return messages;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{open} messages are not settled");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// How many submits came for each recipient, and the recipients of those that were not answered.
fn arrivals(log: &std::path::Path) -> (HashMap<String, u64>, HashSet<String>) {
    let text = std::fs::read_to_string(log).unwrap();
    let entries: Vec<waypost_simulator::smsc::Entry> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut arrived = HashMap::new();
    let mut open = HashMap::new();
    for entry in entries {
        match entry.event {
            Event::Submit(submitted) => {
                let to = submitted.destination.address.clone();
                *arrived.entry(to.clone()).or_insert(0) += 1;
                open.insert(entry.number, to);
            }
            Event::Answered { submit, .. } => {
                open.remove(&submit);
            }
            _ => {}
        }
    }
    (arrived, open.into_values().collect())
}
