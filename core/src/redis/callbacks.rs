//! Reports of final states that applications asked for.

use serde::{Deserialize, Serialize};

use super::layout::id_from;
use super::record::{corrupt, from_json};
use super::store::RedisStore;
use super::{Connection, Request, Value, scripts};
use crate::decision::Name;
use crate::message::State;
use crate::store::{Callback, StoreError};

/// A callback as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct CallbackRecord {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) state: State,
    pub(super) at_ms: u64,
}

impl<C: Connection> RedisStore<C> {
    pub(super) async fn due_callbacks(
        &self,
        now_ms: u64,
        hold_ms: u64,
        rows_max: u32,
    ) -> Result<Vec<Callback>, StoreError> {
        let tenants = self.tenants().await?;
        let mut callbacks = Vec::new();
        for tenant in &tenants {
            let room = usize::try_from(rows_max).unwrap_or(usize::MAX).saturating_sub(callbacks.len());
            if room == 0 {
                break;
            }
            let args = vec![self.now(now_ms), hold_ms.to_string().into(), room.to_string().into()];
            let request = Request::script(&scripts::CALLBACKS, self.tenant_key(tenant), args);
            for values in self.ask_one(request).await?.chunks(3) {
                callbacks.push(read(tenant, values)?);
            }
        }
        Ok(callbacks)
    }

    pub(super) async fn end_callback(
        &self,
        tenant: &Name,
        sequence: u64,
        retry_at_ms: Option<u64>,
    ) -> Result<(), StoreError> {
        let retry_at = retry_at_ms.map(|at_ms| at_ms.to_string()).unwrap_or_default();
        let args = vec![sequence.to_string().into(), retry_at.into()];
        self.ask_one(Request::script(&scripts::CALLBACK_DONE, self.tenant_key(tenant), args)).await?;
        Ok(())
    }
}

fn read(tenant: &Name, values: &[Value]) -> Result<Callback, StoreError> {
    let [sequence, callback, failures] = values else { return Err(corrupt("a callback is cut short")) };
    let record: CallbackRecord = from_json(callback.bytes().unwrap_or_default(), "callback")?;
    Ok(Callback {
        sequence: sequence.unsigned().ok_or_else(|| corrupt("a callback has no number"))?,
        id: id_from(&record.id).ok_or_else(|| corrupt("a callback names no message"))?,
        tenant: tenant.clone(),
        url: record.url,
        state: record.state,
        at_ms: record.at_ms,
        failures: failures.unsigned().and_then(|failures| u16::try_from(failures).ok()).unwrap_or(u16::MAX),
    })
}
