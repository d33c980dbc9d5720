//! New ids.

use std::cell::RefCell;

use spin_sdk::wasip3::random::random::get_random_u64;
use waypost_core::id::{IdSequence, MessageId};

thread_local! {
    static SEQUENCE: RefCell<IdSequence> = RefCell::default();
}

/// A new id of a tenant, above every earlier one of this instance.
pub(crate) fn next(now_ms: u64, tenant: &str) -> MessageId {
    let random = get_random_u64();
    SEQUENCE.with_borrow_mut(|sequence| sequence.next(now_ms, random, tenant))
}
