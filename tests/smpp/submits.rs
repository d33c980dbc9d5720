//! What goes out, octet by octet, and what its answers and receipts lead to.

use serde_json::json;

use crate::kit::{eventually, number};
use crate::world::World;

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn ucs2(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("{unit:04x}")).collect()
}

#[tokio::test]
async fn texts_and_senders_arrive_octet_by_octet() {
    let world = World::start("", "").await;
    let e164 = number(1, "000");
    let cases = [
        ("Waypost", "Hello, you", (5, 0), (0, hex(b"Hello, you"))),
        ("12345", "a@b {€}", (3, 0), (0, "6100621b".to_owned().replace("621b", "6220") + "1b281b651b29")),
        ("+447400900101", "Děkuji 👍", (1, 1), (8, ucs2("Děkuji 👍"))),
    ];
    for (from, text, source, (coding, octets)) in cases {
        let id = world.send_json(&json!({ "to": e164, "from": from, "text": text })).await;
        let message = world.client.wait_for(&id, "delivered").await;
        let submitted = world.arrived(&e164).pop().unwrap();
        assert_eq!((submitted.data_coding, &submitted.octets), (coding, &octets), "{text}");
        assert_eq!((submitted.source.ton, submitted.source.npi), source, "{from}");
        assert_eq!(submitted.source.address, from.trim_start_matches('+'));
        let dest = &submitted.destination;
        assert_eq!((dest.ton, dest.npi, dest.address.as_str()), (1, 1, &e164[1..]));
        assert_eq!((submitted.esm_class, submitted.registered_delivery), (0, 1));
        assert!(submitted.validity.ends_with('R'), "{}", submitted.validity);
        assert_eq!(message["possibly_duplicated"], json!(null), "{message}");
    }
    let providers = world.client.get("/v1/providers").await.body;
    let carrier = &providers["providers"][0];
    assert_eq!((&carrier["component"], &carrier["health"]), (&json!("smpp"), &json!("healthy")), "{carrier}");
    let metrics = world.client.with_key("").get("/metrics").await.text;
    assert!(
        metrics.contains("waypost_smpp_answers_total{provider=\"carrier\",status=\"ESME_ROK\"} 3"),
        "{metrics}"
    );
    eventually("binds are counted", || async {
        let metrics = world.client.with_key("").get("/metrics").await.text;
        metrics
            .lines()
            .any(|line| line.starts_with("waypost_smpp_binds{") && line.ends_with(" 1"))
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_long_message_arrives_whole_in_each_of_the_three_ways() {
    let text = format!("{}€ end", "0123456789".repeat(20));
    let septets = |text: &str| hex(text.as_bytes()).replace("e282ac", "1b65");
    for way in ["udh", "sar", "payload"] {
        let world =
            World::start("", &format!("[providers.carrier.smpp.submit]\nlong_messages = \"{way}\"")).await;
        let to = number(2, "000");
        let id = world.send(&to, &text).await;
        world.client.wait_for(&id, "delivered").await;
        let arrived = world.arrived(&to);
        let said: Vec<_> = arrived
            .iter()
            .map(|part| match &part.udh {
                Some(udh) => part.octets[udh.len() + 2..].to_owned(),
                None => part.octets.clone(),
            })
            .collect();
        assert_eq!(said.concat(), septets(&text), "{way}");
        let asked: Vec<_> = arrived.iter().map(|part| part.registered_delivery).collect();
        match way {
            "payload" => assert_eq!(asked, [1]),
            _ => {
                assert_eq!(asked, [0, 1], "a receipt for the last part only");
                let parts: Vec<_> = arrived.iter().map(|part| part.part.unwrap()).collect();
                assert_eq!((parts[0].number, parts[1].number, parts[1].total), (1, 2, 2));
                assert_eq!(parts[0].reference, parts[1].reference);
                assert!(arrived.iter().all(|part| part.udh.is_some() == (way == "udh")));
            }
        }
    }
}

#[tokio::test]
async fn refusals_throttling_and_receipts_lead_where_they_should() {
    let world = World::start("waits_percent = 10", "").await;
    for (suffix, status) in [
        ("001", "failed"),
        ("003", "delivered"),
        ("004", "delivered"),
        ("009", "undelivered"),
        ("010", "expired"),
        ("016", "submitted"),
        ("022", "delivered"),
        ("023", "delivered"),
        ("042", "delivered"),
        ("043", "delivered"),
        ("045", "delivered"),
        ("046", "delivered"),
    ] {
        let id = world.send(&number(3, suffix), "Hello").await;
        let message = world.client.wait_for(&id, status).await;
        if suffix == "001" {
            assert_eq!(message["failure"]["code"], "esme_rinvdstadr", "{message}");
        }
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_a_doubt_that_the_message_keeps() {
    let world = World::start("", "").await;
    // The link is closed without an answer, the first time.
    let to = number(4, "021");
    let id = world.send(&to, "Hello").await;
    let message = world.client.wait_for(&id, "delivered").await;
    assert_eq!(message["possibly_duplicated"], json!(true), "{message}");
    assert_eq!(world.arrived(&to).len(), 2);
    let steps = world.client.steps(&id).await;
    assert!(steps.iter().any(|step| step["failure"]["class"] == "in_doubt"), "{steps:?}");
}

#[tokio::test]
async fn a_part_that_is_throttled_is_tried_again_alone() {
    let world = World::start("", "").await;
    // The first submit to the recipient is throttled: the first part of three.
    let to = number(5, "003");
    let id = world.send(&to, &"x".repeat(400)).await;
    world.client.wait_for(&id, "delivered").await;
    let mut numbers: Vec<_> = world.arrived(&to).iter().map(|part| part.part.unwrap().number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 1, 2, 3]);
    let metrics = world.client.with_key("").get("/metrics").await.text;
    assert!(metrics.contains("status=\"ESME_RTHROTTLED\"} 1"), "{metrics}");
}

#[tokio::test]
async fn the_rate_of_a_bind_holds_and_nothing_fails_by_waiting() {
    let world = World::start("[submit]\nper_second = 50", "bind_rate_per_second = 40").await;
    let start = std::time::Instant::now();
    let mut ids = Vec::new();
    for index in 0..60 {
        ids.push(world.send(&number(index, "000"), "Hello").await);
    }
    for id in ids {
        world.client.wait_for(&id, "delivered").await;
    }
    assert!(start.elapsed().as_millis() > 1_000, "60 messages at 40 a second took {:?}", start.elapsed());
    assert_eq!(world.smsc.control.counts().errors.len(), 0, "nothing was throttled");
}

#[tokio::test]
async fn it_stops_by_unbinding_and_a_reload_keeps_its_session() {
    let mut world = World::start("", "").await;
    let bound = || world.smsc.control.counts().binds;
    let address = world.smsc.addr.to_string();
    world.gateway.write_config(&(crate::world::config(&address, "") + "\n[tenants.other]\n"));
    world.gateway.signal("HUP");
    eventually("the tenant is there", || async {
        world.gateway.log().contains("another configuration runs").then_some(())
    })
    .await;
    let id = world.send(&number(6, "000"), "Hello").await;
    world.client.wait_for(&id, "delivered").await;
    assert_eq!(bound(), 1, "the same session");
    // Another window: the session is made anew, after the one before has ended.
    world.gateway.write_config(&crate::world::config(&address, "").replace("window = 100", "window = 7"));
    world.gateway.signal("HUP");
    eventually("another session", || async { (bound() == 2).then_some(()) }).await;
    let id = world.send(&number(7, "000"), "Hello").await;
    world.client.wait_for(&id, "delivered").await;
    assert!(world.gateway.stop().await);
    let unbinds = world.smsc.control.log(0, usize::MAX).into_iter();
    let unbinds =
        unbinds.filter(|entry| matches!(entry.event, waypost_simulator::smsc::Event::Unbind)).count();
    assert_eq!(unbinds, 2);
}
