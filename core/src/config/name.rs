//! The forms of names, and tables whose keys are names.

use std::collections::BTreeMap;

use super::cursor::Cursor;
use super::limits::NAME_BYTES_MAX;
use super::problem::ConfigCode;
use super::quote::quoted;
use super::value::Value;

/// Whether this names a provider, a tenant or a component: `[a-z][a-z0-9-]{0,31}`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase()) && is_inbox_name(text)
}

/// Whether this names an inbox: `[a-z0-9][a-z0-9-]{0,31}`.
pub fn is_inbox_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('-')
}

/// Reads a table of at most `entries_max` tables whose keys are names.
pub(super) fn read_named<'a, T>(
    cursor: &Cursor<'a>,
    entries_max: usize,
    read: impl Fn(&str, Cursor<'a>) -> T,
) -> BTreeMap<String, T> {
    if is_too_large(cursor, entries_max) {
        return BTreeMap::new();
    }
    let mut named = BTreeMap::new();
    for (name, value) in cursor.rest() {
        if !is_name(name) {
            report_name(&value, name);
        }
        if let Some(entry) = value.cursor() {
            named.insert(name.to_owned(), read(name, entry));
        }
    }
    named
}

/// Reports a table with more than `entries_max` keys.
pub(super) fn is_too_large(cursor: &Cursor<'_>, entries_max: usize) -> bool {
    let count = cursor.len();
    if count > entries_max {
        let reason = format!("at most {entries_max} entries, found {count}");
        cursor.context.error(ConfigCode::TooLarge, &cursor.place, reason, None);
    }
    count > entries_max
}

/// Reads the name of an inbox.
pub(super) fn read_inbox(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    if is_inbox_name(text) {
        return Some(text.to_owned());
    }
    let reason = format!("{} is not a name: 1 to 32 of a-z, 0-9 and -, not - first", quoted(text));
    value.invalid(reason, suggestion(text, is_inbox_name))
}

fn report_name(value: &Value<'_>, name: &str) {
    let reason = "not a name: 1 to 32 of a-z, 0-9 and -, a letter first";
    value.at_key().error(ConfigCode::InvalidValue, reason, suggestion(name, is_name));
}

/// The same word in small letters with `-` between its parts, if that is a name.
fn suggestion(text: &str, is_valid: fn(&str) -> bool) -> Option<String> {
    let small = text.trim().to_ascii_lowercase().replace(['_', ' ', '.'], "-");
    is_valid(&small).then(|| format!("did you mean {}?", quoted(&small)))
}
