//! Recipients that want no messages. A tenant without any costs an accept nothing: how many it has is
//! one of the numbers that the writer remembers.

use rusqlite::params;
use waypost_core::store::{OptChange, OptOut, OptOutQuery};

use super::failure::Failure;
use super::numbers::Kind;
use super::reader::Reader;
use super::rows::{sql, unsigned};
use super::session::Session;

/// What the table has for "from every sender".
const EVERY_SENDER: &str = "";

impl Session<'_> {
    pub(super) fn opt(&mut self, change: &OptChange) -> Result<bool, Failure> {
        let tenant = self.name_id(&change.tenant)?;
        let sender = change.sender.as_deref().unwrap_or(EVERY_SENDER);
        let changed = if change.out {
            self.sql.insert_opt_out.execute(params![tenant, change.number, sender, sql(change.at_ms)])?
        } else {
            self.sql.delete_opt_out.execute(params![tenant, change.number, sender])?
        };
        if changed == 0 {
            return Ok(false);
        }
        let known = self.number(Kind::OptOuts, tenant)?;
        let known = if change.out { known.saturating_add(1) } else { known.saturating_sub(1) };
        self.set_number(Kind::OptOuts, tenant, known);
        Ok(true)
    }

    /// Whether any recipient of the tenant wants no messages.
    pub(super) fn has_opt_outs(&mut self, tenant: i64) -> Result<bool, Failure> {
        Ok(self.number(Kind::OptOuts, tenant)? > 0)
    }

    pub(super) fn is_opted_out(
        &mut self,
        tenant: i64,
        number: &str,
        sender: Option<&str>,
    ) -> Result<bool, Failure> {
        let sender = sender.unwrap_or(EVERY_SENDER);
        Ok(self.sql.select_opt_out.exists(params![tenant, number, EVERY_SENDER, sender])?)
    }
}

impl Reader<'_> {
    pub(super) fn opted_out(&mut self, query: &OptOutQuery) -> Result<Vec<OptOut>, Failure> {
        let Some(tenant) = self.names.find(&query.tenant)? else { return Ok(Vec::new()) };
        match &query.number {
            Some(number) => self.opt_outs_of(tenant, number, query),
            None => {
                let (number, sender) = query.after.as_ref().map_or(("", ""), after);
                let mut statement = self.conn.prepare_cached(
                    "SELECT number, sender, at_ms FROM opt_outs
                     WHERE tenant = ?1 AND (number, sender) > (?2, ?3) ORDER BY number, sender LIMIT ?4",
                )?;
                read(statement.query(params![tenant, number, sender, query.rows()])?)
            }
        }
    }

    fn opt_outs_of(
        &mut self,
        tenant: i64,
        number: &str,
        query: &OptOutQuery,
    ) -> Result<Vec<OptOut>, Failure> {
        let after = query.after.as_ref().map(after).filter(|(last, _)| *last >= number);
        if after.is_some_and(|(last, _)| last > number) {
            return Ok(Vec::new());
        }
        let mut statement = self.conn.prepare_cached(
            "SELECT number, sender, at_ms FROM opt_outs
             WHERE tenant = ?1 AND number = ?2 AND (?3 IS NULL OR sender > ?3) ORDER BY sender LIMIT ?4",
        )?;
        read(statement.query(params![tenant, number, after.map(|(_, sender)| sender), query.rows()])?)
    }
}

fn after((number, sender): &(String, Option<String>)) -> (&str, &str) {
    (number, sender.as_deref().unwrap_or(EVERY_SENDER))
}

fn read(mut rows: rusqlite::Rows<'_>) -> Result<Vec<OptOut>, Failure> {
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        let sender: String = row.get(1)?;
        let sender = (sender != EVERY_SENDER).then_some(sender);
        page.push(OptOut { number: row.get(0)?, sender, at_ms: unsigned(row.get(2)?)? });
    }
    Ok(page)
}
