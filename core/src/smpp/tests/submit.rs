use super::{NOW_MS, draft, smpp, submission};
use crate::config::smpp::Submit;
use crate::decision::FailureClass;
use crate::id::MessageId;
use crate::message::Draft;
use crate::provider::Submission;
use crate::smpp::pdu::{Address, DeliverSm, SHORT_MESSAGE_OCTETS_MAX, SubmitSm, Tlv, tag};
use crate::smpp::{Delivered, acceptance, join, read, submit};
use crate::text::{Body, Encoding, EncodingChoice, PlanOptions, SEGMENTS_LIMIT, plan, unpack_septets};

const FROM: &str = "+447400123456";
const TO: &str = "+12015550123";

fn rules(lines: &str) -> Submit {
    let lines: Vec<String> = lines.lines().map(|line| format!("submit.{}", line.trim())).collect();
    smpp(&lines.join("\n")).submit
}

/// A text as the gateway would have accepted it.
fn text(text: &str) -> Draft {
    let body = Body::Text(text.to_owned());
    let options = PlanOptions {
        encoding: EncodingChoice::Auto,
        segments_max: SEGMENTS_LIMIT,
        ..PlanOptions::default()
    };
    let plan = plan(&body, &options).unwrap();
    draft(FROM, TO, body, plan.encoding, plan.segments)
}

fn submitted(draft: &Draft, lines: &str) -> Vec<SubmitSm> {
    submit(&submission(draft), &rules(lines), NOW_MS).unwrap()
}

fn only(draft: &Draft, lines: &str) -> SubmitSm {
    let mut pdus = submitted(draft, lines);
    assert_eq!(pdus.len(), 1);
    pdus.remove(0)
}

fn address(ton: u8, npi: u8, value: &str) -> Address {
    Address { ton, npi, value: value.to_owned() }
}

#[test]
fn a_short_text_with_all_defaults() {
    let expected = SubmitSm {
        service_type: String::new(),
        source: address(1, 1, "447400123456"),
        dest: address(1, 1, "12015550123"),
        esm_class: 0,
        protocol_id: 0,
        priority: 0,
        schedule: String::new(),
        validity: String::new(),
        registered_delivery: 1,
        replace_if_present: 0,
        data_coding: 0,
        // € is an escape and its septet.
        short_message: vec![b'H', b'i', 0x1B, 0x65, 0x00],
        tlvs: Vec::new(),
    };
    assert_eq!(only(&text("Hi€@"), ""), expected);
}

#[test]
fn fields_are_those_of_the_configuration() {
    let lines = "service_type = \"CMT\"\nprotocol_id = 0x40\npriority = [1, 1, 2, 4]\n\
                 registered_delivery = \"failure\"\nintermediate = true\nreplace_if_present = true\n\
                 message_mode = \"store-and-forward\"\ntext_data_coding = 0xF1\n\
                 tlvs = [{ tag = 0x1401, hex = \"01ff\" }]";
    let urgent = Draft { priority: 3, ..text("Hi") };
    let pdu = only(&urgent, lines);
    assert_eq!((pdu.service_type.as_str(), pdu.protocol_id, pdu.priority), ("CMT", 0x40, 4));
    assert_eq!((pdu.registered_delivery, pdu.replace_if_present), (0x12, 1));
    assert_eq!((pdu.esm_class, pdu.data_coding), (0x03, 0xF1));
    assert_eq!(pdu.tlvs, [Tlv::new(0x1401, [1, 0xFF])]);
    assert_eq!(only(&text("Hi"), lines).priority, 1);
}

#[test]
fn validity_is_relative_absolute_or_left_out() {
    let draft = text("Hi");
    let cases = [
        ("", "000002000000000R"),
        ("validity = \"absolute\"", "260303123456000+"),
        ("validity = \"none\"", ""),
    ];
    for (lines, expected) in cases {
        let submission = Submission { valid_for_s: Some(48 * 3600), ..submission(&draft) };
        let pdus = submit(&submission, &rules(lines), NOW_MS).unwrap();
        assert_eq!(pdus[0].validity, expected);
    }
    assert_eq!(only(&draft, "validity = \"absolute\"").validity, "");
}

