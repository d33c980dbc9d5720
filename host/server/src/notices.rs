//! What an operator should know though the gateway serves: shown by `/readyz`, and counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What a notice is about. There is one at a time of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// What the store may lose.
    Durability,
    /// A version of the configuration is not run here.
    Configuration,
    /// The machine's clock is wrong.
    Clock,
    /// A tenant or a plugin does not run here as it is registered.
    Registry,
    /// A provider over SMPP has no session.
    Unbound,
}

impl Notice {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Durability, Self::Configuration, Self::Clock, Self::Registry, Self::Unbound];

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Durability => "store_durability",
            Self::Configuration => "config_refused",
            Self::Clock => "clock_wrong",
            Self::Registry => "registry_not_loaded",
            Self::Unbound => "smpp_unbound",
        }
    }
}

/// The notices that stand now.
#[derive(Debug, Default)]
pub struct Notices(Mutex<BTreeMap<Notice, String>>);

impl Notices {
    /// Something is so. True: it was not known.
    pub fn put(&self, notice: Notice, text: String) -> bool {
        self.lock().insert(notice, text).is_none()
    }

    /// It is no longer so.
    pub fn take_back(&self, notice: Notice) {
        self.lock().remove(&notice);
    }

    /// `code: text` of each.
    pub fn list(&self) -> Vec<String> {
        self.lock().iter().map(|(notice, text)| format!("{}: {text}", notice.as_str())).collect()
    }

    /// True where this one stands.
    pub fn has(&self, notice: Notice) -> bool {
        self.lock().contains_key(&notice)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Notice, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
