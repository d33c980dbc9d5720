use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::*;

const NOW_MS: u64 = 1_800_000_000_000;
const RECEIPT: &str = r#"{"type":"receipt","reference":"s1","message_id":"m_1","status":"delivered","code":"000","reason":"ok","at_ms":5}"#;

fn hmac(data: &[u8]) -> Result<Vec<u8>, String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap();
    mac.update(data);
    Ok(mac.finalize().into_bytes().to_vec())
}

fn signed(body: &str, at_ms: u64) -> WebhookRequest {
    let signature = hmac(format!("{at_ms}.{body}").as_bytes()).unwrap();
    WebhookRequest {
        method: "POST".to_owned(),
        url: "https://gw.example/hooks/sim".to_owned(),
        headers: vec![
            ("X-Simulator-Timestamp".to_owned(), at_ms.to_string()),
            ("X-Simulator-Signature".to_owned(), hex::encode(&signature)),
        ],
        body: body.as_bytes().to_vec(),
        now_ms: NOW_MS,
        fetched: None,
    }
}

fn read_events(body: &str) -> Vec<Event> {
    match read(signed(body, NOW_MS), hmac) {
        WebhookResult::Read(reading) => {
            assert_eq!(reading.answer.status, 204);
            reading.events
        }
        other => panic!("{other:?}"),
    }
}

fn is_forged(request: WebhookRequest) -> bool {
    matches!(read(request, hmac), WebhookResult::Forged(_))
}

fn address_of(value: &str, kind: AddressKind) -> Address {
    Address { value: value.to_owned(), kind }
}

#[test]
fn a_receipt_is_read() {
    let expected = Event::Receipt(Receipt {
        reference: "s1".to_owned(),
        message_id: Some("m_1".to_owned()),
        status: ReceiptStatus::Delivered,
        code: Some("000".to_owned()),
        reason: Some("ok".to_owned()),
        at_ms: Some(5),
    });
    assert_eq!(read_events(RECEIPT), [expected]);
}

#[test]
fn every_status_is_known() {
    for (status, expected) in [
        ("accepted", ReceiptStatus::Accepted),
        ("sent", ReceiptStatus::Sent),
        ("delivered", ReceiptStatus::Delivered),
        ("undelivered", ReceiptStatus::Undelivered),
        ("failed", ReceiptStatus::Failed),
        ("expired", ReceiptStatus::Expired),
        ("rejected", ReceiptStatus::Rejected),
        ("unknown", ReceiptStatus::Unknown),
    ] {
        let body = format!(r#"{{"type":"receipt","reference":"s1","status":"{status}"}}"#);
        let [Event::Receipt(receipt)] = &read_events(&body)[..] else { panic!("{status}") };
        assert_eq!(receipt.status, expected);
        assert_eq!((&receipt.message_id, &receipt.code, receipt.at_ms), (&None, &None, None));
    }
}

#[test]
fn a_list_is_read_in_its_order() {
    let body = format!(
        r#" [{RECEIPT},
        {{"type":"inbound","reference":"i1","from":"+4915112345678","to":"12345","text":"a\"é😀","at_ms":7}},
        {{"type":"inbound","reference":"i2","from":"BRAND","to":"+15017122661","data":"00fF"}}]"#
    );
    let [Event::Receipt(_), first, second] = &read_events(&body)[..] else { panic!("three") };
    let expected = Event::Inbound(InboundMessage {
        reference: "i1".to_owned(),
        sender: address_of("+4915112345678", AddressKind::International),
        to: address_of("12345", AddressKind::ShortCode),
        body: Body::Text("a\"é😀".to_owned()),
        at_ms: Some(7),
    });
    assert_eq!(first, &expected);
    let expected = Event::Inbound(InboundMessage {
        reference: "i2".to_owned(),
        sender: address_of("BRAND", AddressKind::Alphanumeric),
        to: address_of("+15017122661", AddressKind::International),
        body: Body::Binary(vec![0, 0xff]),
        at_ms: None,
    });
    assert_eq!(second, &expected);
    assert_eq!(read_events("[]"), []);
}

#[test]
fn what_is_not_signed_is_forged() {
    assert!(!is_forged(signed(RECEIPT, NOW_MS)));
    for (name, spoil) in [
        ("body", (|request| request.body.push(b' ')) as fn(&mut WebhookRequest)),
        ("timestamp", |request| request.headers[0].1 = (NOW_MS + 1).to_string()),
        ("timestamp form", |request| request.headers[0].1 = "now".to_owned()),
        ("signature", |request| request.headers[1].1.replace_range(0..1, "x")),
        ("signature cut", |request| request.headers[1].1.truncate(63)),
        ("signature case", |request| request.headers[1].1.make_ascii_uppercase()),
        ("no timestamp", |request| drop(request.headers.remove(0))),
        ("no signature", |request| drop(request.headers.remove(1))),
    ] {
        let mut request = signed(RECEIPT, NOW_MS);
        spoil(&mut request);
        assert!(is_forged(request), "{name}");
    }
    let without_secret = read(signed(RECEIPT, NOW_MS), |_| Err("no secret `webhook`".to_owned()));
    assert_eq!(format!("{without_secret:?}"), r#"WebhookResult::Forged("no secret `webhook`")"#);
}

#[test]
fn a_signature_grows_old() {
    let difference_ms = 5 * 60 * 1000;
    for (at_ms, forged) in [
        (NOW_MS - difference_ms, false),
        (NOW_MS - difference_ms - 1, true),
        (NOW_MS + difference_ms, false),
        (NOW_MS + difference_ms + 1, true),
        (0, true),
        (u64::MAX, true),
    ] {
        assert_eq!(is_forged(signed(RECEIPT, at_ms)), forged, "{at_ms}");
    }
}

#[test]
fn what_cannot_be_understood_is_malformed() {
    for body in [
        "",
        "null",
        "{}",
        "[[]]",
        r#"{"type":"receipt","reference":"s1"}"#,
        r#"{"type":"receipt","status":"sent"}"#,
        r#"{"type":"receipt","reference":"s1","status":"odd"}"#,
        r#"{"type":"call","reference":"s1"}"#,
        r#"{"type":"inbound","reference":"i1","from":"+15017122661","to":"12345"}"#,
        r#"{"type":"inbound","reference":"i1","from":"+15017122661","to":"12345","text":"","data":""}"#,
        r#"{"type":"inbound","reference":"i1","from":"+15017122661","to":"12345","data":"0"}"#,
        r#"{"type":"inbound","reference":"i1","to":"12345","text":"a"}"#,
        r#"{"type":"inbound","reference":"i1","from":"12345","to":"","text":"a"}"#,
    ] {
        let result = read(signed(body, NOW_MS), hmac);
        assert!(matches!(result, WebhookResult::Malformed(_)), "{body}: {result:?}");
    }
}
