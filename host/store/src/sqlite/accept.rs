//! Taking messages in: idempotency key, opt-outs, limits and enqueue, checked first and written after.

use std::collections::BTreeMap;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, ToSql, params};
use waypost_core::id::MessageId;
use waypost_core::limits::{IDEMPOTENCY_MS, PRIORITY_MAX};
use waypost_core::message::State;
use waypost_core::rate::{AcceptLimits, LimitKind, LimitReached, Rate, Window};
use waypost_core::store::{Accept, Accepted, Idempotency, NewMessage};
use waypost_core::text::Body;

use super::failure::{Failure, corrupt};
use super::numbers::Kind;
use super::rows::{Live, facts_of, id_from, key_of, list_json, nonce_of, sql, to_json, unsigned};
use super::session::Session;

/// When to ask again where nobody can know when a queue has drained, in milliseconds.
const QUEUE_RETRY_MS: u64 = 1_000;

/// A request with everything put into words by the caller's thread: the writer has one.
pub(super) struct Prepared {
    accept: Accept,
    texts: Vec<Texts>,
    /// Places of the messages that are not refused: the ones that opt-outs, caps and the queue look at.
    admitted: Vec<usize>,
}

/// The columns of one message that take more than a copy.
struct Texts {
    facts: String,
    sender: Option<String>,
    encoding: String,
    tags: Option<String>,
    entry: String,
    failure: Option<String>,
}

impl Prepared {
    pub(super) fn new(accept: Accept) -> Result<Self, Failure> {
        let texts = accept.messages.iter().map(Texts::new).collect::<Result<_, _>>()?;
        let admitted = (0..accept.messages.len())
            .filter(|index| accept.messages[*index].progress.state != State::Refused)
            .collect();
        Ok(Self { accept, texts, admitted })
    }
}

impl Texts {
    fn new(message: &NewMessage) -> Result<Self, Failure> {
        let draft = &message.envelope.draft;
        Ok(Self {
            facts: facts_of(&draft.to)?,
            sender: draft.sender.as_ref().map(to_json).transpose()?,
            encoding: to_json(&draft.encoding)?.trim_matches('"').to_owned(),
            tags: list_json(&draft.tags)?,
            entry: to_json(&message.entry)?,
            failure: message.progress.failure.as_ref().map(to_json).transpose()?,
        })
    }
}

