//! `[providers.<name>.smpp.status.<status>]`: what a command status means at this SMSC.

use std::collections::BTreeMap;

use super::keys as k;
use crate::config::cursor::Cursor;
use crate::config::name::is_too_large;
use crate::config::problem::ConfigCode;
use crate::decision::FailureClass;
use crate::smpp::status;

/// What one command status leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRule {
    /// `class`: who has to act; never [`FailureClass::Policy`]. Required.
    pub class: FailureClass,
    /// `retry_after_ms`: shortest pause before another try, 1 to 86400000. Default none.
    pub retry_after_ms: Option<u32>,
}

/// Reads a table of rules by status.
pub(super) fn read_statuses(cursor: &Cursor<'_>) -> BTreeMap<u32, StatusRule> {
    let mut rules = BTreeMap::new();
    if is_too_large(cursor, k::STATUSES_MAX) {
        return rules;
    }
    for (name, value) in cursor.rest() {
        let rule = value.cursor().map(read_rule);
        let Some(status) = status::parse(name) else {
            let near = cursor.context.did_you_mean(name, status::names());
            let help =
                near.unwrap_or_else(|| "write \"ESME_RTHROTTLED\", \"0x00000058\" or \"88\"".to_owned());
            value.at_key().invalid::<()>("not a command status", help);
            continue;
        };
        if let Some(Some(rule)) = rule
            && rules.insert(status, rule).is_some()
        {
            let reason = format!("a second rule for the status {status:#010x}");
            value.at_key().error(ConfigCode::Conflict, reason, "remove one of them".to_owned());
        }
    }
    rules
}

fn read_rule(mut cursor: Cursor<'_>) -> Option<StatusRule> {
    let class = cursor.required(&k::CLASS_ROW, "write for example class = \"transient\"");
    let class = class.and_then(|value| value.choice(&k::CLASS));
    let retry_after_ms = cursor.integer_optional(&k::RETRY_AFTER_MS);
    cursor.finish();
    Some(StatusRule { class: class?, retry_after_ms })
}
