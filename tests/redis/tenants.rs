//! A tenant that is made on one host is there on the other.

use std::time::{Duration, Instant};

use serde_json::json;

use super::world::{Setup, durable_server};
use crate::kit::{Client, Simulator, eventually, number};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_of_one_host_sends_on_the_other_within_a_second() {
    let redis = durable_server();
    let simulator = Simulator::start(&["--delay-ms", "20"]);
    let hosts = Setup::new(&redis.url(), &simulator).start_all(&["a", "b"]).await;
    let operator = Client::new(hosts[0].address(), &hosts[0].key("default", &["operator"]));
    let body = json!({ "to": number(1, "999"), "text": "Hello" });
    for round in 0..3 {
        let path = format!("/v1/tenants/shop-{round}");
        let start = Instant::now();
        assert_eq!(operator.put(&path, &json!({})).await.status, 201);
        let key = operator.post(&format!("{path}/keys"), &json!({ "label": "x", "role": "sender" })).await;
        let shop = Client::new(hosts[1].address(), key.body["key"].as_str().unwrap());
        eventually("the other host takes it", || async {
            (shop.post("/v1/messages", &body).await.status == 202).then_some(())
        })
        .await;
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        println!("a tenant sends on the other host after {:?}", start.elapsed());

        let start = Instant::now();
        assert_eq!(operator.put(&path, &json!({ "enabled": false })).await.status, 200);
        eventually("the other host refuses it", || async {
            (shop.post("/v1/messages", &body).await.status == 401).then_some(())
        })
        .await;
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
}
