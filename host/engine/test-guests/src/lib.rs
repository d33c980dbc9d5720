//! The compiled components of `tests/guests`, for tests and measurements.

/// A small screening policy, in its settings `countries` that it refuses.
pub const DENY: &[u8] = include_bytes!(env!("GUEST_DENY"));

/// Plays every role, and misbehaves as its settings `when` and `do` say.
pub const HOSTILE: &[u8] = include_bytes!(env!("GUEST_HOSTILE"));

/// Where [`HOSTILE`] lies, for configurations that name a file.
pub const HOSTILE_PATH: &str = env!("GUEST_HOSTILE");

/// Plays the receiving role: answers words, knows STOP and START, and traps at `TRAP`.
pub const KEYWORDS: &[u8] = include_bytes!(env!("GUEST_KEYWORDS"));

/// Where [`KEYWORDS`] lies, for configurations that name a file.
pub const KEYWORDS_PATH: &str = env!("GUEST_KEYWORDS");

/// The examples in Rust by name, and where each component lies.
pub const EXAMPLES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));
