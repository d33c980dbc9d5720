//! A store in memory with what the calls of the edge need, without limits and waits.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use waypost_core::decision::Name;
use waypost_core::id::MessageId;
use waypost_core::lifecycle::{dispatch, settle};
use waypost_core::message::State;
use waypost_core::rate::{LimitKind, LimitReached};
use waypost_core::registry::{Item, Kind, Written};
use waypost_core::store::{
    Accept, Accepted, ApiKey, Callback, Claim, ClaimedBatch, Filter, HistoryQuery, Idempotency, Inbound,
    InboundIn, InboundPart, InboundParts, InboxItem, OptChange, OptOut, OptOutQuery, PartResult, PartsKey,
    ReceiptIn, ReceiptResult, Recorded, Reroute, Settle, Settled, Store, StoreError, Stored, SweepRules,
};
use waypost_core::trace::Entry;

#[derive(Default)]
pub struct Memory {
    pub messages: Mutex<Vec<(Stored, Vec<Entry>)>>,
    pub requests: Mutex<Vec<(Idempotency, Vec<MessageId>)>>,
    pub inbox: Mutex<Vec<Inbound>>,
    pub known: Mutex<BTreeSet<(Name, String)>>,
    pub keys: Mutex<Vec<ApiKey>>,
    /// Recipients that want no messages, and from which sender. None: from any.
    pub opted_out: Mutex<BTreeSet<(String, Option<String>)>>,
    /// Inboxes take nothing.
    pub is_full: Mutex<bool>,
    /// Every operation fails.
    pub is_down: Mutex<bool>,
}

impl Memory {
    fn up(&self) -> Result<(), StoreError> {
        if *self.is_down.lock().unwrap() { Err(StoreError::Unavailable("down".to_owned())) } else { Ok(()) }
    }

    /// Opt-outs, and of the limits the cap of an hour, which here is never over.
    fn refused(&self, accept: &Accept) -> Option<Accepted> {
        let admitted = || {
            let messages = accept.messages.iter().enumerate();
            messages.filter(|(_, message)| message.progress.state != State::Refused)
        };
        let opted_out = self.opted_out.lock().unwrap();
        let places: Vec<_> = admitted()
            .filter(|(_, message)| {
                let draft = &message.envelope.draft;
                let sender = draft.sender.as_ref().map(|sender| sender.address.to_string());
                [sender, None]
                    .into_iter()
                    .any(|sender| opted_out.contains(&(draft.to.address.to_string(), sender)))
            })
            .map(|(place, _)| place)
            .collect();
        if !places.is_empty() {
            return Some(Accepted::OptedOut(places));
        }
        let cap = accept.limits.destination_per_hour? as usize;
        let messages = self.messages.lock().unwrap();
        let (index, _) = admitted().find(|(_, message)| {
            let to = &message.envelope.draft.to;
            let sent = messages.iter().filter(|(stored, _)| {
                stored.envelope.draft.to == *to && stored.progress.state != State::Refused
            });
            sent.count() >= cap
        })?;
        let limit = LimitKind::DestinationPerHour;
        Some(Accepted::Limited(LimitReached { limit, free_at_ms: u64::MAX, index }))
    }

    fn change<T>(&self, id: MessageId, act: impl FnOnce(&mut Stored) -> T) -> Option<(Stored, T)> {
        let mut messages = self.messages.lock().unwrap();
        let (stored, _) = messages.iter_mut().find(|(stored, _)| stored.envelope.id == id)?;
        let result = act(stored);
        Some((stored.clone(), result))
    }
}

#[async_trait]
impl Store for Memory {
    async fn accept(&self, accept: Accept) -> Result<Accepted, StoreError> {
        self.up()?;
        if let Some(wanted) = &accept.idempotency {
            let requests = self.requests.lock().unwrap();
            if let Some((known, ids)) = requests.iter().find(|(known, _)| known.key == wanted.key) {
                let same = known.body_hash == wanted.body_hash;
                return Ok(if same { Accepted::Replayed(ids.clone()) } else { Accepted::KeyReused });
            }
        }
        if let Some(refused) = self.refused(&accept) {
            return Ok(refused);
        }
        let ids = accept.messages.iter().map(|message| message.envelope.id).collect();
        self.requests.lock().unwrap().extend(accept.idempotency.map(|wanted| (wanted, ids)));
        self.messages.lock().unwrap().extend(accept.messages.into_iter().map(|message| {
            (Stored { envelope: message.envelope, progress: message.progress }, vec![message.entry])
        }));
        Ok(Accepted::Stored)
    }

