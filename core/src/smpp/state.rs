//! What became of a message, as an SMSC says it (SMPP 3.4 section 5.2.28, SMPP 5.0 section 4.7.15).

use crate::decision::ReceiptStatus;

/// The status of a `message_state`. A reserved one is `unknown`.
#[must_use]
pub fn of_number(message_state: u8) -> ReceiptStatus {
    match message_state {
        // Scheduled, and accepted: somebody of the carrier has it, the handset has not.
        0 | 6 => ReceiptStatus::Accepted,
        1 => ReceiptStatus::Sent,
        2 => ReceiptStatus::Delivered,
        3 => ReceiptStatus::Expired,
        // Deleted, undeliverable, skipped.
        4 | 5 | 9 => ReceiptStatus::Undelivered,
        8 => ReceiptStatus::Rejected,
        _ => ReceiptStatus::Unknown,
    }
}

/// The name of a `message_state` in receipts (SMPP 3.4 appendix B); of a reserved one `UNKNOWN`.
#[must_use]
pub fn name(message_state: u8) -> &'static str {
    match message_state {
        0 => "SCHEDULED",
        1 => "ENROUTE",
        2 => "DELIVRD",
        3 => "EXPIRED",
        4 => "DELETED",
        5 => "UNDELIV",
        6 => "ACCEPTD",
        8 => "REJECTD",
        9 => "SKIPPED",
        _ => "UNKNOWN",
    }
}

/// The status of a name in a receipt (SMPP 3.4 appendix B), in any case, cut short or written out:
/// `DELIVRD`, `Delivered`, `UNDELIVERABLE`. What is not known is `unknown`.
#[must_use]
pub fn of_name(name: &str) -> ReceiptStatus {
    let name = name.to_ascii_uppercase();
    let known = NAMES.iter().find(|(beginning, _)| name.starts_with(beginning));
    known.map_or(ReceiptStatus::Unknown, |(_, status)| *status)
}

/// Beginnings of names. No name begins with another's.
const NAMES: [(&str, ReceiptStatus); 19] = [
    ("DELIV", ReceiptStatus::Delivered),
    ("DLVR", ReceiptStatus::Delivered),
    ("READ", ReceiptStatus::Delivered),
    ("EXPIR", ReceiptStatus::Expired),
    ("DELET", ReceiptStatus::Undelivered),
    ("CANCEL", ReceiptStatus::Undelivered),
    ("UNDEL", ReceiptStatus::Undelivered),
    ("SKIP", ReceiptStatus::Undelivered),
    ("ACCEP", ReceiptStatus::Accepted),
    ("ACKED", ReceiptStatus::Accepted),
    ("SCHED", ReceiptStatus::Accepted),
    ("ENROUTE", ReceiptStatus::Sent),
    ("EN_ROUTE", ReceiptStatus::Sent),
    ("BUFF", ReceiptStatus::Sent),
    ("SENT", ReceiptStatus::Sent),
    ("REJ", ReceiptStatus::Rejected),
    ("FAIL", ReceiptStatus::Failed),
    ("ERR", ReceiptStatus::Failed),
    ("UNKN", ReceiptStatus::Unknown),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_agree() {
        for number in 0..=255 {
            assert_eq!(of_name(name(number)), of_number(number), "{number}");
        }
    }

    #[test]
    fn names_are_known_in_every_dress() {
        let cases = [
            ("DELIVRD", ReceiptStatus::Delivered),
            ("delivered", ReceiptStatus::Delivered),
            ("DELIVERD", ReceiptStatus::Delivered),
            ("DELETED", ReceiptStatus::Undelivered),
            ("Undelivered", ReceiptStatus::Undelivered),
            ("UNDELIVERABLE", ReceiptStatus::Undelivered),
            ("EXPIRED", ReceiptStatus::Expired),
            ("REJECTD", ReceiptStatus::Rejected),
            ("Rejected", ReceiptStatus::Rejected),
            ("ACCEPTD", ReceiptStatus::Accepted),
            ("BUFFRED", ReceiptStatus::Sent),
            ("FAILED", ReceiptStatus::Failed),
            ("UNKNOWN", ReceiptStatus::Unknown),
            ("", ReceiptStatus::Unknown),
            ("42", ReceiptStatus::Unknown),
        ];
        for (name, status) in cases {
            assert_eq!(of_name(name), status, "{name}");
        }
    }
}
