//! Binds, signs of life, ends, and coming back.

use std::time::{Duration, Instant};

use waypost_smpp::{BindMode, Client, CommandStatus, Ended, Event, InterfaceVersion, NotBound, OptionsError};

use crate::smsc::*;

#[tokio::test]
async fn a_bind_says_what_it_was_told_to() {
    for (mode, command) in [(BindMode::Receiver, 1), (BindMode::Transmitter, 2), (BindMode::Transceiver, 9)] {
        let smsc = Smsc::start().await;
        let mut options = smsc.options();
        options.binds = vec![mode];
        options.system_type = "VMS".to_owned();
        options.interface_version = InterfaceVersion::V5_0;
        options.address_range = waypost_core::smpp::pdu::Address { ton: 1, npi: 1, value: "^49".to_owned() };
        let (client, mut received) = start(options);
        let mut peer = smsc.accept().await;
        let bind = peer.read().await.unwrap();
        assert_eq!((bind.command, bind.status, bind.sequence), (command, 0, 1));
        assert_eq!(bind.body, b"me\0secret\0VMS\0\x50\x01\x01^49\0");
        peer.answer(&bind, 0, b"SMSC\0\x02\x10\0\x01\x50").await;
        let Event::Bound { mode: bound, smsc: name, interface_version, .. } = received.event().await else {
            panic!("not bound")
        };
        assert_eq!((bound, name.as_str(), interface_version), (mode, "SMSC", Some(0x50)));
        let state = *client.state().borrow();
        assert_eq!((state.sending == 1, state.receiving == 1), (mode.sends(), mode.receives()));
        assert_eq!(client.capacity().sending == 1, mode.sends());
    }
}

#[tokio::test]
async fn enquire_link_goes_both_ways() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.timeouts.enquire_link = Duration::from_millis(100);
    let (_client, _received) = start(options);
    let mut peer = smsc.bound().await;
    peer.send(ENQUIRE_LINK, 0, 77, b"").await;
    let answer = peer.read().await.unwrap();
    assert_eq!((answer.command, answer.status, answer.sequence), (ENQUIRE_LINK | RESPONSE, 0, 77));
    for _ in 0..3 {
        let asked = peer.read().await.unwrap();
        assert_eq!(asked.command, ENQUIRE_LINK);
        peer.answer(&asked, 0, b"").await;
    }
}

#[tokio::test]
async fn a_silent_link_ends_and_comes_back() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.timeouts.enquire_link = Duration::from_millis(60);
    options.timeouts.enquire_link_response = Duration::from_millis(60);
    let (_client, mut received) = start(options);
    let mut silent = smsc.bound().await;
    assert!(matches!(received.event().await, Event::Bound { .. }));
    assert_eq!(silent.read().await.unwrap().command, ENQUIRE_LINK);
    assert!(matches!(received.event().await, Event::Unbound { why: Ended::Silent, lost: 0, .. }));
    smsc.bound().await;
    assert!(matches!(received.event().await, Event::Bound { .. }));
}

#[tokio::test]
async fn an_unbind_of_the_smsc_is_answered_and_the_bind_comes_back() {
    let smsc = Smsc::start().await;
    let (_client, mut received) = start(smsc.options());
    let mut peer = smsc.bound().await;
    received.event().await;
    peer.send(UNBIND, 0, 9, b"").await;
    let answer = peer.read().await.unwrap();
    assert_eq!((answer.command, answer.sequence), (UNBIND | RESPONSE, 9));
    assert_eq!(peer.read().await, None);
    assert!(matches!(received.event().await, Event::Unbound { why: Ended::PeerUnbound, .. }));
    smsc.bound().await;
}

