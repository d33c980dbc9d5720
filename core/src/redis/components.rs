//! Components: written and read in pieces, so that no single exchange with Redis holds up messages
//! for long. The pieces are gathered under a key of this host's own that is then renamed.

use super::store::RedisStore;
use super::{Connection, Request, Value, scripts};
use crate::decision::Name;
use crate::store::StoreError;

/// Bytes of one piece.
const PIECE_BYTES: usize = 512 * 1024;
/// How long pieces that nobody finishes are kept, in seconds.
const PIECES_KEPT_S: u32 = 600;

impl<C: Connection> RedisStore<C> {
    pub(super) async fn write_component(
        &self,
        tenant: &Name,
        hash: &str,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let (prefix, name) = (self.layout.tenant(tenant), format!("component:{hash}"));
        let exists = Request::command("EXISTS", vec![format!("{prefix}{name}").into()]);
        if self.ask_one(exists).await?.first().and_then(Value::int) == Some(1) {
            return Ok(());
        }
        let parts = format!("component-part:{}:{}", self.host, self.local().next_upload());
        let key: Vec<u8> = format!("{prefix}{parts}").into();
        let (first, rest) = bytes.split_at(bytes.len().min(PIECE_BYTES));
        // SET, so that nothing is left of an upload of an earlier run.
        let kept = PIECES_KEPT_S.to_string().into_bytes();
        let set = Request::command("SET", vec![key.clone(), first.to_vec(), b"EX".to_vec(), kept]);
        self.ask_one(set).await?;
        for (piece, start) in rest.chunks(PIECE_BYTES).zip((PIECE_BYTES..).step_by(PIECE_BYTES)) {
            let args = vec![key.clone(), start.to_string().into(), piece.to_vec()];
            self.ask_one(Request::command("SETRANGE", args)).await?;
        }
        let args = vec![parts.into(), name.into(), bytes.len().to_string().into()];
        let answer =
            self.ask_one(Request::script(&scripts::COMPONENT, self.tenant_key(tenant), args)).await?;
        if answer.first().and_then(Value::int) == Some(1) {
            return Ok(());
        }
        Err(StoreError::Unavailable("the component took too long to write; put it again".to_owned()))
    }

    pub(super) async fn read_component(
        &self,
        tenant: &Name,
        hash: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let key = self.component_key(tenant, hash);
        let asks = ["EXISTS", "STRLEN"].map(|name| Request::command(name, vec![key.clone()]));
        let answers = self.ask_all(asks.into()).await?;
        let mut numbers = answers.iter().map(|values| values.first().and_then(Value::unsigned).unwrap_or(0));
        let (exists, bytes) = (numbers.next() == Some(1), numbers.next().unwrap_or(0));
        if !exists {
            return Ok(None);
        }
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let mut component = Vec::with_capacity(bytes);
        for start in (0..bytes).step_by(PIECE_BYTES) {
            let end = bytes.min(start + PIECE_BYTES) - 1;
            let args = vec![key.clone(), start.to_string().into(), end.to_string().into()];
            let values = self.ask_one(Request::command("GETRANGE", args)).await?;
            component.extend_from_slice(values.first().and_then(Value::bytes).unwrap_or_default());
        }
        // Shorter: it was deleted meanwhile.
        Ok((component.len() == bytes).then_some(component))
    }

    pub(super) async fn remove_component(&self, tenant: &Name, hash: &str) -> Result<bool, StoreError> {
        let values = self.ask_one(Request::command("UNLINK", vec![self.component_key(tenant, hash)])).await?;
        Ok(values.first().and_then(Value::int) == Some(1))
    }

    fn component_key(&self, tenant: &str, hash: &str) -> Vec<u8> {
        format!("{}component:{hash}", self.layout.tenant(tenant)).into()
    }
}
