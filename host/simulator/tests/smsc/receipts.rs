//! Receipts and inbound messages.

use waypost_simulator::smsc::{DeliverOrder, Dialect, ReceiptOrder, State};

use crate::client::{ANSWER, DELIVER, Delivered, Esme, eventually, field, pdu};
use crate::start;

const PLAIN: &str = "420601999999";

#[tokio::test]
async fn a_receipt_has_text_and_tlvs() {
    let smsc = start("[receipts]\ndelay_ms = 0").await;
    let mut esme = Esme::bound(smsc.addr).await;
    let id = esme.submitted(PLAIN).await.id();
    let receipt = esme.delivered().await;
    assert_eq!(receipt.from, (1, 1, PLAIN.to_owned()));
    assert_eq!(receipt.to, (5, 0, "Shop".to_owned()));
    assert_eq!((receipt.esm_class, receipt.data_coding), (4, 0));
    let text = receipt.text();
    assert_eq!(
        (field(&text, "id"), field(&text, "stat"), field(&text, "text")),
        (id.clone(), "DELIVRD".into(), "hello".into())
    );
    assert_eq!(receipt.tlv(0x001E).unwrap(), format!("{id}\0").as_bytes());
    assert_eq!(receipt.tlv(0x0427).unwrap(), [2]);
    eventually("confirmed", || smsc.control.counts().delivers_confirmed == 1).await;
}

#[tokio::test]
async fn every_dialect_names_the_message_and_its_state() {
    let smsc = start("[receipts]\ndelay_ms = 0\nby = \"text\"").await;
    let mut esme = Esme::bound(smsc.addr).await;
    for dialect in Dialect::ALL {
        smsc.control.set(&serde_json::json!({ "receipts": { "dialect": dialect } })).unwrap();
        let id = esme.submitted(PLAIN).await.id();
        let receipt = esme.delivered().await;
        assert_eq!(receipt.tlvs, []);
        let text = receipt.text().to_lowercase().replace(": ", ":");
        assert_eq!((field(&text, "id"), field(&text, "stat")), (id, "delivrd".to_owned()), "{dialect:?}");
    }
}

#[tokio::test]
async fn states_have_weights() {
    let smsc = start(
        "[receipts]\ndelay_ms = 0\nby = \"tlvs\"\nerror = 11\n[receipts.states]\nDELIVRD = 3\nUNDELIV = 1",
    )
    .await;
    let mut esme = Esme::bound(smsc.addr).await;
    let mut undelivered = 0;
    for _ in 0..200 {
        esme.submitted(PLAIN).await;
        let receipt = esme.delivered().await;
        assert_eq!(receipt.message, b"");
        if receipt.tlv(0x0427) == Some(&[5]) {
            assert_eq!(receipt.tlv(0x0423), Some(&[3, 0, 11][..]));
            undelivered += 1;
        }
    }
    assert!((25..80).contains(&undelivered), "{undelivered}");
}

#[tokio::test]
async fn receipts_are_lost_doubled_strange_and_early() {
    let smsc = start("[receipts]\ndelay_ms = 0\nlost = 1.0").await;
    let mut esme = Esme::bound(smsc.addr).await;
    esme.submitted(PLAIN).await;
    assert_eq!((smsc.control.counts().receipts, smsc.control.counts().receipts_lost), (0, 1));
    let set = |changes| smsc.control.set(&serde_json::json!({ "receipts": changes })).unwrap();
    set(serde_json::json!({ "lost": 0.0, "doubled": 1.0 }));
    esme.submitted(PLAIN).await;
    let (first, second) = (esme.delivered().await, esme.delivered().await);
    assert_eq!((first.text(), first.sequence + 1), (second.text(), second.sequence));
    set(serde_json::json!({ "doubled": 0.0, "unknown": 1.0 }));
    let id = esme.submitted(PLAIN).await.id();
    assert_ne!(field(&esme.delivered().await.text(), "id"), id);
    set(serde_json::json!({ "unknown": 0.0, "early": true }));
    let sequence = esme.submit(PLAIN, b"hello").await;
    let receipt = esme.delivered().await;
    let answer = esme.pdu().await;
    assert_eq!((answer.sequence, field(&receipt.text(), "id")), (sequence, answer.id()));
}

#[tokio::test]
async fn a_receipt_that_is_refused_or_not_answered_comes_again() {
    let smsc = start("[receipts]\ndelay_ms = 0\n[deliver]\nretry_ms = 20").await;
    let mut esme = Esme::bound(smsc.addr).await;
    esme.submitted(PLAIN).await;
    let first = esme.pdu().await;
    // ESME_RX_T_APPN
    esme.write(&pdu(DELIVER | ANSWER, 0x64, first.sequence, b"\0")).await;
    let second = esme.pdu().await;
    assert_eq!(Delivered::read(&first).text()[..40], Delivered::read(&second).text()[..40]);
    drop(esme);
    let mut receiver = Esme::connect(smsc.addr).await;
    assert_eq!(receiver.bind(1, "waypost", "secret").await, 0);
    let third = receiver.delivered().await;
    assert_eq!(third.text()[..40], Delivered::read(&first).text()[..40]);
    eventually("confirmed", || smsc.control.counts().delivers_confirmed == 1).await;
    assert_eq!((smsc.control.counts().delivers, smsc.control.counts().delivers_refused), (3, 1));
}