#[tokio::test]
async fn a_stop_waits_for_answers_and_unbinds() {
    let smsc = Smsc::start().await;
    let (client, mut received) = start(smsc.options());
    let mut peer = smsc.bound().await;
    received.event().await;
    let submitting = tokio::spawn({
        let client = client.clone();
        async move { client.submit(&message(1)).await }
    });
    let submit = peer.submit().await;
    let stopping = tokio::spawn({
        let client = client.clone();
        async move { client.stop().await }
    });
    until("stopping", || client.capacity().free == 0).await;
    peer.answer(&submit, 0, b"id\0").await;
    assert!(matches!(submitting.await.unwrap(), waypost_smpp::Submitted::Accepted { .. }));
    let unbind = peer.read().await.unwrap();
    assert_eq!(unbind.command, UNBIND);
    peer.answer(&unbind, 0, b"").await;
    within(stopping).await.unwrap();
    assert!(matches!(received.event().await, Event::Unbound { why: Ended::Stopped, lost: 0, .. }));
    assert_eq!(
        client.submit(&message(2)).await,
        waypost_smpp::Submitted::NotSent(waypost_smpp::NotSent::Stopping)
    );
}

#[tokio::test]
async fn a_dropped_client_unbinds() {
    let smsc = Smsc::start().await;
    let (client, _received) = start(smsc.options());
    let mut peer = smsc.bound().await;
    sending(&client, 1).await;
    drop(client);
    assert_eq!(peer.read().await.unwrap().command, UNBIND);
}

#[tokio::test]
async fn an_smsc_that_is_down_is_tried_again_with_longer_waits() {
    let smsc = Smsc::start().await;
    let options = smsc.options();
    drop(smsc);
    let (_client, mut received) = start(options);
    let mut waits = Vec::new();
    for _ in 0..6 {
        let Event::NotBound { why: NotBound::Connect(_), retry_in, .. } = received.event().await else {
            panic!("bound to nothing")
        };
        waits.push(retry_in.as_millis());
    }
    assert!((5..=10).contains(&waits[0]) && (10..=20).contains(&waits[1]), "{waits:?}");
    assert!((50..=100).contains(&waits[5]), "{waits:?}");
}

#[tokio::test]
async fn a_refused_account_is_left_alone_for_long() {
    for (status, long) in [(0x0e, true), (0x0f, true), (0x05, false), (0x0d, false)] {
        let smsc = Smsc::start().await;
        let (_client, mut received) = start(smsc.options());
        let mut peer = smsc.accept().await;
        let bind = peer.read().await.unwrap();
        peer.answer(&bind, status, b"").await;
        let Event::NotBound { why: NotBound::Refused { status: told, for_good }, retry_in, .. } =
            received.event().await
        else {
            panic!("not refused")
        };
        assert_eq!((told, for_good), (CommandStatus(status), long));
        assert_eq!(retry_in == Duration::from_secs(600), long);
    }
}

#[tokio::test]
async fn the_next_address_is_tried_at_once() {
    let (down, smsc) = (Smsc::start().await, Smsc::start().await);
    let mut options = smsc.options();
    options.endpoints.insert(0, down.endpoint());
    options.reconnect.base = Duration::from_secs(600);
    options.reconnect.max = Duration::from_secs(600);
    drop(down);
    let (_client, mut received) = start(options);
    let _peer = smsc.bound().await;
    assert!(matches!(received.event().await, Event::NotBound { retry_in: Duration::ZERO, .. }));
    let Event::Bound { endpoint, .. } = received.event().await else { panic!("not bound") };
    assert_eq!(endpoint, smsc.endpoint());
}

#[tokio::test]
async fn a_bind_without_an_answer_ends_in_time() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.timeouts.bind = Duration::from_millis(80);
    let (_client, mut received) = start(options);
    let began = Instant::now();
    let _peer = smsc.accept().await;
    assert!(matches!(received.event().await, Event::NotBound { why: NotBound::TimedOut("the bind"), .. }));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn what_comes_with_the_answer_to_the_bind_is_not_lost() {
    let smsc = Smsc::start().await;
    let (_client, mut received) = start(smsc.options());
    let mut peer = smsc.accept().await;
    let bind = peer.read().await.unwrap();
    let mut octets = pdu(ENQUIRE_LINK, 0, 5, b"");
    octets.extend(pdu(9 | RESPONSE, 0, bind.sequence, b"SMSC\0"));
    octets.extend(pdu(DELIVER_SM, 0, 6, &delivery(b"first")));
    peer.raw(&octets).await;
    assert_eq!(peer.read().await.unwrap().command, ENQUIRE_LINK | RESPONSE);
    assert_eq!(received.delivery().await.pdu.short_message, b"first");
    assert_eq!(peer.read().await.unwrap().sequence, 6);
}