#[test]
fn addresses_are_written_by_their_kind() {
    let source = |from: &str, lines: &str| {
        only(&draft(from, TO, Body::Text("Hi".to_owned()), Encoding::Gsm7, 1), lines).source
    };
    assert_eq!(source("", ""), address(0, 0, ""));
    assert_eq!(source("Bank 1", ""), address(5, 0, "Bank 1"));
    assert_eq!(source("Bank 1", "alphanumeric = { ton = 6, npi = 9 }"), address(6, 9, "Bank 1"));
    assert_eq!(source(FROM, "e164 = { ton = 0, npi = 0, plus = true }"), address(0, 0, FROM));
    let national = "national = { country = \"GB\", prefix = \"0\" }";
    assert_eq!(source(FROM, national), address(2, 1, "07400123456"));
    let pdu = only(&text("Hi"), national);
    assert_eq!(pdu.dest, address(1, 1, "12015550123"));
    let american = only(&text("Hi"), "national = { country = \"US\", ton = 0, npi = 8 }");
    assert_eq!(american.dest, address(0, 8, "2015550123"));

    let name = draft("Käse", TO, Body::Text("Hi".to_owned()), Encoding::Gsm7, 1);
    let failure = submit(&submission(&name), &rules(""), NOW_MS).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Sender, "sender_not_ascii"));
}

#[test]
fn encodings_have_their_data_coding() {
    let smile = text("A😀");
    let pdu = only(&smile, "");
    assert_eq!((pdu.data_coding, pdu.short_message.as_slice()), (8, &[0, 0x41, 0xD8, 0x3D, 0xDE, 0][..]));
    assert_eq!(only(&smile, "ucs2_data_coding = 0x18").data_coding, 0x18);
    let binary = draft(FROM, TO, Body::Binary(vec![0, 1, 0xFF]), Encoding::Binary, 1);
    let pdu = only(&binary, "");
    assert_eq!((pdu.data_coding, pdu.short_message.as_slice()), (4, &[0, 1, 0xFF][..]));
    let pdu = only(&text("Grüße à"), "alphabet = \"latin1\"");
    assert_eq!((pdu.data_coding, pdu.short_message.as_slice()), (3, &b"Gr\xFC\xDFe \xE0"[..]));
    let pdu = only(&text("plain"), "alphabet = \"ascii\"");
    assert_eq!((pdu.data_coding, pdu.short_message.as_slice()), (1, &b"plain"[..]));
    // What the alphabet lacks goes in UCS-2 where that costs nothing.
    assert_eq!(only(&text("10 €"), "alphabet = \"latin1\"").data_coding, 8);
    assert_eq!(only(&text("Grüße"), "alphabet = \"ascii\"").data_coding, 8);
    let long = text(&format!("{}€", "a".repeat(100)));
    let failure = submit(&submission(&long), &rules("alphabet = \"latin1\""), NOW_MS).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Message, "not_in_alphabet"));
    let wrong = Draft { encoding: Encoding::Gsm7, ..smile };
    let failure = submit(&submission(&wrong), &rules(""), NOW_MS).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Message, "not_in_gsm7"));
}

#[test]
fn long_messages_by_headers() {
    let long = text(&"a".repeat(307));
    let pdus = submitted(&long, "replace_if_present = true");
    let lengths: Vec<usize> = pdus.iter().map(|pdu| pdu.short_message.len()).collect();
    assert_eq!(lengths, [159, 159, 7]);
    for (index, pdu) in pdus.iter().enumerate() {
        assert_eq!(pdu.short_message[..6], [5, 0, 3, 0xCD, 3, index as u8 + 1]);
        assert_eq!((pdu.esm_class, pdu.replace_if_present), (0x40, 0));
        // `delivered` is what the last part says.
        assert_eq!(pdu.registered_delivery, u8::from(index == 2));
    }
    let wide = submitted(&long, "reference = \"16-bit\"");
    assert_eq!(wide[1].short_message[..7], [6, 8, 4, 0xAB, 0xCD, 3, 2]);
    let packed = submitted(&long, "packed = true");
    assert_eq!(packed[0].short_message.len(), 140);
    assert_eq!(unpack_septets(&packed[0].short_message[6..], 6, 153), [b'a'; 153]);
}

