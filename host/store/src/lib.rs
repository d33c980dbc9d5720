//! Implementations of the one trait between the host and its state, `waypost_core::store::Store`.
//!
//! Each operation is one step of a message's life, and atomic: dedupe, limits and enqueue happen
//! together or not at all. The rules are `waypost_core::lifecycle`; a store only applies them.

pub mod redis;
pub mod sqlite;
#[cfg(feature = "suite")]
pub mod suite;

pub use waypost_core::store::{Store, StoreError, SweepRules, TRACE_ENTRIES_MAX};
