//! What was recorded of messages when they were taken in, for asking their decisions again.

use std::sync::Arc;

use crate::decision::Name;
use crate::id::MessageId;
use crate::message::Envelope;
use crate::trace::Entry;

/// A page of a tenant's messages with the first entry of their traces, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Whose messages.
    pub tenant: Name,
    /// Taken in at this time or later, in Unix milliseconds.
    pub from_ms: u64,
    /// Taken in before this time, in Unix milliseconds.
    pub to_ms: u64,
    /// Older than this one, exclusive: where the last page ended.
    pub before: Option<MessageId>,
    /// At most this many rows; above [`HistoryQuery::ROWS_MAX`] it is that.
    pub rows_max: u32,
}

impl HistoryQuery {
    /// Most rows of one page.
    pub const ROWS_MAX: u32 = 1_000;

    /// How many rows a page has at most.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.rows_max.min(Self::ROWS_MAX)
    }
}

/// A message as it was taken in.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The message. Its sender is the one that was chosen.
    pub envelope: Arc<Envelope>,
    /// The first entry of its trace: with the decisions that were made then.
    pub entry: Entry,
}
