//! The store in one SQLite file: one thread writes and groups commits, two threads read.

mod accept;
mod checkpoint;
mod components;
mod dispatch;
mod failure;
mod history;
mod inbox;
mod key_uses;
mod list;
mod names;
mod numbers;
mod operator;
mod opt_outs;
mod parts;
mod reader;
mod receipts;
mod recent;
mod references;
mod registry;
mod rows;
mod schema;
mod session;
mod statements;
mod upkeep;
mod writer;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use waypost_core::decision::Name;
use waypost_core::id::MessageId;
use waypost_core::registry::{Item, Kind, Written};
use waypost_core::store::{
    Accept, Accepted, ApiKey, Callback, Claim, ClaimedBatch, Filter, HistoryQuery, InboundIn, InboundPart,
    InboundParts, InboxItem, OptChange, OptOut, OptOutQuery, PartResult, PartsKey, ReceiptIn, ReceiptResult,
    Recorded, Reroute, Settle, Settled, Stored,
};
use waypost_core::trace::Entry;

use crate::{Store, StoreError, SweepRules};
use accept::Prepared;
use components::PIECE_BYTES;
use failure::{Failure, unavailable};
use reader::Readers;
use session::Session;
use writer::Writer;

/// Messages that one transaction of [`Store::recover`] changes.
const RECOVER_ROWS: u32 = 1_000;

/// What a process wants with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// To send messages. One process at a time: it holds the lock file `<path>.lock`.
    Host,
    /// To look at messages and to change keys, beside a host or alone.
    Tool,
}

/// The store in one SQLite file.
pub struct SqliteStore {
    mode: OpenMode,
    readers: Readers,
    // Before the lock: fields are dropped in order, and the writer ends before the lock is freed.
    writer: Writer,
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens the store, makes it where there is none, and brings its tables up to date.
    ///
    /// # Errors
    /// `InUse`: another host has it. `TooNew`: a newer Waypost made it. `Corrupt`: it is no
    /// database or a damaged one. `Unavailable`: it cannot be opened or written to.
    pub fn open(path: &Path, mode: OpenMode) -> Result<Self, StoreError> {
        let lock = match mode {
            OpenMode::Host => Some(lock(path)?),
            OpenMode::Tool => None,
        };
        let writer = Writer::start(path, mode)?;
        let readers = Readers::start(path)?;
        Ok(Self { mode, readers, writer, _lock: lock })
    }

