//! The typed reader: a [`Cursor`] takes the known keys of one table and reports the others.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::context::{Context, Place};
use super::key::{Absent, Choice, Flag, Integer, List, Other};
use super::problem::ConfigCode;
use super::quote::quoted_list;
use super::value::Value;

/// Reads one table. Every getter answers with the default where the key is absent or wrong (which
/// is then reported), so that reading goes on and finds all problems.
pub(super) struct Cursor<'a> {
    pub(super) context: &'a Context<'a>,
    /// The table's own place: what a missing key is reported at.
    pub(super) place: Place,
    /// None where the file leaves the table out.
    table: Option<&'a DeTable<'a>>,
    asked: Vec<&'static str>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(context: &'a Context<'a>, place: Place, table: Option<&'a DeTable<'a>>) -> Self {
        Self { context, place, table, asked: Vec::new() }
    }

    /// A value, if the key is there.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Value<'a>> {
        self.asked.push(name);
        let (key, value) = self.table?.get_key_value(name)?;
        Some(self.value(key.get_ref(), key.span().start, value))
    }

    /// A value that must be there.
    pub(super) fn required(&mut self, key: &Other, help: impl Into<String>) -> Option<Value<'a>> {
        let value = self.take(key.name);
        if value.is_none() {
            self.missing(key.name, help);
        }
        value
    }

    pub(super) fn missing(&self, name: &str, help: impl Into<String>) {
        let place = self.place.child(name, self.place.offset);
        self.context.error(ConfigCode::MissingKey, &place, "required key is missing", help.into());
    }

    pub(super) fn integer(&mut self, key: &Integer<u32>) -> u32 {
        let value = self.take(key.name);
        value.and_then(|value| value.integer(key.min, key.max)).unwrap_or(key.default)
    }

    pub(super) fn integer_optional(&mut self, key: &Integer<Absent>) -> Option<u32> {
        self.take(key.name)?.integer(key.min, key.max)
    }

    pub(super) fn flag(&mut self, key: &Flag) -> bool {
        self.take(key.name).and_then(|value| value.flag()).unwrap_or(key.default)
    }

    pub(super) fn choice<T: Copy + PartialEq>(&mut self, key: &Choice<T>) -> T {
        self.take(key.name).and_then(|value| value.choice(key)).unwrap_or(key.default)
    }

    /// A table that may be left out, which is the same as an empty one.
    pub(super) fn table(&mut self, key: &Other) -> Cursor<'a> {
        let found = self.table_optional(key);
        let place = self.place.child(key.name, self.place.offset);
        found.unwrap_or_else(|| Cursor::new(self.context, place, None))
    }

    /// A table whose absence means something.
    pub(super) fn table_optional(&mut self, key: &Other) -> Option<Cursor<'a>> {
        self.take(key.name)?.cursor()
    }

    /// The entries of a list, if it is there and of an allowed length.
    pub(super) fn list(&mut self, key: &List) -> Option<Vec<Value<'a>>> {
        self.take(key.name)?.list(key)
    }

    /// All keys that were not yet asked for, in the order of the file: for tables whose keys the
    /// operator names.
    pub(super) fn rest(&self) -> Vec<(&'a str, Value<'a>)> {
        let Some(table) = self.table else {
            return Vec::new();
        };
        let unasked = table.iter().filter(|(key, _)| !self.asked.contains(&key.get_ref().as_ref()));
        let mut rest: Vec<(&'a str, Value<'a>)> = unasked
            .map(|(key, value)| {
                let name = key.get_ref().as_ref();
                (name, self.value(name, key.span().start, value))
            })
            .collect();
        rest.sort_by_key(|(_, value)| value.key_offset);
        rest
    }

    /// Whether there is no such key or an empty table under it.
    pub(super) fn is_empty_at(&self, name: &str) -> bool {
        let value = self.table.and_then(|table| table.get(name));
        value.is_none_or(|value| value.get_ref().as_table().is_some_and(DeTable::is_empty))
    }

    /// How many keys the table has.
    pub(super) fn len(&self) -> usize {
        self.table.map_or(0, DeTable::len)
    }

    /// Reports every key that was not asked for, with the nearest one that was.
    pub(super) fn finish(mut self) {
        self.asked.sort_unstable();
        for (name, value) in self.rest() {
            let near = self.context.did_you_mean(name, self.asked.iter().copied());
            let help = near.unwrap_or_else(|| {
                let known = quoted_list(self.asked.iter().copied(), usize::MAX);
                format!("known here: {known}")
            });
            value.at_key().error(ConfigCode::UnknownKey, "unknown key", help);
        }
    }

    fn value(&self, name: &str, key_offset: usize, value: &'a Spanned<DeValue<'a>>) -> Value<'a> {
        let inner = value.get_ref();
        // A table can be spread over several headers; its name is what people look for.
        let offset = if inner.is_table() { key_offset } else { value.span().start };
        let place = self.place.child(name, offset);
        Value { context: self.context, place, key_offset, inner }
    }
}
