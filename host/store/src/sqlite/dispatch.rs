//! Leases: claiming messages for a provider, settling them, moving them to another provider.

use rusqlite::params;
use waypost_core::decision::Outcome;
use waypost_core::lifecycle::dispatch::{self, Claimed};
use waypost_core::lifecycle::settle;
use waypost_core::limits::PRIORITY_MAX;
use waypost_core::store::{Claim, ClaimedBatch, ClaimedMessage, Reroute, Settle, Settled};
use waypost_core::trace::Step;

use super::failure::Failure;
use super::numbers::Kind;
use super::rows::{Live, key_of, unsigned};
use super::session::{Before, Session};

/// Most messages whose validity is over that one claim ends, so that it stays short.
const EXPIRED_MAX: usize = 1_000;

impl Session<'_> {
    pub(super) fn claim(&mut self, claim: &Claim) -> Result<ClaimedBatch, Failure> {
        let Some(route) = self.names.find(&claim.route)? else { return Ok(ClaimedBatch::default()) };
        let now_us = claim.now_ms.saturating_mul(1_000);
        let mut room = claim.messages_max;
        let mut stored_us = 0;
        if let Some(rate) = claim.rate {
            stored_us = self.number(Kind::RouteRate, route)?;
            let wanted = u32::try_from(room).unwrap_or(u32::MAX);
            room = usize::try_from(rate.available(stored_us, now_us, wanted)).unwrap_or(0);
        }
        let mut batch = ClaimedBatch::default();
        let mut expired = 0;
        for priority in (0..=PRIORITY_MAX).rev() {
            let due_ms = self.claim_priority(claim, route, priority, room, &mut expired, &mut batch)?;
            batch.next_due_ms = batch.next_due_ms.into_iter().chain(due_ms).min();
        }
        if let Some(rate) = claim.rate {
            let taken = u32::try_from(batch.messages.len()).unwrap_or(u32::MAX);
            // Cannot fail: no more were claimed than were free.
            if let Ok(next_us) = rate.take(stored_us, now_us, taken)
                && taken > 0
            {
                stored_us = next_us;
                self.set_number(Kind::RouteRate, route, next_us);
            }
            let free_ms = rate.free_at_us(stored_us, now_us).div_ceil(1_000);
            batch.next_due_ms = batch.next_due_ms.map(|due_ms| due_ms.max(free_ms));
        }
        batch.next_due_ms = batch.next_due_ms.map(|due_ms| due_ms.max(claim.now_ms));
        Ok(batch)
    }

    /// Claims messages of one priority until the batch has `room` of them. When the first of those
    /// that are left is due.
    fn claim_priority(
        &mut self,
        claim: &Claim,
        route: i64,
        priority: u8,
        room: usize,
        expired: &mut usize,
        batch: &mut ClaimedBatch,
    ) -> Result<Option<u64>, Failure> {
        loop {
            // One more than there is room for: it tells when to come back.
            let wanted = room.saturating_sub(batch.messages.len()).saturating_add(1);
            let queued = self.queued(route, priority, wanted)?;
            let full = queued.len() >= wanted;
            for (key, due_ms) in queued {
                if due_ms > claim.now_ms || batch.messages.len() >= room || *expired >= EXPIRED_MAX {
                    return Ok(Some(due_ms));
                }
                match self.claim_message(claim, key)? {
                    Some(message) => batch.messages.push(message),
                    None => *expired += 1,
                }
            }
            if !full {
                return Ok(None);
            }
        }
    }

    fn queued(&mut self, route: i64, priority: u8, wanted: usize) -> Result<Vec<(i64, u64)>, Failure> {
        let limit = i64::try_from(wanted).unwrap_or(i64::MAX);
        let mut rows = self.sql.queued.query(params![route, priority, limit])?;
        let mut queued = Vec::with_capacity(wanted.min(256));
        while let Some(row) = rows.next()? {
            queued.push((row.get(0)?, unsigned(row.get(1)?)?));
        }
        Ok(queued)
    }

    /// Leases one message. None: its validity is over, and so is its life.
    fn claim_message(&mut self, claim: &Claim, key: i64) -> Result<Option<ClaimedMessage>, Failure> {
        let mut live = self.load_queued(key)?;
        let before = Before::of(&live.progress);
        let valid_until_ms = live.envelope.valid_until_ms;
        match dispatch::claim(&mut live.progress, valid_until_ms, claim.now_ms, claim.lease_until_ms) {
            Claimed::Leased => {
                let message =
                    ClaimedMessage { envelope: live.envelope.clone(), progress: live.progress.clone() };
                self.save(&before, live)?;
                Ok(Some(message))
            }
            Claimed::Expired => {
                self.add_entry(&mut live, claim.now_ms, &Step::TimePassed, &[])?;
                self.save(&before, live)?;
                Ok(None)
            }
        }
    }

    /// A message that an index names.
    pub(super) fn load_queued(&mut self, key: i64) -> Result<Live, Failure> {
        self.load(key)?.ok_or_else(|| super::failure::corrupt("a queue names a message that is not there"))
    }

    pub(super) fn settle(&mut self, settles: &[Settle]) -> Result<Vec<Settled>, Failure> {
        settles.iter().map(|settle| self.settle_one(settle)).collect()
    }

    fn settle_one(&mut self, ended: &Settle) -> Result<Settled, Failure> {
        let Some(mut live) = self.load_id(ended.id)? else { return Ok(Settled::LeaseLost) };
        if live.progress.attempts != ended.attempt || !settle::can_settle(live.progress.state, &ended.outcome)
        {
            self.keep(live);
            return Ok(Settled::LeaseLost);
        }
        let before = Before::of(&live.progress);
        settle::settle(
            &mut live.progress,
            &ended.outcome,
            ended.other_route.as_ref(),
            &ended.rules,
            ended.now_ms,
            ended.seed,
        );
        let step = settle::attempt_step(ended, live.progress.route.as_ref());
        self.add_entry(&mut live, ended.now_ms, &step, &ended.decisions)?;
        let mut waiting = Vec::new();
        if let Outcome::Accepted(acceptance) = &ended.outcome {
            let route = self.name_id(&ended.route)?;
            self.add_reference(&acceptance.reference, route, &live)?;
            waiting = self.take_orphans(&acceptance.reference, route)?;
        }
        for (at_ms, receipt) in waiting {
            self.apply_receipt(&mut live, &ended.route, at_ms, &receipt, &ended.rules)?;
        }
        let progress = live.progress.clone();
        self.save(&before, live)?;
        Ok(Settled::Now(progress))
    }

    pub(super) fn reroute(&mut self, reroutes: &[Reroute]) -> Result<usize, Failure> {
        let mut moved = 0;
        for reroute in reroutes {
            moved += usize::from(self.reroute_one(reroute)?);
        }
        Ok(moved)
    }

    fn reroute_one(&mut self, reroute: &Reroute) -> Result<bool, Failure> {
        let Some(mut live) = self.load_id(reroute.id)? else { return Ok(false) };
        if !settle::can_reroute(&live.progress, &reroute.from, reroute.now_ms) {
            self.keep(live);
            return Ok(false);
        }
        let before = Before::of(&live.progress);
        settle::reroute(&mut live.progress, &reroute.to, reroute.now_ms);
        let step = Step::Rerouted { from: reroute.from.clone(), to: reroute.to.clone() };
        self.add_entry(&mut live, reroute.now_ms, &step, &reroute.decisions)?;
        self.save(&before, live)?;
        Ok(true)
    }

    /// Remembers which message a provider means by a reference.
    pub(super) fn add_reference(&mut self, reference: &str, route: i64, live: &Live) -> Result<(), Failure> {
        let message = key_of(live.envelope.id);
        self.references.insert(route, reference, message);
        if live.progress.doubted {
            self.sql.upsert_ref.execute(params![reference, route, message])?;
        }
        Ok(())
    }
}
