use super::{NOW_MS, smpp};
use crate::decision::{Receipt, ReceiptStatus};
use crate::inbound::Party;
use crate::number::SenderKind;
use crate::smpp::pdu::{Address, DeliverSm, Tlv, tag};
use crate::smpp::{Acknowledgement, Delivered, InboundSm, Part, ReceiptError, read};
use crate::text::Body;

const RECEIPT: &str = "id:00004779 sub:001 dlvrd:001 submit date:2603011234 done date:260301123456 \
                       stat:DELIVRD err:000 text:Hello";

fn deliver(esm_class: u8, octets: &[u8]) -> DeliverSm {
    DeliverSm {
        source: Address { ton: 1, npi: 1, value: "447400123456".to_owned() },
        dest: Address { ton: 3, npi: 0, value: "62442".to_owned() },
        esm_class,
        short_message: octets.to_vec(),
        ..DeliverSm::default()
    }
}

fn receipt_of(lines: &str, esm_class: u8, text: &str, tlvs: &[(u16, &[u8])]) -> Receipt {
    let tlvs = tlvs.iter().map(|(tag, value)| Tlv::new(*tag, *value)).collect();
    let deliver = DeliverSm { tlvs, ..deliver(esm_class, text.as_bytes()) };
    match read(&deliver, &smpp(lines)) {
        Delivered::Receipt(receipt) => receipt,
        other => panic!("{text}: {other:?}"),
    }
}