#[tokio::test]
async fn what_nobody_knows_is_refused_and_costs_nothing() {
    let smsc = Smsc::start().await;
    let (client, _received) = start(smsc.options());
    let mut peer = smsc.bound().await;
    for (command, body, status) in [
        (0x0001_0200, &b"what"[..], 3), // a vendor's
        (4, b"", 3),                    // a submit to a client
        (0x0b, b"SMSC\0secret\0", 4),   // outbind
    ] {
        peer.send(command, 0, 41, body).await;
        let nack = peer.read().await.unwrap();
        assert_eq!((nack.command, nack.status, nack.sequence), (GENERIC_NACK, status, 41));
    }
    // Answers to nothing, and what needs no answer.
    for command in [SUBMIT_SM | RESPONSE, 0x8001_0200, UNBIND | RESPONSE, GENERIC_NACK, 0x102] {
        peer.send(command, 0, 999, b"junk").await;
    }
    peer.send(ENQUIRE_LINK, 0, 42, b"body?").await;
    assert_eq!(peer.read().await.unwrap().sequence, 42);
    let counts = client.counts();
    assert_eq!((counts.unknown_commands, counts.unexpected_responses, counts.nacks_received), (3, 4, 1));
}

#[tokio::test]
async fn an_impossible_length_is_refused_and_ends_the_session() {
    for length in [0_u32, 15, 0x0100_0000, u32::MAX] {
        let smsc = Smsc::start().await;
        let (_client, mut received) = start(smsc.options());
        let mut peer = smsc.bound().await;
        received.event().await;
        let mut octets = pdu(DELIVER_SM, 0, 7, b"");
        octets[..4].copy_from_slice(&length.to_be_bytes());
        peer.raw(&octets).await;
        let nack = peer.read().await.unwrap();
        assert_eq!((nack.command, nack.status, nack.sequence), (GENERIC_NACK, 2, 7), "{length}");
        assert_eq!(peer.read().await, None);
        assert!(matches!(received.event().await, Event::Unbound { why: Ended::Malformed, .. }));
    }
}

#[tokio::test]
async fn an_smsc_that_asks_and_does_not_read_does_not_fill_the_memory() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.timeouts.enquire_link_response = Duration::from_millis(500);
    let (client, mut received) = start(options);
    let mut peer = smsc.bound().await;
    received.event().await;
    let flood: Vec<u8> = pdu(ENQUIRE_LINK, 0, 1, b"").repeat(4_096);
    let flooding = async {
        use tokio::io::AsyncWriteExt;
        while peer.stream.write_all(&flood).await.is_ok() {}
    };
    let ended = async { received.event().await };
    let event = tokio::select! { event = ended => event, () = flooding => received.event().await };
    assert!(matches!(event, Event::Unbound { .. }), "{event:?}");
    // Bounded by the buffers of two sockets, not by what was sent.
    let read = client.counts().octets_in;
    assert!(read < 64 << 20, "{read}");
}

#[tokio::test]
async fn options_that_cannot_work_are_refused() {
    let smsc = Smsc::start().await;
    let refused = |change: fn(&mut waypost_smpp::Options)| {
        let mut options = smsc.options();
        change(&mut options);
        let (inbox, _received) = Inbox::new();
        Client::start(options, std::sync::Arc::new(inbox)).unwrap_err()
    };
    assert_eq!(refused(|options| options.binds.clear()), OptionsError::Empty("binds"));
    assert_eq!(refused(|options| options.window = 0), OptionsError::Zero("window"));
    assert_eq!(refused(|options| options.rate_per_second = Some(0.0)), OptionsError::Zero("rate_per_second"));
    let long = refused(|options| options.system_type = "thirteen chars".to_owned());
    assert_eq!(long.to_string(), "system_type has 14 octets; at most 12 fit");
}
