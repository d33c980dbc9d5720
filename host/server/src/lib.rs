//! The Waypost gateway: HTTP API, dispatcher and command line. The binary is `main.rs`; what is
//! here is a library only so that tests can reach it.
//!
//! A message comes in by [`api`], is planned, decided about and stored by the flows of `core` over
//! [`shell`] and [`pipeline`], claimed and submitted by [`dispatcher`] through [`transport`]; its
//! receipts come back by [`api`].

pub mod api;
pub mod api_key;
pub mod callbacks;
pub mod check;
pub mod cli;
pub mod clock;
pub mod dispatcher;
pub mod edge;
pub mod fleet;
pub mod gateway;
pub mod key_uses;
pub mod listen;
pub mod logging;
pub mod metrics;
pub mod notices;
pub mod pipeline;
pub mod plugins;
pub mod provider;
pub mod reload;
pub mod running;
pub mod secrets;
pub mod serve;
pub mod shell;
pub mod smpp;
pub mod store;
pub mod sweeper;
pub mod transport;
