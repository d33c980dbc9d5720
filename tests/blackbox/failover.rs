//! Two providers: what one cannot do, the other does.

use crate::kit::{Client, Gateway, Simulator, number};

/// `first` is a carrier of its own and cheaper; `second` is inside the process.
fn config(simulator: &Simulator) -> String {
    format!(
        r#"
[server]
listen = "{{address}}"
public_url = "http://{{address}}"
[providers.first]
component = "simulator"
settings = {{ endpoint = "{}" }}
secrets = {{ webhook = {{ env = "SIMULATOR_KEY" }} }}
hosts = ["{}"]
price = {{ currency = "EUR", default = "0.01" }}
retry = {{ attempts_max = 4, base_ms = 50, max_ms = 100 }}
circuit = {{ failures = 2, open_ms = 60000 }}
[providers.second]
component = "simulator"
price = {{ currency = "EUR", default = "0.05" }}
[tenants.default]
[tenants.default.routing]
component = "least-cost"
"#,
        simulator.url(),
        simulator.host(),
    )
}

async fn start(simulator: &Simulator) -> (Gateway, Client) {
    let gateway = Gateway::start_with(&config(simulator), &[("SIMULATOR_KEY", "simulator-key")]).await;
    let client = gateway.client();
    (gateway, client)
}

#[tokio::test]
async fn the_cheaper_provider_is_used() {
    let simulator = Simulator::start(&[]);
    let (_gateway, client) = start(&simulator).await;
    let id = client.send(&number(1, "999")).await;
    let message = client.wait_for(&id, "delivered").await;
    assert_eq!(message["route"], "first");
    assert_eq!(message["price"]["amount"], "0.010000");
}

#[tokio::test]
async fn a_provider_that_is_gone_is_replaced_and_then_left_alone() {
    let simulator = Simulator::start(&[]);
    let (_gateway, client) = start(&simulator).await;
    drop(simulator);
    let id = client.send(&number(1, "999")).await;
    let message = client.wait_for(&id, "delivered").await;
    assert_eq!(message["route"], "second");
    assert!(message.get("possibly_duplicated").is_none(), "nothing was sent: {message}");
    let steps = client.steps(&id).await;
    assert_eq!(steps[1]["failure"]["code"], "connection_failed", "{steps:?}");
    assert_eq!(steps[1]["next_route"], "second");

    // The second failure opens the circuit; from then on the first is not even tried.
    let id = client.send(&number(2, "999")).await;
    client.wait_for(&id, "delivered").await;
    let id = client.send(&number(3, "999")).await;
    let message = client.wait_for(&id, "delivered").await;
    assert_eq!(message["attempts"], 1, "{message}");
    let providers = client.get("/v1/providers").await.body;
    assert_eq!(providers["providers"][0]["health"], "down", "{providers}");
}

#[tokio::test]
async fn what_only_one_provider_can_do_is_not_tried_by_the_other() {
    let simulator = Simulator::start(&[]);
    let (_gateway, client) = start(&simulator).await;
    // The recipient is wrong for everybody.
    let id = client.send(&number(1, "001")).await;
    let message = client.wait_for(&id, "failed").await;
    assert_eq!(message["attempts"], 1, "{message}");
    // Its sender is refused by the first; the second is asked, and refuses it too.
    let id = client.send(&number(1, "002")).await;
    let message = client.wait_for(&id, "failed").await;
    assert_eq!(message["attempts"], 2, "{message}");
    assert_eq!(message["failure"]["class"], "sender");
}

#[tokio::test]
async fn messages_that_wait_for_a_broken_provider_move() {
    let simulator = Simulator::start(&[]);
    let config = config(&simulator)
        .replace("circuit = { failures = 2", "rate_per_second = 0.5\ncircuit = { failures = 2");
    let gateway = Gateway::start_with(&config, &[("SIMULATOR_KEY", "simulator-key")]).await;
    let client = gateway.client();
    let first = client.send(&number(0, "999")).await;
    client.wait_for(&first, "delivered").await;
    // Nothing is with the carrier when it goes: a receipt would go with it.
    drop(simulator);
    // These wait for the rate. Two of them fail and open the circuit.
    let mut ids = Vec::new();
    for index in 1..6 {
        ids.push(client.send(&number(index, "999")).await);
    }
    for id in &ids {
        client.wait_for(id, "delivered").await;
    }
    let last = client.message(ids.last().unwrap()).await;
    assert_eq!(last["route"], "second", "{last}");
    assert_eq!(last["attempts"], 1, "{last}");
    let steps = client.steps(ids.last().unwrap()).await;
    assert!(steps.iter().any(|step| step["kind"] == "rerouted"), "{steps:?}");
}
