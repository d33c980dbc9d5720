//! The id of a message at an SMSC, which `submit_sm_resp` and receipts do not always write alike.

use crate::config::smpp::IdForm;
use crate::limits::REFERENCE_BYTES_MAX;

/// The id in the form in which both sides are compared: `text` as one side wrote it, in the form
/// that the configuration names for that side. At most [`REFERENCE_BYTES_MAX`] bytes; empty where
/// there is no id.
///
/// A decimal and a hexadecimal number become the same digits. What is no number although it should
/// be, or has more than 128 bits, is treated as in [`IdForm::Auto`].
#[must_use]
pub fn normal_reference(text: &str, form: IdForm) -> String {
    let text = text.trim_matches(|character: char| character == '\0' || character.is_whitespace());
    let normal = match form {
        IdForm::Text => Some(text.to_owned()),
        IdForm::Auto => None,
        IdForm::Decimal => number(text, 10),
        IdForm::Hex => number(text.trim_start_matches("0x").trim_start_matches("0X"), 16),
    };
    let mut normal = normal.unwrap_or_else(|| plain(text));
    normal.truncate(normal.floor_char_boundary(REFERENCE_BYTES_MAX));
    normal
}

fn number(digits: &str, radix: u32) -> Option<String> {
    // from_str_radix alone would take a + sign.
    let value = u128::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))?;
    Some(value.to_string())
}

/// In small letters; a number without its leading zeros and a `0x`, an id of hexadecimal digits
/// without its hyphens.
fn plain(text: &str) -> String {
    let small = text.to_ascii_lowercase();
    let digits: String = small.strip_prefix("0x").unwrap_or(&small).replace('-', "");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return small;
    }
    match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_sides_meet() {
        use IdForm::{Auto, Decimal, Hex, Text};
        let same = [
            (("12AB", Auto), ("12ab", Auto)),
            (("0000012ab", Auto), ("12AB", Auto)),
            (("0x12ab", Auto), ("12AB", Auto)),
            (("12ab", Hex), ("4779", Decimal)),
            (("000012AB", Hex), ("0000004779", Decimal)),
            (("0X12AB", Hex), ("4779", Decimal)),
            (("4779", Decimal), ("12AB", Hex)),
            (("6f1c2f9e-0a3b-4c5d-8e9f-001122334455", Auto), ("6F1C2F9E0A3B4C5D8E9F001122334455", Auto)),
            (("msg-0001", Auto), ("MSG-0001", Auto)),
            (("00", Auto), ("0", Auto)),
            ((" 77\0", Text), ("77", Text)),
            (("smsc-1.77", Decimal), ("SMSC-1.77", Hex)),
        ];
        for ((one, form), (other, other_form)) in same {
            let found = (normal_reference(one, form), normal_reference(other, other_form));
            assert_eq!(found.0, found.1, "{one} {other}");
        }
        let different = [
            (("0012ab", Text), ("12ab", Text)),
            (("12ab", Text), ("12AB", Text)),
            (("4779", Auto), ("12AB", Auto)),
            (("msg-01", Auto), ("msg-1", Auto)),
        ];
        for ((one, form), (other, other_form)) in different {
            assert_ne!(normal_reference(one, form), normal_reference(other, other_form), "{one} {other}");
        }
        assert_eq!(normal_reference("", Auto), "");
        assert_eq!(normal_reference("+5", Decimal), "+5");
        assert_eq!(normal_reference(&"9".repeat(60), Decimal), "9".repeat(60));
        assert_eq!(normal_reference(&"é".repeat(200), Text).len(), REFERENCE_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn numbers_meet_in_every_spelling(value in any::<u64>(), zeros in 0_usize..10) {
            let zeros = "0".repeat(zeros);
            let decimal = normal_reference(&format!("{zeros}{value}"), IdForm::Decimal);
            prop_assert_eq!(&decimal, &value.to_string());
            prop_assert_eq!(&decimal, &normal_reference(&format!("{zeros}{value:x}"), IdForm::Hex));
            prop_assert_eq!(&decimal, &normal_reference(&format!("0x{value:X}"), IdForm::Hex));
        }

        #[test]
        fn a_normal_form_stays(text in ".{0,24}") {
            for form in [IdForm::Auto, IdForm::Text, IdForm::Decimal] {
                let once = normal_reference(&text, form);
                prop_assert!(once.len() <= REFERENCE_BYTES_MAX);
                prop_assert_eq!(normal_reference(&once, form), once);
            }
        }
    }
}
