//! Messages that the writer has seen lately, so that a step of their life reads nothing.

use std::collections::{HashMap, VecDeque};

use waypost_core::text::Body;

use super::rows::Live;

/// Steps after which a message that had no other is forgotten. Some 30 MB where messages are short.
const STEPS_MAX: usize = 32_768;
/// Longer bodies are read from the disk again, so that the cache stays small in bytes too.
const BODY_BYTES_MAX: usize = 2_048;

/// The writer is the only one that changes messages, so what is here is what the tables hold; after
/// a rollback all of it is forgotten.
#[derive(Default)]
pub(super) struct Recent {
    messages: HashMap<i64, Live>,
    order: VecDeque<i64>,
}

impl Recent {
    /// Takes a message out; whoever does puts it back.
    pub(super) fn take(&mut self, key: i64) -> Option<Live> {
        self.messages.remove(&key)
    }

    pub(super) fn put(&mut self, key: i64, live: Live) {
        if body_bytes(&live) > BODY_BYTES_MAX {
            return;
        }
        self.messages.insert(key, live);
        self.order.push_back(key);
        if self.order.len() > STEPS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.messages.remove(&oldest);
        }
    }

    pub(super) fn forget(&mut self) {
        self.messages.clear();
        self.order.clear();
    }
}

fn body_bytes(live: &Live) -> usize {
    match &live.envelope.draft.body {
        Body::Text(text) => text.len(),
        Body::Binary(bytes) => bytes.len(),
    }
}
