//! The Waypost gateway: HTTP API, dispatcher and command line. The binary is `main.rs`; what is
//! here is a library only so that tests can reach it.
//!
//! A message comes in by [`api`], is planned and decided about by [`intake`] and [`pipeline`],
//! stored, claimed and submitted by [`dispatcher`] through [`transport`]; its receipts come back
//! by [`hooks`].

pub mod api;
pub mod api_key;
pub mod callbacks;
pub mod check;
pub mod cli;
pub mod clock;
pub mod dispatcher;
pub mod edge;
pub mod gateway;
pub mod hooks;
pub mod intake;
pub mod listen;
pub mod logging;
pub mod metrics;
pub mod pipeline;
pub mod provider;
pub mod secrets;
pub mod serve;
pub mod sweeper;
pub mod transport;
