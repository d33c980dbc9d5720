//! What applications and operators do to messages: cancel, redrive, discard, reroute.

use super::step::Pending;
use super::store::RedisStore;
use super::{Connection, Record};
use crate::decision::Name;
use crate::id::MessageId;
use crate::lifecycle::{dispatch, settle};
use crate::store::{Reroute, StoreError, Stored};
use crate::trace::Step;

impl<C: Connection> RedisStore<C> {
    pub(super) async fn cancel_one(
        &self,
        tenant: &Name,
        id: MessageId,
        now_ms: u64,
    ) -> Result<Option<(Stored, bool)>, StoreError> {
        let Some(record) = self.read(tenant, id).await? else { return Ok(None) };
        let changed = self
            .change(tenant, record, |record| {
                let mut after = record.progress.clone();
                if !dispatch::cancel(&mut after, now_ms) {
                    return Ok((None, false));
                }
                Ok((Some(Pending::new(record, after, now_ms, Step::Cancelled, Vec::new())?), true))
            })
            .await?;
        Ok(changed.map(|(record, changed)| (record.into(), changed)))
    }

    pub(super) async fn redrive_one(
        &self,
        tenant: &Name,
        id: MessageId,
        now_ms: u64,
        valid_until_ms: u64,
    ) -> Result<Option<(Stored, bool)>, StoreError> {
        let Some(record) = self.read(tenant, id).await? else { return Ok(None) };
        let changed = self
            .change(tenant, record, |record| {
                let mut after = record.progress.clone();
                if !dispatch::redrive(&mut after, now_ms) {
                    return Ok((None, false));
                }
                let mut step = Pending::new(record, after, now_ms, Step::Redriven, Vec::new())?;
                step.valid_until_ms = valid_until_ms;
                Ok((Some(step), true))
            })
            .await?;
        Ok(changed.map(|(record, changed)| (record.into(), changed)))
    }

    pub(super) async fn discard_one(&self, tenant: &Name, id: MessageId) -> Result<Option<bool>, StoreError> {
        loop {
            let Some(record) = self.read(tenant, id).await? else { return Ok(None) };
            if !record.progress.state.is_dead_letter() {
                return Ok(Some(false));
            }
            // Not deleted: it was redriven in between. Look again.
            if self.delete(tenant, &[record]).await? == 1 {
                return Ok(Some(true));
            }
        }
    }

    pub(super) async fn reroute_all(&self, reroutes: &[Reroute]) -> Result<usize, StoreError> {
        let mut moved = 0;
        for reroute in reroutes {
            let Some(record) = self.read(&reroute.tenant, reroute.id).await? else { continue };
            let changed =
                self.change(&reroute.tenant, record, |record| reroute_step(record, reroute)).await?;
            moved += usize::from(changed.is_some_and(|(_, moved)| moved));
        }
        Ok(moved)
    }
}

fn reroute_step(record: Record, reroute: &Reroute) -> Result<(Option<Pending>, bool), StoreError> {
    if !settle::can_reroute(&record.progress, &reroute.from, reroute.now_ms) {
        return Ok((None, false));
    }
    let mut after = record.progress.clone();
    settle::reroute(&mut after, &reroute.to, reroute.now_ms);
    let step = Step::Rerouted { from: reroute.from.clone(), to: reroute.to.clone() };
    Ok((Some(Pending::new(record, after, reroute.now_ms, step, reroute.decisions.clone())?), true))
}

impl From<Record> for Stored {
    fn from(record: Record) -> Self {
        Self { envelope: record.envelope, progress: record.progress }
    }
}
