//! Threads that read. Readers see what was last committed and never wait for the writer.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};
use waypost_core::decision::Name;
use waypost_core::id::MessageId;
use waypost_core::limits::PRIORITY_MAX;
use waypost_core::store::{ApiKey, InboxItem, Stored};
use waypost_core::trace::Entry;

use super::failure::{Failure, unavailable};
use super::names::Names;
use super::numbers::Kind;
use super::rows::{LIVE_COLUMNS, from_json, key_of, nonce_of, read_live, sql, unsigned};
use super::schema;
use crate::StoreError;

/// Two: a slow list does not hold up the check of a key.
const THREADS: usize = 2;
/// Most questions that wait.
const WAITING_MAX: usize = 1_024;
/// How long one question may take.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Steps of SQLite's machine between two looks at the clock: some tens of microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 4_000;

type Question = Box<dyn FnOnce(&mut Reader<'_>) + Send>;

/// The way to the readers.
pub(super) struct Readers {
    questions: mpsc::Sender<Question>,
}

impl Readers {
    pub(super) fn start(path: &Path) -> Result<Self, Failure> {
        let (questions, waiting) = mpsc::channel(WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..THREADS {
            let conn = schema::open_reader(path)?;
            let waiting = waiting.clone();
            std::thread::Builder::new()
                .name("store-reader".to_owned())
                .spawn(move || run(conn, &waiting))
                .map_err(|error| unavailable(error.to_string()))?;
        }
        Ok(Self { questions })
    }

    /// Asks one of the readers.
    pub(super) async fn ask<F, T>(&self, question: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut Reader<'_>) -> Result<T, Failure> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let question: Question = Box::new(move |reader| {
            // A caller that has gone away does not want to know.
            let _ = reply.send(question(reader));
        });
        self.questions.send(question).await.map_err(|_| stopped())?;
        Ok(answer.await.map_err(|_| stopped())??)
    }
}

fn stopped() -> Failure {
    unavailable("the store's readers have stopped")
}

fn run(mut conn: Connection, waiting: &Mutex<mpsc::Receiver<Question>>) {
    let started = Arc::new(Mutex::new(Instant::now()));
    let watched = started.clone();
    let watch = move || lock(&watched).elapsed() > TIME_MAX;
    if let Err(error) = conn.progress_handler(STEPS_BETWEEN_LOOKS, Some(watch)) {
        tracing::warn!(%error, "long questions to the store cannot be ended");
    }
    let names = match Names::new(&conn) {
        Ok(names) => names,
        Err(error) => return tracing::error!(%error, "a reader of the store could not start"),
    };
    let mut reader = Reader { conn: &conn, names };
    loop {
        let Some(question) = lock(waiting).blocking_recv() else { return };
        *lock(&started) = Instant::now();
        let answered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| question(&mut reader)));
        if answered.is_err() {
            tracing::error!("a question to the store panicked; this is a bug");
        }
    }
}

/// What is locked here is whole whatever happened to the thread that held it.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that reads.
pub(super) struct Reader<'c> {
    pub(super) conn: &'c Connection,
    pub(super) names: Names<'c>,
}

