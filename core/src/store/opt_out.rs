//! Recipients that want no messages: from one sender of a tenant, or from any of them.

use crate::decision::Name;

/// A recipient says that it wants no more messages, or that it wants them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptChange {
    /// Whose messages.
    pub tenant: Name,
    /// The recipient, as addresses of messages are kept: `+` and digits (E.164).
    pub number: String,
    /// From which sender, as its text is kept in messages. None: from every sender of the tenant.
    /// Wanting messages from all again takes back that one word, and not those about single senders.
    pub sender: Option<String>,
    /// True: no more messages. False: messages again.
    pub out: bool,
    /// When it was said, in Unix milliseconds.
    pub at_ms: u64,
}

/// A recipient that wants no messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOut {
    /// The recipient.
    pub number: String,
    /// From which sender. None: from every sender of the tenant.
    pub sender: Option<String>,
    /// Since when, in Unix milliseconds.
    pub at_ms: u64,
}

/// A page of a tenant's opt-outs, by number and then by sender (all senders first), in the order of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOutQuery {
    /// Whose.
    pub tenant: Name,
    /// Of this number only. None: of all.
    pub number: Option<String>,
    /// After this number and sender, exclusive: where the last page ended.
    pub after: Option<(String, Option<String>)>,
    /// At most this many rows; above [`OptOutQuery::ROWS_MAX`] it is that.
    pub rows_max: u32,
}

impl OptOutQuery {
    /// Most rows of one page.
    pub const ROWS_MAX: u32 = 1_000;

    /// How many rows a page has at most.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.rows_max.min(Self::ROWS_MAX)
    }
}
