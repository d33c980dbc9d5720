//! Submits and their answers: windows, paces, time, and which bind.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use waypost_core::smpp::pdu::Tlv;
use waypost_smpp::{Client, CommandStatus, Lost, NotSent, Submitted};

use crate::smsc::*;

fn submit(client: &Client, number: usize) -> tokio::task::JoinHandle<Submitted> {
    let client = client.clone();
    tokio::spawn(async move { client.submit(&message(number)).await })
}

#[tokio::test]
async fn answers_find_their_submits_in_any_order() {
    let smsc = Smsc::start().await;
    let (client, _received) = start(smsc.options());
    let mut peer = smsc.bound().await;
    sending(&client, 1).await;
    let waiting: Vec<_> = (0..10).map(|number| submit(&client, number)).collect();
    let mut submits = Vec::new();
    for _ in 0..10 {
        submits.push(peer.submit().await);
    }
    let sequences: HashSet<_> = submits.iter().map(|submit| submit.sequence).collect();
    assert_eq!(sequences.len(), 10);
    for submit in submits.iter().rev() {
        peer.answer(submit, 0, format!("id-{}\0", number_of(submit)).as_bytes()).await;
    }
    for (number, outcome) in waiting.into_iter().enumerate() {
        let expected = Submitted::Accepted { message_id: format!("id-{number}"), tlvs: vec![] };
        assert_eq!(outcome.await.unwrap(), expected);
    }
}

#[tokio::test]
async fn refusals_come_with_status_and_parameters() {
    let smsc = Smsc::start().await;
    let (client, _received) = start(smsc.options());
    let mut peer = smsc.bound().await;
    sending(&client, 1).await;
    let refused = |status, tlvs| Submitted::Refused { status: CommandStatus(status), tlvs };

    let outcome = submit(&client, 1);
    let request = peer.submit().await;
    peer.answer(&request, 0x0b, b"").await;
    assert_eq!(outcome.await.unwrap(), refused(0x0b, vec![]));

    let outcome = submit(&client, 2);
    let request = peer.submit().await;
    peer.answer(&request, 0xfe, b"\0\x04\x25\0\x01\x02").await;
    assert_eq!(outcome.await.unwrap(), refused(0xfe, vec![Tlv::new(0x0425, [2])]));

    let outcome = submit(&client, 3);
    let request = peer.submit().await;
    peer.send(GENERIC_NACK, 2, request.sequence, b"").await;
    assert_eq!(outcome.await.unwrap(), refused(2, vec![]));
}

#[tokio::test]
async fn no_more_than_the_window_is_outstanding() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.window = 3;
    let (client, _received) = start(options);
    let mut peer = smsc.bound().await;
    sending(&client, 1).await;
    let waiting: Vec<_> = (0..8).map(|number| submit(&client, number)).collect();
    let mut outstanding = Vec::new();
    for _ in 0..3 {
        outstanding.push(peer.submit().await);
    }
    until("the window is full", || client.capacity().free == 0).await;
    // An answer to `enquire_link` comes behind whatever was sent before.
    peer.send(ENQUIRE_LINK, 0, 500, b"").await;
    assert_eq!(peer.read().await.unwrap().sequence, 500);
    peer.answer(&outstanding[0], 0, b"a\0").await;
    peer.submit().await;
    peer.send(ENQUIRE_LINK, 0, 501, b"").await;
    assert_eq!(peer.read().await.unwrap().sequence, 501);
    assert_eq!(client.counts().submits, 4);
    drop(waiting);
}

#[tokio::test]
async fn a_submit_without_an_answer_is_lost_and_a_late_answer_ignored() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.timeouts.response = Duration::from_millis(60);
    let (client, _received) = start(options);
    let mut peer = smsc.bound().await;
    sending(&client, 1).await;
    let outcome = submit(&client, 1);
    let late = peer.submit().await;
    assert_eq!(outcome.await.unwrap(), Submitted::Lost(Lost::NoAnswer));
    peer.answer(&late, 0, b"late\0").await;
    until("the late answer is counted", || client.counts().late_responses == 1).await;
    let outcome = submit(&client, 2);
    let request = peer.submit().await;
    assert_ne!(request.sequence, late.sequence);
    peer.answer(&request, 0, b"id\0").await;
    assert!(matches!(outcome.await.unwrap(), Submitted::Accepted { message_id, .. } if message_id == "id"));
    assert_eq!(client.counts().lost_without_answer, 1);
}

