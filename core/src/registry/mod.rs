//! What is registered while Waypost runs: tenants, their plugins, and the revisions of these. Kept
//! by the store as items with a version each, so that two who change the same item notice.

mod plan;
mod plugin;
mod tenant;

use crate::decision::Name;

pub use plan::{Plan, PlanProblem};
pub use plugin::{Binding, CheckFailure, PluginRecord, RevisionRecord, RevisionState, Source};
pub use tenant::TenantRecord;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A [`TenantRecord`]. Its name is empty: there is one for each tenant.
    Tenant,
    /// A [`PluginRecord`], by its name.
    Plugin,
    /// A [`RevisionRecord`], as `<plugin>/<revision>`.
    Revision,
    /// What all hosts together have seen of a plugin, by its name. No news for other hosts.
    Activity,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Tenant, Self::Plugin, Self::Revision, Self::Activity];

    /// The name by which stores keep it. Never changes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Plugin => "plugin",
            Self::Revision => "revision",
            Self::Activity => "activity",
        }
    }

    /// True where other hosts have to learn of a change at once: it moves the registry's version.
    #[must_use]
    pub fn is_news(self) -> bool {
        self != Self::Activity
    }
}

/// Something registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Whose it is.
    pub tenant: Name,
    /// What it is.
    pub kind: Kind,
    /// Which one: see [`Kind`]. At most 200 bytes.
    pub name: String,
    /// 1 for a new item, one more with each change.
    pub version: u64,
    /// The record as JSON, at most [`crate::limits::REGISTRY_RECORD_BYTES_MAX`] bytes.
    pub record: String,
}

/// What became of a change to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is stored.
    Done,
    /// Somebody else has changed the item, made it or removed it since it was read: read it again.
    Conflict,
}
