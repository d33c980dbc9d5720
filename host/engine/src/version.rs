//! The versions of the plugin API that this host speaks. A further one is a module of its own and
//! one line here.

use wasmtime::component::{InstancePre, Linker};
use waypost_core::decision::Role;

use crate::question::Binding;
use crate::state::CallState;
use crate::v0_1_0;
#[cfg(test)]
use crate::v0_2_0_test;

/// What a module of a version offers to the engine.
pub(crate) struct Version {
    /// As it stands behind the `@` in names of imports and exports.
    pub name: &'static str,
    /// Defines what a component of this version may import.
    pub link: fn(&mut Linker<CallState>) -> wasmtime::Result<()>,
    /// The component in one of its roles. Fails where an export is missing or has another type.
    pub bind: fn(InstancePre<CallState>, Role) -> wasmtime::Result<Box<dyn Binding>>,
}

/// Every version, oldest first.
pub(crate) static VERSIONS: &[Version] = &[
    v0_1_0::VERSION,
    #[cfg(test)]
    v0_2_0_test::VERSION,
];

/// The version of that name.
pub(crate) fn find(name: &str) -> Option<&'static Version> {
    VERSIONS.iter().find(|version| version.name == name)
}

/// The names, for people.
pub(crate) fn names() -> String {
    VERSIONS.iter().map(|version| version.name).collect::<Vec<_>>().join(", ")
}