#[test]
fn long_messages_by_parameters() {
    let long = text(&"ж".repeat(100));
    let sar = submitted(&long, "long_messages = \"sar\"\ntlvs = [{ tag = 0x1401, text = \"x\" }]");
    assert_eq!(sar.len(), 2);
    let expected = [
        Tlv::new(tag::SAR_MSG_REF_NUM, [0xAB, 0xCD]),
        Tlv::new(tag::SAR_TOTAL_SEGMENTS, [2]),
        Tlv::new(tag::SAR_SEGMENT_SEQNUM, [2]),
        Tlv::new(0x1401, *b"x"),
    ];
    assert_eq!((sar[1].tlvs.as_slice(), sar[1].esm_class), (&expected[..], 0));
    assert_eq!(sar[0].short_message.len() + sar[1].short_message.len(), 200);
    let payload = only(&long, "long_messages = \"payload\"");
    assert_eq!((payload.short_message.len(), payload.esm_class, payload.registered_delivery), (0, 0, 1));
    assert_eq!(payload.tlvs, [Tlv::new(tag::MESSAGE_PAYLOAD, [0x04, 0x36].repeat(100))]);
    for lines in ["long_messages = \"sar\"", "long_messages = \"payload\""] {
        let short = only(&text("Hi"), lines);
        assert_eq!((short.short_message.as_slice(), short.tlvs.len()), (&b"Hi"[..], 0));
    }
}

#[test]
fn shift_tables_save_segments_where_they_are_taken() {
    let turkish = text(&"Işıklar söndü, ğ! ".repeat(6));
    assert_eq!((turkish.encoding, turkish.segments), (Encoding::Ucs2, 2));
    assert_eq!(submitted(&turkish, "").len(), 2);
    let pdu = only(&turkish, "languages = [\"turkish\"]");
    assert_eq!((pdu.data_coding, pdu.esm_class), (0, 0x40));
    assert_eq!(pdu.short_message[..4], [3, 0x25, 1, 1]);
    let single = only(&turkish, "languages = [\"turkish\"]\nshift_tables = \"single\"");
    assert_eq!(single.short_message[..4], [3, 0x24, 1, 1]);
    assert_eq!(submitted(&turkish, "languages = [\"hindi\"]").len(), 2);
    // No segment is saved: plain UCS-2 is understood everywhere.
    assert_eq!(only(&text("ğ"), "languages = [\"turkish\"]").data_coding, 8);
}

#[test]
fn an_acceptance_has_the_reference_of_receipts() {
    let id = MessageId::from_parts(1, 2);
    let receipts = smpp("receipts = { id_in_response = \"hex\", id_in_receipt = \"decimal\" }").receipts;
    let accepted = acceptance(id, "000012AB", 3, &receipts);
    assert_eq!((accepted.reference.as_str(), accepted.parts), ("4779", Some(3)));
    assert_eq!(acceptance(id, "", 1, &receipts).reference, id.to_string());
}

/// What is submitted in any way is what would be read if the SMSC sent it back.
#[test]
fn every_way_there_is_also_a_way_back() {
    let bodies = [
        "Hello".to_owned(),
        "Hello {€} ".repeat(40),
        "a😀".repeat(90),
        "Işıklar söndü ğ ".repeat(30),
        "नमस्ते १२३ [€] ".repeat(20),
        "x".repeat(160),
    ];
    let ways = [
        "long_messages = \"udh\"",
        "long_messages = \"sar\"",
        "long_messages = \"payload\"",
        "reference = \"16-bit\"",
        "languages = [\"turkish\", \"hindi\"]",
        "languages = [\"turkish\", \"hindi\"]\nshift_tables = \"single\"\npacked = true",
        "packed = true",
    ];
    for (body, way) in bodies.iter().flat_map(|body| ways.map(|way| (body, way))) {
        let packed = if way.contains("packed") { "inbound.packed = true" } else { "" };
        let smsc = smpp(packed);
        let mut parts = Vec::new();
        for pdu in submitted(&text(body), way) {
            assert!(pdu.short_message.len() <= SHORT_MESSAGE_OCTETS_MAX);
            let deliver = DeliverSm {
                esm_class: pdu.esm_class,
                data_coding: pdu.data_coding,
                short_message: pdu.short_message,
                tlvs: pdu.tlvs,
                ..DeliverSm::default()
            };
            let Delivered::Message(message) = read(&deliver, &smsc) else { panic!("{way}") };
            parts.push((message.part.map_or(1, |part| part.number), message.content));
        }
        assert_eq!(join(parts), Body::Text(body.clone()), "{way}");
    }
}
