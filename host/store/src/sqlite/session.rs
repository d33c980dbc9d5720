//! What the writer's operations share: a transaction, the statements, and how a message is read,
//! changed and written.

use rusqlite::{Connection, OptionalExtension, params};
use waypost_core::decision::{DecisionRecord, Name};
use waypost_core::id::MessageId;
use waypost_core::lifecycle::is_step;
use waypost_core::message::{Progress, State};
use waypost_core::trace::Step;

use super::OpenMode;
use super::failure::{Failure, corrupt};
use super::names::Names;
use super::numbers::{Kind, Numbers};
use super::recent::Recent;
use super::references::References;
use super::rows::{Live, key_of, list_json, nonce_of, read_live, sql, to_json, unsigned};
use super::statements::Statements;
use crate::TRACE_ENTRIES_MAX;

/// The writer's connection with all that it remembers. An operation that fails leaves it dirty;
/// the writer rolls back and it forgets everything.
pub(super) struct Session<'c> {
    pub(super) conn: &'c Connection,
    pub(super) sql: Statements<'c>,
    pub(super) names: Names<'c>,
    pub(super) recent: Recent,
    pub(super) references: References,
    numbers: Numbers,
    /// The largest key in the store: above it, every key is free.
    pub(super) last_key: i64,
    /// How many receipts wait for their message.
    pub(super) orphans: i64,
}

/// What a message was before a step changed it.
pub(super) struct Before {
    state: State,
    route: Option<Name>,
}

impl Before {
    pub(super) fn of(progress: &Progress) -> Self {
        Self { state: progress.state, route: progress.route.clone() }
    }
}

