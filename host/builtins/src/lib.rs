//! The components that come with Waypost. They are compiled from `plugins/` by this crate's build
//! script and embedded, so that the binary is the whole product; in all else they are components
//! like a tenant's. The parts of a Spin application are in [`edge`].

pub mod edge;

use waypost_core::decision::Role;

/// A component that comes with Waypost.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn {
    /// The name by which a configuration asks for it: `country-blacklist`.
    pub name: &'static str,
    /// The roles it plays.
    pub roles: &'static [Role],
    /// The component, as the compiler left it.
    pub component: &'static [u8],
}

impl std::fmt::Debug for BuiltIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuiltIn")
            .field("name", &self.name)
            .field("roles", &self.roles)
            .field("component_bytes", &self.component.len())
            .finish()
    }
}

macro_rules! built_in {
    ($name:literal, $role:ident) => {
        BuiltIn {
            name: $name,
            roles: &[Role::$role],
            component: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".wasm")),
        }
    };
}

/// Every built-in component, in the order of the roles in a message's life.
pub const BUILT_IN: &[BuiltIn] = &[
    built_in!("country-blacklist", Screening),
    built_in!("sender-override", SenderIdentity),
    built_in!("least-cost", Routing),
    built_in!("simulator", Provider),
    built_in!("twilio", Provider),
];

/// The built-in component of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|built_in| built_in.name == name)
}
