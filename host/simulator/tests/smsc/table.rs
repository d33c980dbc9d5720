//! Every row of the table does what it says, and the manual has the table.

use std::time::Duration;

use waypost_simulator::smsc::table;

use crate::client::{ANSWER, DELIVER, Delivered, Esme, SUBMIT, field, pdu};
use crate::start;

const SCRIPT: &str = "waits_percent = 5\n[receipts]\ndelay_ms = 20\n[deliver]\nretry_ms = 10";

/// What is seen of a submit: the answer, and what follows. A link that was closed is bound again.
async fn seen(suffix: &str, tries: usize) -> Vec<String> {
    let smsc = start(SCRIPT).await;
    let recipient = format!("420601123{suffix}");
    let mut esme = Esme::bound(smsc.addr).await;
    let mut seen = Vec::new();
    let mut id = None;
    for _ in 0..tries {
        esme.submit(&recipient, b"hello").await;
        // Everything is over long before: the waits of the table are shortened.
        while let Ok(next) = tokio::time::timeout(Duration::from_millis(700), esme.next()).await {
            let Some(pdu) = next else {
                seen.push("closed".to_owned());
                esme = Esme::bound(smsc.addr).await;
                continue;
            };
            seen.push(told(&mut esme, &pdu, &mut id).await);
            if pdu.command == SUBMIT | ANSWER && pdu.status != 0 && tries > 1 {
                break;
            }
        }
    }
    seen
}

async fn told(esme: &mut Esme, got: &crate::client::Pdu, id: &mut Option<String>) -> String {
    match got.command {
        0x8000_0004 if got.status != 0 => format!("error {:#x}", got.status),
        0x8000_0004
            if got.body.len() > 1
                && got.body.iter().position(|octet| *octet == 0) == Some(got.body.len() - 1) =>
        {
            *id = Some(got.id());
            if got.sequence > 1_000 { "taken as another".into() } else { "taken".into() }
        }
        0x8000_0004 => format!(
            "taken, body of {}",
            if got.body.len() > 1 { "octets".into() } else { got.body.len().to_string() }
        ),
        DELIVER if got.body.len() > 100_000 => "large".into(),
        DELIVER => {
            esme.write(&pdu(DELIVER | ANSWER, 0, got.sequence, b"\0")).await;
            let delivered = Delivered::read(got);
            if delivered.esm_class & 4 == 0 {
                return format!(
                    "reply {} {}",
                    delivered.data_coding,
                    delivered.message.len() + delivered.tlv(0x0424).map_or(0, <[u8]>::len)
                );
            }
            let mut words = Vec::new();
            let state = delivered.tlv(0x0427).map(|state| state[0]);
            if delivered.message.is_empty() {
                words.push(format!("tlvs {}", state.unwrap()));
            } else {
                let text = delivered.text();
                let named = field(&text, "id");
                words.push(field(&text, "stat"));
                if id.as_ref().is_some_and(|id| *id != named) {
                    words.push("other id".into());
                }
                if state.is_none() {
                    words.push("text only".into());
                }
            }
            if delivered.tlv(0x1444).is_some() {
                words.push("strange".into());
            }
            words.join(", ")
        }
        command => format!("{command:#x} {:#x}", got.status),
    }
}

