//! SIGTERM: nothing new, and what is in flight is finished.

use std::time::Duration;

use crate::kit::{Gateway, number};

const CONFIG: &str = r#"
[server]
listen = "{address}"
shutdown_grace_seconds = 10
[providers.simulator]
component = "simulator"
[tenants.default]
"#;

#[tokio::test]
async fn a_submit_in_flight_is_settled_before_the_end() {
    let mut gateway = Gateway::start(CONFIG).await;
    let client = gateway.client();
    // The simulator takes two seconds to answer for this one.
    let id = client.send(&number(1, "015")).await;
    client.wait_for(&id, "submitting").await;
    assert!(gateway.stop().await, "{}", gateway.log());
    gateway.run().await;
    let client = gateway.client();
    let message = client.message(&id).await;
    assert_eq!(message["status"], "submitted", "{message}");
    assert!(message.get("possibly_duplicated").is_none());
}

#[tokio::test]
async fn a_waiting_long_poll_does_not_hold_up_the_end() {
    let mut gateway = Gateway::start(CONFIG).await;
    let client = gateway.client();
    let waiting = tokio::spawn(async move { client.get("/v1/inbox?wait_seconds=30").await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let start = std::time::Instant::now();
    assert!(gateway.stop().await);
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert_eq!(waiting.await.unwrap().status, 200);
}
