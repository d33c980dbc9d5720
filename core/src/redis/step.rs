//! One step of a message as what is written: where it was, where it goes, what counts change.

use super::layout::{queue, short};
use super::record::{Record, json, progress_json};
use crate::decision::DecisionRecord;
use crate::lifecycle::is_step;
use crate::message::{Progress, State};
use crate::store::{StoreError, TRACE_ENTRIES_MAX};
use crate::trace::{Entry, Step};

/// A step that is worked out and not written yet.
pub(super) struct Pending {
    /// The message as it was read.
    pub(super) before: Record,
    /// As it will be.
    pub(super) after: Progress,
    /// Until when it may be submitted: a redrive changes it.
    pub(super) valid_until_ms: u64,
    entry: Option<Vec<u8>>,
}

impl Pending {
    /// A step with its entry in the trace. Beyond the most that are kept, it is only counted.
    pub(super) fn new(
        before: Record,
        after: Progress,
        at_ms: u64,
        step: Step,
        decisions: Vec<DecisionRecord>,
    ) -> Result<Self, StoreError> {
        debug_assert!(is_step(before.progress.state, &after), "{} to {}", before.progress.state, after.state);
        let entry = if before.steps < TRACE_ENTRIES_MAX {
            Some(json(&Entry { at_ms, state: after.state, step, decisions, cause: None })?)
        } else {
            None
        };
        let valid_until_ms = before.envelope.valid_until_ms;
        Ok(Self { before, after, valid_until_ms, entry })
    }

    /// A message is given back to its queue: its lease was never used, so its trace has no step.
    pub(super) fn given_back(before: Record) -> Option<Self> {
        let after = before.waited.clone()?;
        let valid_until_ms = before.envelope.valid_until_ms;
        Some(Self { before, after, valid_until_ms, entry: None })
    }

    /// The arguments that `step.lua` wants after the ids.
    pub(super) fn arguments(&self, args: &mut Vec<Vec<u8>>) -> Result<(), StoreError> {
        let Self { before, after, .. } = self;
        let priority = before.envelope.draft.priority;
        let now = &before.progress;
        let changed = now.state != after.state;
        args.push(before.steps.to_string().into());
        args.push(before.lease.clone().into());
        args.push(progress_json(after, self.valid_until_ms)?);
        args.push(self.entry.clone().unwrap_or_default());
        args.push(set_of(now, priority).into());
        args.push(waits_for(now).into());
        args.push(set_of(after, priority).into());
        args.push(waits_for(after).into());
        args.push(score_of(after).to_string().into());
        args.push((i32::from(after.state.is_open()) - i32::from(now.state.is_open())).to_string().into());
        let callback = if changed && after.state.is_final() { self.callback()? } else { Vec::new() };
        args.push(callback);
        args.push(after.changed_ms.to_string().into());
        Ok(())
    }

    fn callback(&self) -> Result<Vec<u8>, StoreError> {
        let envelope = &self.before.envelope;
        let Some(url) = &envelope.callback_url else { return Ok(Vec::new()) };
        json(&super::callbacks::CallbackRecord {
            id: short(envelope.id),
            url: url.clone(),
            state: self.after.state,
            at_ms: self.after.changed_ms,
        })
    }
}

/// The sorted set that a message is in.
pub(super) fn set_of(progress: &Progress, priority: u8) -> String {
    match (progress.state, &progress.route) {
        (State::Held | State::Queued, Some(route)) => queue(route, priority),
        (State::Held | State::Queued | State::Submitting | State::InDoubt | State::Submitted, _) => {
            "timers".to_owned()
        }
        (state, _) => format!("s:{}", state.number()),
    }
}

/// By what it is sorted there.
pub(super) fn score_of(progress: &Progress) -> u64 {
    if progress.state.is_final() {
        return progress.changed_ms;
    }
    progress.due_ms.unwrap_or(progress.changed_ms)
}

/// The provider for which a message waits; empty: it does not.
pub(super) fn waits_for(progress: &Progress) -> &str {
    progress.route.as_deref().filter(|_| progress.state.is_waiting()).unwrap_or_default()
}
