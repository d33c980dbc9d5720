//! The tables, and how a database of an earlier version becomes one of this version.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::failure::{Failure, corrupt, unavailable};
use crate::StoreError;

/// Each migration is one transaction; the number of the last one is the database's
/// `user_version`. A released migration never changes.
const MIGRATIONS: &[&str] = &[VERSION_1, VERSION_2, VERSION_REGISTRY, VERSION_INBOXES];

/// How long a statement waits for another process that writes, in milliseconds.
const BUSY_WAIT_MS: u64 = 5_000;

/// The first version.
///
/// What never changes about a message (`messages`) is apart from what each step rewrites
/// (`progress`): a step then dirties few pages, because some forty rows of progress share one.
/// Partial indexes are the queues, so that one UPDATE moves a message from one to the next and
/// finished messages are in none. Names from the configuration are kept once, in `names`.
const VERSION_1: &str = "
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE messages (
    key INTEGER PRIMARY KEY,
    nonce INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    api_key INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    to_address TEXT NOT NULL,
    to_facts TEXT NOT NULL,
    sender TEXT,
    body ANY NOT NULL,
    encoding TEXT NOT NULL,
    segments INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    tags TEXT,
    valid_until_ms INTEGER NOT NULL,
    client_ref TEXT,
    callback_url TEXT,
    hops INTEGER NOT NULL,
    entry TEXT NOT NULL
) STRICT;
CREATE INDEX messages_by_tenant ON messages (tenant, key);
CREATE INDEX messages_by_client_ref ON messages (client_ref, key) WHERE client_ref IS NOT NULL;

CREATE TABLE progress (
    key INTEGER PRIMARY KEY,
    state INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    due_ms INTEGER,
    route INTEGER,
    priority INTEGER NOT NULL,
    tried TEXT,
    attempts INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    reference TEXT,
    price_micros INTEGER,
    failure TEXT,
    doubted INTEGER NOT NULL,
    steps INTEGER NOT NULL
) STRICT;
CREATE INDEX progress_queue ON progress (route, priority, due_ms) WHERE state <= 1;
CREATE INDEX progress_timers ON progress (state, due_ms) WHERE state BETWEEN 2 AND 4;
CREATE INDEX progress_ended ON progress (state, key) WHERE state > 5;

CREATE TABLE trace (
    message INTEGER NOT NULL,
    n INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (message, n)
) STRICT, WITHOUT ROWID;

-- Only of messages that were in doubt; see `references.rs`.
CREATE TABLE provider_refs (
    reference TEXT NOT NULL,
    route INTEGER NOT NULL,
    message INTEGER NOT NULL,
    PRIMARY KEY (reference, route)
) STRICT, WITHOUT ROWID;

CREATE TABLE orphans (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    route INTEGER NOT NULL,
    reference TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    receipt TEXT NOT NULL
) STRICT;
CREATE INDEX orphans_by_reference ON orphans (reference, route);

CREATE TABLE idempotency (
    tenant INTEGER NOT NULL,
    key TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    ids BLOB NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_ms);

