//! Limits hold for all hosts together, to the message.

use std::time::{Duration, Instant};

use serde_json::json;

use super::world::{Setup, durable_server};
use crate::kit::{Client, Simulator, eventually, number};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_holds_to_the_message() {
    let redis = durable_server();
    let simulator = Simulator::start(&[]);
    let setup = Setup { tenant: "destination_per_day = 23", ..Setup::new(&redis.url(), &simulator) };
    let hosts = setup.start_all(&["a", "b", "c"]).await;
    let clients: Vec<Client> = hosts.iter().map(|host| host.client()).collect();
    let body = json!({ "to": number(7, "999"), "text": "Hello" });
    let sends = (0..60).map(|index| {
        let (client, body) = (clients[index % clients.len()].clone(), body.clone());
        tokio::spawn(async move { client.post("/v1/messages", &body).await.status })
    });
    let mut answers = Vec::new();
    for send in sends.collect::<Vec<_>>() {
        answers.push(send.await.unwrap());
    }
    let taken = answers.iter().filter(|status| **status == 202).count();
    let limited = answers.iter().filter(|status| **status == 429).count();
    assert_eq!((taken, limited), (23, 37), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_providers_rate_is_one_for_all_hosts() {
    const RATE: f64 = 40.0;
    const MESSAGES: u32 = 160;
    let redis = durable_server();
    let simulator = Simulator::start(&[]);
    let setup =
        Setup { provider: "rate_per_second = 40\nrate_burst = 1", ..Setup::new(&redis.url(), &simulator) };
    let hosts = setup.start_all(&["a", "b", "c"]).await;
    let clients: Vec<Client> = hosts.iter().map(|host| host.client()).collect();
    let begin = Instant::now();
    for index in 0..MESSAGES {
        clients[index as usize % clients.len()].send(&number(index, "999")).await;
    }
    eventually("all are taken", || async {
        let asked = simulator.counts().await["taken"].as_u64().unwrap();
        let elapsed_s = begin.elapsed().as_secs_f64();
        assert!(asked as f64 <= 1.0 + RATE * elapsed_s, "{asked} after {elapsed_s} s");
        (asked >= u64::from(MESSAGES)).then_some(())
    })
    .await;
    let least = Duration::from_secs_f64(f64::from(MESSAGES - 1) / RATE);
    let took = begin.elapsed();
    println!("{MESSAGES} messages at {RATE}/s took {took:?}");
    assert!(took >= least, "faster than the rate: {took:?}");
    assert!(took <= least * 3, "the rate is not used: {took:?}");
}
