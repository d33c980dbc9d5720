//! Three hosts under load: one is killed, one is stopped for longer than its leases and goes on, one is
//! replaced. Every accepted message ends once, or is marked.

use std::time::Duration;

use serde_json::Value;

use super::world::{Load, Setup, durable_server, metric};
use crate::kit::{Simulator, eventually};

/// Leases of two seconds: a provider's time-out of one, and one to settle.
const SHORT_LEASES: (&str, &str) = (
    "lease_margin_ms = 1000",
    r#"timeout_ms = 1000
in_flight_max = 16
in_doubt = { wait_seconds = 1, then = "give-up" }
retry = { attempts_max = 20, base_ms = 20, max_ms = 100 }
circuit = { failures = 1000, open_ms = 100 }"#,
);
/// As long as the issue says.
const PAUSE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_killed_one_paused_one_replaced_and_every_message_ends_once() {
    let redis = durable_server();
    let simulator = Simulator::start(&["--delay-ms", "20"]);
    let (store, provider) = SHORT_LEASES;
    let setup = Setup { store, provider, ..Setup::new(&redis.url(), &simulator) };
    let mut hosts = setup.start_all(&["a", "b", "c"]).await;
    let client = hosts[0].client();
    let load = Load::default();
    let mut senders = Vec::new();
    for host in &hosts {
        senders.extend(load.start(&host.client(), 2));
    }
    load.grow(600).await;
    hosts[2].signal("STOP");
    let paused = tokio::time::sleep(PAUSE);
    tokio::pin!(paused);
    load.grow(300).await;
    hosts[1].kill();
    load.grow(300).await;
    hosts[1].run().await;
    load.grow(300).await;
    // An upgrade is a stop and a start.
    assert!(hosts[1].stop().await);
    load.grow(300).await;
    hosts[1].run().await;
    load.grow(300).await;
    paused.await;
    hosts[2].signal("CONT");
    load.grow(300).await;
    load.end(senders).await;
    load.holds(&client, &simulator).await;
    let recovered = hosts[2].client();
    assert_eq!(metric(&recovered, "waypost_store_up").await, Some(1.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_are_listed_with_what_became_of_them() {
    let redis = durable_server();
    let simulator = Simulator::start(&[]);
    let setup = Setup::new(&redis.url(), &simulator);
    let mut hosts = setup.start_all(&["a", "b"]).await;
    let listed = |of: &crate::kit::Gateway| -> Vec<(String, String)> {
        let output = of.cli(&["hosts", "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let hosts: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        hosts.iter().map(|host| (text(&host["name"]), text(&host["state"]))).collect()
    };
    let pair = |name: &str, state: &str| (name.to_owned(), state.to_owned());
    eventually("both are up", || async {
        (listed(&hosts[0]) == [pair("a", "up"), pair("b", "up")]).then_some(())
    })
    .await;
    assert!(hosts[1].stop().await);
    eventually("one has stopped", || async {
        (listed(&hosts[0]) == [pair("a", "up"), pair("b", "stopped")]).then_some(())
    })
    .await;
}
