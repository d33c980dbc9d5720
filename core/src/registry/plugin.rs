//! A tenant's plugin: its revisions, and which of them decides.

use serde::{Deserialize, Serialize};

use crate::config::OnFailure;
use crate::decision::{FaultClass, Name, Role};

/// A plugin of a tenant. Its revisions are items of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginRecord {
    /// The part that it plays. Never changes: another part is another plugin.
    pub role: Role,
    /// How it is bound to its stage.
    pub binding: Binding,
    /// The revision that decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<String>,
    /// The revision that is asked beside it and decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<String>,
    /// What `active` was before, newest first, for rolling back; at most
    /// [`PluginRecord::HISTORY_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<String>,
    /// When it was made, in Unix milliseconds.
    pub created_ms: u64,
    /// When it was changed last, in Unix milliseconds.
    pub changed_ms: u64,
    /// The id of the key that changed it last.
    pub changed_by: Name,
}

/// How a plugin takes its place among a tenant's decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// Plugins of the same stage are asked in this order, then by name; 0 to 1000.
    pub order: u16,
    /// What a failure leads to.
    pub on_failure: OnFailure,
    /// Calls that one instance serves; 1 is a fresh instance for each call.
    pub reuse_calls: u32,
}

/// One revision of a plugin: a component with its settings. Never changes but for its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionRecord {
    /// SHA-256 of the component, in hexadecimal.
    pub component: String,
    /// Its size.
    pub component_bytes: u64,
    /// Its settings.
    pub settings: serde_json::Value,
    /// Where it is on its way to being usable.
    pub state: RevisionState,
    /// When it was uploaded, in Unix milliseconds.
    pub created_ms: u64,
    /// Who and how.
    pub source: Source,
}

/// Where a revision comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The id of the key that uploaded it.
    pub key: Name,
    /// What its author says of it, at most 200 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Where a revision is on its way to being usable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RevisionState {
    /// Uploaded: it waits for a place among those that are checked and compiled.
    Waiting,
    /// It is being checked and compiled by this host.
    Checking {
        /// The host's name.
        host: Name,
        /// Since when, in Unix milliseconds.
        since_ms: u64,
    },
    /// It can be activated.
    Ready {
        /// How long the checks and the compiler took, in milliseconds.
        took_ms: u32,
        /// The version of the plugin API that it was built for.
        api: String,
        /// The JSON Schema of its settings.
        schema: String,
        /// Its configured instance is part of the compiled code: it need not be configured again.
        snapshotted: bool,
    },
    /// It cannot be used.
    Failed(CheckFailure),
}

/// Why a revision cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFailure {
    /// Stable, snake_case: `plugin_import_refused`.
    pub code: String,
    /// For its author: what is wrong and what to do.
    pub reason: String,
    /// How it failed, where it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<FaultClass>,
    /// What it wrote to its log meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

impl PluginRecord {
    /// Most revisions to roll back to that are remembered.
    pub const HISTORY_MAX: usize = 10;

    /// A plugin that has no revision yet, with the usual binding of its role.
    #[must_use]
    pub fn new(role: Role, now_ms: u64, key: Name) -> Self {
        Self {
            role,
            binding: Binding::usual(role),
            active: None,
            shadow: None,
            previous: Vec::new(),
            created_ms: now_ms,
            changed_ms: now_ms,
            changed_by: key,
        }
    }

    /// True where the revision decides or is asked.
    #[must_use]
    pub fn uses(&self, revision: &str) -> bool {
        [&self.active, &self.shadow].into_iter().flatten().any(|used| used == revision)
    }

    /// Makes another revision decide; it is no shadow any more.
    pub fn activate(&mut self, revision: &str) {
        if self.active.as_deref() == Some(revision) {
            return;
        }
        if let Some(before) = self.active.replace(revision.to_owned()) {
            self.previous.retain(|other| *other != before && other != revision);
            self.previous.insert(0, before);
            self.previous.truncate(Self::HISTORY_MAX);
        }
        self.shadow.take_if(|shadow| shadow == revision);
    }

    /// Makes the revision decide that did so before. None: there was none.
    pub fn roll_back(&mut self) -> Option<&str> {
        if self.previous.is_empty() {
            return None;
        }
        self.active = Some(self.previous.remove(0));
        self.active.as_deref()
    }
}

impl Binding {
    /// Last of its stage, a fresh instance for each call, and the failure policy of the
    /// configuration's default: refuse, but for routing, which has a default.
    #[must_use]
    pub fn usual(role: Role) -> Self {
        let on_failure = match role {
            Role::Routing => OnFailure::Default,
            // An inbound message is never lost: what a component fails on goes to its inbox.
            Role::Receiving => OnFailure::Skip,
            Role::Screening | Role::SenderIdentity | Role::Provider => OnFailure::Refuse,
        };
        Self { order: 500, on_failure, reuse_calls: 1 }
    }

    /// True where the failure policy has a meaning for the role.
    #[must_use]
    pub fn fits(&self, role: Role) -> bool {
        match self.on_failure {
            OnFailure::Refuse => role != Role::Receiving,
            OnFailure::Skip => role != Role::Routing,
            OnFailure::Default => role == Role::Routing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_binding_of_a_role_fits_it() {
        for role in Role::ALL {
            assert!(Binding::usual(role).fits(role), "{role}");
        }
        let refusing = Binding { on_failure: OnFailure::Refuse, ..Binding::usual(Role::Receiving) };
        assert!(!refusing.fits(Role::Receiving));
    }

    #[test]
    fn rolling_back_retraces_activations() {
        let mut plugin = PluginRecord::new(Role::Screening, 0, "key".into());
        assert_eq!(plugin.roll_back(), None);
        for revision in ["a", "b", "c", "b"] {
            plugin.activate(revision);
        }
        assert_eq!(plugin.previous, ["c", "a"]);
        assert_eq!(plugin.roll_back(), Some("c"));
        assert_eq!(plugin.roll_back(), Some("a"));
        assert_eq!(plugin.roll_back(), None);
        assert_eq!(plugin.active.as_deref(), Some("a"));
    }

    #[test]
    fn a_shadow_that_is_activated_is_none_any_more() {
        let mut plugin = PluginRecord::new(Role::Routing, 0, "key".into());
        plugin.shadow = Some("a".to_owned());
        plugin.activate("b");
        assert!(plugin.uses("a") && plugin.uses("b"));
        plugin.activate("a");
        assert_eq!((plugin.shadow.as_deref(), plugin.active.as_deref()), (None, Some("a")));
    }
}