#[tokio::test]
async fn rows_do_what_they_say() {
    let closed = "closed";
    let expected: &[(&str, usize, &[&str])] = &[
        ("000", 1, &["taken", "DELIVRD"]),
        ("001", 1, &["error 0xb"]),
        ("002", 1, &["error 0xa"]),
        ("003", 2, &["error 0x58", "taken", "DELIVRD"]),
        ("004", 2, &["error 0x14", "taken", "DELIVRD"]),
        ("005", 1, &["error 0x101"]),
        ("006", 1, &[closed, "DELIVRD"]),
        ("007", 1, &[closed]),
        ("008", 2, &["error 0x8", "error 0x8"]),
        ("009", 1, &["taken", "UNDELIV"]),
        ("010", 1, &["taken", "EXPIRED"]),
        ("011", 1, &["taken", "DELIVRD", "DELIVRD"]),
        ("012", 1, &["taken", "DELIVRD"]),
        ("013", 1, &["taken", "DELIVRD", "ENROUTE"]),
        ("014", 1, &["taken"]),
        ("015", 1, &["taken", "DELIVRD"]),
        ("016", 1, &["taken, body of 0", "DELIVRD"]),
        ("017", 1, &["taken, body of 1", "DELIVRD"]),
        ("018", 1, &["error 0x8", "DELIVRD"]),
        ("019", 1, &["taken", "REJECTD"]),
        ("020", 1, &["taken", "DELIVRD", "reply 0 4"]),
        ("021", 2, &[closed, "taken", "DELIVRD"]),
        ("022", 1, &["taken", "ACCEPTD", "ENROUTE", "DELIVRD"]),
        ("023", 1, &["DELIVRD", "taken"]),
        ("024", 1, &["taken", "DELIVRD", "UNDELIV"]),
        ("025", 1, &["taken", "UNKNOWN"]),
        ("026", 1, &["taken", "DELETED"]),
        ("027", 1, &["DELIVRD"]),
        ("028", 1, &["0x4242 0x0", "taken", "DELIVRD"]),
        ("029", 1, &[closed, "DELIVRD"]),
        ("030", 1, &["error 0x58"]),
        ("031", 2, &["0x80000000 0x3", "taken", "DELIVRD"]),
        ("032", 1, &["taken", "DELIVRD, other id", "DELIVRD"]),
        ("033", 1, &["taken", "DELIVRD", "reply 0 5", "reply 0 5"]),
        ("034", 1, &["taken", "DELIVRD", "reply 8 18"]),
        ("035", 1, &["taken", "DELIVRD", "reply 4 4"]),
        ("036", 1, &["large", "taken", "DELIVRD"]),
        ("037", 1, &["taken", "ENROUTE"]),
        ("038", 1, &["taken", "DELIVRD", "reply 0 159", "reply 0 159", "reply 0 102"]),
        ("039", 1, &["taken", "DELIVRD", "reply 0 153", "reply 0 153", "reply 0 96"]),
        ("040", 1, &["taken", "DELIVRD", "reply 0 402"]),
        ("041", 1, &["taken as another", "DELIVRD"]),
        ("042", 1, &["taken", "tlvs 2"]),
        ("043", 1, &["taken", "DELIVRD, text only"]),
        ("044", 1, &["taken", "DELIVRD, other id, text only"]),
        ("045", 1, &["taken", "DELIVRD, other id, text only"]),
        ("046", 1, &["taken", "DELIVRD, text only"]),
        ("047", 1, &["taken, body of octets", "DELIVRD, strange"]),
        ("049", 1, &["taken, body of octets", "DELIVRD"]),
        ("050", 1, &["error 0x14"]),
        ("051", 1, &["taken", "taken", "DELIVRD"]),
        ("052", 1, &["error 0x400"]),
        ("999", 1, &["taken", "DELIVRD"]),
    ];
    // 048 cannot be framed: `wrong_length` looks at its octets.
    assert_eq!(expected.len() + 1, table().len());
    let tasks: Vec<_> = expected
        .iter()
        .map(|(suffix, tries, expected)| {
            let task = tokio::spawn(seen(suffix, *tries));
            async move { (suffix, task.await.unwrap(), expected) }
        })
        .collect();
    for task in tasks {
        let (suffix, seen, expected) = task.await;
        assert_eq!(seen, *expected, "{suffix}");
    }
}

#[tokio::test]
async fn wrong_length() {
    let smsc = start(SCRIPT).await;
    let mut esme = Esme::bound(smsc.addr).await;
    esme.submit("420601123048", b"hello").await;
    assert_eq!(esme.octets(8).await, [0, 0, 0, 8, 0, 0, 0, 0x15]);
}

/// `WRITE_DOCS=1 cargo test -p waypost-simulator --test smsc` writes it.
#[test]
fn the_manual_has_the_table() {
    const BEGIN: &str = "<!-- generated -->\n";
    const END: &str = "<!-- /generated -->\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/smsc-simulator.md");
    let manual = std::fs::read_to_string(path).unwrap();
    let (before, rest) = manual.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let table = waypost_simulator::smsc::markdown();
    let expected = format!("{before}{BEGIN}\n{table}\n{END}{after}");
    if std::env::var_os("WRITE_DOCS").is_some() {
        std::fs::write(path, &expected).unwrap();
        return;
    }
    assert!(
        manual == expected,
        "the table is old: run `WRITE_DOCS=1 cargo test -p waypost-simulator --test smsc`"
    );
}
