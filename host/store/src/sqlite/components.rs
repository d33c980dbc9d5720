//! Components as pieces of bytes. Each piece is a transaction of its own: writing tens of megabytes in one
//! would hold up every message that is taken in meanwhile.

use rusqlite::params;
use waypost_core::decision::Name;

use super::failure::{Failure, unavailable};
use super::reader::Reader;
use super::session::Session;

/// Bytes of one piece.
pub(super) const PIECE_BYTES: usize = 512 * 1024;

impl Session<'_> {
    pub(super) fn put_piece(
        &mut self,
        tenant: &Name,
        hash: &str,
        n: u32,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        let tenant = self.name_id(tenant)?;
        let mut insert = self.conn.prepare_cached(
            "INSERT OR REPLACE INTO component_pieces (tenant, hash, n, bytes) VALUES (?1, ?2, ?3, ?4)",
        )?;
        insert.execute(params![tenant, hash, n, bytes])?;
        Ok(())
    }

    /// Makes a component of its pieces. Fails where somebody has deleted some of them meanwhile.
    pub(super) fn finish_component(
        &mut self,
        tenant: &Name,
        hash: &str,
        bytes: usize,
    ) -> Result<(), Failure> {
        let tenant = self.name_id(tenant)?;
        let mut sum = self.conn.prepare_cached(
            "SELECT coalesce(sum(length(bytes)), 0) FROM component_pieces WHERE tenant = ?1 AND hash = ?2",
        )?;
        let found: i64 = sum.query_row(params![tenant, hash], |row| row.get(0))?;
        if usize::try_from(found) != Ok(bytes) {
            return Err(unavailable("the component was deleted while it was written; put it again"));
        }
        let mut insert =
            self.conn.prepare_cached("INSERT OR IGNORE INTO components (tenant, hash) VALUES (?1, ?2)")?;
        insert.execute(params![tenant, hash])?;
        Ok(())
    }

    pub(super) fn delete_component(&mut self, tenant: &Name, hash: &str) -> Result<bool, Failure> {
        let Some(tenant) = self.names.find(tenant)? else { return Ok(false) };
        let mut pieces =
            self.conn.prepare_cached("DELETE FROM component_pieces WHERE tenant = ?1 AND hash = ?2")?;
        pieces.execute(params![tenant, hash])?;
        let mut component =
            self.conn.prepare_cached("DELETE FROM components WHERE tenant = ?1 AND hash = ?2")?;
        Ok(component.execute(params![tenant, hash])? > 0)
    }
}

impl Reader<'_> {
    pub(super) fn has_component(&mut self, tenant: &Name, hash: &str) -> Result<bool, Failure> {
        let Some(tenant) = self.names.find(tenant)? else { return Ok(false) };
        let mut select =
            self.conn.prepare_cached("SELECT 1 FROM components WHERE tenant = ?1 AND hash = ?2")?;
        Ok(select.exists(params![tenant, hash])?)
    }

    pub(super) fn component(&mut self, tenant: &Name, hash: &str) -> Result<Option<Vec<u8>>, Failure> {
        let Some(tenant) = self.names.find(tenant)? else { return Ok(None) };
        // One statement: the pieces are those of one moment.
        let mut select = self.conn.prepare_cached(
            "SELECT p.bytes FROM components c LEFT JOIN component_pieces p
             ON p.tenant = c.tenant AND p.hash = c.hash WHERE c.tenant = ?1 AND c.hash = ?2 ORDER BY p.n",
        )?;
        let mut rows = select.query(params![tenant, hash])?;
        let mut component = None;
        while let Some(row) = rows.next()? {
            let piece = row.get_ref(0)?.as_blob_or_null().map_err(rusqlite::Error::from)?.unwrap_or_default();
            component.get_or_insert_with(Vec::new).extend_from_slice(piece);
        }
        Ok(component)
    }
}