fn message_of(lines: &str, deliver: &DeliverSm) -> InboundSm {
    match read(deliver, &smpp(lines)) {
        Delivered::Message(message) => *message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn receipts_by_text() {
    let receipt = receipt_of("", 0x04, RECEIPT, &[]);
    let expected = Receipt {
        reference: "4779".to_owned(),
        message_id: None,
        status: ReceiptStatus::Delivered,
        code: None,
        reason: None,
        at_ms: Some(NOW_MS),
    };
    assert_eq!(receipt, expected);
    let failed = receipt_of("", 0x04, "id:77 stat:UNDELIV err:034 done date:2603011434", &[]);
    assert_eq!(failed.status, ReceiptStatus::Undelivered);
    assert_eq!(failed.code.as_deref(), Some("034"));
    assert_eq!(failed.reason.as_deref(), Some("the SMSC says UNDELIV, error 034"));
    let ahead = receipt_of(
        "receipts.utc_offset = \"+02:00\"",
        0x04,
        "id:77 stat:DELIVRD done date:260301143456",
        &[],
    );
    assert_eq!(ahead.at_ms, Some(NOW_MS));
}

#[test]
fn receipts_by_parameters() {
    let tlvs: [(u16, &[u8]); 3] = [
        (tag::RECEIPTED_MESSAGE_ID, b"12AB\0"),
        (tag::MESSAGE_STATE, &[5]),
        (tag::NETWORK_ERROR_CODE, &[3, 0, 27]),
    ];
    let receipt = receipt_of("", 0x04, "", &tlvs);
    assert_eq!((receipt.reference.as_str(), receipt.status), ("12ab", ReceiptStatus::Undelivered));
    assert_eq!(receipt.code.as_deref(), Some("gsm_27"));
    assert_eq!(receipt.reason.as_deref(), Some("the SMSC says UNDELIV, error gsm_27"));
    // No bit of esm_class is needed beside them, and they come before the text.
    let text = "id:9999 stat:DELIVRD err:001 done date:260301123456";
    let both = receipt_of("", 0x00, text, &tlvs);
    assert_eq!((both.reference.as_str(), both.status), ("12ab", ReceiptStatus::Undelivered));
    assert_eq!((both.code.as_deref(), both.at_ms), (Some("gsm_27"), Some(NOW_MS)));
    // Half and half.
    let state = receipt_of("", 0x04, "stat:EXPIRED", &tlvs[..1]);
    assert_eq!((state.reference.as_str(), state.status), ("12ab", ReceiptStatus::Expired));
    // In message_payload.
    let payload = receipt_of("", 0x04, "", &[(tag::MESSAGE_PAYLOAD, RECEIPT.as_bytes())]);
    assert_eq!(payload.reference, "4779");
}

#[test]
fn ids_are_written_in_two_ways() {
    let lines = "receipts = { id_in_response = \"hex\", id_in_receipt = \"decimal\" }";
    assert_eq!(receipt_of(lines, 0x04, RECEIPT, &[]).reference, "4779");
    // The parameter repeats what submit_sm_resp said.
    let tlv: [(u16, &[u8]); 1] = [(tag::RECEIPTED_MESSAGE_ID, b"12AB\0")];
    assert_eq!(receipt_of(lines, 0x04, RECEIPT, &tlv).reference, "4779");
}

#[test]
fn kinds_are_told_apart() {
    let status = |esm_class, text: &str| receipt_of("", esm_class, text, &[]).status;
    assert_eq!(status(0x20, "id:1 stat:ENROUTE"), ReceiptStatus::Sent);
    assert_eq!(status(0x20, "id:1 stat:UNDELIV err:1"), ReceiptStatus::Sent);
    assert_eq!(status(0x20, "id:1"), ReceiptStatus::Sent);
    assert_eq!(status(0x44, "id:1 stat:REJECTD"), ReceiptStatus::Rejected);
    let kind = |esm_class, text: &str| read(&deliver(esm_class, text.as_bytes()), &smpp(""));
    assert_eq!(kind(0x08, "ok"), Delivered::Acknowledgement(Acknowledgement::Delivery));
    assert_eq!(kind(0x10, "ok"), Delivered::Acknowledgement(Acknowledgement::User));
    assert_eq!(kind(0x18, ""), Delivered::Acknowledgement(Acknowledgement::ConversationAbort));
    assert_eq!(kind(0x04, "id:1"), Delivered::Unreadable(ReceiptError::NoState));
    assert_eq!(kind(0x04, "stat:DELIVRD"), Delivered::Unreadable(ReceiptError::NoId));
    assert_eq!(kind(0x04, ""), Delivered::Unreadable(ReceiptError::NoId));
}

#[test]
fn a_subscriber_cannot_write_receipts_unless_the_operator_lets_him() {
    let text = deliver(0, RECEIPT.as_bytes());
    assert_eq!(message_of("", &text).body(), Body::Text(RECEIPT.to_owned()));
    let unmarked = smpp("receipts.unmarked = true");
    assert!(matches!(read(&text, &unmarked), Delivered::Receipt(_)));
    assert!(matches!(read(&deliver(0, b"id:5 stat:DELIVRD"), &unmarked), Delivered::Message(_)));
}

#[test]
fn messages_and_their_parts() {
    let plain = message_of("", &deliver(0, b"Hello"));
    assert_eq!(plain.sender, Party { value: "+447400123456".to_owned(), kind: SenderKind::International });
    assert_eq!(plain.to, Party { value: "62442".to_owned(), kind: SenderKind::ShortCode });
    assert_eq!((plain.body(), plain.part, plain.reference), (Body::Text("Hello".to_owned()), None, None));

    let udh = message_of("", &deliver(0x40, b"\x05\x00\x03\x07\x03\x02Hello"));
    assert_eq!((udh.part, udh.body()), (Part::new(7, 3, 2), Body::Text("Hello".to_owned())));
    let wide = message_of("", &deliver(0x40, b"\x06\x08\x04\x01\x02\x02\x01Hello"));
    assert_eq!(wide.part, Part::new(0x0102, 2, 1));

    let sar = |reference: &[u8], total: &[u8], number: &[u8]| {
        let tlvs = vec![
            Tlv::new(tag::SAR_MSG_REF_NUM, reference),
            Tlv::new(tag::SAR_TOTAL_SEGMENTS, total),
            Tlv::new(tag::SAR_SEGMENT_SEQNUM, number),
        ];
        message_of("", &DeliverSm { tlvs, ..deliver(0, b"Hello") }).part
    };
    assert_eq!(sar(&[1, 2], &[3], &[3]), Part::new(0x0102, 3, 3));
    for (reference, total, number) in [
        (&[1, 2][..], &[3][..], &[4][..]),
        (&[1, 2], &[1], &[1]),
        (&[1, 2], &[], &[1]),
        (&[1], &[3], &[1]),
        (&[1, 2], &[3], &[0]),
    ] {
        assert_eq!(sar(reference, total, number), None);
    }

    let payload = Tlv::new(tag::MESSAGE_PAYLOAD, [0x04, 0x16]);
    let payload = DeliverSm { tlvs: vec![payload], data_coding: 8, ..deliver(0, b"") };
    assert_eq!(message_of("", &payload).body(), Body::Text("Ж".to_owned()));
    // A header that does not fit is no header.
    let broken = message_of("", &deliver(0x40, b"Hello"));
    assert_eq!((broken.body(), broken.part), (Body::Text("Hello".to_owned()), None));
}

#[test]
fn addresses_become_parties() {
    let cases = [
        (1, "447400123456", "+447400123456", SenderKind::International),
        (1, "+447400123456", "+447400123456", SenderKind::International),
        (0, "+447400123456", "+447400123456", SenderKind::International),
        (0, "447400123456", "+447400123456", SenderKind::International),
        (0, "62442", "62442", SenderKind::ShortCode),
        (6, "62442", "62442", SenderKind::ShortCode),
        (5, "Bank", "Bank", SenderKind::Alphanumeric),
        (0, "Bank", "Bank", SenderKind::Alphanumeric),
        (5, "12345", "12345", SenderKind::Alphanumeric),
        (0, "", "", SenderKind::Alphanumeric),
        (99, "447400123456", "+447400123456", SenderKind::International),
    ];
    for (ton, written, value, kind) in cases {
        let source = Address { ton, npi: 0, value: written.to_owned() };
        let found = message_of("", &DeliverSm { source, ..deliver(0, b"x") }).sender;
        assert_eq!(found, Party { value: value.to_owned(), kind }, "{ton} {written}");
    }
    let national = "submit.national = { country = \"GB\", prefix = \"0\" }";
    let source = Address { ton: 2, npi: 1, value: "07400123456".to_owned() };
    let found = message_of(national, &DeliverSm { source, ..deliver(0, b"x") }).sender;
    assert_eq!(found.value, "+447400123456");
    let source = Address { ton: 2, npi: 1, value: "07700900123".to_owned() };
    let found = message_of(national, &DeliverSm { source, ..deliver(0, b"x") }).sender;
    assert_eq!(found.value, "07700900123", "no number of that country");
}