impl Reader<'_> {
    pub(super) fn message(&mut self, tenant: &Name, id: MessageId) -> Result<Option<Stored>, Failure> {
        let text = format!(
            "SELECT {LIVE_COLUMNS} FROM messages m JOIN progress p ON p.key = m.key
             WHERE m.key = ?1 AND m.nonce = ?2"
        );
        let mut statement = self.conn.prepare_cached(&text)?;
        let mut rows = statement.query(params![key_of(id), nonce_of(id)])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let live = read_live(row, &mut self.names)?;
        let own = live.envelope.draft.tenant == *tenant;
        Ok(own.then_some(Stored { envelope: live.envelope, progress: live.progress }))
    }

    pub(super) fn trace(&mut self, tenant: &Name, id: MessageId) -> Result<Vec<Entry>, Failure> {
        if self.message(tenant, id)?.is_none() {
            return Ok(Vec::new());
        }
        let mut statement = self.conn.prepare_cached(
            "SELECT 0 AS n, entry FROM messages WHERE key = ?1 AND nonce = ?2
             UNION ALL SELECT t.n, t.entry FROM messages m JOIN trace t ON t.message = m.key
             WHERE m.key = ?1 AND m.nonce = ?2 ORDER BY n",
        )?;
        let mut rows = statement.query(params![key_of(id), nonce_of(id)])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            let json: String = row.get(1)?;
            entries.push(from_json(&json, "trace entry")?);
        }
        Ok(entries)
    }

    pub(super) fn waiting(
        &mut self,
        route: &Name,
        now_ms: u64,
        rows_max: u32,
    ) -> Result<Vec<Stored>, Failure> {
        let Some(route) = self.names.find(route)? else { return Ok(Vec::new()) };
        let text = format!(
            "SELECT {LIVE_COLUMNS} FROM progress p INDEXED BY progress_queue
             CROSS JOIN messages m ON m.key = p.key
             WHERE p.route = ?1 AND p.priority = ?2 AND p.state <= 1 AND p.due_ms <= ?3
             ORDER BY p.due_ms LIMIT ?4"
        );
        let mut statement = self.conn.prepare_cached(&text)?;
        let mut waiting = Vec::new();
        for priority in (0..=PRIORITY_MAX).rev() {
            let room = i64::from(rows_max) - i64::try_from(waiting.len()).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![route, priority, sql(now_ms), room.max(0)])?;
            while let Some(row) = rows.next()? {
                let live = read_live(row, &mut self.names)?;
                waiting.push(Stored { envelope: live.envelope, progress: live.progress });
            }
        }
        Ok(waiting)
    }

    pub(super) fn knows_inbound(&mut self, route: &Name, reference: &str) -> Result<bool, Failure> {
        let Some(route) = self.names.find(route)? else { return Ok(false) };
        let mut statement =
            self.conn.prepare_cached("SELECT 1 FROM inbound_seen WHERE reference = ?1 AND route = ?2")?;
        Ok(statement.exists(params![reference, route])?)
    }

    pub(super) fn inbox(
        &mut self,
        tenant: &Name,
        inbox: &Name,
        after: u64,
        rows_max: u32,
    ) -> Result<Vec<InboxItem>, Failure> {
        let (Some(tenant), Some(inbox)) = (self.names.find(tenant)?, self.names.find(inbox)?) else {
            return Ok(Vec::new());
        };
        let mut statement = self.conn.prepare_cached(
            "SELECT sequence, inbound FROM inbox
             WHERE tenant = ?1 AND inbox = ?2 AND sequence > ?3 ORDER BY sequence LIMIT ?4",
        )?;
        let mut rows = statement.query(params![tenant, inbox, sql(after), rows_max])?;
        let mut items = Vec::new();
        while let Some(row) = rows.next()? {
            let json: String = row.get(1)?;
            let inbound = from_json(&json, "inbound message")?;
            items.push(InboxItem { sequence: unsigned(row.get(0)?)?, inbound });
        }
        Ok(items)
    }

    pub(super) fn backlog(&mut self) -> Result<Vec<(Name, u64)>, Failure> {
        let mut statement = self.conn.prepare_cached(
            "SELECT names.name, numbers.value FROM numbers JOIN names ON names.id = numbers.name
             WHERE numbers.kind = ?1 ORDER BY names.name",
        )?;
        let mut rows = statement.query([Kind::RouteWaits as i64])?;
        let mut backlog = Vec::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            backlog.push((Name::from(name), unsigned(row.get(1)?)?));
        }
        Ok(backlog)
    }

    pub(super) fn key(&mut self, id: &str) -> Result<Option<ApiKey>, Failure> {
        let mut statement = self.conn.prepare_cached("SELECT record FROM api_keys WHERE id = ?1")?;
        let json: Option<String> = statement.query_row([id], |row| row.get(0)).optional()?;
        json.map(|json| from_json(&json, "key")).transpose()
    }

    pub(super) fn keys(&mut self) -> Result<Vec<ApiKey>, Failure> {
        let mut statement = self.conn.prepare_cached("SELECT record FROM api_keys ORDER BY id")?;
        let mut rows = statement.query([])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            let json: String = row.get(0)?;
            keys.push(from_json(&json, "key")?);
        }
        Ok(keys)
    }
}
