//! The reference store: plain maps, and no rule but those of `waypost_core`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use waypost_core::decision::{Name, Outcome, Receipt};
use waypost_core::id::MessageId;
use waypost_core::lifecycle::dispatch::{self, Claimed};
use waypost_core::lifecycle::{RouteRules, receive, settle};
use waypost_core::limits::{IDEMPOTENCY_MS, ORPHAN_RECEIPT_MS};
use waypost_core::message::{Progress, State};
use waypost_core::rate::{LimitKind, LimitReached, Window};
use waypost_core::store::{
    Accept, Accepted, Claim, ClaimedBatch, ClaimedMessage, Idempotency, ReceiptIn, ReceiptResult, Reroute,
    Settle, Settled, Stored,
};

use crate::change::{Answer, Cause, Change};
use crate::fault::Fault;

type QueueKey = (Name, Reverse<u8>, u64, MessageId);
type Key = (Name, String);

pub struct Store {
    fault: Fault,
    pub messages: BTreeMap<MessageId, Stored>,
    queues: BTreeSet<QueueKey>,
    timers: BTreeSet<(u64, MessageId)>,
    keys: BTreeMap<Key, (Idempotency, Vec<MessageId>, u64)>,
    references: BTreeMap<Key, MessageId>,
    orphans: BTreeMap<Key, Vec<(u64, Receipt)>>,
    rates: BTreeMap<(&'static str, Name), u64>,
    pub caps: BTreeMap<(Window, u64, Name, String), u32>,
    /// How many messages are in each state, kept step by step.
    pub counts: BTreeMap<State, u64>,
    /// How many messages of each tenant wait, kept step by step.
    pub waiting: BTreeMap<Name, u64>,
    changes: Vec<Change>,
}

impl Store {
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            messages: BTreeMap::new(),
            queues: BTreeSet::new(),
            timers: BTreeSet::new(),
            keys: BTreeMap::new(),
            references: BTreeMap::new(),
            orphans: BTreeMap::new(),
            rates: BTreeMap::new(),
            caps: BTreeMap::new(),
            counts: BTreeMap::new(),
            waiting: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    /// What has changed since the last call.
    pub fn take_changes(&mut self) -> Vec<Change> {
        mem::take(&mut self.changes)
    }

    pub fn unfinished(&self) -> u64 {
        self.counts.iter().filter(|(state, _)| !state.is_final()).map(|(_, count)| count).sum()
    }

    pub fn accept(&mut self, accept: &Accept) -> Accepted {
        if let Some(asked) = &accept.idempotency
            && let Some((seen, ids, until_ms)) = self.keys.get(&(accept.tenant.clone(), asked.key.clone()))
            && *until_ms > accept.now_ms
        {
            return if seen.body_hash == asked.body_hash {
                Accepted::Replayed(ids.clone())
            } else {
                Accepted::KeyReused
            };
        }
        if accept.messages.iter().any(|message| self.messages.contains_key(&message.envelope.id)) {
            return Accepted::IdTaken;
        }
        if let Some(reached) = self.take_limits(accept) {
            return Accepted::Limited(reached);
        }
        if let Some(asked) = &accept.idempotency
            && self.fault != Fault::ForgottenKey
        {
            let ids = accept.messages.iter().map(|message| message.envelope.id).collect();
            let until_ms = accept.now_ms + IDEMPOTENCY_MS;
            self.keys.insert((accept.tenant.clone(), asked.key.clone()), (asked.clone(), ids, until_ms));
        }
        for message in &accept.messages {
            let stored = Stored { envelope: message.envelope.clone(), progress: message.progress.clone() };
            self.put(stored, None, accept.now_ms, Cause::Accepted);
        }
        Accepted::Stored
    }

