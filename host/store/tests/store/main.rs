//! Both stores: the suite that every store has to pass, the same steps in both, and what is true of each alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod differential;
mod redis_cluster;
mod redis_faults;
mod redis_round_trips;
mod redis_servers;
mod redis_suite;
mod redis_tap;
mod sqlite;
mod sqlite_files;
