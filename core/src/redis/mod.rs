//! The store in Redis: key layout, scripts, requests and replies as data, and the operations over
//! any [`Connection`]. The host speaks it with redis-rs, the edge with the Spin SDK's client.
//!
//! Scripts compare, move and count; they decide nothing. What a step leads to is worked out by
//! `lifecycle` in this crate, before (`accept`) or between a read and a write that only takes effect
//! where the message has not changed since.

pub mod clock;
mod connection;
pub mod fleet;
mod request;
mod script;
pub mod server_check;
mod value;

pub use connection::{Connection, RedisError};
pub use request::Request;
pub use script::Script;
pub use value::Value;