#[tokio::test]
async fn without_a_bind_or_room_nothing_is_sent() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.window = 1;
    options.limits.queue_max = 1;
    options.timeouts.queue = Duration::from_millis(100);
    let (client, _received) = start(options);
    assert_eq!(client.submit(&message(0)).await, Submitted::NotSent(NotSent::NotBound));
    let mut peer = smsc.bound().await;
    sending(&client, 1).await;
    let _outstanding = submit(&client, 1);
    peer.submit().await;
    let waiting = submit(&client, 2);
    until("one waits", || client.capacity().free == 0).await;
    let too_many = submit(&client, 3);
    let outcomes = [waiting.await.unwrap(), too_many.await.unwrap()];
    assert!(outcomes.contains(&Submitted::NotSent(NotSent::WaitedTooLong)), "{outcomes:?}");
    let mut long = message(4);
    long.short_message = vec![0; 255];
    assert!(matches!(client.submit(&long).await, Submitted::NotSent(NotSent::Unencodable(_))));
}

#[tokio::test]
async fn a_submit_that_nobody_waits_for_is_not_sent() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.window = 1;
    let (client, _received) = start(options);
    let mut peer = smsc.bound().await;
    sending(&client, 1).await;
    let first = submit(&client, 1);
    let request = peer.submit().await;
    let given_up = submit(&client, 2);
    tokio::task::yield_now().await;
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    let third = submit(&client, 3);
    peer.answer(&request, 0, b"1\0").await;
    first.await.unwrap();
    let request = peer.submit().await;
    assert_eq!(number_of(&request), 3);
    peer.answer(&request, 0, b"3\0").await;
    third.await.unwrap();
}

#[tokio::test]
async fn throttling_slows_one_bind_and_the_other_goes_on() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.binds.push(options.binds[0]);
    options.throttling.pause = Duration::from_secs(600);
    let (client, _received) = start(options);
    let (mut slow, fast) = (smsc.bound().await, smsc.bound().await);
    sending(&client, 2).await;
    let fast = tokio::spawn(fast.serve());
    let throttled = async {
        let request = slow.submit().await;
        slow.answer(&request, 0x58, b"").await;
    };
    // Until the slow one has had one.
    let submitting = async {
        while client.counts().throttled == 0 {
            client.submit(&message(0)).await;
        }
    };
    tokio::join!(throttled, submitting);
    for number in 0..50 {
        assert!(matches!(client.submit(&message(number)).await, Submitted::Accepted { .. }));
    }
    assert_eq!(client.capacity().free, 10);
    drop(slow);
    client.stop().await;
    assert!(fast.await.unwrap() >= 50);
}

#[tokio::test]
async fn congestion_is_heeded_when_that_is_wanted() {
    for wanted in [false, true] {
        let smsc = Smsc::start().await;
        let mut options = smsc.options();
        options.throttling.heed_congestion = wanted;
        options.throttling.pause = Duration::from_secs(600);
        let (client, _received) = start(options);
        let mut peer = smsc.bound().await;
        sending(&client, 1).await;
        let outcome = submit(&client, 1);
        let request = peer.submit().await;
        peer.answer(&request, 0, b"id\0\x04\x28\0\x01\x64").await;
        assert!(matches!(outcome.await.unwrap(), Submitted::Accepted { .. }));
        until("the pace is told", || (client.capacity().free == 0) == wanted).await;
    }
}

#[tokio::test]
async fn a_rate_neither_bursts_nor_drifts() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.window = 1_000;
    options.rate_per_second = Some(200.0);
    let (client, _received) = start(options);
    let peer = smsc.bound().await;
    sending(&client, 1).await;
    let serving = tokio::spawn(peer.serve());
    let began = Instant::now();
    let waiting: Vec<_> = (0..200).map(|number| submit(&client, number)).collect();
    for outcome in waiting {
        assert!(matches!(outcome.await.unwrap(), Submitted::Accepted { .. }));
    }
    let took = began.elapsed();
    // How late it may be is for the machine to say; how early is for the rate.
    assert!(took >= Duration::from_millis(980), "{took:?}");
    client.stop().await;
    assert_eq!(serving.await.unwrap(), 200);
}

#[tokio::test]
async fn several_binds_share_what_waits() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.binds = vec![options.binds[0]; 4];
    options.window = 10;
    let (client, _received) = start(options);
    let mut peers = Vec::new();
    for _ in 0..4 {
        peers.push(smsc.bound().await);
    }
    sending(&client, 4).await;
    assert_eq!((client.capacity().window, client.capacity().sending), (40, 4));
    let waiting: Vec<_> = (0..40).map(|number| submit(&client, number)).collect();
    // Nobody answers, so all windows fill.
    for peer in &mut peers {
        for _ in 0..10 {
            peer.submit().await;
        }
    }
    drop(waiting);
}
