//! Built-in component `sender-override`: chooses the sender by the country of the recipient.

use std::cell::RefCell;

use bindings::exports::waypost::sms::configuration::Guest as Configuration;
use bindings::exports::waypost::sms::sender_identity::{Choice, Guest as SenderIdentity, Message};

mod policy;
mod sender;
mod settings;

#[allow(unsafe_code, missing_docs, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/0.1.0",
        world: "sender-policy",
        additional_derives: [PartialEq],
    });
    export!(Component with_types_in self);
    use super::Component;
}

thread_local! {
    static SETTINGS: RefCell<Option<settings::Settings>> = const { RefCell::new(None) };
}

struct Component;

impl Configuration for Component {
    fn schema() -> String {
        include_str!("../schema.json").to_owned()
    }

    fn configure(settings_json: String) -> Result<(), String> {
        let settings = settings::Settings::parse(&settings_json)?;
        SETTINGS.set(Some(settings));
        Ok(())
    }
}

impl SenderIdentity for Component {
    fn choose(message: Message) -> Choice {
        SETTINGS.with_borrow_mut(|settings| {
            let settings = settings.get_or_insert_default();
            policy::choose(settings, message.to.country.as_deref(), message.sender.as_ref())
        })
    }
}