    async fn claim(&self, _claim: Claim) -> Result<ClaimedBatch, StoreError> {
        Err(StoreError::Unavailable("not here".to_owned()))
    }

    async fn settle(&self, settles: Vec<Settle>) -> Result<Vec<Settled>, StoreError> {
        self.up()?;
        let settled = settles.iter().map(|end| {
            let changed = self.change(end.id, |stored| {
                let other = end.other_route.as_ref();
                settle::settle(&mut stored.progress, &end.outcome, other, &end.rules, end.now_ms, end.seed);
            });
            changed.map_or(Settled::LeaseLost, |(stored, ())| Settled::Now(stored.progress))
        });
        Ok(settled.collect())
    }

    async fn reroute(&self, _reroutes: Vec<Reroute>) -> Result<usize, StoreError> {
        Ok(0)
    }

    async fn waiting(&self, _route: Name, _now_ms: u64, _rows_max: u32) -> Result<Vec<Stored>, StoreError> {
        Ok(Vec::new())
    }

    async fn receipt(&self, _receipt: ReceiptIn) -> Result<ReceiptResult, StoreError> {
        self.up()?;
        Ok(ReceiptResult::Kept)
    }

    async fn inbound(&self, wanted: InboundIn) -> Result<bool, StoreError> {
        self.up()?;
        if *self.is_full.lock().unwrap() {
            return Err(StoreError::Unavailable("full".to_owned()));
        }
        let InboundIn { inbound, inboxes } = wanted;
        let is_new = self.known.lock().unwrap().insert((inbound.route.clone(), inbound.reference.clone()));
        if is_new {
            let copies = inboxes.into_iter().map(|inbox| Inbound { inbox, ..inbound.clone() });
            self.inbox.lock().unwrap().extend(copies);
        }
        Ok(is_new)
    }

    async fn inbound_part(&self, _part: InboundPart) -> Result<PartResult, StoreError> {
        Err(StoreError::Unavailable("not here".to_owned()))
    }

    async fn inbound_parts_done(&self, _key: PartsKey, _now_ms: u64) -> Result<(), StoreError> {
        Ok(())
    }

    async fn inbound_parts_old(&self, _now_ms: u64, _max: u32) -> Result<Vec<InboundParts>, StoreError> {
        Ok(Vec::new())
    }

    async fn inbound_known(&self, _tenant: Name, route: Name, reference: String) -> Result<bool, StoreError> {
        self.up()?;
        Ok(self.known.lock().unwrap().contains(&(route, reference)))
    }

    async fn sweep(&self, _now_ms: u64, _rows_max: u32, _rules: SweepRules) -> Result<usize, StoreError> {
        Ok(0)
    }

    async fn recover(&self, _now_ms: u64, _rules: SweepRules) -> Result<usize, StoreError> {
        Ok(0)
    }

    async fn prune(&self, _now_ms: u64, _before_ms: u64, _rows_max: u32) -> Result<usize, StoreError> {
        Ok(0)
    }

    async fn cancel(
        &self,
        _tenant: Name,
        id: MessageId,
        now_ms: u64,
    ) -> Result<Option<(Stored, bool)>, StoreError> {
        self.up()?;
        Ok(self.change(id, |stored| dispatch::cancel(&mut stored.progress, now_ms)))
    }

    async fn redrive(
        &self,
        _tenant: Name,
        id: MessageId,
        now_ms: u64,
        _valid_until_ms: u64,
    ) -> Result<Option<(Stored, bool)>, StoreError> {
        self.up()?;
        Ok(self.change(id, |stored| dispatch::redrive(&mut stored.progress, now_ms)))
    }

    async fn discard(&self, _tenant: Name, id: MessageId) -> Result<Option<bool>, StoreError> {
        self.up()?;
        let dead = self.change(id, |stored| stored.progress.state.is_dead_letter()).map(|(_, dead)| dead);
        if dead == Some(true) {
            self.messages.lock().unwrap().retain(|(stored, _)| stored.envelope.id != id);
        }
        Ok(dead)
    }

    async fn message(&self, tenant: Name, id: MessageId) -> Result<Option<Stored>, StoreError> {
        self.up()?;
        let found = self.change(id, |_| ()).map(|(stored, ())| stored);
        Ok(found.filter(|stored| stored.envelope.draft.tenant == tenant))
    }

