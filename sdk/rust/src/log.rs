//! Notes for the trace of a message: `log::info!("night until {until}")`.
//!
//! At most 1 KiB a call; more is cut, and marked as cut. Put no number and no text of a message into
//! them.

use std::fmt::Arguments;

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For whoever writes the plugin.
    Debug,
    /// For whoever asks why.
    Info,
    /// Something should be looked at.
    Warn,
}

/// Writes a note. In tests notes are kept: [`testing::notes`](crate::testing::notes).
pub fn write(level: Level, text: Arguments<'_>) {
    #[cfg(target_arch = "wasm32")]
    {
        use crate::bindings::waypost::sms::log;
        let level = match level {
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
        };
        log::write(level, &text.to_string());
    }
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::noted(level, text.to_string());
}

/// A note for whoever writes the plugin.
#[macro_export]
#[doc(hidden)]
macro_rules! __debug {
    ($($argument:tt)+) => { $crate::log::write($crate::log::Level::Debug, format_args!($($argument)+)) };
}

/// A note for whoever asks why.
#[macro_export]
#[doc(hidden)]
macro_rules! __info {
    ($($argument:tt)+) => { $crate::log::write($crate::log::Level::Info, format_args!($($argument)+)) };
}

/// A note that something should be looked at.
#[macro_export]
#[doc(hidden)]
macro_rules! __warn {
    ($($argument:tt)+) => { $crate::log::write($crate::log::Level::Warn, format_args!($($argument)+)) };
}

pub use crate::{__debug as debug, __info as info, __warn as warn};
