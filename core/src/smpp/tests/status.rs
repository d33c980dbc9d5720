use std::collections::{BTreeMap, BTreeSet};

use crate::config::smpp::StatusRule;
use crate::decision::{FailureClass, Outcome};
use crate::smpp::status::{self, STATUSES, VENDOR};

/// Numbers and names as SMPP 3.4 section 5.1.3 and SMPP 5.0 section 4.7.6 list them, `RESERVED` left
/// out.
const SPECIFIED: &str = "\
01 RINVMSGLEN 02 RINVCMDLEN 03 RINVCMDID 04 RINVBNDSTS 05 RALYBND 06 RINVPRTFLG 07 RINVREGDLVFLG \
08 RSYSERR 0A RINVSRCADR 0B RINVDSTADR 0C RINVMSGID 0D RBINDFAIL 0E RINVPASWD 0F RINVSYSID \
11 RCANCELFAIL 13 RREPLACEFAIL 14 RMSGQFUL 15 RINVSERTYP 33 RINVNUMDESTS 34 RINVDLNAME \
40 RINVDESTFLAG 42 RINVSUBREP 43 RINVESMCLASS 44 RCNTSUBDL 45 RSUBMITFAIL 48 RINVSRCTON \
49 RINVSRCNPI 50 RINVDSTTON 51 RINVDSTNPI 53 RINVSYSTYP 54 RINVREPFLAG 55 RINVNUMMSGS \
58 RTHROTTLED 61 RINVSCHED 62 RINVEXPIRY 63 RINVDFTMSGID 64 RX_T_APPN 65 RX_P_APPN 66 RX_R_APPN \
67 RQUERYFAIL C0 RINVOPTPARSTREAM C1 ROPTPARNOTALLWD C2 RINVPARLEN C3 RMISSINGOPTPARAM \
C4 RINVOPTPARAMVAL FE RDELIVERYFAILURE FF RUNKNOWNERR 100 RSERTYPUNAUTH 101 RPROHIBITED \
102 RSERTYPUNAVAIL 103 RSERTYPDENIED 104 RINVDCS 105 RINVSRCADDRSUBUNIT 106 RINVDSTADDRSUBUNIT \
107 RINVBCASTFREQINT 108 RINVBCASTALIAS_NAME 109 RINVBCASTAREAFMT 10A RINVNUMBCAST_AREAS \
10B RINVBCASTCNTTYPE 10C RINVBCASTMSGCLASS 10D RBCASTFAIL 10E RBCASTQUERYFAIL 10F RBCASTCANCELFAIL \
110 RINVBCAST_REP 111 RINVBCASTSRVGRP 112 RINVBCASTCHANIND";

const MESSAGE: [u32; 8] = [0x01, 0x0B, 0x50, 0x51, 0x65, 0x66, 0xFE, 0x106];
const SENDER: [u32; 4] = [0x0A, 0x48, 0x49, 0x105];
const THROTTLED: [u32; 2] = [0x14, 0x58];
const SYSTEM: [u32; 27] = [
    0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0D, 0x0E, 0x0F, 0x15, 0x42, 0x43, 0x53, 0x54, 0x61, 0x62, 0x63,
    0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0x100, 0x101, 0x102, 0x103, 0x104,
];

fn expected_class(status: u32) -> FailureClass {
    match status {
        _ if MESSAGE.contains(&status) => FailureClass::Message,
        _ if SENDER.contains(&status) => FailureClass::Sender,
        _ if THROTTLED.contains(&status) => FailureClass::Throttled,
        _ if SYSTEM.contains(&status) => FailureClass::System,
        _ => FailureClass::Transient,
    }
}

#[test]
fn every_specified_status_is_there_and_no_other() {
    let words: Vec<&str> = SPECIFIED.split_whitespace().collect();
    let specified: Vec<(u32, String)> = words
        .chunks(2)
        .map(|pair| (u32::from_str_radix(pair[0], 16).unwrap(), format!("ESME_{}", pair[1])))
        .collect();
    let known: Vec<(u32, String)> =
        STATUSES.iter().map(|status| (status.value, status.name.to_owned())).collect();
    assert_eq!(known, specified);
    let names: BTreeSet<&str> = status::names().collect();
    assert_eq!(names.len(), STATUSES.len() + 5, "five have another name in SMPP 5.0");
}

#[test]
fn every_status_leads_to_its_class() {
    let none = BTreeMap::new();
    assert_eq!(status::outcome(0, &none), None);
    for value in 1..=0x500 {
        let Some(Outcome::Failed(failure)) = status::outcome(value, &none) else { panic!("{value:#x}") };
        assert_eq!(failure.class, expected_class(value), "{value:#x}");
        let code = match status::find(value) {
            Some(known) => known.name.to_ascii_lowercase(),
            None => format!("smpp_{value:#010x}"),
        };
        assert_eq!(failure.code, code);
        assert!(failure.reason.ends_with(&format!("({value:#010x})")), "{}", failure.reason);
        assert_eq!(failure.retry_after_ms.is_some(), THROTTLED.contains(&value));
    }
    let vendor = *VENDOR.start();
    let Some(Outcome::Failed(failure)) = status::outcome(vendor, &none) else { panic!() };
    assert_eq!(failure.reason, "the SMSC says: an error of its own, see its manual (0x00000400)");
    assert!(matches!(status::outcome(u32::MAX, &none), Some(Outcome::Failed(_))));
}

#[test]
fn the_operator_has_the_last_word() {
    let rule = |class, retry_after_ms| StatusRule { class, retry_after_ms };
    let rules = BTreeMap::from([
        (0x58, rule(FailureClass::Transient, None)),
        (0x403, rule(FailureClass::InDoubt, None)),
        (0x404, rule(FailureClass::Throttled, Some(7_000))),
    ]);
    let Some(Outcome::Failed(throttled)) = status::outcome(0x58, &rules) else { panic!() };
    assert_eq!((throttled.class, throttled.retry_after_ms), (FailureClass::Transient, None));
    assert_eq!(throttled.code, "esme_rthrottled");
    let doubt = "the SMSC says: an error of its own, see its manual (0x00000403)".to_owned();
    assert_eq!(status::outcome(0x403, &rules), Some(Outcome::InDoubt(doubt)));
    let Some(Outcome::Failed(own)) = status::outcome(0x404, &rules) else { panic!() };
    assert_eq!((own.class, own.retry_after_ms), (FailureClass::Throttled, Some(7_000)));
}

#[test]
fn statuses_are_read_as_people_write_them() {
    let cases = [
        ("ESME_RTHROTTLED", Some(0x58)),
        ("esme_rthrottled", Some(0x58)),
        ("ESME_RINVTLVVAL", Some(0xC4)),
        ("0x00000058", Some(0x58)),
        ("0X58", Some(0x58)),
        ("88", Some(0x58)),
        ("4294967295", Some(u32::MAX)),
        ("0", None),
        ("0x0", None),
        ("+88", None),
        ("0x+8", None),
        ("4294967296", None),
        ("RTHROTTLED", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(status::parse(text), expected, "{text}");
    }
}
