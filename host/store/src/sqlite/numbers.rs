//! Rates and counts: one number for each name, written once for each group of operations.

use std::collections::HashMap;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Messages of a tenant that are held, queued or being submitted.
    TenantWaits = 0,
    /// Messages that wait for a provider.
    RouteWaits = 1,
    /// The rate of a tenant, as `Rate` keeps it.
    TenantRate = 2,
    /// The rate of an API key.
    KeyRate = 3,
    /// The rate of a provider.
    RouteRate = 4,
    /// Opt-outs of a tenant.
    OptOuts = 5,
}

#[derive(Debug, Clone, Copy)]
struct Number {
    value: i64,
    written: bool,
}

/// The numbers that have been looked at, some of them changed since they were read.
#[derive(Default)]
pub(super) struct Numbers {
    known: HashMap<(Kind, i64), Number>,
    changed: Vec<(Kind, i64)>,
}

impl Numbers {
    pub(super) fn get(&self, kind: Kind, name: i64) -> Option<i64> {
        self.known.get(&(kind, name)).map(|number| number.value)
    }

    /// What the table holds.
    pub(super) fn read(&mut self, kind: Kind, name: i64, value: i64) {
        self.known.insert((kind, name), Number { value, written: true });
    }

    /// What the table is to hold.
    pub(super) fn set(&mut self, kind: Kind, name: i64, value: i64) {
        let before = self.known.insert((kind, name), Number { value, written: false });
        if before.is_none_or(|number| number.written) {
            self.changed.push((kind, name));
        }
    }

    /// The next number that has to be written, as the table keeps it.
    pub(super) fn next_unwritten(&mut self) -> Option<(i64, i64, i64)> {
        let (kind, name) = self.changed.pop()?;
        let number = self.known.get_mut(&(kind, name))?;
        number.written = true;
        Some((kind as i64, name, number.value))
    }

    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.changed.clear();
    }
}
