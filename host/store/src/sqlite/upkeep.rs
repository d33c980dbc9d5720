//! What time does to messages: leases and waits that end, rows that are deleted.

use rusqlite::params;
use waypost_core::id::MessageId;
use waypost_core::lifecycle::dispatch;
use waypost_core::limits::ORPHAN_RECEIPT_MS;
use waypost_core::message::{Progress, State};
use waypost_core::rate::Window;
use waypost_core::trace::{Entry, Step};

use super::accept::window_code;
use super::failure::Failure;
use super::rows::{Live, from_json, key_of, sql};
use super::session::{Before, Session};
use crate::SweepRules;

/// How long an inbound message is known again, in milliseconds: as long as providers repeat.
const INBOUND_SEEN_MS: u64 = 7 * 24 * 3600 * 1000;

impl Session<'_> {
    pub(super) fn sweep(&mut self, now_ms: u64, rows_max: u32, rules: &SweepRules) -> Result<usize, Failure> {
        let mut changed = 0;
        for state in [State::Submitting, State::InDoubt, State::Submitted] {
            let room = i64::from(rows_max) - i64::try_from(changed).unwrap_or(i64::MAX);
            if room <= 0 {
                break;
            }
            let mut due = self.sql.timers_due.query(params![state.number(), sql(now_ms), room])?;
            let mut keys: Vec<i64> = Vec::new();
            while let Some(row) = due.next()? {
                keys.push(row.get(0)?);
            }
            drop(due);
            changed += self.time_passed(&keys, now_ms, rules)?;
        }
        Ok(changed)
    }

    pub(super) fn recover(
        &mut self,
        now_ms: u64,
        rows_max: u32,
        rules: &SweepRules,
    ) -> Result<usize, Failure> {
        let mut leased = self.sql.in_state.query(params![State::Submitting.number(), rows_max])?;
        let mut keys: Vec<i64> = Vec::new();
        while let Some(row) = leased.next()? {
            keys.push(row.get(0)?);
        }
        drop(leased);
        self.time_passed(&keys, now_ms, rules)
    }

    fn time_passed(&mut self, keys: &[i64], now_ms: u64, rules: &SweepRules) -> Result<usize, Failure> {
        for key in keys {
            let mut live = self.load_queued(*key)?;
            let before = Before::of(&live.progress);
            let rules = rules(live.progress.route.as_deref());
            match live.progress.state {
                State::Submitting => dispatch::lose_lease(&mut live.progress, &rules, now_ms),
                _ => {
                    let valid_until_ms = live.envelope.valid_until_ms;
                    dispatch::stop_waiting(&mut live.progress, &rules, valid_until_ms, now_ms);
                }
            }
            self.add_entry(&mut live, now_ms, &Step::TimePassed, &[])?;
            self.save(&before, live)?;
        }
        Ok(keys.len())
    }

    pub(super) fn prune(&mut self, now_ms: u64, before_ms: u64, rows_max: u32) -> Result<usize, Failure> {
        // An id is as old as its message, and no message changes before it is made.
        let key_end = sql(MessageId::first_key_at(before_ms));
        let mut rows = self.sql.prunable.query(params![key_end, sql(before_ms), rows_max])?;
        let mut keys: Vec<i64> = Vec::new();
        while let Some(row) = rows.next()? {
            keys.push(row.get(0)?);
        }
        drop(rows);
        for key in &keys {
            let live = self.load_queued(*key)?;
            self.delete(&live)?;
        }
        self.sql.prune_idempotency.execute(params![sql(now_ms), rows_max])?;
        let orphans_end = sql(now_ms.saturating_sub(ORPHAN_RECEIPT_MS));
        let orphans = self.sql.prune_orphans.execute(params![orphans_end, rows_max])?;
        self.orphans -= i64::try_from(orphans).unwrap_or(0);
        let seen_end = sql(now_ms.saturating_sub(INBOUND_SEEN_MS));
        self.sql.prune_seen.execute(params![seen_end, rows_max])?;
        self.prune_parts(now_ms, rows_max)?;
        for window in Window::ALL {
            let start_ms = sql(window.start_ms(now_ms));
            self.sql.prune_caps.execute(params![window_code(window), start_ms, rows_max])?;
        }
        Ok(keys.len())
    }

    /// Deletes a final message and everything that names it.
    pub(super) fn delete(&mut self, live: &Live) -> Result<(), Failure> {
        let key = key_of(live.envelope.id);
        self.delete_references(key, &live.progress)?;
        self.sql.delete_entries.execute([key])?;
        self.sql.delete_progress.execute([key])?;
        self.sql.delete_message.execute([key])?;
        // Loading took it out of the cache.
        Ok(())
    }

    fn delete_references(&mut self, key: i64, progress: &Progress) -> Result<(), Failure> {
        if let (Some(route), Some(reference)) = (&progress.route, &progress.reference) {
            let route = self.name_id(route)?;
            self.references.remove(route, reference, key);
        }
        if !progress.doubted {
            return Ok(());
        }
        // It may have several; its trace knows them.
        let mut entries: Vec<Entry> = Vec::new();
        let mut rows = self.sql.select_entries.query([key])?;
        while let Some(row) = rows.next()? {
            let json: String = row.get(0)?;
            entries.push(from_json(&json, "trace entry")?);
        }
        drop(rows);
        for entry in entries {
            let (route, reference) = match entry.step {
                Step::Attempt { route, reference: Some(reference), .. } => (route, reference),
                Step::Receipt { route, receipt, .. } => (route, receipt.reference),
                _ => continue,
            };
            let route = self.name_id(&route)?;
            self.sql.delete_ref.execute(params![reference, route, key])?;
        }
        Ok(())
    }
}
