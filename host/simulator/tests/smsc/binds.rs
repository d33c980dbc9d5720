//! Binds, the state of a link, and the checks of it.

use waypost_simulator::smsc::{Event, Mode, Status};

use crate::client::{ANSWER, Esme, eventually, pdu};
use crate::start;

const SYSTEMS: &str = r#"
[[systems]]
system_id = "one"
password = "first"
binds_max = 1
[[systems]]
system_id = "two"
password = "second"
modes = ["receiver"]
"#;

#[tokio::test]
async fn only_known_systems_bind_and_only_as_they_may() {
    let smsc = start(SYSTEMS).await;
    for (command, system_id, password, status) in [
        (9, "one", "wrong", Status::RINVPASWD),
        (9, "three", "first", Status::RINVSYSID),
        (9, "two", "second", Status::RBINDFAIL),
        (1, "two", "second", Status::ROK),
        (2, "one", "first", Status::ROK),
    ] {
        let mut esme = Esme::connect(smsc.addr).await;
        assert_eq!(esme.bind(command, system_id, password).await, status.0, "{command} {system_id}");
    }
    eventually("both are gone", || smsc.control.counts().links_open == 0).await;
    let mut first = Esme::connect(smsc.addr).await;
    assert_eq!(first.bind(9, "one", "first").await, 0);
    assert_eq!(first.bind(9, "one", "first").await, Status::RALYBND.0);
    let mut second = Esme::connect(smsc.addr).await;
    assert_eq!(second.bind(9, "one", "first").await, Status::RBINDFAIL.0);
    let links = smsc.control.links();
    assert_eq!((links[0].system_id.as_deref(), links[0].mode), (Some("one"), Some(Mode::Transceiver)));
    assert_eq!(links[1].system_id, None);
    assert_eq!((smsc.control.counts().binds, smsc.control.counts().binds_refused), (3, 5));
}

#[tokio::test]
async fn submits_need_a_bind_that_submits() {
    let smsc = start("").await;
    let mut esme = Esme::connect(smsc.addr).await;
    assert_eq!(esme.submitted("420601999999").await.status, Status::RINVBNDSTS.0);
    assert_eq!(esme.bind(1, "waypost", "secret").await, 0);
    assert_eq!(esme.submitted("420601999999").await.status, Status::RINVBNDSTS.0);
    assert_eq!(smsc.control.counts().taken, 0);
}

#[tokio::test]
async fn binds_can_be_refused_some_times_and_answered_late() {
    let smsc = start("[bind]\nstatus = \"ESME_RBINDFAIL\"\ntimes = 2\ndelay_ms = 20\nversion = 0x50").await;
    let mut esme = Esme::connect(smsc.addr).await;
    let started = std::time::Instant::now();
    assert_eq!(esme.bind(9, "a", "b").await, Status::RBINDFAIL.0);
    assert!(started.elapsed().as_millis() >= 19);
    assert_eq!(esme.bind(9, "a", "b").await, Status::RBINDFAIL.0);
    esme.send(9, b"a\0b\0\0\x50\0\0\0").await;
    let answer = esme.pdu().await;
    assert_eq!((answer.status, &answer.body[..]), (0, &b"waypost-smsc\0\x02\x10\0\x01\x50"[..]));
}

#[tokio::test]
async fn a_link_that_does_not_bind_is_closed() {
    let smsc = start("[bind]\ntimeout_ms = 30\nanswer = false").await;
    let mut esme = Esme::connect(smsc.addr).await;
    esme.send(9, b"a\0b\0\0\x34\0\0\0").await;
    assert_eq!(esme.next().await, None);
}

#[tokio::test]
async fn links_are_checked_both_ways() {
    let smsc = start("[enquire_link]\nevery_ms = 20\ntimeout_ms = 60").await;
    let mut esme = Esme::bound(smsc.addr).await;
    for _ in 0..3 {
        let enquire = esme.pdu().await;
        assert_eq!(enquire.command, 0x15);
        esme.write(&pdu(0x15 | ANSWER, 0, enquire.sequence, b"")).await;
    }
    while let Some(enquire) = esme.next().await {
        assert_eq!(enquire.command, 0x15);
    }
    let mut quiet = Esme::bound(start("[enquire_link]\nanswer = true").await.addr).await;
    assert_eq!(quiet.next().await, None, "it ends when it is dropped");
}

#[tokio::test]
async fn enquire_link_is_answered_or_not() {
    let smsc = start("").await;
    let mut esme = Esme::bound(smsc.addr).await;
    let sequence = esme.send(0x15, b"").await;
    let answer = esme.pdu().await;
    assert_eq!((answer.command, answer.sequence, answer.status), (0x15 | ANSWER, sequence, 0));
    smsc.control.set(&serde_json::json!({ "enquire_link": { "answer": false } })).unwrap();
    esme.send(0x15, b"").await;
    assert_eq!(esme.submitted("420601999999").await.status, 0);
    assert_eq!(smsc.control.counts().enquire_links, 2);
}

#[tokio::test]
async fn unbind_is_answered_and_ends_the_link() {
    let smsc = start("").await;
    let mut esme = Esme::bound(smsc.addr).await;
    let sequence = esme.send(6, b"").await;
    let answer = esme.pdu().await;
    assert_eq!((answer.command, answer.sequence), (6 | ANSWER, sequence));
    assert_eq!(esme.next().await, None);
    eventually("unbound", || smsc.control.counts().bound_transceivers == 0).await;
    let log = smsc.control.log(0, 100);
    assert!(matches!(&log[1].event, Event::Bind(bind) if bind.system_type == "type"));
    assert!(matches!(log[2].event, Event::Unbind));
    assert!(matches!(&log[3].event, Event::Closed { reason } if reason == "unbound by the other side"));
}

#[tokio::test]
async fn outbind_comes_first_and_on_links_of_the_simulators_own() {
    let smsc = start("[bind]\noutbind = true").await;
    let mut esme = Esme::connect(smsc.addr).await;
    let outbind = esme.pdu().await;
    assert_eq!((outbind.command, &outbind.body[..]), (0x0B, &b"waypost-smsc\0\0"[..]));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    smsc.control.outbind(listener.local_addr().unwrap()).await.unwrap();
    let mut called = Esme::over(listener.accept().await.unwrap().0);
    assert_eq!(called.pdu().await.command, 0x0B);
    assert_eq!(called.bind(1, "waypost", "secret").await, 0);
}
