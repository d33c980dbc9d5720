//! A screening policy that notes what it does, and refuses the country that it was configured with.

use std::cell::RefCell;

use bindings::exports::waypost::sms::configuration::Guest as Configuration;
use bindings::exports::waypost::sms::screening::{Guest as Screening, Message, Refusal, Verdict};
use bindings::waypost::sms::log::{Level, write};

#[allow(unsafe_code, missing_docs, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/0.1.0",
        world: "screening-policy",
    });
    export!(Component with_types_in self);
    use super::Component;
}

thread_local! {
    static DENIED: RefCell<String> = RefCell::new("GB".to_owned());
}

struct Component;

impl Configuration for Component {
    fn schema() -> String {
        "{}".to_owned()
    }

    fn configure(settings_json: String) -> Result<(), String> {
        DENIED.set(settings_json);
        Ok(())
    }
}

impl Screening for Component {
    fn screen(message: Message) -> Verdict {
        write(Level::Info, "screening");
        let denied = DENIED.with_borrow(|denied| message.to.country.as_ref() == Some(denied));
        if denied {
            Verdict::Refuse(Refusal { code: "noted".to_owned(), reason: "as configured".to_owned() })
        } else {
            Verdict::Allow
        }
    }
}
