//! The store: what all operations share.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::layout::{LAYOUT_VERSION, Layout, id_from, short};
use super::record::Record;
use super::step::{Pending, score_of, waits_for};
use super::{Connection, RedisError, Request, Value, scripts};
use crate::decision::Name;
use crate::id::MessageId;
use crate::store::StoreError;

/// Most messages of one script: some milliseconds of Redis's time.
pub(super) const BATCH_MAX: usize = 500;
/// How often a step is worked out anew because the message has changed in between.
pub(super) const TRIES_MAX: u32 = 8;
/// Most claims that are remembered until they are settled.
const CLAIMS_MAX: usize = 100_000;
/// Most claims without an answer that are remembered.
const LOST_MAX: usize = 1_000;

/// What is under an id: a message, nothing, or a record that cannot be read.
pub(super) type Found = Result<Option<Record>, StoreError>;

/// By whose clock scripts go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Redis's own: the same for all hosts, however wrong theirs are.
    Redis,
    /// The caller's, as each operation states it: for tests that make their own time.
    Caller,
}

/// The store in Redis over some connection.
pub struct RedisStore<C> {
    pub(super) connection: C,
    pub(super) layout: Layout,
    pub(super) clock: Clock,
    pub(super) host: Name,
    local: Mutex<Local>,
}

/// What this host knows without asking. Losing it costs a round trip, never more.
#[derive(Default)]
pub(super) struct Local {
    /// Tenants that are known to be in the store.
    pub(super) tenants: BTreeSet<Name>,
    /// For each provider, tenants with messages for it and when the first falls due.
    pub(super) ready: BTreeMap<Name, BTreeMap<Name, u64>>,
    /// What was claimed, as it was: a settle needs no read then.
    pub(super) claims: HashMap<MessageId, Record>,
    /// Whose turn it is first in the next claim.
    pub(super) turn: usize,
    /// How many claims there were: each lease carries the number of its claim.
    pub(super) claim: u64,
    /// How many components were written: each upload has a key of its own.
    uploads: u64,
    /// Claims whose answer was lost, by tenant: what they leased was surely not submitted.
    pub(super) lost: Vec<(Name, String)>,
}

impl<C: Connection> RedisStore<C> {
    /// A store under a prefix. `host` names this host in leases.
    pub fn new(connection: C, layout: Layout, clock: Clock, host: Name) -> Self {
        Self { connection, layout, clock, host, local: Mutex::default() }
    }

    /// Whether the store is of this version of the layout, which an empty one becomes.
    ///
    /// # Errors
    /// `TooNew`: a newer Waypost made it.
    pub async fn check_layout(&self) -> Result<(), StoreError> {
        let key: Vec<u8> = self.layout.shared("layout").into();
        let known = LAYOUT_VERSION.to_string().into_bytes();
        self.ask_one(Request::command("SETNX", vec![key.clone(), known])).await?;
        let found = self.ask_one(Request::command("GET", vec![key])).await?;
        let found = found.first().and_then(Value::unsigned).and_then(|found| u32::try_from(found).ok());
        match found {
            Some(found) if found <= LAYOUT_VERSION => Ok(()),
            Some(found) => Err(StoreError::TooNew { found, known: LAYOUT_VERSION }),
            None => Err(super::record::corrupt("the version of the layout is no number")),
        }
    }

    /// The way to Redis.
    pub fn connection(&self) -> &C {
        &self.connection
    }

    /// The names of keys.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn local(&self) -> MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time as scripts want it.
    pub(super) fn now(&self, now_ms: u64) -> Vec<u8> {
        match self.clock {
            Clock::Redis => b"0".to_vec(),
            Clock::Caller => now_ms.to_string().into(),
        }
    }

    pub(super) fn tenant_key(&self, tenant: &str) -> Vec<Vec<u8>> {
        vec![self.layout.tenant(tenant).into()]
    }

    pub(super) fn route_key(&self, route: &str) -> Vec<Vec<u8>> {
        vec![self.layout.route(route).into()]
    }

    /// Asks one thing.
    pub(super) async fn ask_one(&self, request: Request) -> Result<Vec<Value>, StoreError> {
        let answer = self.connection.ask(vec![request]).await.pop();
        Ok(answer.unwrap_or_else(|| Err(RedisError::Unreachable("no answer".to_owned())))?)
    }

