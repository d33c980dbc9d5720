//! The way of a message, in the order in which it happens, for any shell:
//!
//! * [`decide`]: screening, sender and routing for one draft;
//! * [`intake`]: a request is planned, decided about and stored;
//! * [`exchange`]: one try of one message at its provider;
//! * [`webhook`]: what a provider reports is read and stored;
//! * [`receive`]: what an inbound message causes.
//!
//! What a shell brings are four traits: [`Shell`], [`Tenant`], [`Provider`] and [`ProviderLink`].
//! The native host and the edge implement them; nothing here knows threads or a runtime. Futures
//! can be sent between threads where everything that the shell brings can be.

pub mod component;
pub mod decide;
pub mod exchange;
pub mod intake;
pub mod receive;
mod replies;
mod shell;
pub mod webhook;

#[cfg(test)]
mod tests;

pub use component::{Asked, Decision, Fault};
pub use exchange::{ProviderLink, Sent};
pub use shell::{Caller, Provider, Shell, Tenant};