#[tokio::test]
async fn receipts_of_a_transmitter_come_to_the_receiver() {
    let smsc = start("[receipts]\ndelay_ms = 10").await;
    let mut transmitter = Esme::connect(smsc.addr).await;
    assert_eq!(transmitter.bind(2, "waypost", "secret").await, 0);
    let id = transmitter.submitted(PLAIN).await.id();
    let mut other = Esme::connect(smsc.addr).await;
    assert_eq!(other.bind(1, "other", "secret").await, 0);
    let mut receiver = Esme::connect(smsc.addr).await;
    assert_eq!(receiver.bind(1, "waypost", "secret").await, 0);
    assert_eq!(field(&receiver.delivered().await.text(), "id"), id);
}

#[tokio::test]
async fn the_window_of_deliveries_holds() {
    let smsc = start("[receipts]\ndelay_ms = 0\n[deliver]\nwindow = 3").await;
    let mut esme = Esme::bound(smsc.addr).await;
    for _ in 0..10 {
        esme.submit(PLAIN, b"hello").await;
    }
    let mut delivered = Vec::new();
    for _ in 0..13 {
        let pdu = esme.pdu().await;
        if pdu.command == DELIVER {
            delivered.push(pdu.sequence);
        }
    }
    assert_eq!((delivered.len(), smsc.control.counts().delivers_waiting), (3, 7));
    for _ in 0..7 {
        esme.write(&pdu(DELIVER | ANSWER, 0, delivered.remove(0), b"\0")).await;
        delivered.push(esme.pdu().await.sequence);
    }
}

#[tokio::test]
async fn inbound_messages_come_on_demand_and_by_script() {
    let script = "[[inbound]]\nfrom = \"+420601123456\"\nto = \"10000\"\ntext = \"by script\"\ntimes = 2\nevery_ms = 5";
    let smsc = start(script).await;
    let mut esme = Esme::bound(smsc.addr).await;
    for _ in 0..2 {
        let message = esme.delivered().await;
        assert_eq!((message.text(), message.esm_class), ("by script".to_owned(), 0));
        assert_eq!(message.from, (1, 1, "420601123456".to_owned()));
        assert_eq!(message.to, (3, 0, "10000".to_owned()));
    }
    let order = |parts: &str| {
        let order = serde_json::json!({ "inbound": {
            "from": "+420601123456", "to": "10000", "text": "ž".repeat(150), "parts": parts,
        }});
        smsc.control.deliver(serde_json::from_value(order).unwrap()).unwrap();
    };
    for parts in ["udh", "udh16", "sar"] {
        order(parts);
        let mut whole = Vec::new();
        for _ in 0..3 {
            let part = esme.delivered().await;
            assert_eq!(part.data_coding, 8);
            let header = if part.esm_class == 0x40 { usize::from(part.message[0]) + 1 } else { 0 };
            assert_eq!(
                header,
                match parts {
                    "udh" => 6,
                    "udh16" => 7,
                    _ => 0,
                }
            );
            whole.extend_from_slice(&part.message[header..]);
        }
        assert_eq!(whole, b"\x01\x7E".repeat(150), "{parts}");
    }
    order("payload");
    assert_eq!(esme.delivered().await.tlv(0x0424), Some(&b"\x01\x7E".repeat(150)[..]));
}

#[tokio::test]
async fn any_receipt_can_be_ordered() {
    let smsc = start("").await;
    let order = ReceiptOrder {
        system_id: None,
        id: "00FF".into(),
        from: "+420601123456".into(),
        to: "Shop".into(),
        state: State::Rejectd,
        by: None,
        dialect: Some(Dialect::Bare),
        text: None,
        after_ms: 0,
    };
    assert!(smsc.control.deliver(DeliverOrder::Receipt(order.clone())).is_err(), "nobody is bound");
    let mut esme = Esme::bound(smsc.addr).await;
    smsc.control.deliver(DeliverOrder::Receipt(order.clone())).unwrap();
    let receipt = esme.delivered().await;
    assert_eq!((receipt.text(), receipt.tlv(0x001E)), ("id:00FF stat:REJECTD".into(), Some(&b"00FF\0"[..])));
    let text = Some("ID=1;STATUS=ok".to_owned());
    smsc.control.deliver(DeliverOrder::Receipt(ReceiptOrder { text, ..order })).unwrap();
    let receipt = esme.delivered().await;
    assert_eq!((receipt.text(), receipt.esm_class, receipt.tlvs.len()), ("ID=1;STATUS=ok".into(), 4, 0));
}
