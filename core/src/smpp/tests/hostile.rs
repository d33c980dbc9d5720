//! Nothing that an SMSC or a subscriber sends makes the rules fail.

use proptest::prelude::*;

use super::smpp;
use crate::config::smpp::Smpp;
use crate::decision::ReceiptStatus;
use crate::limits::{CODE_CHARS_MAX, REASON_CHARS_MAX, REFERENCE_BYTES_MAX};
use crate::smpp::pdu::{Address, DeliverSm, Tlv, tag};
use crate::smpp::{Content, Delivered, ReceiptError, join, read};

const RECEIPTS: &str = include_str!("corpus/receipts.txt");
const DELIVER: &str = include_str!("corpus/deliver.txt");

fn lines(corpus: &str) -> impl Iterator<Item = &str> {
    corpus.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn octets(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "{hex}");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn every_way() -> [Smpp; 3] {
    [
        smpp(""),
        smpp("inbound = { alphabet = \"latin1\" }\nreceipts = { unmarked = true, utc_offset = \"-14:00\" }"),
        smpp(
            "inbound.packed = true\nreceipts = { id_in_response = \"hex\", id_in_receipt = \"decimal\" }\n\
             submit.national = { country = \"US\" }",
        ),
    ]
}

/// What holds for everything that was read.
fn check(delivered: &Delivered) {
    match delivered {
        Delivered::Receipt(receipt) => {
            assert!((1..=REFERENCE_BYTES_MAX).contains(&receipt.reference.len()));
            assert!(receipt.code.as_ref().is_none_or(|code| code.len() <= CODE_CHARS_MAX));
            assert!(receipt.reason.as_ref().is_none_or(|reason| reason.len() <= REASON_CHARS_MAX));
        }
        Delivered::Message(message) => {
            let content = &message.content;
            assert_eq!(Content::from_bytes(&content.to_bytes()).as_ref(), Ok(content));
            assert_eq!(join(vec![(1, content.clone())]), message.body());
        }
        Delivered::Unreadable(_) | Delivered::Acknowledgement(_) => {}
    }
}

#[test]
fn receipts_of_the_corpus_are_read_as_it_says() {
    for line in lines(RECEIPTS) {
        let (expected, text) = line.split_once(" :: ").unwrap();
        let deliver =
            DeliverSm { esm_class: 0x04, short_message: text.as_bytes().to_vec(), ..DeliverSm::default() };
        let found = match read(&deliver, &smpp("")) {
            Delivered::Receipt(receipt) => {
                let status = serde_json::to_value(receipt.status).unwrap();
                let code = receipt.code.map_or("-".to_owned(), |code| code.to_ascii_lowercase());
                format!("{} {} {code}", receipt.reference, status.as_str().unwrap())
            }
            Delivered::Unreadable(ReceiptError::NoId) => "- no_id -".to_owned(),
            Delivered::Unreadable(ReceiptError::NoState) => "- no_state -".to_owned(),
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(found, expected, "{line}");
        for way in every_way() {
            check(&read(&deliver, &way));
        }
    }
}

#[test]
fn messages_of_the_corpus_are_what_it_says() {
    let byte = |hex: &str| octets(hex)[0];
    for line in lines(DELIVER) {
        let mut words = line.split(' ');
        let mut next = || words.next().unwrap();
        let (expected, esm_class, data_coding, body) = (next(), byte(next()), byte(next()), next());
        let tlvs = words.map(|word| {
            let (tag, value) = word.split_once(':').unwrap();
            Tlv::new(u16::from_str_radix(tag, 16).unwrap(), octets(value))
        });
        let short_message = if body == "-" { Vec::new() } else { octets(body) };
        let deliver =
            DeliverSm { esm_class, data_coding, tlvs: tlvs.collect(), short_message, ..DeliverSm::default() };
        let found = match read(&deliver, &smpp("")) {
            Delivered::Receipt(_) => "receipt",
            Delivered::Unreadable(_) => "unreadable",
            Delivered::Acknowledgement(_) => "acknowledgement",
            Delivered::Message(_) => "message",
        };
        assert_eq!(found, expected, "{line}");
        for way in every_way() {
            check(&read(&deliver, &way));
        }
    }
}

/// An intermediate notification never ends a message.
#[test]
fn intermediate_notifications_are_never_final() {
    for state in 0..=255 {
        let tlvs = vec![Tlv::new(tag::RECEIPTED_MESSAGE_ID, *b"1"), Tlv::new(tag::MESSAGE_STATE, [state])];
        let deliver = DeliverSm { esm_class: 0x20, tlvs, ..DeliverSm::default() };
        let Delivered::Receipt(receipt) = read(&deliver, &smpp("")) else { panic!("{state}") };
        assert!(matches!(receipt.status, ReceiptStatus::Sent | ReceiptStatus::Accepted), "{state}");
    }
}

fn any_tlv() -> impl Strategy<Value = Tlv> {
    let known = prop::sample::select(vec![
        tag::RECEIPTED_MESSAGE_ID,
        tag::SAR_MSG_REF_NUM,
        tag::SAR_TOTAL_SEGMENTS,
        tag::SAR_SEGMENT_SEQNUM,
        tag::NETWORK_ERROR_CODE,
        tag::MESSAGE_PAYLOAD,
        tag::MESSAGE_STATE,
    ]);
    let tag = prop_oneof![4 => known, 1 => any::<u16>()];
    (tag, prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(tag, value)| Tlv { tag, value })
}

fn any_deliver() -> impl Strategy<Value = DeliverSm> {
    let short_message = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..255),
        "(id|stat|err|done date|text|sub)[: =]{0,2}[0-9a-zA-Z :=,é-]{0,40}(stat:DELIVRD)?"
            .prop_map(String::into_bytes),
    ];
    let address = (any::<u8>(), any::<u8>(), ".{0,24}");
    (address, any::<u8>(), any::<u8>(), short_message, prop::collection::vec(any_tlv(), 0..6)).prop_map(
        |((ton, npi, value), esm_class, data_coding, short_message, tlvs)| DeliverSm {
            source: Address { ton, npi, value: value.clone() },
            dest: Address { ton: npi, npi: ton, value },
            esm_class,
            data_coding,
            short_message,
            tlvs,
            ..DeliverSm::default()
        },
    )
}

proptest! {
    #[test]
    fn anything_is_read(deliver in any_deliver(), way in 0_usize..3) {
        check(&read(&deliver, &every_way()[way]));
    }

    #[test]
    fn any_parts_are_joined(
        parts in prop::collection::vec(
            (any::<u8>(), 0_u8..6, 0_u8..15, prop::collection::vec(any::<u8>(), 0..20)), 0..12,
        ),
    ) {
        let read = |(number, kind, table, octets): (u8, u8, u8, Vec<u8>)| {
            let tables = if kind == 0 { [table, table] } else { [0, 0] };
            let kept = [[kind].as_slice(), &tables, &octets].concat();
            Some((number, Content::from_bytes(&kept).ok()?))
        };
        let _ = join(parts.into_iter().filter_map(read).collect());
    }

    #[test]
    fn any_kept_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(content) = Content::from_bytes(&octets) {
            prop_assert_eq!(content.to_bytes(), octets);
        }
    }
}
