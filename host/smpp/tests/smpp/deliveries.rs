//! What the SMSC sends: every delivery is answered, and no flood grows the memory.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Notify;
use waypost_smpp::{Client, CommandStatus, DeliveryKind, Submitted};

use crate::smsc::*;

#[tokio::test]
async fn deliveries_arrive_and_are_answered_with_what_they_led_to() {
    for answer in [Ok(()), Err(CommandStatus::RX_T_APPN), Err(CommandStatus::ROK)] {
        let smsc = Smsc::start().await;
        let (mut inbox, mut received) = Inbox::new();
        inbox.answer = answer;
        let _client = Client::start(smsc.options(), Arc::new(inbox)).unwrap();
        let mut peer = smsc.bound().await;
        let status = match answer {
            Ok(()) => 0,
            Err(CommandStatus::ROK) => 8,
            Err(status) => status.0,
        };

        peer.send(DELIVER_SM, 0, 70, &delivery(b"hello")).await;
        let delivery = received.delivery().await;
        assert_eq!(delivery.kind, DeliveryKind::DeliverSm);
        assert_eq!((delivery.pdu.source.value.as_str(), delivery.pdu.esm_class), ("4917012345678", 4));
        assert_eq!(delivery.pdu.short_message, b"hello");
        let answered = peer.read().await.unwrap();
        assert_eq!(
            (answered.command, answered.status, answered.sequence),
            (DELIVER_SM | RESPONSE, status, 70)
        );
        assert_eq!(answered.body, b"\0");

        peer.send(0x103, 0, 71, b"\0\x01\x0149170\0\x05\0ACME\0\x04\0\0\x04\x27\0\x01\x02").await;
        assert_eq!(received.delivery().await.kind, DeliveryKind::DataSm);
        let answered = peer.read().await.unwrap();
        assert_eq!((answered.command, answered.status, answered.sequence), (0x8000_0103, status, 71));
    }
}

#[tokio::test]
async fn unreadable_deliveries_are_answered_and_the_bind_goes_on() {
    let smsc = Smsc::start().await;
    let (client, mut received) = start(smsc.options());
    let mut peer = smsc.bound().await;
    for (body, status) in [(&b""[..], 2), (b"\0\x01\x01", 2), (b"\0\x01\x01491", 2)] {
        peer.send(DELIVER_SM, 0, 5, body).await;
        let answer = peer.read().await.unwrap();
        assert_eq!((answer.command, answer.status, answer.sequence), (DELIVER_SM | RESPONSE, status, 5));
    }
    peer.send(DELIVER_SM, 0, 6, &delivery(b"fine")).await;
    assert_eq!(received.delivery().await.pdu.short_message, b"fine");
    assert_eq!(peer.read().await.unwrap().status, 0);
    assert_eq!(client.counts().unreadable, 3);
}

#[tokio::test]
async fn a_delivery_that_panics_or_hangs_is_answered() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.timeouts.deliver = Duration::from_millis(50);
    let (mut inbox, _received) = Inbox::new();
    inbox.gate = Some(Arc::new(Notify::new()));
    let _client = Client::start(options, Arc::new(inbox)).unwrap();
    let mut peer = smsc.bound().await;
    peer.send(DELIVER_SM, 0, 1, &delivery(b"panic")).await;
    assert_eq!(peer.read().await.unwrap().status, CommandStatus::RSYSERR.0);
    peer.send(DELIVER_SM, 0, 2, &delivery(b"hangs")).await;
    assert_eq!(peer.read().await.unwrap().status, CommandStatus::RX_T_APPN.0);
}

/// Reading stops when as many are worked on as may be; nothing is lost, nothing is taken for late,
/// and submits are answered once it goes on.
#[tokio::test]
async fn a_flood_is_held_back_and_every_delivery_answered() {
    const FLOOD: u32 = 2_000;
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.limits.incoming_max = 4;
    options.timeouts.response = Duration::from_millis(400);
    options.timeouts.enquire_link = Duration::from_millis(400);
    options.timeouts.enquire_link_response = Duration::from_millis(400);
    let (mut inbox, mut received) = Inbox::new();
    let gate = Arc::new(Notify::new());
    inbox.gate = Some(Arc::clone(&gate));
    let inbox = Arc::new(inbox);
    let client = Client::start(options, Arc::clone(&inbox) as _).unwrap();
    let mut peer = smsc.bound().await;
    sending(&client, 1).await;
    let submitting = tokio::spawn({
        let client = client.clone();
        async move { client.submit(&message(1)).await }
    });
    let submit = peer.submit().await;

    let (mut read, mut write) = tokio::io::split(peer.stream);
    let flooding = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        for sequence in 0..FLOOD {
            write.write_all(&pdu(DELIVER_SM, 0, sequence + 1, &delivery(b"flood"))).await.unwrap();
        }
        write.write_all(&pdu(SUBMIT_SM | RESPONSE, 0, submit.sequence, b"id\0")).await.unwrap();
        write
    });
    until("four are worked on", || inbox.working.load(Ordering::SeqCst) == 4).await;
    // Longer than every time-out: the clock of the link stands.
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    assert_eq!(inbox.working.load(Ordering::SeqCst), 4);
    let opening = tokio::spawn(async move {
        loop {
            gate.notify_one();
            tokio::task::yield_now().await;
        }
    });
    let mut answered = 0;
    let mut peer = Peer { stream: tokio::io::join(&mut read, tokio::io::sink()) };
    while answered < FLOOD {
        let pdu = peer.read().await.unwrap();
        if pdu.command == DELIVER_SM | RESPONSE {
            assert_eq!(pdu.status, 0);
            answered += 1;
        }
    }
    assert!(matches!(within(submitting).await.unwrap(), Submitted::Accepted { .. }));
    opening.abort();
    let _write = flooding.await.unwrap();
    for _ in 0..FLOOD {
        received.delivery().await;
    }
    assert_eq!(client.counts().deliveries, u64::from(FLOOD));
}
