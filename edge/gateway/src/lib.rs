//! A tenant's gateway at the edge: the same API and the same flows as in a native host, over Redis
//! by the Spin SDK, with the tenant's policies composed into it and its providers one call away.
//!
//! An instance serves many requests, some of them at once. What stays between requests is the
//! parsed configuration, the connection to Redis and the last id; nothing of a request.
//!
//! Natively only the parts that need no Spin are compiled, for their tests.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "what uses it is not compiled"))]

#[cfg(target_family = "wasm")]
mod at_once;
#[cfg(target_family = "wasm")]
mod chain;
#[cfg(target_family = "wasm")]
mod handler;
#[cfg(target_family = "wasm")]
mod ids;
mod mode;
mod path;
mod redis;
#[cfg(target_family = "wasm")]
mod setup;
#[cfg(target_family = "wasm")]
mod shell;
#[cfg(target_family = "wasm")]
mod tenant;
#[cfg(target_family = "wasm")]
mod watch;
