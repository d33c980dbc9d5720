//! The way to Redis: requests of `core` over the Spin SDK's client.

#[cfg(target_family = "wasm")]
mod connection;
mod error;
mod time;

#[cfg(target_family = "wasm")]
pub(crate) use connection::{SpinConnection, give_up};
#[cfg(target_family = "wasm")]
pub(crate) use time::RedisTime;