    fn take_limits(&mut self, accept: &Accept) -> Option<LimitReached> {
        let limits = &accept.limits;
        let units = accept.messages.len() as u32;
        let rates = [
            (limits.tenant_rate, LimitKind::TenantRate, ("tenant", accept.tenant.clone())),
            (limits.key_rate, LimitKind::KeyRate, ("key", accept.key.clone())),
        ];
        let mut taken = Vec::new();
        for (rate, limit, slot) in rates {
            let Some(rate) = rate else { continue };
            let stored_us = self.rates.get(&slot).copied().unwrap_or(0);
            match rate.take(stored_us, accept.now_ms * 1_000, units) {
                Ok(next_us) => taken.push((slot, next_us)),
                Err(at_us) => {
                    return Some(LimitReached { limit, free_at_ms: at_us.div_ceil(1_000), index: 0 });
                }
            }
        }
        let admitted =
            || accept.messages.iter().enumerate().filter(|(_, new)| new.progress.state != State::Refused);
        let waits = self.waiting.get(&accept.tenant).copied().unwrap_or(0);
        if let Some(queue_max) = limits.queue_max
            && let Some((index, _)) = admitted().nth(queue_max.saturating_sub(waits) as usize)
        {
            let free_at_ms = accept.now_ms + 1_000;
            return Some(LimitReached { limit: LimitKind::QueueDepth, free_at_ms, index });
        }
        let mut counts = BTreeMap::new();
        for (index, message) in admitted() {
            let to = message.envelope.draft.to.address.as_str();
            for window in Window::ALL {
                let Some(cap) = limits.destination_cap(window) else { continue };
                let slot = (window, window.start_ms(accept.now_ms), accept.tenant.clone(), to.to_owned());
                let count =
                    counts.entry(slot.clone()).or_insert_with(|| self.caps.get(&slot).copied().unwrap_or(0));
                if *count >= cap {
                    let limit = match window {
                        Window::Hour => LimitKind::DestinationPerHour,
                        Window::Day => LimitKind::DestinationPerDay,
                    };
                    return Some(LimitReached { limit, free_at_ms: window.end_ms(accept.now_ms), index });
                }
                *count += 1;
            }
        }
        if self.fault != Fault::UncountedCap {
            self.caps.extend(counts);
        }
        self.rates.extend(taken);
        None
    }

    pub fn claim(&mut self, claim: &Claim) -> ClaimedBatch {
        let now_us = claim.now_ms * 1_000;
        let slot = ("route", claim.route.clone());
        let stored_us = self.rates.get(&slot).copied().unwrap_or(0);
        let room = claim.rate.map_or(claim.messages_max, |rate| {
            rate.available(stored_us, now_us, claim.messages_max as u32) as usize
        });
        let mut batch = ClaimedBatch::default();
        for key in self.due(claim) {
            if batch.messages.len() >= room {
                break;
            }
            let Some(mut stored) = self.messages.get(&key.3).cloned() else { continue };
            let before = stored.progress.clone();
            let valid_until_ms = stored.envelope.valid_until_ms;
            let claimed =
                dispatch::claim(&mut stored.progress, valid_until_ms, claim.now_ms, claim.lease_until_ms);
            if claimed == Claimed::Leased {
                let message =
                    ClaimedMessage { envelope: stored.envelope.clone(), progress: stored.progress.clone() };
                batch.messages.push(message);
                self.put(stored, Some(&before), claim.now_ms, Cause::Claimed);
            } else {
                self.put(stored, Some(&before), claim.now_ms, Cause::WaitOver);
            }
        }
        if let Some(rate) = claim.rate
            && !batch.messages.is_empty()
            && let Ok(next_us) = rate.take(stored_us, now_us, batch.messages.len() as u32)
            && self.fault != Fault::ForgottenRate
        {
            self.rates.insert(slot, next_us);
        }
        batch
    }

    /// What waits for a route and is due, the most urgent first.
    fn due(&self, claim: &Claim) -> Vec<QueueKey> {
        let first = MessageId::from_parts(0, 0);
        (0..=3_u8)
            .rev()
            .flat_map(|priority| {
                let from = (claim.route.clone(), Reverse(priority), 0, first);
                let to = (claim.route.clone(), Reverse(priority), claim.now_ms + 1, first);
                // Those whose validity is over take no room.
                self.queues.range(from..to).take(claim.messages_max + 20)
            })
            .cloned()
            .collect()
    }

