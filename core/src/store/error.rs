//! What can go wrong with a store.

/// Why a store could not do what it was asked. Nothing of the operation was done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached or written to now: disk full, locked, stopped.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What it holds does not make sense; somebody has changed it, or it is from another version.
    #[error("the store holds something that cannot be read: {0}")]
    Corrupt(String),
    /// The store was made by a newer Waypost.
    #[error("the store has schema version {found}, this Waypost knows up to {known}: use a newer Waypost")]
    TooNew {
        /// In the store.
        found: u32,
        /// What this build knows.
        known: u32,
    },
    /// Another process has the store open.
    #[error("another process uses the store at {0}")]
    InUse(String),
}
