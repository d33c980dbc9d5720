//! Where inbound messages go, by default of a provider or by the number that they were sent to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::context::Kind;
use super::cursor::Cursor;
use super::limits as l;
use super::name::{is_too_large, read_inbox};
use super::problem::ConfigCode;
use super::tenant::Tenant;
use super::value::Value;

/// `[numbers.<number>]` and `inbound` of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundTarget {
    /// `tenant`: whose message it is. Required.
    pub tenant: String,
    /// `inbox`: inbox of the tenant, `[a-z0-9][a-z0-9-]{0,31}`. Default `default`.
    pub inbox: String,
}

pub(super) fn read_target(mut cursor: Cursor<'_>) -> InboundTarget {
    let tenant = cursor.required(&l::TARGET_TENANT, "write tenant = \"<name>\"");
    let inbox = cursor.take(l::TARGET_INBOX.name);
    let target = InboundTarget {
        tenant: tenant.and_then(|value| value.reference(Kind::Tenant)).unwrap_or_default(),
        inbox: inbox.and_then(|value| read_inbox(&value)).unwrap_or_else(|| "default".to_owned()),
    };
    cursor.finish();
    target
}

/// Reads the table of inbound numbers.
pub(super) fn read_numbers(cursor: &Cursor<'_>) -> BTreeMap<String, InboundTarget> {
    read_table(cursor, l::NUMBERS_MAX, |value| value.cursor().map(read_target))
}

/// Reads the numbers of a tenant's own settings, with the inbox of each.
pub(super) fn read_tenant_numbers(cursor: &Cursor<'_>) -> BTreeMap<String, String> {
    read_table(cursor, l::TENANT_NUMBERS_MAX, read_inbox)
}

/// Gives a tenant the numbers of its own settings, but for those that another has, which are returned.
pub(super) fn give_numbers(
    numbers: &mut BTreeMap<String, InboundTarget>,
    name: &str,
    tenant: &Tenant,
) -> Vec<String> {
    let mut taken = Vec::new();
    for (number, inbox) in &tenant.numbers {
        let target = InboundTarget { tenant: name.to_owned(), inbox: inbox.clone() };
        if numbers.entry(number.clone()).or_insert(target).tenant != name {
            taken.push(number.clone());
        }
    }
    taken
}

/// Reads a table of numbers; its keys may be written with spaces, hyphens, dots and parentheses, which the
/// result has no more. A number stands in one place of a file.
fn read_table<'a, T>(
    cursor: &Cursor<'a>,
    entries_max: usize,
    read: impl Fn(&Value<'a>) -> Option<T>,
) -> BTreeMap<String, T> {
    if is_too_large(cursor, entries_max) {
        return BTreeMap::new();
    }
    let mut numbers = BTreeMap::new();
    for (written, value) in cursor.rest() {
        let target = read(&value);
        let Some(number) = normalise(written) else {
            let help = "write \"+15017122661\" (E.164: + and 7 to 15 digits) or a short code of \
                        3 to 8 digits";
            value.at_key().invalid::<()>("not a phone number", help.to_owned());
            continue;
        };
        let Some(target) = target else { continue };
        if let Err(first) = cursor.context.claim_number(&number, value.at_key().place) {
            let reason = format!("the same number as in line {}", cursor.context.line(&first));
            value.at_key().error(ConfigCode::Conflict, reason, "remove one of them".to_owned());
            continue;
        }
        numbers.insert(number, target);
    }
    numbers
}

/// The digits, with the + of an E.164 number; none where it is neither that nor a short code.
fn normalise(written: &str) -> Option<String> {
    let separators = [' ', '-', '.', '(', ')'];
    let number: String = written.chars().filter(|c| !separators.contains(c)).collect();
    let (digits, lengths) = match number.strip_prefix('+') {
        Some(digits) if !digits.starts_with('0') => (digits, l::E164_DIGITS),
        Some(_) => return None,
        None => (number.as_str(), l::SHORT_CODE_DIGITS),
    };
    let fits = lengths.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_e164_or_short_codes() {
        let cases = [
            ("+15017122661", Some("+15017122661")),
            ("+1 (501) 712-2661", Some("+15017122661")),
            ("62.442", Some("62442")),
            ("+6834000", Some("+6834000")),
            ("", None),
            ("12", None),
            ("123456789", None),
            ("+0123456789", None),
            ("+123456", None),
            ("+1234567890123456", None),
            ("++15017122661", None),
            ("+1501712266x", None),
        ];
        for (written, expected) in cases {
            assert_eq!(normalise(written).as_deref(), expected, "{written}");
        }
    }
}
