//! The rules of Waypost, without I/O: numbers, text, decisions, the life of a message, limits
//! and configuration. Time, randomness and settings come in as arguments, so that every function
//! here gives the same answer for the same input, natively and in a WebAssembly component.

pub mod backoff;
pub mod breaker;
pub mod check;
pub mod config;
pub mod decision;
pub mod edge;
pub mod flow;
pub mod id;
pub mod inbound;
pub mod lifecycle;
pub mod limits;
pub mod message;
pub mod nearest;
pub mod number;
pub mod provider;
pub mod rate;
pub mod redis;
pub mod registry;
pub mod request;
pub mod signing;
pub mod smpp;
pub mod store;
pub mod summary;
pub mod tenant;
pub mod text;
pub mod time;
pub mod trace;