impl Session<'_> {
    pub(super) fn accept(&mut self, prepared: &Prepared) -> Result<Accepted, Failure> {
        let accept = &prepared.accept;
        let tenant = self.name_id(&accept.tenant)?;
        if let Some(idempotency) = &accept.idempotency
            && let Some(seen) = self.seen(tenant, idempotency, accept.now_ms)?
        {
            return Ok(seen);
        }
        if self.id_is_taken(&accept.messages)? {
            return Ok(Accepted::IdTaken);
        }
        let opted_out = self.opted_out_of(prepared, tenant)?;
        if !opted_out.is_empty() {
            return Ok(Accepted::OptedOut(opted_out));
        }
        let key = self.name_id(&accept.key)?;
        if let Some(limit) = self.take_limits(prepared, tenant, key)? {
            return Ok(Accepted::Limited(limit));
        }
        for (message, texts) in accept.messages.iter().zip(&prepared.texts) {
            self.insert(message, texts)?;
        }
        if let Some(idempotency) = &accept.idempotency {
            self.remember_request(tenant, idempotency, accept)?;
        }
        Ok(Accepted::Stored)
    }

    fn seen(
        &mut self,
        tenant: i64,
        idempotency: &Idempotency,
        now_ms: u64,
    ) -> Result<Option<Accepted>, Failure> {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let found: Option<(Vec<u8>, Vec<u8>, i64)> =
            self.sql.select_idempotency.query_row(params![tenant, idempotency.key], read).optional()?;
        let Some((body_hash, ids, expires_ms)) = found else { return Ok(None) };
        if unsigned(expires_ms)? <= now_ms {
            return Ok(None);
        }
        if body_hash != idempotency.body_hash {
            return Ok(Some(Accepted::KeyReused));
        }
        unpack_ids(&ids).map(|ids| Some(Accepted::Replayed(ids)))
    }

    fn id_is_taken(&mut self, messages: &[NewMessage]) -> Result<bool, Failure> {
        let mut keys: Vec<i64> = messages.iter().map(|message| key_of(message.envelope.id)).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Ok(true);
        }
        for key in keys {
            if key <= self.last_key && self.sql.select_key.exists([key])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Places of the messages whose recipient wants none.
    fn opted_out_of(&mut self, prepared: &Prepared, tenant: i64) -> Result<Vec<usize>, Failure> {
        let mut places = Vec::new();
        if !self.has_opt_outs(tenant)? {
            return Ok(places);
        }
        for index in &prepared.admitted {
            let draft = &prepared.accept.messages[*index].envelope.draft;
            let sender = draft.sender.as_ref().map(|sender| sender.address.as_str());
            if self.is_opted_out(tenant, draft.to.address.as_str(), sender)? {
                places.push(*index);
            }
        }
        Ok(places)
    }

    /// Looks at every limit, and only then takes from all of them. Rates count every message;
    /// caps and the queue those that were not refused.
    fn take_limits(
        &mut self,
        prepared: &Prepared,
        tenant: i64,
        key: i64,
    ) -> Result<Option<LimitReached>, Failure> {
        let accept = &prepared.accept;
        let AcceptLimits { tenant_rate, key_rate, queue_max, .. } = accept.limits;
        let rates = [
            (tenant_rate, LimitKind::TenantRate, Kind::TenantRate, tenant),
            (key_rate, LimitKind::KeyRate, Kind::KeyRate, key),
        ];
        let mut taken = [None; 2];
        for (slot, (rate, limit, kind, name)) in taken.iter_mut().zip(rates) {
            let Some(rate) = rate else { continue };
            let stored_us = self.number(kind, name)?;
            match take_rate(rate, stored_us, accept, limit) {
                Ok(next_us) => *slot = Some((kind, name, next_us)),
                Err(reached) => return Ok(Some(reached)),
            }
        }
        if let Some(queue_max) = queue_max {
            let room = queue_max.saturating_sub(self.number(Kind::TenantWaits, tenant)?);
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            if let Some(index) = prepared.admitted.get(room) {
                let free_at_ms = accept.now_ms.saturating_add(QUEUE_RETRY_MS);
                return Ok(Some(LimitReached { limit: LimitKind::QueueDepth, free_at_ms, index: *index }));
            }
        }
        if let Some(reached) = self.take_caps(prepared, tenant)? {
            return Ok(Some(reached));
        }
        for (kind, name, next_us) in taken.into_iter().flatten() {
            self.set_number(kind, name, next_us);
        }
        Ok(None)
    }

    fn take_caps(&mut self, prepared: &Prepared, tenant: i64) -> Result<Option<LimitReached>, Failure> {
        let accept = &prepared.accept;
        let mut counts: BTreeMap<(Window, &str), u32> = BTreeMap::new();
        for index in &prepared.admitted {
            let address = accept.messages[*index].envelope.draft.to.address.as_str();
            // The longer window first: where both are full, its end is the true answer.
            for window in Window::ALL.into_iter().rev() {
                let Some(cap) = accept.limits.destination_cap(window) else { continue };
                let start_ms = window.start_ms(accept.now_ms);
                let count = match counts.get(&(window, address)) {
                    Some(count) => *count,
                    None => self.cap_count(window, start_ms, tenant, address)?,
                };
                if count >= cap {
                    let limit = match window {
                        Window::Hour => LimitKind::DestinationPerHour,
                        Window::Day => LimitKind::DestinationPerDay,
                    };
                    let free_at_ms = window.end_ms(accept.now_ms);
                    return Ok(Some(LimitReached { limit, free_at_ms, index: *index }));
                }
                counts.insert((window, address), count.saturating_add(1));
            }
        }
        for ((window, address), count) in counts {
            let start_ms = sql(window.start_ms(accept.now_ms));
            self.sql.upsert_cap.execute(params![window_code(window), start_ms, tenant, address, count])?;
        }
        Ok(None)
    }

    fn cap_count(
        &mut self,
        window: Window,
        start_ms: u64,
        tenant: i64,
        address: &str,
    ) -> Result<u32, Failure> {
        let params = params![window_code(window), sql(start_ms), tenant, address];
        Ok(self.sql.select_cap.query_row(params, |row| row.get(0)).optional()?.unwrap_or(0))
    }

    fn insert(&mut self, message: &NewMessage, texts: &Texts) -> Result<(), Failure> {
        let NewMessage { envelope, progress, .. } = message;
        let draft = &envelope.draft;
        let key = key_of(envelope.id);
        let tenant = self.name_id(&draft.tenant)?;
        let api_key = self.name_id(&envelope.key)?;
        let route = progress.route.as_ref().map(|route| self.name_id(route)).transpose()?;
        self.sql.insert_message.execute(params![
            key,
            nonce_of(envelope.id),
            tenant,
            api_key,
            sql(draft.time_ms),
            draft.to.address.as_str(),
            texts.facts,
            texts.sender,
            BodyColumn(&draft.body),
            texts.encoding,
            draft.segments,
            draft.priority,
            texts.tags,
            sql(envelope.valid_until_ms),
            envelope.client_ref,
            envelope.callback_url,
            envelope.hops,
            texts.entry,
        ])?;
        self.sql.insert_progress.execute(params![
            key,
            progress.state.number(),
            sql(progress.changed_ms),
            progress.due_ms.map(sql),
            route,
            draft.priority.min(PRIORITY_MAX),
            list_json(&progress.tried)?,
            progress.attempts,
            progress.failures,
            progress.reference,
            progress.price_micros.map(sql),
            texts.failure,
            progress.doubted,
            1,
        ])?;
        self.last_key = self.last_key.max(key);
        let live = Live { envelope: envelope.clone(), progress: progress.clone(), steps: 1 };
        self.count_new(&live)?;
        self.keep(live);
        Ok(())
    }

    fn remember_request(
        &mut self,
        tenant: i64,
        idempotency: &Idempotency,
        accept: &Accept,
    ) -> Result<(), Failure> {
        let ids = pack_ids(accept.messages.iter().map(|message| message.envelope.id));
        let expires_ms = sql(accept.now_ms.saturating_add(IDEMPOTENCY_MS));
        self.sql.upsert_idempotency.execute(params![
            tenant,
            idempotency.key,
            idempotency.body_hash,
            ids,
            expires_ms
        ])?;
        Ok(())
    }
}

