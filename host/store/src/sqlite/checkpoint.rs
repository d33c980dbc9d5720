//! Moves the write-ahead log into the database file without holding up the writer.
//!
//! A thread of its own copies pages back while the writer appends (a passive checkpoint). That
//! alone would let the log grow for ever under steady load, because the log starts anew only when
//! everything in it has been copied. So after each pass of the thread the writer copies the little
//! that was appended meanwhile, and its next commit starts at the front of the log.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use rusqlite::Connection;

use super::failure::{Failure, unavailable};
use super::schema;

/// Pages in the log (4 KiB each) from which on they are copied back: 32 MiB.
const PAGES_MIN: i32 = 8_192;
/// Pages that the writer copies itself without much delay: 2 MiB.
const PAGES_REST: i32 = 512;
/// Pages beyond which the writer copies whatever there is: 256 MiB.
const PAGES_MAX: i32 = 65_536;

pub(super) struct Checkpointer {
    /// Pages in the log after the last commit.
    pages: Arc<AtomicI32>,
    /// The thread is copying.
    busy: Arc<AtomicBool>,
    wake: SyncSender<()>,
    /// Pages in the log when the thread was last woken: what it has copied at least.
    copied: i32,
}

impl Checkpointer {
    /// Starts the thread; it ends when the checkpointer is dropped.
    pub(super) fn start(path: &Path, writer: &mut Connection) -> Result<Self, Failure> {
        let pages = Arc::new(AtomicI32::new(0));
        let seen = pages.clone();
        writer.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        let conn = schema::open_writer(path)?;
        let (wake, woken) = sync_channel(1);
        let busy = Arc::new(AtomicBool::new(false));
        let done = busy.clone();
        std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || {
                while woken.recv().is_ok() {
                    copy_back(&conn);
                    done.store(false, Ordering::Release);
                }
            })
            .map_err(|error| unavailable(error.to_string()))?;
        Ok(Self { pages, busy, wake, copied: 0 })
    }

    /// Called by the writer between two groups.
    pub(super) fn after_commit(&mut self, writer: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.copied {
            self.copied = 0;
        }
        if pages < PAGES_MIN || (self.busy.load(Ordering::Acquire) && pages < PAGES_MAX) {
            return;
        }
        let rest = pages - self.copied;
        if self.copied > 0 && (rest <= PAGES_REST || pages >= PAGES_MAX) {
            copy_back(writer);
            // A reader may still need the log; then it is copied again a little later.
            self.copied = pages;
            return;
        }
        self.copied = pages;
        self.busy.store(true, Ordering::Release);
        if self.wake.try_send(()).is_err() {
            self.busy.store(false, Ordering::Release);
        }
    }
}

fn copy_back(conn: &Connection) {
    let result = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(0));
    if let Err(error) = result {
        tracing::warn!(%error, "the write-ahead log could not be copied back; it grows meanwhile");
    }
}
