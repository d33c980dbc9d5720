//! The decoder against PDUs as they should be, as they are, and as nobody would write them. The
//! corpus is in `corpus/`: a line on what it is, then the octets in hexadecimal.

use std::collections::BTreeMap;

use proptest::prelude::*;
use waypost_core::smpp::pdu::{Address, DeliverSm, SubmitSm, Tlv, tag};

use super::frame::{BadLength, Header, Input};
use super::*;

const TLVS_MAX: usize = 64;
const PDU_OCTETS_MAX: usize = 68 * 1024;

fn corpus() -> BTreeMap<String, Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|file| (file.file_stem().unwrap().to_str().unwrap().to_owned(), octets(&file))).collect()
}

fn octets(file: &std::path::Path) -> Vec<u8> {
    let text = std::fs::read_to_string(file).unwrap();
    let hex: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn body(name: &str) -> Vec<u8> {
    corpus()[name][HEADER_OCTETS..].to_vec()
}

/// Cuts a stream that comes in such pieces.
fn cut(stream: &[u8], pieces: &[usize]) -> (Vec<(Header, Vec<u8>)>, Option<BadLength>) {
    let mut input = Input::new(PDU_OCTETS_MAX);
    let (mut pdus, mut at, mut piece) = (Vec::new(), 0, 0);
    loop {
        loop {
            match input.peek() {
                Ok(Some(header)) => {
                    let range = input.take(header);
                    pdus.push((header, input.body(range).to_vec()));
                }
                Ok(None) => break,
                Err(bad) => return (pdus, Some(bad)),
            }
        }
        if at == stream.len() {
            return (pdus, None);
        }
        let size = pieces.get(piece).copied().unwrap_or(usize::MAX).clamp(1, stream.len() - at);
        input.room().extend_from_slice(&stream[at..at + size]);
        at += size;
        piece += 1;
    }
}

/// Reads a body as whatever it may be, and checks that what comes out is not larger than it.
fn read_all(body: &[u8]) {
    for status in [CommandStatus::ROK, CommandStatus::RSYSERR] {
        let answer = decode::submit_sm_resp(body, status, TLVS_MAX);
        assert!(answer.message_id.len() <= 2 * 255);
        check_size(body, &answer.tlvs);
    }
    let _ = decode::bind_resp(body, TLVS_MAX);
    let _ = decode::addresses(body);
    for read in [decode::deliver_sm(body, TLVS_MAX), decode::data_sm(body, TLVS_MAX)].into_iter().flatten() {
        check_size(body, &read.tlvs);
        assert!(read.short_message.len() <= body.len());
        // Latin-1 may take two octets for one.
        assert!(read.source.value.len() + read.dest.value.len() <= 2 * body.len());
    }
}

fn check_size(body: &[u8], tlvs: &[Tlv]) {
    assert!(tlvs.len() <= TLVS_MAX);
    assert!(tlvs.iter().map(|tlv| 4 + tlv.value.capacity()).sum::<usize>() <= body.len());
}

#[test]
fn answers_are_read_however_sloppy() {
    let ok = |name| decode::submit_sm_resp(&body(name), CommandStatus::ROK, TLVS_MAX);
    assert_eq!(ok("submit_sm_resp").message_id, "0123456789abcdef");
    assert_eq!(ok("submit_sm_resp_long_id").message_id, "x".repeat(80));
    assert_eq!(ok("submit_sm_resp_no_nul").message_id, "4711");
    assert_eq!(ok("submit_sm_resp_congestion").tlvs, [Tlv::new(tag::CONGESTION_STATE, [0x5f])]);
    assert_eq!(ok("submit_sm_resp_wrong_tlv_length").message_id, "id");

    let error = |name| decode::submit_sm_resp(&body(name), CommandStatus::RSYSERR, TLVS_MAX);
    assert_eq!(error("submit_sm_resp_bare_error"), decode::SubmitSmResp::default());
    assert_eq!(error("submit_sm_resp_error_with_id").message_id, "0A000000A3D323A1");
    let only_tlvs = error("submit_sm_resp_error_only_tlvs");
    assert_eq!((only_tlvs.message_id.as_str(), only_tlvs.tlvs.len()), ("", 2));
}

#[test]
fn bind_answers_are_read_however_sloppy() {
    let read = |name| decode::bind_resp(&body(name), TLVS_MAX);
    assert_eq!(read("bind_transceiver_resp").interface_version, Some(0x34));
    assert_eq!(read("bind_transceiver_resp_bare"), decode::BindResp::default());
    assert_eq!(read("bind_transceiver_resp_no_nul").system_id, "SMSC");
}

#[test]
fn deliveries_are_read_however_sloppy() {
    let read = |name: &str| {
        decode::deliver_sm(&body(name), TLVS_MAX).unwrap_or_else(|why| panic!("{name}: {why:?}"))
    };
    for name in ["deliver_sm_receipt", "deliver_sm_receipt_nul_after"] {
        assert!(read(name).short_message.starts_with(b"id:0123456789 "), "{name}");
    }
    assert_eq!(read("deliver_sm_receipt").tlv(tag::RECEIPTED_MESSAGE_ID), Some(&b"0123456789\0"[..]));
    assert_eq!(read("deliver_sm_receipt_id_no_nul").tlv(tag::RECEIPTED_MESSAGE_ID), Some(&b"0123456789"[..]));
    assert_eq!(read("deliver_sm_receipt_id_no_nul").tlv(tag::MESSAGE_STATE), Some(&[0, 2][..]));
    assert_eq!(read("deliver_sm_short_times").short_message, b"hi");
    assert_eq!(read("deliver_sm_latin1_sender").source.value, "Café de la Gare du Nord et des Amis");
    assert_eq!(read("deliver_sm_payload").octets().len(), 16);
    assert_eq!(read("deliver_sm_vendor_tlvs").tlvs, [Tlv::new(0x1400, *b"x"), Tlv::new(0x3fff, [])]);
    let data = decode::data_sm(&body("data_sm_receipt"), TLVS_MAX).unwrap();
    assert_eq!((data.esm_class, data.source.value.as_str(), data.tlvs.len()), (4, "4917012345678", 3));
}

#[test]
fn what_cannot_be_read_has_the_right_answer() {
    for (name, status) in [
        ("deliver_sm_length_beyond", CommandStatus::RINVMSGLEN),
        ("deliver_sm_cut", CommandStatus::RINVCMDLEN),
        ("deliver_sm_payload_cut", CommandStatus::RINVPARLEN),
    ] {
        assert_eq!(decode::deliver_sm(&body(name), TLVS_MAX), Err(decode::Unreadable(status)), "{name}");
    }
    assert_eq!(
        decode::deliver_sm(&body("deliver_sm_vendor_tlvs"), 1),
        Err(decode::Unreadable(CommandStatus::RINVOPTPARSTREAM))
    );
    let long = [b"\0\x01\x01".to_vec(), vec![b'1'; 300], vec![0; 40]].concat();
    assert_eq!(decode::deliver_sm(&long, TLVS_MAX), Err(decode::Unreadable(CommandStatus::RINVSRCADR)));
}

#[test]
fn impossible_lengths_are_known_from_the_length_alone() {
    let corpus = corpus();
    for (name, length) in [("length_too_small", 15), ("length_too_large", 0x7fff_ffff)] {
        let (pdus, bad) = cut(&corpus[name][..4], &[]);
        assert_eq!((pdus.len(), bad), (0, Some(BadLength { length, sequence: 0 })), "{name}");
        assert!(matches!(cut(&corpus[name], &[]).1, Some(BadLength { sequence: 119 | 120, .. })));
    }
}

#[test]
fn a_submit_is_written_to_the_letter() {
    let pdu = SubmitSm {
        service_type: "CMT".to_owned(),
        source: Address { ton: 5, npi: 0, value: "ACME".to_owned() },
        dest: Address { ton: 1, npi: 1, value: "4917012345678".to_owned() },
        esm_class: 0x40,
        protocol_id: 1,
        priority: 2,
        schedule: String::new(),
        validity: "000001000000000R".to_owned(),
        registered_delivery: 1,
        replace_if_present: 1,
        data_coding: 8,
        short_message: b"hello".to_vec(),
        tlvs: vec![Tlv::new(0x1400, *b"abc")],
    };
    let mut written = encode::submit_sm(&pdu, PDU_OCTETS_MAX).unwrap();
    encode::set_sequence(&mut written, 0x0102_0304);
    let expected = [
        b"\0\0\0\x04\0\0\0\0\x01\x02\x03\x04".as_slice(),
        b"CMT\0\x05\0ACME\0\x01\x014917012345678\0\x40\x01\x02",
        b"\0",
        b"000001000000000R\0\x01\x01\x08\0\x05hello\x14\0\0\x03abc",
    ]
    .concat();
    assert_eq!(written[4..], expected);
    assert_eq!(u32::from_be_bytes(written[..4].try_into().unwrap()) as usize, written.len());
}

#[test]
fn what_does_not_fit_is_not_written() {
    let with = |change: fn(&mut SubmitSm)| {
        let mut pdu = SubmitSm::default();
        change(&mut pdu);
        encode::submit_sm(&pdu, PDU_OCTETS_MAX).unwrap_err()
    };
    use encode::EncodeError::{Nul, PduTooLong, TooLong};
    assert!(matches!(with(|pdu| pdu.source.value = "1".repeat(21)), TooLong { field: "source_addr", .. }));
    assert!(matches!(with(|pdu| pdu.dest.value = "1\x002".to_owned()), Nul { field: "destination_addr" }));
    assert!(matches!(with(|pdu| pdu.short_message = vec![0; 255]), TooLong { octets_max: 254, .. }));
    assert!(matches!(
        with(|pdu| pdu.tlvs = vec![Tlv::new(1, vec![0; 65_536])]),
        TooLong { field: "tlv", .. }
    ));
    assert!(matches!(with(|pdu| pdu.tlvs = vec![Tlv::new(1, vec![0; 65_000]); 2]), PduTooLong { .. }));
}

fn text(octets_max: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(0x20_u8..0x7f, 0..=octets_max)
        .prop_map(|octets| octets.into_iter().map(char::from).collect())
}

fn submit() -> impl Strategy<Value = SubmitSm> {
    let address =
        || (any::<u8>(), any::<u8>(), text(20)).prop_map(|(ton, npi, value)| Address { ton, npi, value });
    let tlv = (any::<u16>(), proptest::collection::vec(any::<u8>(), 0..40))
        .prop_map(|(tag, value)| Tlv { tag, value });
    (
        (text(5), address(), address(), any::<[u8; 6]>(), text(16)),
        proptest::collection::vec(any::<u8>(), 0..=254),
        proptest::collection::vec(tlv, 0..8),
    )
        .prop_map(|((service_type, source, dest, octets, validity), short_message, tlvs)| SubmitSm {
            service_type,
            source,
            dest,
            esm_class: octets[0],
            protocol_id: octets[1],
            priority: octets[2],
            schedule: String::new(),
            validity,
            registered_delivery: octets[3],
            replace_if_present: octets[4],
            data_coding: octets[5],
            short_message,
            tlvs,
        })
}

proptest! {
    /// `submit_sm` and `deliver_sm` are laid out alike, so what is written can be read.
    #[test]
    fn what_is_written_is_read(pdu in submit()) {
        let written = encode::submit_sm(&pdu, PDU_OCTETS_MAX).unwrap();
        let read = decode::deliver_sm(&written[HEADER_OCTETS..], TLVS_MAX).unwrap();
        prop_assert_eq!(read, DeliverSm {
            service_type: pdu.service_type,
            source: pdu.source,
            dest: pdu.dest,
            esm_class: pdu.esm_class,
            protocol_id: pdu.protocol_id,
            priority: pdu.priority,
            registered_delivery: pdu.registered_delivery,
            data_coding: pdu.data_coding,
            short_message: pdu.short_message,
            tlvs: pdu.tlvs,
        });
    }

    #[test]
    fn any_body_is_read_without_harm(body in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_all(&body);
    }

    #[test]
    fn any_stream_is_cut_without_harm(
        stream in proptest::collection::vec(any::<u8>(), 0..200),
        pieces in proptest::collection::vec(1_usize..40, 0..20),
    ) {
        let (pdus, _) = cut(&stream, &pieces);
        prop_assert!(pdus.iter().map(|(_, body)| HEADER_OCTETS + body.len()).sum::<usize>() <= stream.len());
    }

    /// Real PDUs with octets changed, cut out and put in, anywhere: each is one PDU that can be read or
    /// not, and those around it are as they were.
    #[test]
    fn mutated_pdus_touch_no_others(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 0..8),
        pieces in proptest::collection::vec(1_usize..40, 0..40),
    ) {
        let corpus = corpus();
        let names: Vec<_> = corpus.keys().filter(|name| !name.starts_with("length_")).collect();
        let mut pdu = corpus[*which.get(&names)].clone();
        for (at, octet, how) in changes {
            if pdu.len() == HEADER_OCTETS { break; }
            let at = HEADER_OCTETS + at.index(pdu.len() - HEADER_OCTETS);
            match how {
                0 => pdu[at] = octet,
                1 => drop(pdu.remove(at)),
                _ => pdu.insert(at, octet),
            }
        }
        let length = u32::try_from(pdu.len()).unwrap();
        pdu[..4].copy_from_slice(&length.to_be_bytes());
        read_all(&pdu[HEADER_OCTETS..]);

        let neighbour = encode::bare(command::ENQUIRE_LINK, CommandStatus::ROK, 77);
        let stream = [&neighbour[..], &pdu, &neighbour].concat();
        let (pdus, bad) = cut(&stream, &pieces);
        prop_assert_eq!(bad, None);
        prop_assert_eq!(pdus.len(), 3);
        prop_assert_eq!(&pdus[1].1, &pdu[HEADER_OCTETS..]);
        prop_assert_eq!(pdus[2].0.sequence, 77);
    }
}
