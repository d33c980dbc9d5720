//! The host's clock and its source of ids: the two things that `core` takes as arguments.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use waypost_core::id::{IdSequence, MessageId};
use waypost_core::redis::clock::{Sample, SharedClock};

/// Local time without jumps, from a moment in this process.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
/// What was learnt of the time of Redis.
static SHARED: Mutex<SharedClock> = Mutex::new(SharedClock::UNKNOWN);
/// Of [`SHARED`]: Unix microseconds less [`local_us`]; [`NOT_LEARNT`] where nothing is known.
static OFFSET_US: AtomicI64 = AtomicI64::new(NOT_LEARNT);
const NOT_LEARNT: i64 = i64::MIN;
/// The latest time that was given out, in Unix milliseconds.
static LATEST_MS: AtomicU64 = AtomicU64::new(0);

/// Unix milliseconds. With Redis as the store they are those of Redis, so that all hosts agree, and
/// they never go back. Otherwise the machine's own; before 1970 counts as 1970.
pub fn now_ms() -> u64 {
    let offset_us = OFFSET_US.load(Ordering::Acquire);
    if offset_us == NOT_LEARNT {
        return own_ms();
    }
    let now_us = i64::try_from(local_us()).unwrap_or(i64::MAX).saturating_add(offset_us);
    let now_ms = u64::try_from(now_us / 1000).unwrap_or(0);
    LATEST_MS.fetch_max(now_ms, Ordering::AcqRel).max(now_ms)
}

/// Microseconds since a moment in this process, for samples.
pub fn local_us() -> u64 {
    u64::try_from(ORIGIN.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Goes by the time of Redis from now on.
pub fn learn(sample: Sample) {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.learn(sample);
    if let Some(offset_us) = shared.offset_us() {
        OFFSET_US.store(offset_us, Ordering::Release);
    }
}

/// By how much the machine's own clock is ahead of [`now_ms`], in milliseconds.
pub fn own_offset_ms() -> i64 {
    let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    signed(own_ms()).saturating_sub(signed(now_ms()))
}

fn own_ms() -> u64 {
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
    /// A new id for a message of the tenant, above every earlier one.
    pub fn next(&self, now_ms: u64, tenant: &str) -> MessageId {
        let nonce = random_u64();
        let mut sequence = self.sequence.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sequence.next(now_ms, nonce, tenant)
    }
}
