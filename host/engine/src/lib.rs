//! Loads, checks, limits, snapshots and runs the components that decide about messages. The only
//! crate that names wasmtime.
//!
//! [`Engine::load`] takes a component and its settings through every check to a handle for its
//! role: [`Screening`], [`SenderIdentity`], [`Routing`], [`Provider`] or [`Receiving`]. A call on
//! a handle never fails the caller: a [`Decision`] carries the answer or a [`Fault`], and the
//! record for the message's trace.

mod cache;
pub mod compile;
mod engine;
mod fault;
pub mod fixture;
mod inspect;
mod limits;
mod linked;
mod load;
mod log;
mod plugin;
mod pool;
mod probe;
mod question;
mod random;
mod roles;
mod runtime;
mod secrets;
mod settings;
mod snapshot;
mod state;
mod ticker;
mod v0_1_0;
#[cfg(test)]
mod v0_2_0_test;
mod version;
mod wasi;

pub use engine::{Engine, EngineError, EngineOptions};
pub use fault::Fault;
pub use inspect::imports;
pub use limits::Limits;
pub use load::{CompiledRequest, LoadError, LoadRequest, Stage, Step};
pub use plugin::{Decision, Info};
pub use pool::Reuse;
pub use roles::{Loaded, Provider, Receiving, Routing, Screening, SenderIdentity};
pub use runtime::RuntimeError;
pub use secrets::{NoSecrets, Secrets};
pub use settings::{Revision, Violation};
pub use state::CallContext;
