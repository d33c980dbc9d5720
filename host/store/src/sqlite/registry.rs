//! What is registered while Waypost runs. Each item has a version, and a change names the one that
//! it follows.

use rusqlite::{OptionalExtension, params};
use waypost_core::decision::Name;
use waypost_core::registry::{Item, Kind, Written};

use super::failure::Failure;
use super::reader::Reader;
use super::rows::{sql, unsigned};
use super::session::Session;

impl Session<'_> {
    pub(super) fn register(&mut self, item: &Item) -> Result<Written, Failure> {
        let tenant = self.name_id(&item.tenant)?;
        let text = if item.version <= 1 {
            "INSERT INTO registry (kind, tenant, name, version, record) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING"
        } else {
            "UPDATE registry SET version = ?4, record = ?5
             WHERE kind = ?1 AND tenant = ?2 AND name = ?3 AND version = ?4 - 1"
        };
        let values = params![item.kind.as_str(), tenant, item.name, sql(item.version), item.record];
        let changed = self.conn.prepare_cached(text)?.execute(values)?;
        self.written(item.kind, changed)
    }

    pub(super) fn unregister(
        &mut self,
        tenant: &Name,
        kind: Kind,
        name: &str,
        version: u64,
    ) -> Result<Written, Failure> {
        let Some(tenant) = self.names.find(tenant)? else { return Ok(Written::Conflict) };
        let mut delete = self.conn.prepare_cached(
            "DELETE FROM registry WHERE kind = ?1 AND tenant = ?2 AND name = ?3 AND version = ?4",
        )?;
        let changed = delete.execute(params![kind.as_str(), tenant, name, sql(version)])?;
        self.written(kind, changed)
    }

    fn written(&mut self, kind: Kind, changed: usize) -> Result<Written, Failure> {
        if changed == 0 {
            return Ok(Written::Conflict);
        }
        if kind.is_news() {
            self.conn.prepare_cached("UPDATE registry_version SET version = version + 1")?.execute([])?;
        }
        Ok(Written::Done)
    }
}

impl Reader<'_> {
    pub(super) fn registered(&mut self, tenant: Option<&Name>, kind: Kind) -> Result<Vec<Item>, Failure> {
        let mut statement = self.conn.prepare_cached(
            "SELECT n.name, r.name, r.version, r.record FROM registry r JOIN names n ON n.id = r.tenant
             WHERE r.kind = ?1 AND (?2 IS NULL OR n.name = ?2) ORDER BY n.name, r.name",
        )?;
        let mut rows = statement.query(params![kind.as_str(), tenant.map(|tenant| &**tenant)])?;
        let mut items = Vec::new();
        while let Some(row) = rows.next()? {
            let tenant: String = row.get(0)?;
            let version = unsigned(row.get(2)?)?;
            items.push(Item { tenant: tenant.into(), kind, name: row.get(1)?, version, record: row.get(3)? });
        }
        Ok(items)
    }

    pub(super) fn registered_one(
        &mut self,
        tenant: &Name,
        kind: Kind,
        name: &str,
    ) -> Result<Option<Item>, Failure> {
        let Some(number) = self.names.find(tenant)? else { return Ok(None) };
        let mut statement = self.conn.prepare_cached(
            "SELECT version, record FROM registry WHERE kind = ?1 AND tenant = ?2 AND name = ?3",
        )?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found: Option<(i64, String)> =
            statement.query_row(params![kind.as_str(), number, name], read).optional()?;
        let Some((version, record)) = found else { return Ok(None) };
        let version = unsigned(version)?;
        Ok(Some(Item { tenant: tenant.clone(), kind, name: name.to_owned(), version, record }))
    }

    pub(super) fn registry_version(&mut self) -> Result<u64, Failure> {
        let mut statement = self.conn.prepare_cached("SELECT version FROM registry_version")?;
        unsigned(statement.query_row([], |row| row.get(0))?)
    }
}
