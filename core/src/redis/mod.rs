//! The store in Redis: key layout, scripts, requests and replies as data, and the operations over
//! any [`Connection`]. The host speaks it with redis-rs, the edge with the Spin SDK's client.
//!
//! Scripts compare, move and count; they decide nothing. What a step leads to is worked out by
//! `lifecycle` in this crate, before (`accept`) or between a read and a write that only takes effect
//! where the message has not changed since.

mod accept;
mod callbacks;
mod claim;
pub mod clock;
mod components;
mod connection;
pub mod fleet;
mod history;
mod inbox;
mod keyring;
mod layout;
mod list;
mod operations;
mod operator;
mod opt_outs;
mod parts;
mod receipts;
mod record;
mod registry;
mod request;
mod script;
pub mod scripts;
pub mod server_check;
mod settle;
mod step;
mod store;
mod upkeep;
mod value;

pub use connection::{Connection, RedisError};
pub use layout::{LAYOUT_VERSION, Layout};
use record::Record;
pub use request::{Batch, Request};
pub use script::Script;
pub use store::{Clock, RedisStore};
pub use value::Value;
