//! The trait, operation by operation.

use std::sync::Arc;

use async_trait::async_trait;

use super::layout::short;
use super::record::from_json;
use super::store::RedisStore;
use super::{Connection, Request, Value};
use crate::decision::Name;
use crate::id::MessageId;
use crate::registry::{Item, Kind, Written};
use crate::store::{
    Accept, Accepted, ApiKey, Callback, Claim, ClaimedBatch, Filter, HistoryQuery, InboundIn, InboundPart,
    InboundParts, InboxItem, OptChange, OptOut, OptOutQuery, PartResult, PartsKey, ReceiptIn, ReceiptResult,
    Recorded, Reroute, Settle, Settled, Store, StoreError, Stored, SweepRules,
};
use crate::trace::Entry;

#[cfg_attr(target_family = "wasm", async_trait(?Send))]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
impl<C: Connection + 'static> Store for RedisStore<C> {
    async fn accept(&self, accept: Accept) -> Result<Accepted, StoreError> {
        let tenant = accept.tenant.clone();
        let accepted = self.accept_all(&tenant, std::slice::from_ref(&accept)).await?.pop();
        accepted.ok_or_else(|| super::record::corrupt("a request got no answer"))
    }

    async fn claim(&self, claim: Claim) -> Result<ClaimedBatch, StoreError> {
        self.claim_batch(&claim).await
    }

    async fn settle(&self, settles: Vec<Settle>) -> Result<Vec<Settled>, StoreError> {
        self.settle_all(&settles).await
    }

    async fn reroute(&self, reroutes: Vec<Reroute>) -> Result<usize, StoreError> {
        self.reroute_all(&reroutes).await
    }

    async fn waiting(&self, route: Name, now_ms: u64, rows_max: u32) -> Result<Vec<Stored>, StoreError> {
        self.waiting_for(&route, now_ms, rows_max).await
    }

    async fn receipt(&self, receipt: ReceiptIn) -> Result<ReceiptResult, StoreError> {
        self.take_receipt(&receipt).await
    }

    async fn inbound(&self, inbound: InboundIn) -> Result<bool, StoreError> {
        self.put_inbound(inbound).await
    }

    async fn inbound_known(&self, tenant: Name, route: Name, reference: String) -> Result<bool, StoreError> {
        self.knows_inbound(&tenant, &route, &reference).await
    }

    async fn inbound_part(&self, part: InboundPart) -> Result<PartResult, StoreError> {
        self.put_part(part).await
    }

    async fn inbound_parts_done(&self, key: PartsKey, now_ms: u64) -> Result<(), StoreError> {
        self.end_parts(&key, now_ms).await
    }

    async fn inbound_parts_old(
        &self,
        now_ms: u64,
        messages_max: u32,
    ) -> Result<Vec<InboundParts>, StoreError> {
        self.old_parts(now_ms, messages_max).await
    }

    async fn sweep(&self, now_ms: u64, rows_max: u32, rules: SweepRules) -> Result<usize, StoreError> {
        self.sweep_due(now_ms, rows_max, &rules).await
    }

    async fn recover(&self, now_ms: u64, rules: SweepRules) -> Result<usize, StoreError> {
        self.recover_own(now_ms, &rules).await
    }

    async fn prune(&self, _now_ms: u64, before_ms: u64, rows_max: u32) -> Result<usize, StoreError> {
        self.prune_final(before_ms, rows_max).await
    }

    async fn cancel(
        &self,
        tenant: Name,
        id: MessageId,
        now_ms: u64,
    ) -> Result<Option<(Stored, bool)>, StoreError> {
        self.cancel_one(&tenant, id, now_ms).await
    }

    async fn redrive(
        &self,
        tenant: Name,
        id: MessageId,
        now_ms: u64,
        valid_until_ms: u64,
    ) -> Result<Option<(Stored, bool)>, StoreError> {
        self.redrive_one(&tenant, id, now_ms, valid_until_ms).await
    }

    async fn discard(&self, tenant: Name, id: MessageId) -> Result<Option<bool>, StoreError> {
        self.discard_one(&tenant, id).await
    }

    async fn message(&self, tenant: Name, id: MessageId) -> Result<Option<Stored>, StoreError> {
        Ok(self.read(&tenant, id).await?.map(Stored::from))
    }

    async fn trace(&self, tenant: Name, id: MessageId) -> Result<Vec<Entry>, StoreError> {
        let key = format!("{}m:{}", self.layout.tenant(&tenant), short(id));
        let values = self.ask_one(Request::command("HGETALL", vec![key.into()])).await?;
        let mut entries: Vec<(u32, Entry)> = Vec::new();
        for pair in values.chunks(2) {
            let (Some(name), Some(entry)) = (pair[0].text(), pair.get(1).and_then(Value::bytes)) else {
                continue;
            };
            let Ok(n) = name.parse() else { continue };
            entries.push((n, from_json(entry, "trace entry")?));
        }
        entries.sort_by_key(|(n, _)| *n);
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Stored>, StoreError> {
        self.list_page(&filter).await
    }

    async fn inbox(
        &self,
        tenant: Name,
        inbox: Name,
        after: u64,
        rows_max: u32,
    ) -> Result<Vec<InboxItem>, StoreError> {
        self.read_inbox(&tenant, &inbox, after, rows_max).await
    }

    async fn acknowledge(&self, tenant: Name, inbox: Name, sequences: Vec<u64>) -> Result<usize, StoreError> {
        self.acknowledge_all(&tenant, &inbox, &sequences).await
    }

    async fn backlog(&self) -> Result<Vec<(Name, u64)>, StoreError> {
        self.count_waiting().await
    }

    async fn put_key(&self, key: ApiKey) -> Result<(), StoreError> {
        self.write_key(&key).await
    }

    async fn key(&self, id: &str) -> Result<Option<ApiKey>, StoreError> {
        self.read_key(id).await
    }

    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.read_keys().await
    }

    async fn touch_keys(&self, uses: Vec<(Name, u64)>) -> Result<(), StoreError> {
        self.write_key_uses(&uses).await
    }

    async fn key_uses(&self) -> Result<Vec<(Name, u64)>, StoreError> {
        self.read_key_uses().await
    }

    async fn opt(&self, change: OptChange) -> Result<bool, StoreError> {
        self.change_opt(&change).await
    }

    async fn opted_out(&self, query: OptOutQuery) -> Result<Vec<OptOut>, StoreError> {
        self.list_opt_outs(&query).await
    }

    async fn history(&self, query: HistoryQuery) -> Result<Vec<Recorded>, StoreError> {
        self.read_history(&query).await
    }

    async fn register(&self, item: Item) -> Result<Written, StoreError> {
        self.write_item(&item).await
    }

    async fn unregister(
        &self,
        tenant: Name,
        kind: Kind,
        name: String,
        version: u64,
    ) -> Result<Written, StoreError> {
        self.remove_item(&tenant, kind, &name, version).await
    }

    async fn registered(&self, tenant: Option<Name>, kind: Kind) -> Result<Vec<Item>, StoreError> {
        self.read_items(tenant.as_ref(), kind).await
    }

    async fn registered_one(
        &self,
        tenant: Name,
        kind: Kind,
        name: String,
    ) -> Result<Option<Item>, StoreError> {
        self.read_item(&tenant, kind, &name).await
    }

    async fn registry_version(&self) -> Result<u64, StoreError> {
        self.read_registry_version().await
    }

    async fn put_component(&self, tenant: Name, hash: String, bytes: Arc<[u8]>) -> Result<(), StoreError> {
        self.write_component(&tenant, &hash, &bytes).await
    }

    async fn component(&self, tenant: Name, hash: String) -> Result<Option<Vec<u8>>, StoreError> {
        self.read_component(&tenant, &hash).await
    }

    async fn delete_component(&self, tenant: Name, hash: String) -> Result<bool, StoreError> {
        self.remove_component(&tenant, &hash).await
    }

    async fn callbacks(&self, now_ms: u64, hold_ms: u64, rows_max: u32) -> Result<Vec<Callback>, StoreError> {
        self.due_callbacks(now_ms, hold_ms, rows_max).await
    }

    async fn callback_done(
        &self,
        tenant: Name,
        sequence: u64,
        retry_at_ms: Option<u64>,
    ) -> Result<(), StoreError> {
        self.end_callback(&tenant, sequence, retry_at_ms).await
    }

    async fn news(&self) -> Result<Vec<Name>, StoreError> {
        self.look_for_ready().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.ask_one(Request::command("INCR", vec![self.layout.shared("ping").into()])).await?;
        Ok(())
    }
}