impl<'c> Session<'c> {
    /// A tool changes no messages, and does without what is remembered of them.
    pub(super) fn new(conn: &'c Connection, mode: OpenMode) -> Result<Self, Failure> {
        let mut session = Self {
            conn,
            sql: Statements::prepare(conn)?,
            names: Names::new(conn)?,
            recent: Recent::default(),
            references: References::default(),
            numbers: Numbers::default(),
            last_key: 0,
            orphans: 0,
        };
        session.remember()?;
        if mode == OpenMode::Host {
            session.read_references()?;
        }
        Ok(session)
    }

    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        self.sql.begin.execute([])?;
        Ok(())
    }

    /// Writes what was put off, and makes everything durable.
    pub(super) fn commit(&mut self) -> Result<(), Failure> {
        while let Some((kind, name, value)) = self.numbers.next_unwritten() {
            self.sql.upsert_number.execute(params![kind, name, value])?;
        }
        self.sql.commit.execute([])?;
        self.references.commit();
        Ok(())
    }

    /// Undoes the transaction and forgets what was learnt in it.
    pub(super) fn roll_back(&mut self) -> Result<(), Failure> {
        self.references.roll_back();
        // Some errors, a full disk among them, have rolled back already.
        if !self.conn.is_autocommit() {
            self.sql.rollback.execute([])?;
        }
        self.names.forget();
        self.recent.forget();
        self.numbers.forget();
        self.remember()
    }

    #[cfg(feature = "suite")]
    pub(super) fn limit_pages(&mut self, pages: u32) -> Result<(), Failure> {
        self.conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        Ok(())
    }

    fn remember(&mut self) -> Result<(), Failure> {
        let last: Option<i64> = self.sql.last_key.query_row([], |row| row.get(0))?;
        self.last_key = last.unwrap_or(0);
        self.orphans = self.sql.count_orphans.query_row([], |row| row.get(0))?;
        Ok(())
    }

    /// The references of every message that a receipt can still change.
    fn read_references(&mut self) -> Result<(), Failure> {
        let mut rows = self.sql.select_references.query([])?;
        while let Some(row) = rows.next()? {
            let reference = row.get_ref(2)?.as_str().map_err(|_| corrupt("a reference is no text"))?;
            self.references.insert(row.get(1)?, reference, row.get(0)?);
        }
        drop(rows);
        self.references.commit();
        Ok(())
    }

    /// The number of a name; a new name gets one.
    pub(super) fn name_id(&mut self, name: &Name) -> Result<i64, Failure> {
        if let Some(id) = self.names.find(name)? {
            return Ok(id);
        }
        let id = self.sql.insert_name.query_row([&**name], |row| row.get(0))?;
        self.names.remember(name.clone(), id);
        Ok(id)
    }

    /// A rate or a count, 0 where there is none yet.
    pub(super) fn number(&mut self, kind: Kind, name: i64) -> Result<u64, Failure> {
        if let Some(value) = self.numbers.get(kind, name) {
            return unsigned(value);
        }
        let row = self.sql.select_number.query_row(params![kind as i64, name], |row| row.get(0));
        let value: i64 = row.optional()?.unwrap_or(0);
        self.numbers.read(kind, name, value);
        unsigned(value)
    }

    pub(super) fn set_number(&mut self, kind: Kind, name: i64, value: u64) {
        self.numbers.set(kind, name, sql(value));
    }

    /// The message of that key. Taken out of the cache: see [`Session::keep`].
    pub(super) fn load(&mut self, key: i64) -> Result<Option<Live>, Failure> {
        if let Some(live) = self.recent.take(key) {
            return Ok(Some(live));
        }
        let mut rows = self.sql.select_live.query([key])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        read_live(row, &mut self.names).map(Some)
    }

    /// The message of that id; the random half has to fit, too.
    pub(super) fn load_id(&mut self, id: MessageId) -> Result<Option<Live>, Failure> {
        let Some(live) = self.load(key_of(id))? else { return Ok(None) };
        if live.envelope.id == id {
            return Ok(Some(live));
        }
        self.keep(live);
        Ok(None)
    }

    /// Gives back a message that was loaded and not changed.
    pub(super) fn keep(&mut self, live: Live) {
        self.recent.put(key_of(live.envelope.id), live);
    }

    /// Writes the progress of a message after a step, its counters and its callback.
    pub(super) fn save(&mut self, before: &Before, live: Live) -> Result<(), Failure> {
        let (id, progress) = (live.envelope.id, &live.progress);
        let changed = before.state != progress.state;
        debug_assert!(!changed || is_step(before.state, progress), "{} to {}", before.state, progress.state);
        let route = progress.route.as_ref().map(|route| self.name_id(route)).transpose()?;
        self.sql.update_progress.execute(params![
            key_of(id),
            progress.state.number(),
            sql(progress.changed_ms),
            progress.due_ms.map(sql),
            route,
            list_json(&progress.tried)?,
            progress.attempts,
            progress.failures,
            progress.reference,
            progress.price_micros.map(sql),
            progress.failure.as_ref().map(to_json).transpose()?,
            progress.doubted,
            live.steps,
        ])?;
        self.count_change(before, &live)?;
        if changed && progress.state.is_final() {
            if let (Some(route), Some(reference)) = (route, &progress.reference)
                && progress.state != State::Unknown
            {
                self.references.finish(route, reference, key_of(id));
            }
            self.insert_callback(&live)?;
        }
        self.keep(live);
        Ok(())
    }

    /// Adds an entry to the trace of a message. Beyond the most that are kept, it is only counted.
    pub(super) fn add_entry(
        &mut self,
        live: &mut Live,
        at_ms: u64,
        step: &Step,
        decisions: &[DecisionRecord],
    ) -> Result<(), Failure> {
        let n = live.steps;
        live.steps = n.saturating_add(1);
        if n >= TRACE_ENTRIES_MAX {
            return Ok(());
        }
        let entry = EntryRef { at_ms, state: live.progress.state, step, decisions };
        self.sql.insert_entry.execute(params![key_of(live.envelope.id), n, to_json(&entry)?])?;
        Ok(())
    }

    /// Keeps the counts of waiting messages exact. `None` before: the message is new.
    pub(super) fn count_new(&mut self, live: &Live) -> Result<(), Failure> {
        let nothing = Before { state: State::Refused, route: None };
        self.count_change(&nothing, live)
    }

    fn count_change(&mut self, before: &Before, live: &Live) -> Result<(), Failure> {
        let now = &live.progress;
        if before.state.is_open() != now.state.is_open() {
            let tenant = self.name_id(&live.envelope.draft.tenant)?;
            self.count(Kind::TenantWaits, tenant, now.state.is_open())?;
        }
        let waited_for = before.route.as_ref().filter(|_| before.state.is_waiting());
        let waits_for = now.route.as_ref().filter(|_| now.state.is_waiting());
        if waited_for == waits_for {
            return Ok(());
        }
        if let Some(route) = waited_for {
            let route = self.name_id(route)?;
            self.count(Kind::RouteWaits, route, false)?;
        }
        if let Some(route) = waits_for {
            let route = self.name_id(route)?;
            self.count(Kind::RouteWaits, route, true)?;
        }
        Ok(())
    }

    fn count(&mut self, kind: Kind, name: i64, up: bool) -> Result<(), Failure> {
        let value = self.number(kind, name)?;
        let value = if up { value.saturating_add(1) } else { value.saturating_sub(1) };
        self.set_number(kind, name, value);
        Ok(())
    }

    fn insert_callback(&mut self, live: &Live) -> Result<(), Failure> {
        let Some(url) = &live.envelope.callback_url else { return Ok(()) };
        let id = live.envelope.id;
        let tenant = self.name_id(&live.envelope.draft.tenant)?;
        let state = live.progress.state.number();
        self.sql.insert_callback.execute(params![
            key_of(id),
            nonce_of(id),
            tenant,
            url,
            state,
            sql(live.progress.changed_ms)
        ])?;
        Ok(())
    }
}

/// An `Entry` that is written without being put together first; the same form in JSON.
#[derive(serde::Serialize)]
struct EntryRef<'a> {
    at_ms: u64,
    state: State,
    step: &'a Step,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    decisions: &'a [DecisionRecord],
}