CREATE TABLE numbers (
    kind INTEGER NOT NULL,
    name INTEGER NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE caps (
    window INTEGER NOT NULL,
    start_ms INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    address TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (window, start_ms, tenant, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL,
    inbox INTEGER NOT NULL,
    inbound TEXT NOT NULL
) STRICT;
CREATE INDEX inbox_by_name ON inbox (tenant, inbox, sequence);
CREATE TABLE inbound_seen (
    reference TEXT NOT NULL,
    route INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (reference, route)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbound_seen_by_time ON inbound_seen (at_ms);

CREATE TABLE callbacks (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    url TEXT NOT NULL,
    state INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    failures INTEGER NOT NULL
) STRICT;
CREATE INDEX callbacks_by_due ON callbacks (due_ms);

CREATE TABLE api_keys (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pings (id INTEGER PRIMARY KEY, pings INTEGER NOT NULL) STRICT;
INSERT INTO pings (id, pings) VALUES (0, 0);
";

/// What is registered while Waypost runs, components, opt-outs, and when keys were used.
///
/// A component is kept in pieces, so that no transaction holds up messages for long; it is there
/// once it has its row in `components`.
const VERSION_REGISTRY: &str = "
CREATE TABLE registry (
    kind TEXT NOT NULL,
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (kind, tenant, name)
) STRICT;
CREATE TABLE registry_version (id INTEGER PRIMARY KEY, version INTEGER NOT NULL) STRICT;
INSERT INTO registry_version (id, version) VALUES (0, 0);

CREATE TABLE components (
    tenant INTEGER NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (tenant, hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE component_pieces (
    tenant INTEGER NOT NULL,
    hash TEXT NOT NULL,
    n INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (tenant, hash, n)
) STRICT;

-- The sender is empty where it is about all of them.
CREATE TABLE opt_outs (
    tenant INTEGER NOT NULL,
    number TEXT NOT NULL,
    sender TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, number, sender)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_uses (id TEXT PRIMARY KEY, used_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// Inboxes that no configuration names, so that they can be counted. Of an older database it is not known
/// which these are: all that hold something are taken for such.
const VERSION_INBOXES: &str = "
CREATE TABLE inboxes (
    tenant INTEGER NOT NULL,
    inbox INTEGER NOT NULL,
    PRIMARY KEY (tenant, inbox)
) STRICT, WITHOUT ROWID;
INSERT INTO inboxes (tenant, inbox) SELECT DISTINCT tenant, inbox FROM inbox;
";

/// Parts of long inbound messages. A set is a message: open (0), closed (1) or done (2).
const VERSION_2: &str = "
CREATE TABLE part_sets (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    route INTEGER NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    reference INTEGER NOT NULL,
    total INTEGER NOT NULL,
    inbox INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    ended_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX part_sets_by_key ON part_sets (sender, recipient, reference, total, route, tenant, stage);
CREATE INDEX part_sets_unfinished ON part_sets (tenant, route) WHERE stage < 2;
CREATE INDEX part_sets_by_age ON part_sets (stage, first_ms);
CREATE INDEX part_sets_done ON part_sets (ended_ms) WHERE stage = 2;

CREATE TABLE parts (
    part_set INTEGER NOT NULL,
    number INTEGER NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (part_set, number)
) STRICT, WITHOUT ROWID;
";

/// Opens a connection that may write, and brings the tables up to date.
pub(super) fn open_writer(path: &Path) -> Result<Connection, Failure> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(Duration::from_millis(BUSY_WAIT_MS))?;
    // Readers never wait for the writer, and a commit is one append and one fsync.
    let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(unavailable("the file system does not support a write-ahead log; use a local disk"));
    }
    // FULL: a commit that was answered survives the loss of power, not only of the process.
    conn.pragma_update(None, "synchronous", "FULL")?;
    // 16 MiB of pages, which hold the queues and what is being worked on. Not more: SQLite looks
    // through the whole cache after many a commit, and the system caches the file as well.
    conn.pragma_update(None, "cache_size", -16_384)?;
    // Checkpoints are made by their own thread; see `checkpoint`.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What a burst has made of the log's file is given back after it.
    conn.pragma_update(None, "journal_size_limit", 128 * 1024 * 1024)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "trusted_schema", false)?;
    migrate(&mut conn)?;
    Ok(conn)
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(Duration::from_millis(BUSY_WAIT_MS))?;
    conn.pragma_update(None, "cache_size", -16_384)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(conn)
}

/// The schema version that this build makes and reads.
pub(super) fn version_known() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

fn migrate(conn: &mut Connection) -> Result<(), Failure> {
    if version(conn)? == version_known() {
        return Ok(());
    }
    // Immediate: of two processes that open an old database at once, one migrates.
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    let Some(todo) = MIGRATIONS.get(done..) else {
        return Err(StoreError::TooNew { found, known: version_known() }.into());
    };
    for migration in todo {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", version_known())?;
    transaction.commit()?;
    Ok(())
}

fn version(conn: &Connection) -> Result<u32, Failure> {
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    u32::try_from(version).map_err(|_| corrupt("the schema version is negative"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_becomes_the_newest() {
        for start in 0..=MIGRATIONS.len() {
            let dir = tempfile::tempdir().expect("a directory");
            let path = dir.path().join("old.db");
            let old = Connection::open(&path).expect("a database");
            for migration in &MIGRATIONS[..start] {
                old.execute_batch(migration).expect("an old schema");
            }
            old.pragma_update(None, "user_version", start as u32).expect("a version");
            drop(old);
            let conn = open_writer(&path).expect("the migrated database");
            assert_eq!(version(&conn).expect("a version"), version_known());
            let check: String =
                conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
            assert_eq!(check, "ok");
        }
    }

    #[test]
    fn a_newer_database_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("new.db");
        let new = Connection::open(&path).expect("a database");
        new.pragma_update(None, "user_version", 99).expect("a version");
        drop(new);
        let error = StoreError::from(open_writer(&path).expect_err("too new"));
        assert!(matches!(error, StoreError::TooNew { found: 99, .. }), "{error}");
    }
}
