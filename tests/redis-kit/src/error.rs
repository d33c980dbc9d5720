//! What can go wrong with a server of the kit.

use std::io;

/// Why a server could not be started, reached or read.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// There is no Redis on this machine.
    #[error(
        "redis-server is not on PATH: install with `apt-get install redis-server` or run `cargo xtask test`"
    )]
    Missing,
    /// Every port that was tried is in use, or the folder of reservations cannot be written to.
    #[error("no free port between 10000 and 19999; reservations are in {folder}")]
    NoPort {
        /// Where one file a port says that it is in use.
        folder: String,
    },
    /// The process ended before it answered.
    #[error("redis-server at {address} ended at start; its log:\n{log}")]
    Ended {
        /// Where it was to listen.
        address: String,
        /// What it wrote.
        log: String,
    },
    /// Something was waited for, and did not come.
    #[error("not within {waited_ms} ms: {what}")]
    TooLate {
        /// What was waited for.
        what: String,
        /// How long.
        waited_ms: u64,
    },
    /// There is no process now: killed or stopped, and not started again.
    #[error("the server at {0} is not running")]
    NotRunning(String),
    /// The system said no.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was tried.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// The server answered something that is no RESP2, or more than the limits allow.
    #[error("the answer cannot be read: {0}")]
    Protocol(&'static str),
    /// The server answered with an error where that makes no sense.
    #[error("{command} was refused: {answer}")]
    Refused {
        /// The command's name.
        command: String,
        /// The server's words.
        answer: String,
    },
    /// `INFO` lacks a field that was asked for.
    #[error("INFO has no readable {0}")]
    NoFigure(&'static str),
}

impl KitError {
    /// For `map_err`: what was tried when the system said no.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing: doing.into(), source }
    }
}