    /// Waiting messages of a route that are due.
    pub fn waiting(&self, route: &Name, now_ms: u64, rows_max: usize) -> Vec<MessageId> {
        let (messages_max, lease_until_ms) = (rows_max, now_ms);
        let claim = Claim { route: route.clone(), now_ms, messages_max, lease_until_ms, rate: None };
        self.due(&claim).into_iter().take(rows_max).map(|key| key.3).collect()
    }

    pub fn settle(&mut self, settle: &Settle) -> Settled {
        let Some(mut stored) = self.messages.get(&settle.id).cloned() else { return Settled::LeaseLost };
        if stored.progress.attempts != settle.attempt && self.fault != Fault::ForgottenFence {
            return Settled::LeaseLost;
        }
        let before = stored.progress.clone();
        let Settle { outcome, other_route, rules, now_ms, seed, .. } = settle;
        settle::settle(&mut stored.progress, outcome, other_route.as_ref(), rules, *now_ms, *seed);
        let answer = match outcome {
            Outcome::Accepted(_) => Answer::Accepted,
            Outcome::InDoubt(_) => Answer::InDoubt,
            Outcome::Failed(failure) => {
                Answer::Failed(failure.class, failure.retry_after_ms.map_or(0, u64::from))
            }
        };
        let cause = Cause::Settled { attempt: settle.attempt, answer };
        self.put(stored, Some(&before), *now_ms, cause);
        if let Outcome::Accepted(acceptance) = outcome {
            let key = (settle.route.clone(), acceptance.reference.clone());
            self.references.insert(key.clone(), settle.id);
            for (at_ms, receipt) in self.orphans.remove(&key).unwrap_or_default() {
                self.apply_receipt(settle.id, &settle.route, at_ms, &receipt, rules);
            }
        }
        self.messages
            .get(&settle.id)
            .map_or(Settled::LeaseLost, |stored| Settled::Now(stored.progress.clone()))
    }

    pub fn reroute(&mut self, reroute: &Reroute) -> bool {
        let Some(mut stored) = self.messages.get(&reroute.id).cloned() else { return false };
        let before = stored.progress.clone();
        if !is_waiting(before.state) || before.route.as_ref() != Some(&reroute.from) {
            return false;
        }
        settle::reroute(&mut stored.progress, &reroute.to, reroute.now_ms);
        self.put(stored, Some(&before), reroute.now_ms, Cause::Rerouted);
        true
    }

    pub fn receipt(&mut self, receipt_in: &ReceiptIn) -> ReceiptResult {
        let ReceiptIn { route, now_ms, receipt, rules } = receipt_in;
        let Some(id) = self.message_of(route, receipt) else {
            let waiting = self.orphans.entry((route.clone(), receipt.reference.clone())).or_default();
            waiting.retain(|(at_ms, _)| at_ms + ORPHAN_RECEIPT_MS > *now_ms);
            waiting.push((*now_ms, receipt.clone()));
            return ReceiptResult::Kept;
        };
        match self.apply_receipt(id, route, *now_ms, receipt, rules) {
            Some(state) => ReceiptResult::Applied(id, state),
            None => ReceiptResult::NoNews(id),
        }
    }

    fn message_of(&self, route: &Name, receipt: &Receipt) -> Option<MessageId> {
        let known = self.references.get(&(route.clone(), receipt.reference.clone())).copied();
        if known.is_some() {
            return known;
        }
        let id = receipt.message_id.as_deref()?.parse().ok()?;
        let progress = &self.messages.get(&id)?.progress;
        let with_it = progress.route.as_ref() == Some(route) && progress.state != State::Held;
        (with_it || progress.tried.contains(route) || self.fault == Fault::TrustedReference).then_some(id)
    }

    fn apply_receipt(
        &mut self,
        id: MessageId,
        route: &Name,
        at_ms: u64,
        receipt: &Receipt,
        rules: &RouteRules,
    ) -> Option<State> {
        let mut stored = self.messages.get(&id)?.clone();
        let before = stored.progress.clone();
        if self.fault == Fault::ReceiptOverwritesFinal && before.state.is_final() {
            stored.progress.state = State::Submitted;
        }
        if !receive::receipt(&mut stored.progress, receipt, rules.receipt_wait_ms, at_ms) {
            return None;
        }
        let state = stored.progress.state;
        self.references.insert((route.clone(), receipt.reference.clone()), id);
        let (reference, status) = (receipt.reference.clone(), receipt.status);
        self.put(stored, Some(&before), at_ms, Cause::Receipt { route: route.clone(), reference, status });
        Some(state)
    }

