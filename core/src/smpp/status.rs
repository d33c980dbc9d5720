//! What a command status leads to (SMPP 3.4 section 5.1.3, SMPP 5.0 section 4.7.6).
//!
//! A status other than `ESME_ROK` says that the SMSC has not taken the message, so none is in doubt
//! unless the operator knows better and says so under `status` of the provider.

use std::collections::BTreeMap;

use crate::config::smpp::StatusRule;
use crate::decision::{Failure, FailureClass, Outcome};

use FailureClass::{Message, Sender, System, Throttled, Transient};

/// `ESME_ROK`: no error.
pub const ROK: u32 = 0;

/// Statuses that each SMSC defines for itself.
pub const VENDOR: std::ops::RangeInclusive<u32> = 0x400..=0x4FF;

/// One status of the specification.
#[derive(Debug, PartialEq, Eq)]
pub struct Status {
    /// On the wire.
    pub value: u32,
    /// Its name in SMPP 3.4, or in 5.0 where 3.4 does not have it.
    pub name: &'static str,
    /// Its name in SMPP 5.0 where that is another.
    pub name_5_0: Option<&'static str>,
    /// Who has to act.
    pub class: FailureClass,
    /// Shortest pause before another try, in milliseconds.
    pub retry_after_ms: Option<u32>,
    /// For people: what the SMSC says.
    pub reason: &'static str,
}

/// What an answer with that status means, by the operator's rules first. `None` for [`ROK`].
///
/// The code of a failure is the name in small letters (`esme_rthrottled`), or `smpp_0x00000400`
/// for a status without a name.
#[must_use]
pub fn outcome(status: u32, rules: &BTreeMap<u32, StatusRule>) -> Option<Outcome> {
    if status == ROK {
        return None;
    }
    let known = find(status);
    let rule = rules.get(&status);
    let class = rule.map(|rule| rule.class).or(known.map(|known| known.class)).unwrap_or(Transient);
    let said = match known {
        Some(known) => known.reason,
        None if VENDOR.contains(&status) => "an error of its own, see its manual",
        None => "a status that SMPP does not define",
    };
    let reason = format!("the SMSC says: {said} ({status:#010x})");
    if class == FailureClass::InDoubt {
        return Some(Outcome::InDoubt(reason));
    }
    let retry_after_ms = match rule {
        Some(rule) => rule.retry_after_ms,
        None => known.and_then(|known| known.retry_after_ms),
    };
    Some(Outcome::Failed(Failure { class, code: code(status), reason, retry_after_ms }))
}

/// The stable code of a status.
#[must_use]
pub fn code(status: u32) -> String {
    find(status).map_or_else(|| format!("smpp_{status:#010x}"), |known| known.name.to_ascii_lowercase())
}

/// The status that the specification has under that number.
#[must_use]
pub fn find(status: u32) -> Option<&'static Status> {
    STATUSES.iter().find(|known| known.value == status)
}

/// Reads a status as an operator writes it: its name in either version, hexadecimal after `0x`, or
/// decimal. `None` for anything else and for [`ROK`].
#[must_use]
pub fn parse(text: &str) -> Option<u32> {
    let named = STATUSES.iter().find(|known| {
        let names = [Some(known.name), known.name_5_0];
        names.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(text))
    });
    if let Some(known) = named {
        return Some(known.value);
    }
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // from_str_radix alone would take a + sign.
    let number = u32::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'));
    number.filter(|status| *status != ROK)
}

/// Every name, of both versions.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    STATUSES.iter().flat_map(|known| [Some(known.name), known.name_5_0]).flatten()
}

/// A Markdown table of every status, for the manual.
#[must_use]
pub fn table() -> String {
    let mut out = String::from("| status | name | class | meaning |\n|---|---|---|---|\n");
    for known in STATUSES {
        let other = known.name_5_0.map(|name| format!(" (5.0: `{name}`)")).unwrap_or_default();
        let class = known.class.as_str();
        out.push_str(&format!(
            "| 0x{:08X} | `{}`{other} | {class} | {} |\n",
            known.value, known.name, known.reason
        ));
    }
    out.push_str("| 0x00000400 to 0x000004FF | each SMSC's own | transient | see its manual |\n");
    out.push_str("| any other | reserved | transient | a status that SMPP does not define |\n");
    out
}

