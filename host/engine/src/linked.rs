//! Components that are ready to be instantiated. All that load the same component with the same settings
//! share one: its code, its first memory, and the processor's caches of both.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use waypost_core::decision::{Name, Role};

use crate::cache::Compiled;
use crate::load::LoadError;
use crate::question::Binding;
use crate::runtime::bind;
use crate::settings::Revision;

/// A component in one of its roles, with everything that it imports.
pub(crate) struct Linked {
    pub binding: Box<dyn Binding>,
    /// The version of the plugin API that it was built for.
    pub api: &'static str,
    /// It begins as it was after configuring.
    pub snapshotted: bool,
    /// The JSON Schema of its settings.
    pub schema: String,
}

impl Linked {
    fn new(compiled: Compiled, role: Role) -> Result<Self, LoadError> {
        let Compiled { component, version, snapshotted, schema } = compiled;
        let binding = bind(&component, version, role)
            .map_err(|error| LoadError::WrongType { reason: format!("{error:#}") })?;
        Ok(Self { binding, api: version.name, snapshotted, schema })
    }
}

/// Those that somebody uses.
#[derive(Default)]
pub(crate) struct InUse(Mutex<HashMap<(Name, Role), Weak<Linked>>>);

impl InUse {
    pub fn find(&self, revision: &Revision, role: Role) -> Option<Arc<Linked>> {
        let linked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        linked.get(&(revision.full().clone(), role))?.upgrade()
    }

    /// Links a component, and keeps it for the next that asks for as long as one uses it.
    ///
    /// # Errors
    ///
    /// [`LoadError::WrongType`].
    pub fn link(
        &self,
        revision: &Revision,
        role: Role,
        compiled: Compiled,
    ) -> Result<Arc<Linked>, LoadError> {
        let new = Arc::new(Linked::new(compiled, role)?);
        let mut linked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        linked.retain(|_, it| it.strong_count() > 0);
        linked.insert((revision.full().clone(), role), Arc::downgrade(&new));
        Ok(new)
    }
}
