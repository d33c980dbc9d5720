//! Plugins as the edge calls them: composed into the caller, one plain function call away. What
//! comes back is held to the same rules as in a native host; what cannot be held here (fuel,
//! memory, time, a trap) is said in docs/edge.md.

mod ask;
mod input;
mod output;
pub mod policies;
pub mod provider;

pub use ask::{Component, ask};

#[allow(unsafe_code, missing_docs, unused_imports, reason = "generated")]
mod bindings {
    spin_sdk::wit_bindgen::generate!({
        inline: "
            package waypost:edge-plugins;
            world everything {
                import waypost:sms/screening@0.1.0;
                import waypost:sms/sender-identity@0.1.0;
                import waypost:sms/routing@0.1.0;
                import waypost:sms/provider@0.1.0;
            }
        ",
        path: "../../wit/0.1.0",
        world: "waypost:edge-plugins/everything",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}
