//! When keys were used last: a table beside the keys, so that a use never writes a key.

use rusqlite::params;
use waypost_core::decision::Name;

use super::failure::Failure;
use super::reader::Reader;
use super::rows::{sql, unsigned};
use super::session::Session;

impl Session<'_> {
    pub(super) fn touch_keys(&mut self, uses: &[(Name, u64)]) -> Result<(), Failure> {
        let mut upsert = self.conn.prepare_cached(
            "INSERT INTO key_uses (id, used_ms) VALUES (?1, ?2)
             ON CONFLICT (id) DO UPDATE SET used_ms = max(used_ms, excluded.used_ms)",
        )?;
        for (id, used_ms) in uses {
            upsert.execute(params![&**id, sql(*used_ms)])?;
        }
        Ok(())
    }
}

impl Reader<'_> {
    pub(super) fn key_uses(&mut self) -> Result<Vec<(Name, u64)>, Failure> {
        let mut statement = self.conn.prepare_cached("SELECT id, used_ms FROM key_uses ORDER BY id")?;
        let mut rows = statement.query([])?;
        let mut uses = Vec::new();
        while let Some(row) = rows.next()? {
            let id: String = row.get(0)?;
            uses.push((Name::from(id), unsigned(row.get(1)?)?));
        }
        Ok(uses)
    }
}
