//! The shared suite, on SQLite.

use std::sync::Arc;

use waypost_store::Store;
use waypost_store::sqlite::{OpenMode, SqliteStore};

async fn empty() -> (Arc<dyn Store>, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(&dir.path().join("waypost.db"), OpenMode::Host).expect("a store");
    (Arc::new(store), dir)
}

waypost_store::store_suite!(empty());