    pub fn sweep(&mut self, now_ms: u64, rules: impl Fn(&Progress) -> RouteRules) {
        let end = (now_ms + 1, MessageId::from_parts(0, 0));
        let due: Vec<MessageId> = self.timers.range(..end).map(|(_, id)| *id).collect();
        for id in due {
            let Some(mut stored) = self.messages.get(&id).cloned() else { continue };
            let before = stored.progress.clone();
            let rules = rules(&before);
            if before.state == State::Submitting {
                if self.fault == Fault::DroppedMessage {
                    self.unindex(&stored.envelope.draft.tenant, id, &before, stored.envelope.draft.priority);
                    self.messages.remove(&id);
                    continue;
                }
                dispatch::lose_lease(&mut stored.progress, &rules, now_ms);
                if self.fault == Fault::SilentRequeue {
                    stored.progress =
                        Progress { state: State::Queued, due_ms: Some(now_ms), ..before.clone() };
                }
                self.put(stored, Some(&before), now_ms, Cause::LeaseLost);
            } else if self.fault != Fault::EndlessDoubt || before.state != State::InDoubt {
                dispatch::stop_waiting(&mut stored.progress, &rules, stored.envelope.valid_until_ms, now_ms);
                self.put(stored, Some(&before), now_ms, Cause::WaitOver);
            }
        }
    }

    pub fn cancel(&mut self, id: MessageId, now_ms: u64) -> bool {
        let Some(mut stored) = self.messages.get(&id).cloned() else { return false };
        let before = stored.progress.clone();
        let changed = dispatch::cancel(&mut stored.progress, now_ms);
        if changed {
            self.put(stored, Some(&before), now_ms, Cause::Cancelled);
        }
        changed
    }

    pub fn redrive(&mut self, id: MessageId, now_ms: u64, valid_until_ms: u64) -> bool {
        let Some(mut stored) = self.messages.get(&id).cloned() else { return false };
        let before = stored.progress.clone();
        let changed = dispatch::redrive(&mut stored.progress, now_ms);
        if changed {
            Arc::make_mut(&mut stored.envelope).valid_until_ms = valid_until_ms;
            self.put(stored, Some(&before), now_ms, Cause::Redriven);
        }
        changed
    }

    /// Writes a message and everything that names its state.
    fn put(&mut self, stored: Stored, before: Option<&Progress>, now_ms: u64, cause: Cause) {
        let id = stored.envelope.id;
        let draft = &stored.envelope.draft;
        let (tenant, priority) = (draft.tenant.clone(), draft.priority);
        if let Some(before) = before {
            self.unindex(&tenant, id, before, priority);
        }
        let after = &stored.progress;
        *self.counts.entry(after.state).or_default() += 1;
        if is_waiting(after.state) {
            *self.waiting.entry(tenant).or_default() += 1;
            if let (Some(route), Some(due_ms)) = (&after.route, after.due_ms) {
                self.queues.insert((route.clone(), Reverse(priority), due_ms, id));
            }
        } else if let Some(due_ms) = after.due_ms {
            self.timers.insert((due_ms, id));
        }
        self.changes.push(Change::new(id, now_ms, before, after, cause));
        self.messages.insert(id, stored);
    }

    fn unindex(&mut self, tenant: &Name, id: MessageId, before: &Progress, priority: u8) {
        if let Some(count) = self.counts.get_mut(&before.state) {
            *count -= 1;
        }
        if is_waiting(before.state) {
            if let Some(count) = self.waiting.get_mut(tenant) {
                *count -= 1;
            }
            if let (Some(route), Some(due_ms)) = (&before.route, before.due_ms) {
                self.queues.remove(&(route.clone(), Reverse(priority), due_ms, id));
            }
        } else if let Some(due_ms) = before.due_ms {
            self.timers.remove(&(due_ms, id));
        }
    }
}

pub fn is_waiting(state: State) -> bool {
    matches!(state, State::Held | State::Queued)
}
