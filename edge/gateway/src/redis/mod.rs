//! The way to Redis: requests of `core` over the Spin SDK's client.

mod connection;
mod error;
mod time;

pub(crate) use connection::SpinConnection;
pub(crate) use time::RedisTime;
