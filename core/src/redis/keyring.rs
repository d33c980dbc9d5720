//! API keys: one hash for all tenants, because a key is found before its tenant is known. When they were
//! used stands beside them, so that a use never writes a key.

use super::record::{from_json, json};
use super::store::{BATCH_MAX, RedisStore};
use super::{Connection, Request, Value};
use crate::decision::Name;
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

    pub(super) async fn write_key_uses(&self, uses: &[(Name, u64)]) -> Result<(), StoreError> {
        let requests = uses.chunks(BATCH_MAX).map(|uses| {
            // GT: an older time changes nothing.
            let mut args = vec![self.key_uses_key(), b"GT".to_vec()];
            for (id, used_ms) in uses {
                args.extend([used_ms.to_string().into(), id.as_bytes().to_vec()]);
            }
            Request::command("ZADD", args)
        });
        self.ask_all(requests.collect()).await?;
        Ok(())
    }

    pub(super) async fn read_key_uses(&self) -> Result<Vec<(Name, u64)>, StoreError> {
        let args = vec![self.key_uses_key(), b"0".to_vec(), b"-1".to_vec(), b"WITHSCORES".to_vec()];
        let values = self.ask_one(Request::command("ZRANGE", args)).await?;
        let read = |pair: &[Value; 2]| Some((Name::from(pair[0].text()?), pair[1].unsigned()?));
        let mut uses: Vec<_> = values.as_chunks::<2>().0.iter().filter_map(read).collect();
        uses.sort();
        Ok(uses)
    }

    fn key_uses_key(&self) -> Vec<u8> {
        self.layout.shared("key_uses").into()
    }

    fn keys_key(&self) -> Vec<u8> {
        self.layout.shared("keys").into()
    }
}
