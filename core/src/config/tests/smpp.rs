//! Providers that are spoken to over SMPP.

use super::super::smpp::{
    AddressForm, AddressRange, Alphabet, BindMode, IdForm, Inbound, LongMessages, MessageMode, National,
    Receipts, RegisteredDelivery, ShiftTables, Smpp, SmscAddress, StatusRule, Submit, Tls, Trace, Validity,
    Version,
};
use super::*;
use crate::decision::FailureClass;
use crate::number::Country;
use crate::smpp::pdu::Tlv;
use crate::text::{Language, Reference};

const SMSC: &str = "[providers.carrier.smpp]\naddress = \"smsc.example.com\"\nsystem_id = \"shop\"\n";

fn smpp_of(text: &str) -> Smpp {
    let config = parse(text).expect("a good file").config;
    config.providers["carrier"].smpp().expect("SMPP").clone()
}

fn smsc(host: &str, port: u16) -> SmscAddress {
    SmscAddress { host: host.to_owned(), port }
}

#[test]
fn full_smsc_is_read_as_it_stands() {
    let form = |ton, npi, plus| AddressForm { ton, npi, plus };
    let submit = Submit {
        e164: form(0, 8, true),
        national: Some(National {
            country: Country::parse("GB").expect("a country").country,
            form: form(0, 9, false),
            prefix: "0".to_owned(),
        }),
        alphanumeric: form(6, 1, false),
        short_code: form(6, 8, false),
        service_type: "CMT".to_owned(),
        protocol_id: 0x40,
        priority: [0, 0, 1, 4],
        validity: Validity::Absolute,
        registered_delivery: RegisteredDelivery::Failure,
        intermediate: true,
        replace_if_present: true,
        message_mode: MessageMode::StoreAndForward,
        alphabet: Alphabet::Gsm7,
        packed: true,
        text_data_coding: 0xF0,
        ucs2_data_coding: 0x18,
        binary_data_coding: 0xF4,
        long_messages: LongMessages::Udh,
        reference: Reference::Sixteen,
        languages: vec![Language::Turkish, Language::Hindi],
        shift_tables: ShiftTables::Single,
        tlvs: vec![Tlv::new(0x1401, [1, 0xFF]), Tlv::new(0x1402, *b"shop")],
    };
    let rule = |class, retry_after_ms| StatusRule { class, retry_after_ms };
    let expected = Smpp {
        addresses: vec![smsc("smsc-1.example.com", 3600), smsc("2001:db8::1", 3550)],
        binds: 4,
        mode: BindMode::TransmitterAndReceiver,
        system_id: "shop 1".to_owned(),
        password: Some(SecretRef::File("/run/secrets/carrier".to_owned())),
        system_type: "ESME".to_owned(),
        version: Version::V50,
        address_range: AddressRange { ton: 1, npi: 1, range: "^4479".to_owned() },
        tls: Some(Tls {
            ca_file: Some("/etc/waypost/carrier.pem".to_owned()),
            server_name: Some("smsc.example.com".to_owned()),
        }),
        window: 100,
        bind_rate_per_second: Some(12.5),
        enquire_link_ms: 15_000,
        response_timeout_ms: 8_000,
        bind_timeout_ms: 5_000,
        inactivity_ms: 60_000,
        reconnect_min_ms: 500,
        reconnect_max_ms: 30_000,
        throttle_pause_ms: 250,
        congestion: false,
        trace: Some(Trace { file: "carrier.trace".to_owned(), bodies: true }),
        submit,
        receipts: Receipts {
            id_in_response: IdForm::Hex,
            id_in_receipt: IdForm::Decimal,
            unmarked: true,
            utc_offset_minutes: -210,
        },
        inbound: Inbound { alphabet: Alphabet::Latin1, packed: true },
        status: BTreeMap::from([
            (0x58, rule(FailureClass::Throttled, Some(2_500))),
            (0xC4, rule(FailureClass::Message, None)),
            (0x403, rule(FailureClass::InDoubt, None)),
        ]),
    };
    assert_eq!(smpp_of(FULL), expected);
    assert_eq!(expected.addresses[1].to_string(), "[2001:db8::1]:3550");
}

#[test]
fn least_smsc_has_the_documented_defaults() {
    let smpp = smpp_of(&format!("{LEAST}{SMSC}"));
    let form = |ton, npi| AddressForm { ton, npi, plus: false };
    let submit = Submit {
        e164: form(1, 1),
        national: None,
        alphanumeric: form(5, 0),
        short_code: form(3, 0),
        service_type: String::new(),
        protocol_id: 0,
        priority: [0, 1, 2, 3],
        validity: Validity::Relative,
        registered_delivery: RegisteredDelivery::Final,
        intermediate: false,
        replace_if_present: false,
        message_mode: MessageMode::Default,
        alphabet: Alphabet::Gsm7,
        packed: false,
        text_data_coding: 0,
        ucs2_data_coding: 8,
        binary_data_coding: 4,
        long_messages: LongMessages::Udh,
        reference: Reference::Eight,
        languages: Vec::new(),
        shift_tables: ShiftTables::Both,
        tlvs: Vec::new(),
    };
    let expected = Smpp {
        addresses: vec![smsc("smsc.example.com", 2775)],
        binds: 1,
        mode: BindMode::Transceiver,
        system_id: "shop".to_owned(),
        password: None,
        system_type: String::new(),
        version: Version::V34,
        address_range: AddressRange::default(),
        tls: None,
        window: 10,
        bind_rate_per_second: None,
        enquire_link_ms: 30_000,
        response_timeout_ms: 10_000,
        bind_timeout_ms: 10_000,
        inactivity_ms: 120_000,
        reconnect_min_ms: 1_000,
        reconnect_max_ms: 60_000,
        throttle_pause_ms: 1_000,
        congestion: true,
        trace: None,
        submit,
        receipts: Receipts::default(),
        inbound: Inbound::default(),
        status: BTreeMap::new(),
    };
    assert_eq!(smpp, expected);
}

#[test]
fn defaults_follow_what_is_written_beside_them() {
    let more = "enquire_link_ms = 200_000\nreconnect_min_ms = 90_000\nbinds = 3\nwindow = 20\n\
                submit.alphabet = \"latin1\"\n[providers.carrier]\ntimeout_ms = 4_000\n";
    let config = parse(&format!("{LEAST}{SMSC}{more}")).expect("a good file").config;
    let provider = &config.providers["carrier"];
    let smpp = provider.smpp().expect("SMPP");
    assert_eq!((smpp.inactivity_ms, smpp.reconnect_max_ms), (200_001, 90_000));
    assert_eq!((smpp.response_timeout_ms, smpp.submit.text_data_coding), (4_000, 3));
    assert_eq!((provider.in_flight_max, provider.component()), (60, None));
}
