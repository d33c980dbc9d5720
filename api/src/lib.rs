//! The HTTP API of Waypost, version 1, without a server. The native host and the edge bring the
//! server; both answer the same calls by the same functions.
//!
//! [`route`](route::route) finds the call, [`auth`] who asks, [`calls`] do it over a
//! [`waypost_core::flow::Shell`] and come to an [`Answer`] or a [`Problem`].
//! [`serve::answer`] is all of these in a row, for a shell without a router of its own.

pub mod answer;
pub mod auth;
pub mod calls;
pub mod json;
pub mod key;
pub mod problem;
pub mod query;
pub mod route;
pub mod serve;
pub mod wire;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use problem::{Code, Problem};
