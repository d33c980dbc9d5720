//! The host's clock and its source of ids: the two things that `core` takes as arguments.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use waypost_core::id::{IdSequence, MessageId};

/// Unix milliseconds. A clock before 1970 counts as 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Random bits from the operating system.
pub fn random_u64() -> u64 {
    // Without a random source ids could be guessed, so nothing may go on.
    getrandom::u64().unwrap_or_else(|_| std::process::abort())
}

/// Makes message ids.
#[derive(Debug, Default)]
pub struct IdSource {
    sequence: Mutex<IdSequence>,
}

impl IdSource {
    /// A new id, above every earlier one.
    pub fn next(&self, now_ms: u64) -> MessageId {
        let nonce = random_u64();
        let mut sequence = self.sequence.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sequence.next(now_ms, nonce)
    }
}
