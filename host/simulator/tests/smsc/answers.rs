//! Answers to submits: order, time, rate, window, errors, ids; and what is answered to nonsense.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use waypost_simulator::smsc::{Event, Status};

use crate::client::{ANSWER, Esme, SUBMIT, pdu, submit_body};
use crate::start;

const PLAIN: &str = "420601999999";

#[tokio::test]
async fn many_submits_in_one_write_are_answered_in_order() {
    let smsc = start("[receipts]\nsend = \"never\"").await;
    let mut esme = Esme::bound(smsc.addr).await;
    let body = submit_body(PLAIN, 0, 0, b"x", &[]);
    let all: Vec<u8> = (2..20_002).flat_map(|sequence| pdu(SUBMIT, 0, sequence, &body)).collect();
    // In odd pieces, so that PDUs are cut anywhere; read while writing, as buffers are finite.
    let mut ids = HashSet::new();
    let mut next = 2;
    for piece in all.chunks(97_003) {
        esme.write(piece).await;
        let whole = u32::try_from(piece.len() / (body.len() + 16)).unwrap() - 1;
        for _ in 0..whole {
            let answer = esme.pdu().await;
            assert_eq!((answer.command, answer.status, answer.sequence), (SUBMIT | ANSWER, 0, next));
            assert!(ids.insert(answer.id()));
            next += 1;
        }
    }
    while next < 20_002 {
        assert_eq!(esme.pdu().await.sequence, next);
        next += 1;
    }
    let counts = smsc.control.counts();
    assert_eq!((counts.submits, counts.taken, counts.answers), (20_000, 20_000, 20_000));
}

#[tokio::test]
async fn answers_wait_and_mix() {
    let smsc =
        start("[submit]\ndelay_ms = 50\njitter_ms = 20\nout_of_order = true\n[receipts]\nsend = \"never\"")
            .await;
    let mut esme = Esme::bound(smsc.addr).await;
    let started = Instant::now();
    let sent: Vec<u32> = submit_many(&mut esme, 100).await;
    let mut answered = Vec::new();
    for _ in 0..100 {
        answered.push(esme.pdu().await.sequence);
    }
    assert!(started.elapsed() >= Duration::from_millis(50));
    assert_ne!(sent, answered);
    answered.sort_unstable();
    assert_eq!(sent, answered);
}

#[tokio::test]
async fn the_window_throttles() {
    let smsc = start("[submit]\ndelay_ms = 100\nwindow = 10").await;
    let mut esme = Esme::bound(smsc.addr).await;
    submit_many(&mut esme, 15).await;
    let mut statuses = Vec::new();
    for _ in 0..15 {
        statuses.push(esme.pdu().await.status);
    }
    assert_eq!(statuses[..5], [Status::RTHROTTLED.0; 5], "refusals do not wait");
    assert_eq!(statuses[5..], [0; 10]);
}

#[tokio::test]
async fn the_window_stops_reading() {
    let smsc = start("[submit]\ndelay_ms = 40\nwindow = 10\nover_window = \"stop_reading\"").await;
    let mut esme = Esme::bound(smsc.addr).await;
    let started = Instant::now();
    submit_many(&mut esme, 35).await;
    for _ in 0..35 {
        assert_eq!(esme.pdu().await.status, 0);
    }
    assert!(started.elapsed() >= Duration::from_millis(150), "four windows of 40 ms");
}

#[tokio::test]
async fn a_rate_is_kept() {
    let smsc = start("[submit]\nper_second = 50\nburst = 5").await;
    let mut esme = Esme::bound(smsc.addr).await;
    submit_many(&mut esme, 100).await;
    let mut taken = 0;
    for _ in 0..100 {
        taken += u32::from(esme.pdu().await.status == 0);
    }
    assert!((5..50).contains(&taken), "{taken}");
    assert_eq!(smsc.control.counts().errors[&Status::RTHROTTLED], u64::from(100 - taken));
}

