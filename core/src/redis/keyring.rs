//! API keys: one hash for all tenants, because a key is found before its tenant is known.

use super::record::{from_json, json};
use super::store::RedisStore;
use super::{Connection, Request, Value};
use crate::store::{ApiKey, StoreError};

impl<C: Connection> RedisStore<C> {
    pub(super) async fn write_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        self.learn_tenant(&key.tenant).await?;
        let args = vec![self.keys_key(), key.id.as_bytes().to_vec(), json(key)?];
        self.ask_one(Request::command("HSET", args)).await?;
        Ok(())
    }

    pub(super) async fn read_key(&self, id: &str) -> Result<Option<ApiKey>, StoreError> {
        let values =
            self.ask_one(Request::command("HGET", vec![self.keys_key(), id.as_bytes().to_vec()])).await?;
        let key: Option<ApiKey> =
            values.first().and_then(Value::bytes).map(|bytes| from_json(bytes, "key")).transpose()?;
        if let Some(key) = &key {
            // Whoever stored the key has made its tenant known to all hosts before.
            self.local().tenants.insert(key.tenant.clone());
        }
        Ok(key)
    }

    pub(super) async fn read_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let values = self.ask_one(Request::command("HVALS", vec![self.keys_key()])).await?;
        values.iter().filter_map(Value::bytes).map(|bytes| from_json(bytes, "key")).collect()
    }

    fn keys_key(&self) -> Vec<u8> {
        self.layout.shared("keys").into()
    }
}
