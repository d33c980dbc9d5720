//! What people do to messages: cancel, redrive, discard.

use std::sync::Arc;

use rusqlite::params;
use waypost_core::decision::Name;
use waypost_core::id::MessageId;
use waypost_core::lifecycle::dispatch;
use waypost_core::store::Stored;
use waypost_core::trace::Step;

use super::failure::Failure;
use super::rows::{Live, key_of, sql};
use super::session::{Before, Session};

impl Session<'_> {
    pub(super) fn cancel(
        &mut self,
        tenant: &Name,
        id: MessageId,
        now_ms: u64,
    ) -> Result<Option<(Stored, bool)>, Failure> {
        let Some(mut live) = self.load_of(tenant, id)? else { return Ok(None) };
        let before = Before::of(&live.progress);
        if !dispatch::cancel(&mut live.progress, now_ms) {
            return Ok(Some((self.untouched(live), false)));
        }
        self.add_entry(&mut live, now_ms, &Step::Cancelled, &[])?;
        let stored = stored(&live);
        self.save(&before, live)?;
        Ok(Some((stored, true)))
    }

    pub(super) fn redrive(
        &mut self,
        tenant: &Name,
        id: MessageId,
        now_ms: u64,
        valid_until_ms: u64,
    ) -> Result<Option<(Stored, bool)>, Failure> {
        let Some(mut live) = self.load_of(tenant, id)? else { return Ok(None) };
        let before = Before::of(&live.progress);
        if !dispatch::redrive(&mut live.progress, now_ms) {
            return Ok(Some((self.untouched(live), false)));
        }
        Arc::make_mut(&mut live.envelope).valid_until_ms = valid_until_ms;
        self.sql.update_validity.execute(params![key_of(id), sql(valid_until_ms)])?;
        self.add_entry(&mut live, now_ms, &Step::Redriven, &[])?;
        let stored = stored(&live);
        self.save(&before, live)?;
        Ok(Some((stored, true)))
    }

    pub(super) fn discard(&mut self, tenant: &Name, id: MessageId) -> Result<Option<bool>, Failure> {
        let Some(live) = self.load_of(tenant, id)? else { return Ok(None) };
        if !live.progress.state.is_dead_letter() {
            self.keep(live);
            return Ok(Some(false));
        }
        self.delete(&live)?;
        Ok(Some(true))
    }

    fn load_of(&mut self, tenant: &Name, id: MessageId) -> Result<Option<Live>, Failure> {
        let Some(live) = self.load_id(id)? else { return Ok(None) };
        if *tenant == live.envelope.draft.tenant {
            return Ok(Some(live));
        }
        self.keep(live);
        Ok(None)
    }

    fn untouched(&mut self, live: Live) -> Stored {
        let stored = stored(&live);
        self.keep(live);
        stored
    }
}

fn stored(live: &Live) -> Stored {
    Stored { envelope: live.envelope.clone(), progress: live.progress.clone() }
}
