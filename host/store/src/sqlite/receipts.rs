//! Receipts: which message one belongs to, what it changes, and those that came too early.

use rusqlite::{OptionalExtension, params};
use waypost_core::decision::{Name, Receipt};
use waypost_core::id::MessageId;
use waypost_core::lifecycle::{RouteRules, receive};
use waypost_core::limits::ORPHAN_RECEIPTS_MAX;
use waypost_core::store::{ReceiptIn, ReceiptResult};
use waypost_core::trace::Step;

use super::failure::Failure;
use super::rows::{Live, from_json, key_of, sql, to_json, unsigned};
use super::session::{Before, Session};

impl Session<'_> {
    pub(super) fn receipt(&mut self, receipt_in: &ReceiptIn) -> Result<ReceiptResult, Failure> {
        let ReceiptIn { route, now_ms, receipt, rules } = receipt_in;
        let Some(mut live) = self.message_of(route, receipt)? else {
            self.keep_orphan(receipt_in)?;
            return Ok(ReceiptResult::Kept);
        };
        let id = live.envelope.id;
        let before = Before::of(&live.progress);
        let steps = live.steps;
        if self.apply_receipt(&mut live, route, *now_ms, receipt, rules)? {
            let state = live.progress.state;
            self.save(&before, live)?;
            return Ok(ReceiptResult::Applied(id, state));
        }
        if live.steps != steps {
            self.sql.update_steps.execute(params![key_of(id), live.steps])?;
        }
        self.keep(live);
        Ok(ReceiptResult::NoNews(id))
    }

    /// Applies a receipt to a loaded message and traces it. True: it was news.
    pub(super) fn apply_receipt(
        &mut self,
        live: &mut Live,
        route: &Name,
        at_ms: u64,
        receipt: &Receipt,
        rules: &RouteRules,
    ) -> Result<bool, Failure> {
        let unknown_reference = live.progress.reference.is_none();
        let applied = receive::receipt(&mut live.progress, receipt, rules.receipt_wait_ms, at_ms);
        if unknown_reference && live.progress.reference.is_some() {
            // It named the message by our own id; the next receipt may not.
            let route = self.name_id(route)?;
            self.add_reference(&receipt.reference, route, live)?;
        }
        let step = Step::Receipt { route: route.clone(), receipt: receipt.clone(), applied };
        self.add_entry(live, at_ms, &step, &[])?;
        Ok(applied)
    }

    /// The message that a receipt is about: by our own id where the provider gave it back and the
    /// message was with that provider, otherwise by the provider's reference.
    fn message_of(&mut self, route: &Name, receipt: &Receipt) -> Result<Option<Live>, Failure> {
        if let Some(id) = receipt.message_id.as_deref().and_then(|id| id.parse::<MessageId>().ok())
            && let Some(live) = self.load_id(id)?
        {
            if receive::was_with(&live.progress, route) || self.in_table(route, receipt)? == Some(key_of(id))
            {
                return Ok(Some(live));
            }
            self.keep(live);
        }
        let Some(route_id) = self.names.find(route)? else { return Ok(None) };
        if let Some(key) = self.references.find(route_id, &receipt.reference)
            && let Some(live) = self.load(key)?
        {
            let progress = &live.progress;
            let same = progress.reference.as_ref() == Some(&receipt.reference);
            // It may wait for another provider by now.
            if same && (progress.route.as_ref() == Some(route) || progress.tried.contains(route)) {
                return Ok(Some(live));
            }
            self.keep(live);
        }
        match self.in_table(route, receipt)? {
            // The message may have been deleted since.
            Some(key) => self.load(key),
            None => Ok(None),
        }
    }

    /// The message with this reference among those that were in doubt.
    fn in_table(&mut self, route: &Name, receipt: &Receipt) -> Result<Option<i64>, Failure> {
        let Some(route) = self.names.find(route)? else { return Ok(None) };
        let row = self.sql.select_ref.query_row(params![receipt.reference, route], |row| row.get(0));
        Ok(row.optional()?)
    }

    fn keep_orphan(&mut self, receipt_in: &ReceiptIn) -> Result<(), Failure> {
        let route = self.name_id(&receipt_in.route)?;
        let receipt = &receipt_in.receipt;
        let over = self.orphans + 1 - i64::from(ORPHAN_RECEIPTS_MAX);
        if over > 0 {
            let deleted = self.sql.delete_oldest_orphans.execute([over])?;
            self.orphans -= i64::try_from(deleted).unwrap_or(0);
        }
        self.sql.insert_orphan.execute(params![
            route,
            receipt.reference,
            sql(receipt_in.now_ms),
            to_json(receipt)?
        ])?;
        self.orphans += 1;
        Ok(())
    }

    /// The receipts that came before their message was known by this reference, in order.
    pub(super) fn take_orphans(
        &mut self,
        reference: &str,
        route: i64,
    ) -> Result<Vec<(u64, Receipt)>, Failure> {
        if self.orphans == 0 {
            return Ok(Vec::new());
        }
        let mut taken = Vec::new();
        let mut rows = self.sql.select_orphans.query(params![reference, route])?;
        while let Some(row) = rows.next()? {
            let json: String = row.get(1)?;
            taken.push((unsigned(row.get(0)?)?, from_json(&json, "receipt")?));
        }
        drop(rows);
        if !taken.is_empty() {
            let deleted = self.sql.delete_orphans.execute(params![reference, route])?;
            self.orphans -= i64::try_from(deleted).unwrap_or(0);
        }
        Ok(taken)
    }
}
