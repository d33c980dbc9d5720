//! Write Waypost policies in Rust.
//!
//! A policy is a struct with its settings, a trait for its role, and one line that makes it a
//! component:
//!
//! ```
//! use waypost_plugin::prelude::*;
//!
//! settings! {
//!     /// Lets only messages pass that carry a certain tag.
//!     pub struct ConsentTag {
//!         /// The tag.
//!         tag: String,
//!     }
//! }
//!
//! impl Screening for ConsentTag {
//!     fn screen(&self, message: &Message) -> Verdict {
//!         if message.has_tag(&self.tag) {
//!             return Verdict::Allow;
//!         }
//!         refuse("consent_missing", format!("the message does not carry the tag {}", self.tag))
//!     }
//! }
//!
//! waypost_plugin::export!(ConsentTag: Screening);
//! ```
//!
//! What a call gets is the message and nothing else: no clock, files, network or randomness. The
//! message's own time is `message.time_ms`; [`time`] reads it. A panic is a fault, and the binding
//! of the plugin says what it leads to.

extern crate self as waypost_plugin;

pub mod countries;
mod glue;
pub mod hash;
pub mod log;
mod message;
pub mod prefixes;
mod role;
pub mod schema;
mod settings;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod time;

#[doc(hidden)]
pub use serde;
#[doc(hidden)]
pub use serde_json;
#[doc(hidden)]
pub use wit_bindgen;

pub use bindings::waypost::sms::messaging::Outgoing;
pub use bindings::waypost::sms::types::{
    Address, AddressKind, Body, Encoding, Message, NumberKind, Recipient, Refusal,
};
pub use role::{
    Action, Candidate, Choice, Health, Inbound, Ranking, Receiving, Routing, Screening, SenderIdentity,
    Verdict, reply, send,
};
pub use settings::Settings;
#[doc(hidden)]
pub use settings::read as read_settings;

include!(concat!(env!("OUT_DIR"), "/export.rs"));

/// What a plugin usually needs.
pub mod prelude {
    pub use crate::countries::Country;
    pub use crate::{
        Action, Address, AddressKind, Body, Candidate, Choice, Encoding, Health, Inbound, Message,
        NumberKind, Ranking, Receiving, Refusal, Routing, Screening, SenderIdentity, Settings, Verdict, log,
        refuse, reply, send, settings,
    };
}

/// A refusal, as any role may answer it: `refuse("country_denied", "messages to KP are not sent")`.
///
/// `code` is stable, snake_case and at most 64 characters; `reason` is for people, at most 500
/// characters. Both are shown to whoever sent the message: put no number and no text into them.
pub fn refuse<A: From<Refusal>>(code: &str, reason: impl Into<String>) -> A {
    A::from(Refusal { code: code.to_owned(), reason: reason.into() })
}

/// The host configures a component before it asks.
#[doc(hidden)]
#[must_use]
pub fn not_configured() -> Refusal {
    Refusal { code: "not_configured".to_owned(), reason: "the component was not configured".to_owned() }
}

#[doc(hidden)]
#[allow(unsafe_code, missing_docs, unused, clippy::all, clippy::pedantic, reason = "generated")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package waypost:plugin;

            world shared {
                import waypost:sms/types@0.1.0;
                import waypost:sms/log@0.1.0;
                import waypost:sms/messaging@0.1.0;
            }
        ",
        world: "waypost:plugin/shared",
        additional_derives: [PartialEq, Eq],
        generate_all,
    });
}