    /// Asks several things at once; all have to succeed.
    pub(super) async fn ask_all(&self, requests: Vec<Request>) -> Result<Vec<Vec<Value>>, StoreError> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let answers = self.connection.ask(requests).await;
        answers.into_iter().map(|answer| answer.map_err(StoreError::from)).collect()
    }

    /// Every tenant that may have something in the store.
    pub(super) async fn tenants(&self) -> Result<Vec<Name>, StoreError> {
        let names =
            self.ask_one(Request::command("SMEMBERS", vec![self.layout.shared("tenants").into()])).await?;
        let mut local = self.local();
        local.tenants.extend(names.iter().filter_map(Value::text).map(Name::from));
        Ok(local.tenants.iter().cloned().collect())
    }

    /// Makes a tenant known to all hosts.
    pub(super) async fn learn_tenant(&self, tenant: &Name) -> Result<(), StoreError> {
        if self.local().tenants.contains(tenant) {
            return Ok(());
        }
        let add = vec![self.layout.shared("tenants").into(), tenant.as_bytes().to_vec()];
        self.ask_one(Request::command("SADD", add)).await?;
        self.local().tenants.insert(tenant.clone());
        Ok(())
    }

    pub(super) fn read_request(&self, tenant: &str, ids: &[MessageId]) -> Request {
        let args = ids.iter().map(|id| short(*id).into()).collect();
        Request::script(&scripts::READ, self.tenant_key(tenant), args)
    }

    /// Messages of a tenant by id, in that order; those that are gone are left out.
    pub(super) async fn read_all(&self, tenant: &Name, ids: &[MessageId]) -> Result<Vec<Record>, StoreError> {
        let found = self.look_up(tenant, ids).await?;
        found.into_iter().filter_map(Result::transpose).collect()
    }

    /// What there is under each id of a tenant: a message, nothing, or what cannot be read.
    pub(super) async fn look_up(&self, tenant: &Name, ids: &[MessageId]) -> Result<Vec<Found>, StoreError> {
        let requests = ids.chunks(BATCH_MAX).map(|ids| self.read_request(tenant, ids)).collect();
        let answers = self.ask_all(requests).await?;
        let mut found = Vec::with_capacity(ids.len());
        for (ids, values) in ids.chunks(BATCH_MAX).zip(answers) {
            let records = ids.iter().zip(values.chunks(4));
            found.extend(records.map(|(id, values)| Record::read(tenant, *id, values)));
        }
        Ok(found)
    }

    /// One message of a tenant.
    pub(super) async fn read(&self, tenant: &Name, id: MessageId) -> Result<Option<Record>, StoreError> {
        Ok(self.read_all(tenant, &[id]).await?.pop())
    }

    pub(super) fn step_request(&self, tenant: &str, steps: &[Pending]) -> Result<Request, StoreError> {
        let mut args: Vec<Vec<u8>> = Vec::with_capacity(1 + steps.len() * 13);
        args.push(steps.len().to_string().into());
        args.extend(steps.iter().map(|step| short(step.before.envelope.id).into_bytes()));
        for step in steps {
            step.arguments(&mut args)?;
        }
        Ok(Request::script(&scripts::STEP, self.tenant_key(tenant), args))
    }

    /// Writes steps of one tenant. For each: whether the message was as it was read.
    pub(super) async fn write(&self, tenant: &Name, steps: &[Pending]) -> Result<Vec<bool>, StoreError> {
        let requests: Result<Vec<_>, _> =
            steps.chunks(BATCH_MAX).map(|steps| self.step_request(tenant, steps)).collect();
        let answers = self.ask_all(requests?).await?;
        let written: Vec<bool> = answers.iter().flatten().map(|value| value.int() == Some(1)).collect();
        if written.len() != steps.len() {
            return Err(super::record::corrupt("a script gave another number of answers than it was asked"));
        }
        self.note_waiting(
            tenant,
            steps.iter().zip(&written).filter(|(_, done)| **done).map(|(step, _)| step),
        );
        Ok(written)
    }

    /// Remembers for whom messages wait now.
    pub(super) fn note_waiting<'a>(&self, tenant: &Name, steps: impl Iterator<Item = &'a Pending>) {
        let mut local = self.local();
        for step in steps {
            local.note_ready(waits_for(&step.after), tenant, score_of(&step.after));
        }
    }

    /// Works a step out and writes it, again where the message has changed in between. None: the
    /// message is gone; inside: what `work` made of it, with the record as it is now.
    pub(super) async fn change<T>(
        &self,
        tenant: &Name,
        mut record: Record,
        work: impl Fn(Record) -> Result<(Option<Pending>, T), StoreError>,
    ) -> Result<Option<(Record, T)>, StoreError> {
        for _ in 0..TRIES_MAX {
            let id = record.envelope.id;
            let (pending, answer) = work(record.clone())?;
            let Some(pending) = pending else { return Ok(Some((record, answer))) };
            if self.write(tenant, std::slice::from_ref(&pending)).await? == [true] {
                return Ok(Some((pending.done(), answer)));
            }
            let Some(now) = self.read(tenant, id).await? else { return Ok(None) };
            record = now;
        }
        Err(StoreError::Unavailable("the message changes all the time".to_owned()))
    }

    /// Ids of a sorted set's answer.
    pub(super) fn ids(values: &[Value]) -> impl Iterator<Item = MessageId> + '_ {
        values.iter().filter_map(Value::text).filter_map(id_from)
    }
}

impl Local {
    pub(super) fn note_ready(&mut self, route: &str, tenant: &Name, due_ms: u64) {
        if route.is_empty() {
            return;
        }
        if !self.ready.contains_key(route) {
            self.ready.insert(Name::from(route), BTreeMap::new());
        }
        let Some(tenants) = self.ready.get_mut(route) else { return };
        let due = tenants.entry(tenant.clone()).or_insert(due_ms);
        *due = (*due).min(due_ms);
    }

    pub(super) fn next_upload(&mut self) -> u64 {
        self.uploads += 1;
        self.uploads
    }

    /// A claim whose answer was lost. Beyond the most that are kept, leases run out by themselves.
    pub(super) fn note_lost(&mut self, tenant: &Name, claimer: &str) {
        if self.lost.len() < LOST_MAX {
            self.lost.push((tenant.clone(), claimer.to_owned()));
        }
    }

    pub(super) fn note_claim(&mut self, record: Record) {
        if self.claims.len() < CLAIMS_MAX {
            self.claims.insert(record.envelope.id, record);
        }
    }
}

impl Pending {
    /// The message once the step is written.
    pub(super) fn done(self) -> Record {
        let mut record = self.before;
        record.progress = self.after;
        record.steps += 1;
        record.lease = String::new();
        record.waited = None;
        std::sync::Arc::make_mut(&mut record.envelope).valid_until_ms = self.valid_until_ms;
        record
    }
}
