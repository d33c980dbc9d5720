//! Where things are kept. All keys of a tenant share the hash tag `{tenant}`, all keys of a provider
//! `{r/provider}`, so each script stays in one slot of a cluster.
//!
//! | key after the tenant's prefix | what |
//! |---|---|
//! | `m:<id>` | hash: a message: `e` envelope, `p` progress, `n` steps so far, `0`, `1`, … its trace |
//! | `q:<route>:<priority>` | sorted set: ids that wait, by due time |
//! | `ready` | sorted set: providers for which something waits, by the first due time |
//! | `timers` | sorted set: ids that are leased, in doubt or without receipt, by when that ends |
//! | `leases` | hash: id → `<from>:<until>:<host>` |
//! | `s:<state>` | sorted set: ids in a final state, by when they got there |
//! | `day:<n>`, `days` | sorted sets: all ids of a UTC day; the days that have some |
//! | `cr:<client_ref>` | sorted set: ids with that reference of the application |
//! | `n` | hash: `open` messages, `w:<route>` waiting for each provider |
//! | `rate` | hash: the rates of the tenant (`t`) and its keys (`k:<key>`) |
//! | `cap:<window>:<start>:<address>` | messages to a number in that window; expires |
//! | `idem:<key>` | what an idempotency key led to; expires |
//! | `inbox:<name>` | stream: inbound messages, with `<sequence>-0` as id |
//! | `inboxes` | set: the names of inboxes that no configuration names |
//! | `in:<route>:<reference>` | an inbound message that is known; expires |
//! | `part:o:<message>` | hash: parts of an inbound message: `k` which, `f` when the first came, `1`, … |
//! | `part:c:<first>:<message>` | the same, where no part is added any more |
//! | `parts:<route>`, `parts_routes` | sorted set: both of them by age, closed ones first; the routes |
//! | `part_done:<message>` | when it is forgotten, when its first part came, SHA-1 of its parts; expires |
//! | `callbacks`, `callbacks_due`, `sequence` | hash, sorted set by due time, counter |
//! | `opt_outs`, `opt_outs_sorted` | recipients that want no messages, `<number> <sender>` (all senders: none): hash with when, sorted set |
//! | `registry:<kind>` | hash: what is registered: name → `<version> <record as JSON>` |
//! | `component:<hash>` | the bytes of a component |
//! | `component-part:<host>:<n>` | those of one that a host is about to write; expires |
//!
//! | key after the provider's prefix | what |
//! |---|---|
//! | `rate` | the provider's rate, for all hosts and tenants |
//! | `ref:<reference>` | `<tenant> <id>`; expires |
//! | `orphan:<reference>`, `orphans` | list of receipts that came before their message was known; by time |
//!
//! Keys of the hosts are in a third slot, `{<prefix>!fleet}`: see `fleet`. `registry` among them counts
//! the changes of what is registered. It is moved after the change, in another slot: whoever dies between
//! the two has only delayed the news.
//!
//! `<prefix>:keys` is a hash of API keys, `<prefix>:key_uses` a sorted set of them by when they were used
//! last, `<prefix>:tenants` a set of names, `<prefix>:layout` the
//! version of all this.

use crate::decision::Name;
use crate::id::MessageId;

/// The version of the layout and of the records in it. A host refuses a store with a newer one.
pub const LAYOUT_VERSION: u32 = 1;

const DAY_MS: u64 = 24 * 3600 * 1000;

/// The names of all keys under one prefix.
#[derive(Debug, Clone)]
pub struct Layout {
    prefix: String,
}

impl Layout {
    /// Everything of one Waypost in a Redis begins with its prefix.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// What the keys of a tenant begin with.
    #[must_use]
    pub fn tenant(&self, tenant: &str) -> String {
        format!("{}:{{{tenant}}}:", self.prefix)
    }

    /// What the keys of a provider begin with.
    #[must_use]
    pub fn route(&self, route: &str) -> String {
        format!("{}:{{r/{route}}}:", self.prefix)
    }

    /// A key of the hosts together. The `!` keeps the slot apart from those of tenants and providers,
    /// whose names have none.
    #[must_use]
    pub fn fleet(&self, name: &str) -> String {
        format!("{{{}!fleet}}:{name}", self.prefix)
    }

    /// A key that belongs to no tenant: `keys`, `tenants`, `layout`, `ping`.
    #[must_use]
    pub fn shared(&self, name: &str) -> String {
        format!("{}:{name}", self.prefix)
    }
}

/// The id as keys have it: without the part that all have in common.
pub(super) fn short(id: MessageId) -> String {
    id.to_string().split_off("msg_".len())
}

/// An id from [`short`].
pub(super) fn id_from(short: &str) -> Option<MessageId> {
    format!("msg_{short}").parse().ok()
}

/// The UTC day in which an id was made, since 1970.
pub(super) fn day_of(id: MessageId) -> u64 {
    id.time_ms() / DAY_MS
}

/// The queue of a provider and priority.
pub(super) fn queue(route: &Name, priority: u8) -> String {
    format!("q:{route}:{priority}")
}
