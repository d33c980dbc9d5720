//! Messages as they were taken in, with the decisions of that moment: one statement for each page.

use rusqlite::params;
use waypost_core::id::MessageId;
use waypost_core::store::{HistoryQuery, Recorded};

use super::failure::{Failure, corrupt};
use super::reader::Reader;
use super::rows::{ENVELOPE_COLUMNS, ENVELOPE_COLUMNS_COUNT, from_json, key_of, read_envelope, sql};

impl Reader<'_> {
    pub(super) fn history(&mut self, query: &HistoryQuery) -> Result<Vec<Recorded>, Failure> {
        let Some(tenant) = self.names.find(&query.tenant)? else { return Ok(Vec::new()) };
        let from = sql(MessageId::first_key_at(query.from_ms));
        let to = sql(MessageId::first_key_at(query.to_ms));
        let end = query.before.map_or(to, |before| to.min(key_of(before)));
        let text = format!(
            "SELECT {ENVELOPE_COLUMNS}, m.entry FROM messages m INDEXED BY messages_by_tenant
             WHERE m.tenant = ?1 AND m.key >= ?2 AND m.key < ?3 ORDER BY m.key DESC LIMIT ?4"
        );
        let mut statement = self.conn.prepare_cached(&text)?;
        let mut rows = statement.query(params![tenant, from, end, query.rows()])?;
        let mut page = Vec::new();
        while let Some(row) = rows.next()? {
            let entry = row.get_ref(ENVELOPE_COLUMNS_COUNT)?;
            let entry = entry.as_str().map_err(|_| corrupt("a trace entry is no text"))?;
            let entry = from_json(entry, "trace entry")?;
            page.push(Recorded { envelope: read_envelope(row, &mut self.names)?.into(), entry });
        }
        Ok(page)
    }
}
