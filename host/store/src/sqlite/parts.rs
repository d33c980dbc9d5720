//! Parts of long inbound messages.

use rusqlite::{OptionalExtension, params};
use waypost_core::limits::{INBOUND_PARTS_KNOWN_MS, INBOUND_PARTS_OPEN_MAX, INBOUND_PARTS_WAIT_MS};
use waypost_core::store::{InboundPart, InboundParts, PartResult, PartsKey};

use super::failure::Failure;
use super::rows::{sql, unsigned};
use super::session::Session;

/// What may become of a message, as the table keeps it.
#[derive(Clone, Copy)]
enum Stage {
    /// Parts are added to it.
    Open = 0,
    /// It is handed out as it is.
    Closed = 1,
    /// It was delivered; its parts are known again for a while.
    Done = 2,
}

/// A message of the table.
struct Set {
    id: i64,
    first_ms: u64,
    ended_ms: u64,
}

/// The numbers of the names in a key.
struct Names {
    tenant: i64,
    route: i64,
}

impl Session<'_> {
    /// None: too many messages are open. The part has been checked.
    pub(super) fn inbound_part(&mut self, part: &InboundPart) -> Result<Option<PartResult>, Failure> {
        let names = Names { tenant: self.name_id(&part.tenant)?, route: self.name_id(&part.route)? };
        let key = part.key(0);
        let open = self.part_set(&names, &key, Stage::Open)?;
        let before = match &open {
            Some(open) => self.payload(open.id, part.number)?,
            None => None,
        };
        if let Some(open) = &open
            && before.as_ref() == Some(&part.payload)
        {
            return self.whole_or(PartResult::Again, part, open).map(Some);
        }
        let mut begins_ms = part.now_ms;
        if let Some(done) = self.part_set(&names, &key, Stage::Done)?
            && part.now_ms < done.ended_ms.saturating_add(INBOUND_PARTS_KNOWN_MS)
        {
            if self.payload(done.id, part.number)?.as_ref() == Some(&part.payload) {
                return Ok(Some(PartResult::Again));
            }
            begins_ms = begins_ms.max(done.first_ms.saturating_add(1));
        }
        let set = match open {
            Some(open) if before.is_none() => open,
            open => {
                let begun =
                    self.sql.count_part_sets.query_row([names.tenant, names.route], |row| row.get(0))?;
                let begun: u32 = begun;
                if begun >= INBOUND_PARTS_OPEN_MAX {
                    return Ok(None);
                }
                if let Some(open) = open {
                    // The sender has used its reference again: the message that was there gets no
                    // further part.
                    begins_ms = begins_ms.max(open.first_ms.saturating_add(1));
                    self.set_stage(open.id, Stage::Closed, 0)?;
                }
                self.begin_parts(&names, part, begins_ms)?
            }
        };
        self.sql.insert_part.execute(params![set.id, part.number, part.payload])?;
        self.whole_or(PartResult::Waits, part, &set).map(Some)
    }

    pub(super) fn inbound_parts_done(&mut self, key: &PartsKey, now_ms: u64) -> Result<(), Failure> {
        let (Some(tenant), Some(route)) = (self.names.find(&key.tenant)?, self.names.find(&key.route)?)
        else {
            return Ok(());
        };
        let PartsKey { from, to, reference, total, first_ms, .. } = key;
        let of = params![tenant, route, from, to, reference, total, sql(*first_ms)];
        let id: Option<i64> = self.sql.select_unfinished_set.query_row(of, |row| row.get(0)).optional()?;
        let Some(id) = id else { return Ok(()) };
        if self.payloads(id)?.len() < usize::from(*total) {
            return self.forget_parts(id);
        }
        if let Some(earlier) = self.part_set(&Names { tenant, route }, key, Stage::Done)? {
            self.forget_parts(earlier.id)?;
        }
        self.set_stage(id, Stage::Done, now_ms)
    }

    pub(super) fn inbound_parts_old(
        &mut self,
        now_ms: u64,
        messages_max: u32,
    ) -> Result<Vec<InboundParts>, Failure> {
        let mut old = Vec::new();
        let until_ms = now_ms.saturating_sub(INBOUND_PARTS_WAIT_MS);
        for (stage, until_ms) in [(Stage::Closed, u64::MAX), (Stage::Open, until_ms)] {
            let room = usize::try_from(messages_max).unwrap_or(usize::MAX).saturating_sub(old.len());
            for (id, mut parts) in self.part_sets_until(stage, until_ms, room)? {
                parts.parts = self.payloads(id)?;
                self.set_stage(id, Stage::Closed, 0)?;
                old.push(parts);
            }
        }
        Ok(old)
    }

    /// Forgets messages whose parts are not known again any more.
    pub(super) fn prune_parts(&mut self, now_ms: u64, rows_max: u32) -> Result<(), Failure> {
        let until_ms = sql(now_ms.saturating_sub(INBOUND_PARTS_KNOWN_MS));
        let mut ids: Vec<i64> = Vec::new();
        let mut rows = self.sql.select_done_sets.query(params![until_ms, rows_max])?;
        while let Some(row) = rows.next()? {
            ids.push(row.get(0)?);
        }
        drop(rows);
        ids.into_iter().try_for_each(|id| self.forget_parts(id))
    }

    fn whole_or(&mut self, answer: PartResult, part: &InboundPart, set: &Set) -> Result<PartResult, Failure> {
        let parts = self.payloads(set.id)?;
        if parts.len() < usize::from(part.total) {
            return Ok(answer);
        }
        let key = part.key(set.first_ms);
        Ok(PartResult::Whole(InboundParts { key, inbox: part.inbox.clone(), parts }))
    }

    fn part_set(&mut self, names: &Names, key: &PartsKey, stage: Stage) -> Result<Option<Set>, Failure> {
        let PartsKey { from, to, reference, total, .. } = key;
        let of = params![names.tenant, names.route, from, to, reference, total, stage as i64];
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let found: Option<(i64, i64, i64)> = self.sql.select_part_set.query_row(of, read).optional()?;
        let Some((id, first_ms, ended_ms)) = found else { return Ok(None) };
        Ok(Some(Set { id, first_ms: unsigned(first_ms)?, ended_ms: unsigned(ended_ms)? }))
    }

    fn begin_parts(&mut self, names: &Names, part: &InboundPart, first_ms: u64) -> Result<Set, Failure> {
        let inbox = self.name_id(&part.inbox)?;
        let InboundPart { from, to, reference, total, .. } = part;
        let of = params![names.tenant, names.route, from, to, reference, total, inbox, sql(first_ms)];
        let id = self.sql.insert_part_set.query_row(of, |row| row.get(0))?;
        Ok(Set { id, first_ms, ended_ms: 0 })
    }

    fn set_stage(&mut self, id: i64, stage: Stage, ended_ms: u64) -> Result<(), Failure> {
        self.sql.update_part_set.execute(params![id, stage as i64, sql(ended_ms)])?;
        Ok(())
    }

    fn part_sets_until(
        &mut self,
        stage: Stage,
        until_ms: u64,
        room: usize,
    ) -> Result<Vec<(i64, InboundParts)>, Failure> {
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        let mut rows = self.sql.select_part_sets.query(params![stage as i64, sql(until_ms), room])?;
        let mut sets = Vec::new();
        while let Some(row) = rows.next()? {
            let key = PartsKey {
                tenant: self.names.name(row.get(1)?)?,
                route: self.names.name(row.get(2)?)?,
                from: row.get(3)?,
                to: row.get(4)?,
                reference: row.get(5)?,
                total: row.get(6)?,
                first_ms: unsigned(row.get(8)?)?,
            };
            let inbox = self.names.name(row.get(7)?)?;
            sets.push((row.get(0)?, InboundParts { key, inbox, parts: Vec::new() }));
        }
        Ok(sets)
    }

    fn payload(&mut self, set: i64, number: u8) -> Result<Option<Vec<u8>>, Failure> {
        let payload = self.sql.select_part.query_row(params![set, number], |row| row.get(0));
        Ok(payload.optional()?)
    }

    fn payloads(&mut self, set: i64) -> Result<Vec<(u8, Vec<u8>)>, Failure> {
        let rows = self.sql.select_parts.query_map([set], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn forget_parts(&mut self, set: i64) -> Result<(), Failure> {
        self.sql.delete_parts.execute([set])?;
        self.sql.delete_part_set.execute([set])?;
        Ok(())
    }
}