    /// Makes the disk as small as a test needs it, in pages.
    ///
    /// # Errors
    /// As for any operation.
    #[cfg(feature = "suite")]
    pub async fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        self.write(move |session| session.limit_pages(pages)).await
    }

    /// Runs an operation that only a host may run: a host remembers messages between operations.
    async fn write<F, T>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnMut(&mut Session<'_>) -> Result<T, Failure> + Send + 'static,
        T: Send + 'static,
    {
        if self.mode == OpenMode::Tool {
            return Err(unavailable("opened as a tool: only keys can be changed").into());
        }
        self.writer.call(work).await
    }
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(PathBuf::from(name))
        .map_err(|error| StoreError::Unavailable(format!("the lock file: {error}")))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(StoreError::Unavailable(format!("the lock file: {error}"))),
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn accept(&self, accept: Accept) -> Result<Accepted, StoreError> {
        let prepared = Prepared::new(accept)?;
        self.write(move |session| session.accept(&prepared)).await
    }

    async fn claim(&self, claim: Claim) -> Result<ClaimedBatch, StoreError> {
        self.write(move |session| session.claim(&claim)).await
    }

    async fn settle(&self, settles: Vec<Settle>) -> Result<Vec<Settled>, StoreError> {
        self.write(move |session| session.settle(&settles)).await
    }

    async fn reroute(&self, reroutes: Vec<Reroute>) -> Result<usize, StoreError> {
        self.write(move |session| session.reroute(&reroutes)).await
    }

    async fn waiting(&self, route: Name, now_ms: u64, rows_max: u32) -> Result<Vec<Stored>, StoreError> {
        self.readers.ask(move |reader| reader.waiting(&route, now_ms, rows_max)).await
    }

    async fn receipt(&self, receipt: ReceiptIn) -> Result<ReceiptResult, StoreError> {
        self.write(move |session| session.receipt(&receipt)).await
    }

    async fn inbound(&self, inbound: InboundIn) -> Result<bool, StoreError> {
        self.write(move |session| session.inbound(&inbound)).await
    }

    async fn inbound_part(&self, part: InboundPart) -> Result<PartResult, StoreError> {
        part.check()?;
        let route = part.route.to_string();
        // No error inside the transaction: it would fail the others of its group, too.
        let result = self.write(move |session| session.inbound_part(&part)).await?;
        result.ok_or(StoreError::TooManyParts { route })
    }

    async fn inbound_parts_done(&self, key: PartsKey, now_ms: u64) -> Result<(), StoreError> {
        self.write(move |session| session.inbound_parts_done(&key, now_ms)).await
    }

    async fn inbound_parts_old(
        &self,
        now_ms: u64,
        messages_max: u32,
    ) -> Result<Vec<InboundParts>, StoreError> {
        self.write(move |session| session.inbound_parts_old(now_ms, messages_max)).await
    }

    async fn inbound_known(&self, _tenant: Name, route: Name, reference: String) -> Result<bool, StoreError> {
        self.readers.ask(move |reader| reader.knows_inbound(&route, &reference)).await
    }

    async fn sweep(&self, now_ms: u64, rows_max: u32, rules: SweepRules) -> Result<usize, StoreError> {
        self.write(move |session| session.sweep(now_ms, rows_max, &rules)).await
    }

    async fn recover(&self, now_ms: u64, rules: SweepRules) -> Result<usize, StoreError> {
        let mut changed = 0;
        loop {
            let rules = rules.clone();
            let some = self.write(move |session| session.recover(now_ms, RECOVER_ROWS, &rules)).await?;
            if some == 0 {
                return Ok(changed);
            }
            changed += some;
        }
    }

    async fn prune(&self, now_ms: u64, before_ms: u64, rows_max: u32) -> Result<usize, StoreError> {
        self.write(move |session| session.prune(now_ms, before_ms, rows_max)).await
    }

    async fn cancel(
        &self,
        tenant: Name,
        id: MessageId,
        now_ms: u64,
    ) -> Result<Option<(Stored, bool)>, StoreError> {
        self.write(move |session| session.cancel(&tenant, id, now_ms)).await
    }

    async fn redrive(
        &self,
        tenant: Name,
        id: MessageId,
        now_ms: u64,
        valid_until_ms: u64,
    ) -> Result<Option<(Stored, bool)>, StoreError> {
        self.write(move |session| session.redrive(&tenant, id, now_ms, valid_until_ms)).await
    }

    async fn discard(&self, tenant: Name, id: MessageId) -> Result<Option<bool>, StoreError> {
        self.write(move |session| session.discard(&tenant, id)).await
    }

    async fn message(&self, tenant: Name, id: MessageId) -> Result<Option<Stored>, StoreError> {
        self.readers.ask(move |reader| reader.message(&tenant, id)).await
    }

    async fn trace(&self, tenant: Name, id: MessageId) -> Result<Vec<Entry>, StoreError> {
        self.readers.ask(move |reader| reader.trace(&tenant, id)).await
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Stored>, StoreError> {
        self.readers.ask(move |reader| reader.list(&filter)).await
    }

    async fn inbox(
        &self,
        tenant: Name,
        inbox: Name,
        after: u64,
        rows_max: u32,
    ) -> Result<Vec<InboxItem>, StoreError> {
        self.readers.ask(move |reader| reader.inbox(&tenant, &inbox, after, rows_max)).await
    }

    async fn acknowledge(&self, tenant: Name, inbox: Name, sequences: Vec<u64>) -> Result<usize, StoreError> {
        self.write(move |session| session.acknowledge(&tenant, &inbox, &sequences)).await
    }

    async fn backlog(&self) -> Result<Vec<(Name, u64)>, StoreError> {
        self.readers.ask(|reader| reader.backlog()).await
    }

    async fn put_key(&self, key: ApiKey) -> Result<(), StoreError> {
        self.writer.call(move |session| session.put_key(&key)).await
    }

    async fn key(&self, id: &str) -> Result<Option<ApiKey>, StoreError> {
        let id = id.to_owned();
        self.readers.ask(move |reader| reader.key(&id)).await
    }

    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.readers.ask(|reader| reader.keys()).await
    }

    async fn touch_keys(&self, uses: Vec<(Name, u64)>) -> Result<(), StoreError> {
        self.writer.call(move |session| session.touch_keys(&uses)).await
    }

    async fn key_uses(&self) -> Result<Vec<(Name, u64)>, StoreError> {
        self.readers.ask(|reader| reader.key_uses()).await
    }

    async fn opt(&self, change: OptChange) -> Result<bool, StoreError> {
        self.write(move |session| session.opt(&change)).await
    }

    async fn opted_out(&self, query: OptOutQuery) -> Result<Vec<OptOut>, StoreError> {
        self.readers.ask(move |reader| reader.opted_out(&query)).await
    }

    async fn history(&self, query: HistoryQuery) -> Result<Vec<Recorded>, StoreError> {
        self.readers.ask(move |reader| reader.history(&query)).await
    }

    async fn register(&self, item: Item) -> Result<Written, StoreError> {
        self.writer.call(move |session| session.register(&item)).await
    }

    async fn unregister(
        &self,
        tenant: Name,
        kind: Kind,
        name: String,
        version: u64,
    ) -> Result<Written, StoreError> {
        self.writer.call(move |session| session.unregister(&tenant, kind, &name, version)).await
    }

    async fn registered(&self, tenant: Option<Name>, kind: Kind) -> Result<Vec<Item>, StoreError> {
        self.readers.ask(move |reader| reader.registered(tenant.as_ref(), kind)).await
    }

    async fn registered_one(
        &self,
        tenant: Name,
        kind: Kind,
        name: String,
    ) -> Result<Option<Item>, StoreError> {
        self.readers.ask(move |reader| reader.registered_one(&tenant, kind, &name)).await
    }

    async fn registry_version(&self) -> Result<u64, StoreError> {
        self.readers.ask(|reader| reader.registry_version()).await
    }

    async fn put_component(&self, tenant: Name, hash: String, bytes: Arc<[u8]>) -> Result<(), StoreError> {
        let (owner, wanted) = (tenant.clone(), hash.clone());
        if self.readers.ask(move |reader| reader.has_component(&owner, &wanted)).await? {
            return Ok(());
        }
        for (n, start) in (0..).zip((0..bytes.len()).step_by(PIECE_BYTES)) {
            let (tenant, hash, bytes) = (tenant.clone(), hash.clone(), bytes.clone());
            let piece = start..bytes.len().min(start + PIECE_BYTES);
            self.writer
                .call(move |session| session.put_piece(&tenant, &hash, n, &bytes[piece.clone()]))
                .await?;
        }
        self.writer.call(move |session| session.finish_component(&tenant, &hash, bytes.len())).await
    }

    async fn component(&self, tenant: Name, hash: String) -> Result<Option<Vec<u8>>, StoreError> {
        self.readers.ask(move |reader| reader.component(&tenant, &hash)).await
    }

    async fn delete_component(&self, tenant: Name, hash: String) -> Result<bool, StoreError> {
        self.writer.call(move |session| session.delete_component(&tenant, &hash)).await
    }

    async fn callbacks(&self, now_ms: u64, hold_ms: u64, rows_max: u32) -> Result<Vec<Callback>, StoreError> {
        self.write(move |session| session.callbacks(now_ms, hold_ms, rows_max)).await
    }

    async fn callback_done(
        &self,
        _tenant: Name,
        sequence: u64,
        retry_at_ms: Option<u64>,
    ) -> Result<(), StoreError> {
        self.write(move |session| session.callback_done(sequence, retry_at_ms)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.writer.call(|session| session.ping()).await
    }
}