    async fn trace(&self, _tenant: Name, id: MessageId) -> Result<Vec<Entry>, StoreError> {
        self.up()?;
        let messages = self.messages.lock().unwrap();
        let found = messages.iter().find(|(stored, _)| stored.envelope.id == id);
        Ok(found.map(|(_, entries)| entries.clone()).unwrap_or_default())
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Stored>, StoreError> {
        self.up()?;
        let messages = self.messages.lock().unwrap();
        let fits = |stored: &&Stored| {
            filter.tenant.as_ref().is_none_or(|tenant| stored.envelope.draft.tenant == *tenant)
                && (filter.states.is_empty() || filter.states.contains(&stored.progress.state))
                && (filter.client_ref.is_none() || filter.client_ref == stored.envelope.client_ref)
                && filter.before.is_none_or(|before| stored.envelope.id < before)
        };
        let found = messages.iter().rev().map(|(stored, _)| stored).filter(fits);
        Ok(found.take(filter.rows_max as usize).cloned().collect())
    }

    async fn inbox(
        &self,
        tenant: Name,
        inbox: Name,
        after: u64,
        rows_max: u32,
    ) -> Result<Vec<InboxItem>, StoreError> {
        self.up()?;
        let all = self.inbox.lock().unwrap();
        let items = (1..).zip(all.iter()).filter(|(sequence, inbound)| {
            inbound.tenant == tenant && inbound.inbox == inbox && *sequence > after
        });
        let items = items.map(|(sequence, inbound)| InboxItem { sequence, inbound: inbound.clone() });
        Ok(items.take(rows_max as usize).collect())
    }

    async fn acknowledge(
        &self,
        _tenant: Name,
        _inbox: Name,
        sequences: Vec<u64>,
    ) -> Result<usize, StoreError> {
        self.up()?;
        Ok(sequences.len())
    }

    async fn backlog(&self) -> Result<Vec<(Name, u64)>, StoreError> {
        Ok(Vec::new())
    }

    async fn put_key(&self, key: ApiKey) -> Result<(), StoreError> {
        self.keys.lock().unwrap().push(key);
        Ok(())
    }

    async fn key(&self, id: &str) -> Result<Option<ApiKey>, StoreError> {
        self.up()?;
        Ok(self.keys.lock().unwrap().iter().find(|key| *key.id == *id).cloned())
    }

    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        Ok(Vec::new())
    }

    async fn touch_keys(&self, _uses: Vec<(Name, u64)>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn key_uses(&self) -> Result<Vec<(Name, u64)>, StoreError> {
        Ok(Vec::new())
    }

    async fn opt(&self, change: OptChange) -> Result<bool, StoreError> {
        self.up()?;
        let mut opted_out = self.opted_out.lock().unwrap();
        let said = (change.number, change.sender);
        Ok(if change.out { opted_out.insert(said) } else { opted_out.remove(&said) })
    }

    async fn opted_out(&self, _query: OptOutQuery) -> Result<Vec<OptOut>, StoreError> {
        Ok(Vec::new())
    }

    async fn history(&self, _query: HistoryQuery) -> Result<Vec<Recorded>, StoreError> {
        Ok(Vec::new())
    }

    async fn register(&self, _item: Item) -> Result<Written, StoreError> {
        Err(StoreError::Unavailable("not here".to_owned()))
    }

    async fn unregister(&self, _: Name, _: Kind, _: String, _: u64) -> Result<Written, StoreError> {
        Ok(Written::Conflict)
    }

    async fn registered(&self, _tenant: Option<Name>, _kind: Kind) -> Result<Vec<Item>, StoreError> {
        Ok(Vec::new())
    }

    async fn registered_one(&self, _: Name, _: Kind, _: String) -> Result<Option<Item>, StoreError> {
        Ok(None)
    }

    async fn registry_version(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn put_component(&self, _: Name, _: String, _: Arc<[u8]>) -> Result<(), StoreError> {
        Err(StoreError::Unavailable("not here".to_owned()))
    }

    async fn component(&self, _tenant: Name, _hash: String) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    async fn delete_component(&self, _tenant: Name, _hash: String) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn callbacks(&self, _now: u64, _hold_ms: u64, _rows: u32) -> Result<Vec<Callback>, StoreError> {
        Ok(Vec::new())
    }

    async fn callback_done(&self, _tenant: Name, _sequence: u64, _at: Option<u64>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.up()
    }
}
