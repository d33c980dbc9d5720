//! A binding: which component decides at one place of a tenant, with which settings, and what
//! happens when it fails.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::cursor::Cursor;
use super::key::{Choice, List};
use super::limits as l;
use super::provider::read_component_name;
use super::settings::read_settings;

/// `[[tenants.<name>.screening]]`, `[tenants.<name>.sender]` and their like.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// `component`: a built-in component or one of `components`. Required.
    pub component: String,
    /// `settings`: handed to the component, at most 32 KiB as JSON and 16 levels. Default an empty
    /// object.
    pub settings: Json,
    /// `on_failure`: `refuse` or `skip` (screening, sender; default `refuse`), `default` or
    /// `refuse` (routing; default `default`). Receiving has no such key and is always `skip`: an
    /// inbound message that a component fails on goes to its inbox.
    pub on_failure: OnFailure,
    /// `reuse_calls`: calls that one instance serves, 1 to 1000000; 1 is a fresh instance for each
    /// call. Default none: built-in components are reused, others run fresh.
    pub reuse_calls: Option<u32>,
}

/// What happens to the message when a component fails (trap, out of fuel, time-out, …).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The message is refused.
    Refuse,
    /// As if the binding were not there.
    Skip,
    /// Routing only: the providers are ordered by weight.
    Default,
}

/// Reads one binding whose `on_failure` has these choices.
pub(super) fn read_binding(cursor: Cursor<'_>, on_failure: &Choice<OnFailure>) -> Binding {
    read(cursor, |cursor| cursor.choice(on_failure))
}

pub(super) fn read_bindings(
    cursor: &mut Cursor<'_>,
    key: &List,
    on_failure: &Choice<OnFailure>,
) -> Vec<Binding> {
    let entries = cursor.list(key).unwrap_or_default();
    let tables = entries.iter().filter_map(|entry| entry.cursor());
    tables.map(|table| read_binding(table, on_failure)).collect()
}

/// A failure is never answered with a refusal: whoever wrote the message is not there to be told.
pub(super) fn read_receiving(cursor: &mut Cursor<'_>) -> Vec<Binding> {
    let entries = cursor.list(&l::RECEIVING).unwrap_or_default();
    let tables = entries.iter().filter_map(|entry| entry.cursor());
    tables.map(|table| read(table, |_| OnFailure::Skip)).collect()
}

fn read<'a>(mut cursor: Cursor<'a>, on_failure: impl FnOnce(&mut Cursor<'a>) -> OnFailure) -> Binding {
    let binding = Binding {
        component: read_component_name(&mut cursor, None),
        settings: read_settings(cursor.take(l::SETTINGS.name)),
        on_failure: on_failure(&mut cursor),
        reuse_calls: cursor.integer_optional(&l::REUSE_CALLS),
    };
    cursor.finish();
    binding
}
