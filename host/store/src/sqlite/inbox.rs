//! Inboxes, callbacks and keys: the tables beside the messages.

use rusqlite::params;
use waypost_core::decision::Name;
use waypost_core::limits::INBOXES_MAX;
use waypost_core::store::{ApiKey, Callback, Inbound, InboundIn};

use super::failure::Failure;
use super::rows::{id_from, sql, state_from, to_json, unsigned};
use super::session::Session;

impl Session<'_> {
    pub(super) fn inbound(&mut self, wanted: &InboundIn) -> Result<bool, Failure> {
        let InboundIn { inbound, inboxes } = wanted;
        let route = self.name_id(&inbound.route)?;
        // Some providers give no id; then nothing can be known again.
        if !inbound.reference.is_empty() {
            let seen = params![inbound.reference, route, sql(inbound.received_ms)];
            if self.sql.insert_seen.execute(seen)? == 0 {
                return Ok(false);
            }
        }
        let tenant = self.name_id(&inbound.tenant)?;
        let mut is_in = Vec::with_capacity(inboxes.len());
        for inbox in inboxes {
            let inbox = if self.may_be(tenant, inbox, &inbound.inbox)? { inbox } else { &inbound.inbox };
            if is_in.contains(inbox) {
                continue;
            }
            is_in.push(inbox.clone());
            let id = self.name_id(inbox)?;
            let copy = Inbound { inbox: inbox.clone(), ..inbound.clone() };
            self.sql.insert_inbox.execute(params![tenant, id, to_json(&copy)?])?;
        }
        Ok(true)
    }

    /// True where the tenant has the inbox, or may have one more. Each name is kept for good.
    fn may_be(&mut self, tenant: i64, inbox: &Name, usual: &Name) -> Result<bool, Failure> {
        if inbox == usual {
            return Ok(true);
        }
        let known = "SELECT 1 FROM inboxes WHERE tenant = ?1 AND inbox = ?2";
        if let Some(id) = self.names.find(inbox)?
            && self.conn.prepare_cached(known)?.exists(params![tenant, id])?
        {
            return Ok(true);
        }
        let mut count = self.conn.prepare_cached("SELECT count(*) FROM inboxes WHERE tenant = ?1")?;
        let count: i64 = count.query_row([tenant], |row| row.get(0))?;
        if usize::try_from(count).is_ok_and(|count| count >= INBOXES_MAX) {
            return Ok(false);
        }
        let id = self.name_id(inbox)?;
        let insert = "INSERT INTO inboxes (tenant, inbox) VALUES (?1, ?2)";
        self.conn.prepare_cached(insert)?.execute(params![tenant, id])?;
        Ok(true)
    }

    pub(super) fn acknowledge(
        &mut self,
        tenant: &Name,
        inbox: &Name,
        sequences: &[u64],
    ) -> Result<usize, Failure> {
        let (Some(tenant), Some(inbox)) = (self.names.find(tenant)?, self.names.find(inbox)?) else {
            return Ok(0);
        };
        let mut deleted = 0;
        for sequence in sequences {
            deleted += self.sql.delete_inbox.execute(params![sql(*sequence), tenant, inbox])?;
        }
        Ok(deleted)
    }

    pub(super) fn callbacks(
        &mut self,
        now_ms: u64,
        hold_ms: u64,
        rows_max: u32,
    ) -> Result<Vec<Callback>, Failure> {
        let mut rows = self.sql.select_callbacks.query(params![sql(now_ms), rows_max])?;
        let mut callbacks = Vec::new();
        while let Some(row) = rows.next()? {
            callbacks.push(Callback {
                sequence: unsigned(row.get(0)?)?,
                id: id_from(row.get(1)?, row.get(2)?)?,
                tenant: self.names.name(row.get(3)?)?,
                url: row.get(4)?,
                state: state_from(row.get(5)?)?,
                at_ms: unsigned(row.get(6)?)?,
                failures: row.get(7)?,
            });
        }
        drop(rows);
        let held_until_ms = sql(now_ms.saturating_add(hold_ms));
        for callback in &callbacks {
            self.sql.hold_callback.execute(params![sql(callback.sequence), held_until_ms])?;
        }
        Ok(callbacks)
    }

    pub(super) fn callback_done(&mut self, sequence: u64, retry_at_ms: Option<u64>) -> Result<(), Failure> {
        match retry_at_ms {
            Some(at_ms) => self.sql.retry_callback.execute(params![sql(sequence), sql(at_ms)])?,
            None => self.sql.delete_callback.execute([sql(sequence)])?,
        };
        Ok(())
    }

    pub(super) fn put_key(&mut self, key: &ApiKey) -> Result<(), Failure> {
        self.sql.upsert_key.execute(params![&*key.id, to_json(key)?])?;
        Ok(())
    }

    pub(super) fn ping(&mut self) -> Result<(), Failure> {
        self.sql.ping.execute([])?;
        Ok(())
    }
}

#[cfg(test)]
impl Session<'_> {
    /// How often the store was written to by [`Session::ping`].
    pub(super) fn pings(&mut self) -> Result<i64, Failure> {
        Ok(self.sql.pings.query_row([], |row| row.get(0))?)
    }
}
