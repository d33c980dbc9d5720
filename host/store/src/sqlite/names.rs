//! Names as small integers: a row then holds a byte instead of a word.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Statement};
use waypost_core::decision::Name;

use super::failure::{Failure, corrupt};

/// The table of names, with what has been read of it. Names come from the configuration, so there
/// are few and all fit into memory.
pub(super) struct Names<'c> {
    select_id: Statement<'c>,
    select_name: Statement<'c>,
    by_name: HashMap<Name, i64>,
    by_id: HashMap<i64, Name>,
}

impl<'c> Names<'c> {
    pub(super) fn new(conn: &'c Connection) -> Result<Self, Failure> {
        Ok(Self {
            select_id: conn.prepare("SELECT id FROM names WHERE name = ?1")?,
            select_name: conn.prepare("SELECT name FROM names WHERE id = ?1")?,
            by_name: HashMap::new(),
            by_id: HashMap::new(),
        })
    }

    /// The number of a name, where it has one.
    pub(super) fn find(&mut self, name: &str) -> Result<Option<i64>, Failure> {
        if let Some(id) = self.by_name.get(name) {
            return Ok(Some(*id));
        }
        let found = self.select_id.query_row([name], |row| row.get(0)).optional()?;
        if let Some(id) = found {
            self.remember(name.into(), id);
        }
        Ok(found)
    }

    /// The name of a number that a row holds.
    pub(super) fn name(&mut self, id: i64) -> Result<Name, Failure> {
        if let Some(name) = self.by_id.get(&id) {
            return Ok(name.clone());
        }
        let found: Option<String> = self.select_name.query_row([id], |row| row.get(0)).optional()?;
        let Some(name) = found else { return Err(corrupt("a row names a name that is not there")) };
        let name = Name::from(name);
        self.remember(name.clone(), id);
        Ok(name)
    }

    pub(super) fn remember(&mut self, name: Name, id: i64) {
        self.by_name.insert(name.clone(), id);
        self.by_id.insert(id, name);
    }

    /// After a rollback: what was remembered may not be there.
    pub(super) fn forget(&mut self) {
        self.by_name.clear();
        self.by_id.clear();
    }
}