const fn status(value: u32, name: &'static str, class: FailureClass, reason: &'static str) -> Status {
    Status { value, name, name_5_0: None, class, retry_after_ms: None, reason }
}

const fn renamed(
    value: u32,
    name: &'static str,
    name_5_0: &'static str,
    class: FailureClass,
    reason: &'static str,
) -> Status {
    Status { name_5_0: Some(name_5_0), ..status(value, name, class, reason) }
}

const fn later(value: u32, name: &'static str, retry_after_ms: u32, reason: &'static str) -> Status {
    Status { retry_after_ms: Some(retry_after_ms), ..status(value, name, Throttled, reason) }
}

/// Every error of the specification, ascending. What only other operations than a submit can cause
/// is `transient`: it says nothing of the message.
#[rustfmt::skip]
pub const STATUSES: &[Status] = &[
    status(0x001, "ESME_RINVMSGLEN", Message, "the length of the message is invalid"),
    status(0x002, "ESME_RINVCMDLEN", System, "the length of the command is invalid"),
    status(0x003, "ESME_RINVCMDID", System, "the command is unknown"),
    status(0x004, "ESME_RINVBNDSTS", System, "the session is not bound for this command"),
    status(0x005, "ESME_RALYBND", System, "the account is bound already"),
    status(0x006, "ESME_RINVPRTFLG", System, "the priority is invalid"),
    status(0x007, "ESME_RINVREGDLVFLG", System, "registered_delivery is invalid"),
    status(0x008, "ESME_RSYSERR", Transient, "a system error"),
    status(0x00A, "ESME_RINVSRCADR", Sender, "the sender's address is invalid"),
    status(0x00B, "ESME_RINVDSTADR", Message, "the recipient's address is invalid"),
    status(0x00C, "ESME_RINVMSGID", Transient, "the message id is invalid"),
    status(0x00D, "ESME_RBINDFAIL", System, "the bind failed"),
    status(0x00E, "ESME_RINVPASWD", System, "the password is wrong"),
    status(0x00F, "ESME_RINVSYSID", System, "the system_id is unknown"),
    status(0x011, "ESME_RCANCELFAIL", Transient, "the message could not be cancelled"),
    status(0x013, "ESME_RREPLACEFAIL", Transient, "the message could not be replaced"),
    later(0x014, "ESME_RMSGQFUL", 5_000, "its queue is full"),
    status(0x015, "ESME_RINVSERTYP", System, "the service type is invalid"),
    status(0x033, "ESME_RINVNUMDESTS", Transient, "the number of destinations is invalid"),
    status(0x034, "ESME_RINVDLNAME", Transient, "the name of the distribution list is invalid"),
    status(0x040, "ESME_RINVDESTFLAG", Transient, "the destination flag is invalid"),
    status(0x042, "ESME_RINVSUBREP", System, "replace_if_present is not supported here"),
    status(0x043, "ESME_RINVESMCLASS", System, "esm_class is invalid"),
    status(0x044, "ESME_RCNTSUBDL", Transient, "it cannot submit to a distribution list"),
    status(0x045, "ESME_RSUBMITFAIL", Transient, "the submit failed"),
    status(0x048, "ESME_RINVSRCTON", Sender, "the sender's type of number is invalid"),
    status(0x049, "ESME_RINVSRCNPI", Sender, "the sender's numbering plan is invalid"),
    status(0x050, "ESME_RINVDSTTON", Message, "the recipient's type of number is invalid"),
    status(0x051, "ESME_RINVDSTNPI", Message, "the recipient's numbering plan is invalid"),
    status(0x053, "ESME_RINVSYSTYP", System, "the system_type is invalid"),
    status(0x054, "ESME_RINVREPFLAG", System, "replace_if_present is invalid"),
    status(0x055, "ESME_RINVNUMMSGS", Transient, "the number of messages is invalid"),
    later(0x058, "ESME_RTHROTTLED", 1_000, "messages come faster than is allowed"),
    status(0x061, "ESME_RINVSCHED", System, "the scheduled time is invalid"),
    status(0x062, "ESME_RINVEXPIRY", System, "the validity period is invalid"),
    status(0x063, "ESME_RINVDFTMSGID", System, "the predefined message is invalid or missing"),
    status(0x064, "ESME_RX_T_APPN", Transient, "the receiver has a temporary error"),
    status(0x065, "ESME_RX_P_APPN", Message, "the receiver has a permanent error"),
    status(0x066, "ESME_RX_R_APPN", Message, "the receiver rejects the message"),
    status(0x067, "ESME_RQUERYFAIL", Transient, "the query failed"),
    renamed(0x0C0, "ESME_RINVOPTPARSTREAM", "ESME_RINVTLVSTREAM", System, "the optional parameters are malformed"),
    renamed(0x0C1, "ESME_ROPTPARNOTALLWD", "ESME_RTLVNOTALLWD", System, "an optional parameter is not allowed"),
    renamed(0x0C2, "ESME_RINVPARLEN", "ESME_RINVTLVLEN", System, "the length of a parameter is invalid"),
    renamed(0x0C3, "ESME_RMISSINGOPTPARAM", "ESME_RMISSINGTLV", System, "an optional parameter is missing"),
    renamed(0x0C4, "ESME_RINVOPTPARAMVAL", "ESME_RINVTLVVAL", System, "the value of an optional parameter is invalid"),
    status(0x0FE, "ESME_RDELIVERYFAILURE", Message, "the message could not be delivered"),
    status(0x0FF, "ESME_RUNKNOWNERR", Transient, "an unknown error"),
    status(0x100, "ESME_RSERTYPUNAUTH", System, "the account may not use this service type"),
    status(0x101, "ESME_RPROHIBITED", System, "the account may not do this"),
    status(0x102, "ESME_RSERTYPUNAVAIL", System, "the service type is not available"),
    status(0x103, "ESME_RSERTYPDENIED", System, "the service type is denied"),
    status(0x104, "ESME_RINVDCS", System, "data_coding is invalid"),
    status(0x105, "ESME_RINVSRCADDRSUBUNIT", Sender, "the sender's subunit is invalid"),
    status(0x106, "ESME_RINVDSTADDRSUBUNIT", Message, "the recipient's subunit is invalid"),
    status(0x107, "ESME_RINVBCASTFREQINT", Transient, "the broadcast interval is invalid"),
    status(0x108, "ESME_RINVBCASTALIAS_NAME", Transient, "the broadcast alias is invalid"),
    status(0x109, "ESME_RINVBCASTAREAFMT", Transient, "the broadcast area is malformed"),
    status(0x10A, "ESME_RINVNUMBCAST_AREAS", Transient, "the number of broadcast areas is invalid"),
    status(0x10B, "ESME_RINVBCASTCNTTYPE", Transient, "the broadcast content type is invalid"),
    status(0x10C, "ESME_RINVBCASTMSGCLASS", Transient, "the broadcast message class is invalid"),
    status(0x10D, "ESME_RBCASTFAIL", Transient, "the broadcast failed"),
    status(0x10E, "ESME_RBCASTQUERYFAIL", Transient, "the broadcast query failed"),
    status(0x10F, "ESME_RBCASTCANCELFAIL", Transient, "the broadcast could not be cancelled"),
    status(0x110, "ESME_RINVBCAST_REP", Transient, "the number of broadcasts is invalid"),
    status(0x111, "ESME_RINVBCASTSRVGRP", Transient, "the broadcast service group is invalid"),
    status(0x112, "ESME_RINVBCASTCHANIND", Transient, "the broadcast channel is invalid"),
];
