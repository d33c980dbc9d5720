//! How a shell reaches Redis, and what can go wrong there.

use async_trait::async_trait;

use super::{Request, Value};
use crate::store::{Shared, StoreError};

/// A way to Redis.
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
pub trait Connection: Shared {
    /// Sends requests, all of them before the first answer where the client can, and answers in the
    /// order asked. Each of them is done, or not, for itself.
    ///
    /// An implementation sends `Request::wire(false)`, and once more `wire(true)` where the answer is
    /// [`RedisError::NoScript`].
    async fn ask(&self, requests: Vec<Request>) -> Vec<Result<Vec<Value>, RedisError>>;
}

/// Why Redis did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedisError {
    /// Nobody answers, or not in time. The request may have been done.
    #[error("redis cannot be reached: {0}")]
    Unreachable(String),
    /// The server does not know the script's hash.
    #[error("redis does not know the script")]
    NoScript,
    /// The server is a replica, or has too few of them: after a failover, ask the new primary.
    #[error("redis does not take writes: {0}")]
    ReadOnly(String),
    /// The server is at its `maxmemory`.
    #[error("redis is full (maxmemory): give it more memory, or shorten retention")]
    Full,
    /// The server starts, runs another script too long, or its cluster is not whole.
    #[error("redis is not ready: {0}")]
    NotReady(String),
    /// The server cannot write its files.
    #[error("redis cannot write to its disk: {0}")]
    Disk(String),
    /// Anything else: a wrong password, a missing right, a key of another type.
    #[error("redis says: {0}")]
    Other(String),
}

impl RedisError {
    /// From the text of an error reply, with its code in front: `READONLY You can't write …`.
    #[must_use]
    pub fn from_reply(text: &str) -> Self {
        let code = text.split_ascii_whitespace().next().unwrap_or_default();
        match code.trim_start_matches('-') {
            "NOSCRIPT" => Self::NoScript,
            "READONLY" | "NOREPLICAS" | "MASTERDOWN" => Self::ReadOnly(text.to_owned()),
            "OOM" => Self::Full,
            "LOADING" | "BUSY" | "CLUSTERDOWN" | "TRYAGAIN" => Self::NotReady(text.to_owned()),
            "MISCONF" => Self::Disk(text.to_owned()),
            // An error inside a script carries the code of the command further back.
            _ if text.contains("OOM command not allowed") => Self::Full,
            _ if text.contains("READONLY You can't write") => Self::ReadOnly(text.to_owned()),
            _ => Self::Other(text.to_owned()),
        }
    }
}

impl From<RedisError> for StoreError {
    fn from(error: RedisError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
