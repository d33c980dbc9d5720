//! Twilio's error codes, which come in answers and in receipts.

use crate::bindings::exports::waypost::sms::provider::FailureClass;

/// Blocked by the recipient or the network.
pub const MESSAGE_BLOCKED: u32 = 30004;
/// Filtered by a carrier.
pub const CARRIER_FILTERED: u32 = 30007;
/// The validity period has ended.
pub const VALIDITY_EXPIRED: u32 = 30036;

/// Who has to act on an error. None: Twilio adds codes and splits old ones, so the HTTP status says.
pub fn class(code: u32) -> Option<FailureClass> {
    let class = match code {
        21211
        | 21214
        | 21217
        | 21602
        | 21604
        | 21605
        | 21610
        | 21612
        | 21614
        | 21617
        | 21618..=21620
        | 21623
        | 21624
        | 21654..=21656
        | 21658
        | 30003..=30007
        | 30019 => FailureClass::Message,
        21212
        | 21601
        | 21603
        | 21606
        | 21607
        | 21616
        | 21621
        | 21657
        | 21659
        | 21660
        | 21701..=21705
        | 21710..=21712
        | 30024
        | 30032..=30035 => FailureClass::Sender,
        10001 | 20003 | 20005 | 20006 | 20008 | 20010 | 21408 | 21608 | 21622 | 30002 => FailureClass::System,
        14107 | 20429 | 21611 | 30001 | 30022 | 30023 | 30027 | 30450 | 63017 | 63018 | 63038 => {
            FailureClass::Throttled
        }
        20500 | 20503 | 21730 | 30008 | 30017 | 30020 | 30021 | 30410 => FailureClass::Transient,
        _ => return None,
    };
    Some(class)
}

/// Whether a receipt with this code means that the message was refused rather than lost: by the
/// checks that answers know too (21xxx), by a block or a filter, or for its sender.
pub fn is_rejection(code: u32) -> bool {
    matches!(code, 21_000..22_000 | MESSAGE_BLOCKED | CARRIER_FILTERED)
        || class(code) == Some(FailureClass::Sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_code() {
        let table: [(FailureClass, &[u32]); 5] = [
            (FailureClass::Message, &[21211, 21610, 21614, 21617, 21619, 30003, 30005, 30007, 30019]),
            (FailureClass::Sender, &[21212, 21606, 21659, 21703, 21712, 30024, 30032, 30034]),
            (FailureClass::System, &[10001, 20003, 20008, 21408, 21608, 30002]),
            (FailureClass::Throttled, &[14107, 20429, 21611, 30001, 30022, 30027, 30450, 63038]),
            (FailureClass::Transient, &[20500, 20503, 21730, 30008, 30017, 30410]),
        ];
        for (expected, codes) in table {
            for code in codes {
                assert_eq!(class(*code), Some(expected), "{code}");
            }
        }
        for code in [0, 21213, 21615, 30036, 99999] {
            assert_eq!(class(code), None, "{code}");
        }
    }
}
