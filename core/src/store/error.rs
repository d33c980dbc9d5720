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
    /// A part of a long inbound message has a number or a size out of its range.
    #[error("the part of an inbound message makes no sense: {0}")]
    InvalidPart(&'static str),
    /// So many long inbound messages of a tenant and a provider are not whole that no further one is
    /// begun. The part is not kept; it can be taken when others are whole or old.
    #[error(
        "{} long inbound messages from provider {route} are not whole yet, and no more are kept: \
         let the provider deliver it again later",
        crate::limits::INBOUND_PARTS_OPEN_MAX
    )]
    TooManyParts {
        /// The provider.
        route: String,
    },
    /// Another process has the store open.
    #[error("another process uses the store at {0}")]
    InUse(String),
}
