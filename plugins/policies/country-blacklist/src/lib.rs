//! Built-in component `country-blacklist`: screens a message by the country of its recipient.

use std::cell::Cell;

use bindings::exports::waypost::sms::configuration::Guest as Configuration;
use bindings::exports::waypost::sms::screening::{Guest as Screening, Message, Verdict};

mod policy;

#[allow(unsafe_code, missing_docs, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/0.1.0",
        world: "screening-policy",
        additional_derives: [PartialEq],
    });
    export!(Component with_types_in self);
    use super::Component;
}

thread_local! {
    static POLICY: Cell<policy::Policy> = const { Cell::new(policy::Policy::DEFAULT) };
}

struct Component;

impl Configuration for Component {
    fn schema() -> String {
        include_str!("../schema.json").to_owned()
    }

    fn configure(settings_json: String) -> Result<(), String> {
        POLICY.set(policy::Policy::parse(&settings_json)?);
        Ok(())
    }
}

impl Screening for Component {
    fn screen(message: Message) -> Verdict {
        POLICY.get().screen(message.to.country.as_deref())
    }
}