fn take_rate(rate: Rate, stored_us: u64, accept: &Accept, limit: LimitKind) -> Result<u64, LimitReached> {
    let units = u32::try_from(accept.messages.len()).unwrap_or(u32::MAX);
    let now_us = accept.now_ms.saturating_mul(1_000);
    rate.take(stored_us, now_us, units).map_err(|free_at_us| LimitReached {
        limit,
        free_at_ms: free_at_us.div_ceil(1_000),
        index: usize::try_from(rate.available(stored_us, now_us, units)).unwrap_or(0),
    })
}

/// The number by which the table of caps keeps a window.
pub(super) fn window_code(window: Window) -> i64 {
    match window {
        Window::Hour => 0,
        Window::Day => 1,
    }
}

/// Text stays text and bytes stay bytes, so that people can read the table.
struct BodyColumn<'a>(&'a Body);

impl ToSql for BodyColumn<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Body::Text(text) => ValueRef::Text(text.as_bytes()),
            Body::Binary(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn pack_ids(ids: impl Iterator<Item = MessageId>) -> Vec<u8> {
    ids.flat_map(|id| [key_of(id).to_be_bytes(), nonce_of(id).to_be_bytes()].concat()).collect()
}

fn unpack_ids(bytes: &[u8]) -> Result<Vec<MessageId>, Failure> {
    let (ids, rest) = bytes.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(corrupt("the ids of a repeated request are cut short"));
    }
    ids.iter()
        .map(|id| {
            let both = i128::from_be_bytes(*id);
            id_from((both >> 64) as i64, both as i64)
        })
        .collect()
}
