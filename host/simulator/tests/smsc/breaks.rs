//! Links that break, and PDUs that are wrong.

use std::time::Duration;

use waypost_simulator::smsc::{DeliverOrder, Drop, Event, Malformation, MalformedOrder, RawOrder};

use crate::client::{ANSWER, Esme, SUBMIT, eventually, pdu, submit_body};
use crate::start;

const PLAIN: &str = "420601999999";

#[tokio::test]
async fn a_link_breaks_after_so_many_submits_and_the_log_says_which_were_answered() {
    let smsc = start("[drops]\nafter_submits = 50\ntimes = 2\n[receipts]\nsend = \"never\"").await;
    for round in 0..3 {
        let mut esme = Esme::bound(smsc.addr).await;
        let mut answered = 0;
        for sequence in 2..42 {
            esme.write(&pdu(SUBMIT, 0, sequence, &submit_body(PLAIN, 0, 0, b"x", &[]))).await;
            answered += u64::from(esme.next().await.is_some());
        }
        // All of the rest in one write: those before the break are lost with it.
        let rest: Vec<u8> = (42..102)
            .flat_map(|sequence| pdu(SUBMIT, 0, sequence, &submit_body(PLAIN, 0, 0, b"x", &[])))
            .collect();
        esme.write(&rest).await;
        while answered < 100 && esme.next().await.is_some() {
            answered += 1;
        }
        assert_eq!(answered, if round < 2 { 40 } else { 100 });
        eventually("answers are noted", || {
            counted(&smsc)
                == (
                    u64::min(round + 1, 2) * 50 + round / 2 * 100,
                    u64::min(round + 1, 2) * 40 + round / 2 * 100,
                )
        })
        .await;
    }
    assert_eq!(smsc.control.counts().drops, 2);
}

/// Submits that arrived, and those that were answered.
fn counted(smsc: &waypost_simulator::smsc::Smsc) -> (u64, u64) {
    let log = smsc.control.log(0, usize::MAX);
    let submits = log.iter().filter_map(|entry| match &entry.event {
        Event::Submit(submitted) => Some(submitted.answer.is_some()),
        _ => None,
    });
    submits.fold((0, 0), |(arrived, answered), is_answered| (arrived + 1, answered + u64::from(is_answered)))
}

#[tokio::test]
async fn links_break_in_each_way() {
    for how in ["close", "reset", "mid_pdu", "half_answer"] {
        let smsc = start(&format!("[drops]\nafter_submits = 1\nhow = \"{how}\"")).await;
        let mut esme = Esme::bound(smsc.addr).await;
        let sequence = esme.submit(PLAIN, b"hello").await;
        let rest = esme.rest().await;
        match how {
            "reset" => assert_eq!(rest, None),
            "close" => assert_eq!(rest.unwrap(), b""),
            "mid_pdu" => {
                let rest = rest.unwrap();
                assert_eq!((rest.len(), &rest[..8]), (60, &[0, 0, 0, 200, 0, 0, 0, 5][..]));
            }
            _ => {
                let rest = rest.unwrap();
                let head = [27_u32, SUBMIT | ANSWER, 0, sequence].map(u32::to_be_bytes).concat();
                assert_eq!(rest, head);
            }
        }
        let taken = smsc.control.counts().taken;
        assert_eq!(taken, 1, "{how}");
        assert_eq!(counted(&smsc), (1, 0), "{how}");
    }
}

#[tokio::test]
async fn a_silent_link_stays_open_and_says_nothing() {
    let smsc = start("").await;
    let mut esme = Esme::bound(smsc.addr).await;
    assert_eq!(smsc.control.drop_links(None, Drop::Silent), 1);
    eventually("silent", || smsc.control.counts().bound_transceivers == 0).await;
    esme.submit(PLAIN, b"hello").await;
    let waited = tokio::time::timeout(Duration::from_millis(100), esme.next()).await;
    assert!(waited.is_err());
    assert_eq!((smsc.control.counts().links_open, smsc.control.counts().submits), (1, 0));
}

#[tokio::test]
async fn a_link_is_unbound_on_order() {
    let smsc = start("").await;
    let mut esme = Esme::bound(smsc.addr).await;
    smsc.control.drop_links(Some(1), Drop::Unbind);
    let unbind = esme.pdu().await;
    assert_eq!(unbind.command, 6);
    esme.write(&pdu(6 | ANSWER, 0, unbind.sequence, b"")).await;
    assert_eq!(esme.next().await, None);
    assert_eq!(smsc.control.drop_links(Some(1), Drop::Close), 0);
}

#[tokio::test]
async fn every_malformation_is_what_it_says() {
    for what in Malformation::ALL {
        let smsc = start("").await;
        let mut esme = Esme::bound(smsc.addr).await;
        smsc.control.deliver(DeliverOrder::Malformed(MalformedOrder { link: None, what })).unwrap();
        if what.is_framed() {
            let wrong = esme.pdu().await;
            match what {
                Malformation::Oversized => assert_eq!(wrong.body.len() + 16, 1024 * 1024),
                Malformation::UnknownCommand => assert_eq!(wrong.command, 0x4242),
                Malformation::StrayNack => assert_eq!((wrong.command, wrong.sequence), (ANSWER, 0)),
                Malformation::UnknownSequence => assert_eq!(wrong.sequence, 0x7FFF_FFF0),
                _ => assert_eq!(wrong.command, 5),
            }
            assert_eq!(esme.submitted(PLAIN).await.status, 0, "{what:?}");
        } else {
            let length = u32::from_be_bytes(esme.octets(4).await.try_into().unwrap());
            assert!(!(16..1 << 24).contains(&length), "{what:?}: {length}");
        }
        assert_eq!(smsc.control.counts().malformed_sent, 1);
    }
}

#[tokio::test]
async fn malformed_pdus_come_by_chance() {
    let smsc =
        start("[[malformed]]\nwhat = \"unknown_command\"\nshare = 0.5\n[receipts]\nsend = \"never\"").await;
    let mut esme = Esme::bound(smsc.addr).await;
    for _ in 0..100 {
        esme.submit(PLAIN, b"x").await;
    }
    let (mut answers, mut unknown) = (0, 0);
    while answers < 100 {
        match esme.pdu().await.command {
            0x4242 => unknown += 1,
            _ => answers += 1,
        }
    }
    assert!((25..75).contains(&unknown), "{unknown}");
}

#[tokio::test]
async fn raw_octets_are_sent_as_they_are() {
    let smsc = start("").await;
    let mut esme = Esme::bound(smsc.addr).await;
    let order = |hex: &str| DeliverOrder::Raw(RawOrder { link: None, hex: hex.to_owned() });
    smsc.control.deliver(order("00000010000000150000000000000007")).unwrap();
    let enquire = esme.pdu().await;
    assert_eq!((enquire.command, enquire.sequence), (0x15, 7));
    assert!(smsc.control.deliver(order("0g")).is_err());
}
