//! One circuit for all hosts: what one finds out, all go by, and one of them tries again.

use std::time::Duration;

use super::world::{Setup, durable_server};
use crate::kit::{Client, Simulator, eventually, number};

async fn health(client: &Client) -> String {
    let answer = client.get("/v1/providers").await;
    answer.body["providers"][0]["health"].as_str().unwrap_or_default().to_owned()
}

async fn becomes(client: &Client, state: &str) {
    eventually(&format!("the provider is {state}"), || async {
        (health(client).await == state).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_host_finds_out_all_go_by() {
    let redis = durable_server();
    let simulator = Simulator::start(&["--delay-ms", "20"]);
    let provider = r#"circuit = { failures = 2, open_ms = 1500 }
retry = { attempts_max = 3, base_ms = 60000, max_ms = 60000 }"#;
    let setup = Setup { provider, ..Setup::new(&redis.url(), &simulator) };
    let hosts = setup.start_all(&["a", "b", "c"]).await;
    let clients: Vec<Client> = hosts.iter().map(|host| host.client()).collect();
    // No credit: the circuit opens at once, on whichever host has the message.
    clients[0].send(&number(1, "005")).await;
    for client in &clients {
        becomes(client, "down").await;
    }
    // All of these wait for one trial, which ends well, and then go.
    let mut ids = Vec::new();
    for index in 0..30 {
        ids.push(clients[index as usize % 3].send(&number(index, "999")).await);
    }
    let said = || -> usize {
        let log =
            |host: &crate::kit::Gateway| host.log().matches("this host tries the provider again").count();
        hosts.iter().map(log).sum()
    };
    for client in &clients {
        becomes(client, "healthy").await;
    }
    for id in &ids {
        clients[1].wait_for(id, "delivered").await;
    }
    // Two hosts may have begun when the circuit opened, so more than one trial may be needed, but never
    // two at once.
    assert!((1..=4).contains(&said()), "{} trials", said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circuit_is_a_hosts_own_while_redis_is_away() {
    let redis = durable_server();
    let simulator = Simulator::start(&["--delay-ms", "20"]);
    let provider = "circuit = { failures = 2, open_ms = 60000 }";
    let setup = Setup { provider, ..Setup::new(&redis.url(), &simulator) };
    let hosts = setup.start_all(&["a", "b"]).await;
    let clients: Vec<Client> = hosts.iter().map(|host| host.client()).collect();
    clients[0].send(&number(1, "005")).await;
    for client in &clients {
        becomes(client, "down").await;
    }
    redis.kill();
    tokio::time::sleep(Duration::from_millis(500)).await;
    redis.restart().unwrap();
    for client in &clients {
        super::world::ready(client, 200).await;
        becomes(client, "down").await;
    }
}
