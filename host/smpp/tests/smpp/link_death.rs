//! The connection dies with submits outstanding, at many points. What the SMSC has seen is accepted
//! or in doubt; what was not sent it has never seen.

use std::collections::HashSet;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use waypost_core::smpp::pdu::{Tlv, tag};
use waypost_smpp::{Client, Submitted};

use crate::smsc::*;

/// How the SMSC ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Closes it.
    Close,
    /// Resets it.
    Reset,
    /// Says `unbind`, waits for the answer, closes.
    Unbind,
    /// Stops reading, then resets.
    Deaf,
}

/// Takes `takes` submits, answers the first `answers` of them, and ends. Gives the numbers of all
/// submits that have arrived as a whole.
async fn mishap(mut peer: Peer, takes: usize, answers: usize, end: End) -> HashSet<usize> {
    let mut seen = HashSet::new();
    for at in 0..takes {
        let submit = peer.submit().await;
        seen.insert(number_of(&submit));
        if at < answers {
            peer.answer(&submit, 0, format!("{}\0", number_of(&submit)).as_bytes()).await;
        }
    }
    match end {
        End::Close => {
            // What is still on its way arrives, too: the SMSC may have handled it.
            peer.stream.shutdown().await.unwrap();
            while let Some(pdu) = peer.read().await {
                seen.insert(number_of(&pdu));
            }
        }
        End::Unbind => {
            peer.send(UNBIND, 0, 99, b"").await;
            while let Some(pdu) = peer.read().await {
                if pdu.command == SUBMIT_SM {
                    seen.insert(number_of(&pdu));
                }
            }
        }
        End::Reset => peer.stream.set_zero_linger().unwrap(),
        End::Deaf => {
            // A few octets of the next one, so that it is cut in the middle.
            let mut some = [0; 21];
            let _ =
                tokio::time::timeout(std::time::Duration::from_millis(20), peer.stream.read(&mut some)).await;
            peer.stream.set_zero_linger().unwrap();
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_seen_is_accepted_or_in_doubt_and_what_was_not_sent_is_unseen() {
    const MESSAGES: usize = 600;
    let ends = [End::Close, End::Reset, End::Unbind, End::Deaf];
    for (round, end) in ends.into_iter().cycle().take(40).enumerate() {
        let smsc = Smsc::start().await;
        let mut options = smsc.options();
        options.window = 20 + round * 3;
        options.limits.queue_max = MESSAGES;
        options.seed = round as u64;
        let window = options.window;
        let (client, _received) = start(options);
        let peer = smsc.bound().await;
        sending(&client, 1).await;
        let takes = 1 + round * 13 % 200;
        // So many must be answered that the window lets as many through.
        let answers = (takes * (round % 5) / 4).max(takes.saturating_sub(window)).min(takes);
        let dying = tokio::spawn(mishap(peer, takes, answers, end));
        let waiting: Vec<_> = (0..MESSAGES).map(|number| submit(&client, number)).collect();
        let seen = within(dying).await.unwrap();
        // Nothing waits for ever: no bind is there any more.
        drop(smsc);
        let (mut accepted, mut lost, mut unsent) = (HashSet::new(), HashSet::new(), HashSet::new());
        for (number, outcome) in waiting.into_iter().enumerate() {
            match within(outcome).await.unwrap() {
                Submitted::Accepted { message_id, .. } => {
                    assert_eq!(message_id, number.to_string());
                    accepted.insert(number);
                }
                Submitted::Lost(_) => drop(lost.insert(number)),
                Submitted::NotSent(_) => drop(unsent.insert(number)),
                refused @ Submitted::Refused { .. } => panic!("{refused:?}"),
            }
        }
        let told = format!(
            "round {round} {end:?}: seen {}, accepted {}, lost {}, unsent {}",
            seen.len(),
            accepted.len(),
            lost.len(),
            unsent.len()
        );
        assert!(accepted.is_subset(&seen), "{told}");
        assert!(seen.iter().all(|number| accepted.contains(number) || lost.contains(number)), "{told}");
        assert!(seen.is_disjoint(&unsent), "{told}");
        assert!(lost.len() <= window, "{told}");
        assert_eq!(accepted.len() + lost.len() + unsent.len(), MESSAGES, "{told}");
        if matches!(end, End::Close | End::Unbind) {
            // The SMSC has answered all that it says and read all that came.
            assert_eq!(accepted.len(), answers, "{told}");
            assert_eq!(lost.len(), seen.len() - answers, "{told}");
        }
        let counts = client.counts();
        assert_eq!(
            (counts.accepted, counts.lost_with_link),
            (accepted.len() as u64, lost.len() as u64),
            "{told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_bind_did_not_send_another_one_sends() {
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.binds.push(options.binds[0]);
    options.window = 50;
    let (client, _received) = start(options);
    let (dying, living) = (smsc.bound().await, smsc.bound().await);
    sending(&client, 2).await;
    let living = tokio::spawn(living.serve());
    let dying = tokio::spawn(mishap(dying, 20, 0, End::Close));
    let waiting: Vec<_> = (0..500).map(|number| submit(&client, number)).collect();
    let mut lost = 0;
    for outcome in waiting {
        match within(outcome).await.unwrap() {
            Submitted::Accepted { .. } => {}
            Submitted::Lost(_) => lost += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(lost, within(dying).await.unwrap().len());
    client.stop().await;
    assert_eq!(living.await.unwrap(), 500 - lost);
}

/// Large messages fill the buffers of the socket, so that the end finds some written, one half written,
/// and many that no octet of has left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_behind_a_full_socket_is_not_sent() {
    const MESSAGES: usize = 800;
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.window = MESSAGES;
    let (client, _received) = start(options);
    let mut peer = smsc.bound().await;
    sending(&client, 1).await;
    let waiting: Vec<_> = (0..MESSAGES)
        .map(|number| {
            let client = client.clone();
            let mut large = message(number);
            large.tlvs = vec![
                Tlv::new(tag::MESSAGE_PAYLOAD, vec![b'x'; 30_000]),
                Tlv::new(0x1400, u32::try_from(number).unwrap().to_be_bytes()),
            ];
            tokio::spawn(async move { client.submit(&large).await })
        })
        .collect();
    // Nothing is read, so at some time nothing more can be written.
    let mut before = u64::MAX;
    while before != client.counts().octets_out || before < 30_000 {
        before = client.counts().octets_out;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    peer.stream.shutdown().await.unwrap();
    let mut seen = HashSet::new();
    while let Some(pdu) = peer.read().await {
        let (_, number) = pdu.body.split_last_chunk::<4>().unwrap();
        seen.insert(u32::from_be_bytes(*number) as usize);
    }
    drop((peer, smsc));
    let (mut lost, mut unsent) = (HashSet::new(), HashSet::new());
    for (number, outcome) in waiting.into_iter().enumerate() {
        match within(outcome).await.unwrap() {
            Submitted::Lost(_) => drop(lost.insert(number)),
            Submitted::NotSent(_) => drop(unsent.insert(number)),
            other => panic!("{other:?}"),
        }
    }
    let counts = client.counts();
    let told = format!("lost {}, seen {}, unsent {}, {counts:?}", lost.len(), seen.len(), unsent.len());
    assert!(seen.is_subset(&lost), "{told}");
    // At most one was cut in the middle.
    assert!(lost.len() - seen.len() <= 1, "{told}");
    // Some of what was not sent had been in the buffer of the session.
    assert!(!unsent.is_empty() && counts.submits > lost.len() as u64, "{told}");
}

fn submit(client: &Client, number: usize) -> tokio::task::JoinHandle<Submitted> {
    let client = client.clone();
    tokio::spawn(async move { client.submit(&message(number)).await })
}
