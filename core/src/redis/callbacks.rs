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
    /// Looks for them at all tenants in one round trip, and then asks those that have some.
    pub(super) async fn due_callbacks(
        &self,
        now_ms: u64,
        hold_ms: u64,
        rows_max: u32,
    ) -> Result<Vec<Callback>, StoreError> {
        let tenants = self.tenants().await?;
        let counts = tenants.iter().map(|tenant| {
            let key = format!("{}callbacks_due", self.layout.tenant(tenant));
            Request::command("ZCOUNT", vec![key.into(), b"-inf".to_vec(), now_ms.to_string().into()])
        });
        let counts = self.ask_all(counts.collect()).await?;
        let mut room = u64::from(rows_max);
        let mut asked = Vec::new();
        let mut requests = Vec::new();
        for (tenant, count) in tenants.iter().zip(counts) {
            let most = count.first().and_then(Value::unsigned).unwrap_or(0).min(room);
            if most == 0 {
                continue;
            }
            room -= most;
            asked.push(tenant);
            let args = vec![self.now(now_ms), hold_ms.to_string().into(), most.to_string().into()];
            requests.push(Request::script(&scripts::CALLBACKS, self.tenant_key(tenant), args));
        }
        self.held_callbacks(&asked, requests).await
    }

    /// Callbacks that are held back from others now, so they are given whatever fails beside them.
    async fn held_callbacks(
        &self,
        tenants: &[&Name],
        requests: Vec<Request>,
    ) -> Result<Vec<Callback>, StoreError> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let mut callbacks = Vec::new();
        let mut failed: Option<StoreError> = None;
        for (tenant, answer) in tenants.iter().zip(self.connection.ask(requests).await) {
            match answer {
                Ok(values) => {
                    for values in values.chunks(3) {
                        match read(tenant, values) {
                            Ok(callback) => callbacks.push(callback),
                            Err(error) => failed = Some(error),
                        }
                    }
                }
                Err(error) => failed = Some(error.into()),
            }
        }
        match failed {
            Some(error) if callbacks.is_empty() => Err(error),
            _ => Ok(callbacks),
        }
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
