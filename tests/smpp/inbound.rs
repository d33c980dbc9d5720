//! Messages that come in.

use serde_json::json;
use waypost_simulator::smsc::DeliverOrder;

use crate::kit::eventually;
use crate::world::World;

const FROM: &str = "+447400123456";

fn order(text: &str, more: serde_json::Value) -> DeliverOrder {
    let mut inbound = json!({ "from": FROM, "to": "10000", "text": text });
    inbound.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(json!({ "inbound": inbound })).unwrap()
}

#[tokio::test]
async fn texts_in_every_alphabet_and_in_parts_of_each_kind_are_read() {
    let world = World::start("", "").await;
    let long = "The quick brown fox {jumps} over € 100. ".repeat(10);
    let wide = "Děkuji 👍 ".repeat(30);
    for (index, parts) in ["udh", "udh16", "sar", "payload"].into_iter().enumerate() {
        for text in [&long, &wide] {
            let text = format!("{index} {text}");
            let reversed = json!({ "parts": parts, "reversed": index % 2 == 1 });
            world.smsc.control.deliver(order(&text, reversed)).unwrap();
            let message = world.inbox(&text).await;
            assert_eq!((&message["from"], &message["to"]), (&json!(FROM), &json!("10000")), "{message}");
        }
    }
    world.smsc.control.deliver(order("€ {short}", json!({}))).unwrap();
    world.inbox("€ {short}").await;
    let inbox = world.client.get("/v1/inbox?limit=500").await.body;
    assert_eq!(inbox["messages"].as_array().unwrap().len(), 9, "each once: {inbox}");
    assert_eq!(world.smsc.control.counts().delivers_refused, 0);
}

#[tokio::test]
async fn a_repeated_message_is_known_and_a_missing_part_is_waited_for() {
    let world = World::start("", "").await;
    for _ in 0..3 {
        world.smsc.control.deliver(order("the same", json!({}))).unwrap();
    }
    let long = "part ".repeat(80);
    world.smsc.control.deliver(order(&long, json!({ "missing": [2] }))).unwrap();
    let control = &world.smsc.control;
    eventually("all are answered", || async { (control.counts().delivers_confirmed == 5).then_some(()) })
        .await;
    let inbox = world.client.get("/v1/inbox?limit=500").await.body;
    assert_eq!(inbox["messages"].as_array().unwrap().len(), 1, "{inbox}");
}

#[tokio::test]
async fn what_nobody_is_named_for_is_refused_for_good() {
    let world = World::start("[deliver]\nretries = 2\nretry_ms = 10", "[tenants.other]").await;
    world.smsc.control.deliver(order("whose?", json!({}))).unwrap();
    let control = &world.smsc.control;
    eventually("refused", || async { (control.counts().delivers_refused > 0).then_some(()) }).await;
    assert!(world.gateway.log().contains("inbound_unrouted"), "{}", world.gateway.log());
}
