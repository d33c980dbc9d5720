//! The one trait between a shell and its state.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Accept, Accepted, ApiKey, Callback, Claim, ClaimedBatch, Filter, HistoryQuery, InboundIn, InboundPart,
    InboundParts, InboxItem, OptChange, OptOut, OptOutQuery, PartResult, PartsKey, ReceiptIn, ReceiptResult,
    Recorded, Reroute, Settle, Settled, StoreError, Stored,
};
use crate::decision::Name;
use crate::id::MessageId;
use crate::lifecycle::RouteRules;
use crate::registry::{Item, Kind, Written};
use crate::trace::Entry;

/// Where messages are kept. A call that has answered `Ok` has its effect on disk.
///
/// At the edge there is one thread, and its Redis connection cannot be sent to another.
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
pub trait Store: Shared + 'static {
    /// Takes in the messages of one request, all or none: idempotency key, rates, caps, queue
    /// depth, opt-outs and enqueue in one transaction.
    async fn accept(&self, accept: Accept) -> Result<Accepted, StoreError>;

    /// Leases waiting messages of one provider within its rate, the most urgent first, and ends
    /// those whose validity is over.
    async fn claim(&self, claim: Claim) -> Result<ClaimedBatch, StoreError>;

    /// Ends leases. Answers in the order asked.
    async fn settle(&self, settles: Vec<Settle>) -> Result<Vec<Settled>, StoreError>;

    /// Moves waiting messages to another provider. How many were moved.
    async fn reroute(&self, reroutes: Vec<Reroute>) -> Result<usize, StoreError>;

    /// Messages that wait for a provider and are due, the most urgent first, without a lease.
    async fn waiting(&self, route: Name, now_ms: u64, rows_max: u32) -> Result<Vec<Stored>, StoreError>;

    /// Applies a receipt, or keeps it for a message whose submit is not settled yet.
    async fn receipt(&self, receipt: ReceiptIn) -> Result<ReceiptResult, StoreError>;

    /// Puts a message into inboxes and knows it from now on, by provider and reference; without a
    /// reference nothing can be known. False: it was known already, and nothing is done.
    async fn inbound(&self, inbound: InboundIn) -> Result<bool, StoreError>;

    /// True where [`Store::inbound`] was given a message of that provider with that reference.
    async fn inbound_known(&self, tenant: Name, route: Name, reference: String) -> Result<bool, StoreError>;

    /// Keeps a part of a long inbound message, in whatever order they come. A part that differs from one
    /// that is there under the same number is of another message with the same reference: it begins anew,
    /// and what was there is handed out by [`Store::inbound_parts_old`].
    ///
    /// `InvalidPart` and `TooManyParts`: it is not kept.
    async fn inbound_part(&self, part: InboundPart) -> Result<PartResult, StoreError>;

    /// Forgets the parts of a message that was put into its inbox. One that was whole is known again for
    /// [`crate::limits::INBOUND_PARTS_KNOWN_MS`].
    async fn inbound_parts_done(&self, key: PartsKey, now_ms: u64) -> Result<(), StoreError>;

    /// Messages that have waited for [`crate::limits::INBOUND_PARTS_WAIT_MS`], or whose reference was used
    /// again: with what is there of them, also where that is all. From now on no part is added to them.
    /// At most `messages_max`, again and again until they are done.
    async fn inbound_parts_old(
        &self,
        now_ms: u64,
        messages_max: u32,
    ) -> Result<Vec<InboundParts>, StoreError>;

    /// Ends leases that ran out and waits that are over. `rules` gives the rules of a provider;
    /// messages of a provider that is gone from the configuration get those of `None`. At most
    /// `rows_max` messages; how many were changed.
    async fn sweep(&self, now_ms: u64, rows_max: u32, rules: SweepRules) -> Result<usize, StoreError>;

    /// Ends every lease of an earlier run of this host. Called once, before the first claim, by a
    /// host that has the store to itself.
    async fn recover(&self, now_ms: u64, rules: SweepRules) -> Result<usize, StoreError>;

    /// Deletes final messages that changed before `before_ms`, with their traces, and what else
    /// has grown old. At most `rows_max` messages; how many were deleted.
    async fn prune(&self, now_ms: u64, before_ms: u64, rows_max: u32) -> Result<usize, StoreError>;

    /// Takes a waiting message back. None: no such message; otherwise its state afterwards and
    /// whether this call changed it.
    async fn cancel(
        &self,
        tenant: Name,
        id: MessageId,
        now_ms: u64,
    ) -> Result<Option<(Stored, bool)>, StoreError>;

    /// Sends a dead letter again with a new validity. None: no such message.
    async fn redrive(
        &self,
        tenant: Name,
        id: MessageId,
        now_ms: u64,
        valid_until_ms: u64,
    ) -> Result<Option<(Stored, bool)>, StoreError>;

    /// Deletes a dead letter and its trace. None: no such message; false: it is no dead letter.
    async fn discard(&self, tenant: Name, id: MessageId) -> Result<Option<bool>, StoreError>;

    /// One message of a tenant.
    async fn message(&self, tenant: Name, id: MessageId) -> Result<Option<Stored>, StoreError>;

    /// A message's trace, in order.
    async fn trace(&self, tenant: Name, id: MessageId) -> Result<Vec<Entry>, StoreError>;

    /// A page of a tenant's messages as they were taken in, newest first, each with the first entry of
    /// its trace.
    async fn history(&self, query: HistoryQuery) -> Result<Vec<Recorded>, StoreError>;

    /// A page of messages, newest first.
    async fn list(&self, filter: Filter) -> Result<Vec<Stored>, StoreError>;

    /// Messages of an inbox after a sequence number, oldest first.
    async fn inbox(
        &self,
        tenant: Name,
        inbox: Name,
        after: u64,
        rows_max: u32,
    ) -> Result<Vec<InboxItem>, StoreError>;

    /// Deletes messages from an inbox. How many were there.
    async fn acknowledge(&self, tenant: Name, inbox: Name, sequences: Vec<u64>) -> Result<usize, StoreError>;

    /// How many messages wait for each provider, roughly; cheap enough for every second.
    async fn backlog(&self) -> Result<Vec<(Name, u64)>, StoreError>;

    /// Adds a key, or takes one back where `revoked_ms` is set.
    async fn put_key(&self, key: ApiKey) -> Result<(), StoreError>;

    /// The key of that id.
    async fn key(&self, id: &str) -> Result<Option<ApiKey>, StoreError>;

    /// Every key.
    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError>;

    /// Keys were used, each at this time in Unix milliseconds, or later. Kept apart from the keys, so
    /// that it brings no key back; an older time than the one that is kept changes nothing.
    async fn touch_keys(&self, uses: Vec<(Name, u64)>) -> Result<(), StoreError>;

    /// When each key was used last, in Unix milliseconds; keys that never were are left out.
    async fn key_uses(&self) -> Result<Vec<(Name, u64)>, StoreError>;

    /// A recipient wants no more messages, or messages again. False: that was known already.
    async fn opt(&self, change: OptChange) -> Result<bool, StoreError>;

    /// A page of a tenant's opt-outs.
    async fn opted_out(&self, query: OptOutQuery) -> Result<Vec<OptOut>, StoreError>;

    /// Adds an item (version 1) or changes it (version n, where it has n-1). The caller sees to the
    /// limits of [`Item`].
    async fn register(&self, item: Item) -> Result<Written, StoreError>;

    /// Removes an item that has this version. Its name is free then: a new item begins with version 1.
    async fn unregister(
        &self,
        tenant: Name,
        kind: Kind,
        name: String,
        version: u64,
    ) -> Result<Written, StoreError>;

    /// Items of a kind, by tenant and name in the order of bytes. None: of every tenant.
    async fn registered(&self, tenant: Option<Name>, kind: Kind) -> Result<Vec<Item>, StoreError>;

    /// The item of that name.
    async fn registered_one(
        &self,
        tenant: Name,
        kind: Kind,
        name: String,
    ) -> Result<Option<Item>, StoreError>;

    /// Grows with every change of an item whose kind [is news](Kind::is_news); 0: there was none yet.
    /// A host that dies between a change and its news delays the news until the next change.
    async fn registry_version(&self) -> Result<u64, StoreError>;

    /// Keeps a component under the hash of its bytes, for a tenant. It is there as a whole or not at
    /// all; putting the same again changes nothing.
    async fn put_component(&self, tenant: Name, hash: String, bytes: Arc<[u8]>) -> Result<(), StoreError>;

    /// A tenant's component.
    async fn component(&self, tenant: Name, hash: String) -> Result<Option<Vec<u8>>, StoreError>;

    /// Deletes a tenant's component. False: it was not there.
    async fn delete_component(&self, tenant: Name, hash: String) -> Result<bool, StoreError>;

    /// Callbacks that are due, each held back for `hold_ms` from other callers.
    async fn callbacks(&self, now_ms: u64, hold_ms: u64, rows_max: u32) -> Result<Vec<Callback>, StoreError>;

    /// A callback was taken, or given up (None), or is to be tried again at this time.
    async fn callback_done(
        &self,
        tenant: Name,
        sequence: u64,
        retry_at_ms: Option<u64>,
    ) -> Result<(), StoreError>;

    /// Providers for which something has fallen due that others, other hosts or an edge, have
    /// brought. A store that nobody shares has no news.
    async fn news(&self) -> Result<Vec<Name>, StoreError> {
        Ok(Vec::new())
    }

    /// Whether the store can be written to now.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// What a store has to be in the shell it is used in: shared between threads, except at the edge,
/// where there are none.
#[cfg(not(target_family = "wasm"))]
pub trait Shared: Send + Sync {}
#[cfg(not(target_family = "wasm"))]
impl<T: Send + Sync> Shared for T {}

/// What a store has to be in the shell it is used in: nothing at the edge, where there is one thread.
#[cfg(target_family = "wasm")]
pub trait Shared {}
#[cfg(target_family = "wasm")]
impl<T> Shared for T {}

/// Most entries of a message's trace that a store keeps; later ones are only counted.
pub const TRACE_ENTRIES_MAX: u32 = 50;

/// The rules of each provider, for sweeps.
pub type SweepRules = Arc<dyn Fn(Option<&str>) -> RouteRules + Send + Sync>;