#[tokio::test]
async fn errors_come_by_chance_that_comes_again() {
    let script = "seed = 7\n[[errors]]\nstatus = \"ESME_RSYSERR\"\nshare = 0.2\n[[errors]]\nstatus = 1234\nshare = 0.1";
    let mut runs = Vec::new();
    for _ in 0..2 {
        let smsc = start(script).await;
        let mut esme = Esme::bound(smsc.addr).await;
        submit_many(&mut esme, 1_000).await;
        let mut statuses = Vec::new();
        while statuses.len() < 1_000 {
            let pdu = esme.pdu().await;
            if pdu.command == SUBMIT | ANSWER {
                statuses.push(pdu.status);
            }
        }
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    let count = |status| runs[0].iter().filter(|found| **found == status).count();
    assert!((150..250).contains(&count(8)), "{}", count(8));
    assert!((40..120).contains(&count(1234)), "{}", count(1234));
}

#[tokio::test]
async fn ids_are_written_as_the_script_says() {
    for (format, id) in [
        ("decimal", "43981"),
        ("hex", "abcd"),
        ("hex_upper", "ABCD"),
        ("text", "smsc-43981@net.example"),
        ("long", &format!("{:064}", 43981)),
    ] {
        let smsc = start(&format!("[ids]\nfirst = 0xABCD\nformat = \"{format}\"")).await;
        let mut esme = Esme::bound(smsc.addr).await;
        assert_eq!(esme.submitted(PLAIN).await.id(), id);
    }
}

#[tokio::test]
async fn congestion_stands_in_every_answer() {
    let smsc = start("[submit]\ncongestion = 85\n[ids]\nfirst = 7").await;
    let mut esme = Esme::bound(smsc.addr).await;
    assert_eq!(esme.submitted(PLAIN).await.body, b"7\0\x04\x28\0\x01\x55");
    assert_eq!(esme.submitted("420601999030").await.body, b"\0\x04\x28\0\x01\x55");
}

#[tokio::test]
async fn the_log_has_every_field() {
    let smsc = start("").await;
    let mut esme = Esme::bound(smsc.addr).await;
    let message = [
        &b"\x05\x00\x03\x07\x02\x01"[..],
        &"👍".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>(),
    ]
    .concat();
    let body = submit_body(PLAIN, 0x40, 8, &message, &[0x14, 0, 0, 2, 0xAB, 0xCD]);
    let sequence = esme.send(SUBMIT, &body).await;
    let id = esme.pdu().await.id();
    let data = [b"\0\x01\x01123\0\x01\x01420601999999\0\0\0\0\x02\x0C\0\x02\0\x09\x02\x0E\0\x01\x03\x02\x0F\0\x01\x02\x04\x24\0\x02hi".as_slice()].concat();
    esme.send(0x0103, &data).await;
    assert_eq!(esme.pdu().await.command, 0x8000_0103);
    crate::client::eventually("answered", || {
        smsc.control.log(0, 100).iter().all(|entry| match &entry.event {
            Event::Submit(submitted) => submitted.answer.is_some(),
            _ => true,
        })
    })
    .await;
    let log = smsc.control.log(2, 100);
    let Event::Submit(submitted) = &log[0].event else { panic!("{log:?}") };
    let json = serde_json::to_value(submitted).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "command": "submit_sm", "sequence": sequence, "service_type": "",
            "source": { "ton": 5, "npi": 0, "address": "Shop" },
            "destination": { "ton": 1, "npi": 1, "address": PLAIN },
            "esm_class": 64, "protocol_id": 0, "priority": 0, "schedule": "", "validity": "",
            "registered_delivery": 1, "replace_if_present": 0, "data_coding": 8, "default_message": 0,
            "octets": "050003070201d83ddc4d", "udh": "0003070201",
            "part": { "reference": 7, "total": 2, "number": 1 }, "text": "👍",
            "tlvs": [{ "tag": "1400", "value": "abcd" }], "id": id, "answer": "ESME_ROK",
        })
    );
    let Event::Submit(submitted) = &log[1].event else { panic!("{log:?}") };
    assert_eq!(submitted.text.as_deref(), Some("hi"));
    assert_eq!(serde_json::to_string(&submitted.part).unwrap(), r#"{"reference":9,"total":3,"number":2}"#);
}

#[tokio::test]
async fn nonsense_is_answered_with_the_right_error() {
    let smsc = start("").await;
    let mut esme = Esme::bound(smsc.addr).await;
    for (command, body, answer, status) in [
        (0x4242, &b"?"[..], 0x8000_0000, Status::RINVCMDID),
        (SUBMIT, b"", SUBMIT | ANSWER, Status::RINVCMDLEN),
        (SUBMIT, b"1234567", SUBMIT | ANSWER, Status::RINVMSGLEN),
        (SUBMIT, &submit_body(PLAIN, 0, 0, b"x", &[1, 2, 0, 9]), SUBMIT | ANSWER, Status::RINVTLVSTREAM),
        (3, b"7\0\0\0\0", 3 | ANSWER, Status::RQUERYFAIL),
        (8, b"", 8 | ANSWER, Status::RCANCELFAIL),
        (7, b"", 7 | ANSWER, Status::RREPLACEFAIL),
    ] {
        let sequence = esme.send(command, body).await;
        let pdu = esme.pdu().await;
        assert_eq!((pdu.command, pdu.status, pdu.sequence), (answer, status.0, sequence), "{command:#x}");
    }
    assert_eq!(smsc.control.counts().malformed, 4);
    for length in [0_u32, 15, 65_537, u32::MAX] {
        let mut esme = Esme::bound(smsc.addr).await;
        esme.write(&[length, SUBMIT, 0, 77].map(u32::to_be_bytes).concat()).await;
        let nack = esme.pdu().await;
        assert_eq!(
            (nack.command, nack.status, nack.sequence),
            (ANSWER, Status::RINVCMDLEN.0, 77),
            "{length}"
        );
        assert_eq!(esme.next().await, None);
    }
}

async fn submit_many(esme: &mut Esme, count: usize) -> Vec<u32> {
    let mut sequences = Vec::new();
    for _ in 0..count {
        sequences.push(esme.submit(PLAIN, b"hello").await);
    }
    sequences
}
