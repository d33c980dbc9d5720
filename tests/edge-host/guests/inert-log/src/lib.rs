//! Takes notes and forgets them.

use bindings::exports::waypost::sms::log::{Guest, Level};

#[allow(unsafe_code, missing_docs, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package waypost:inert;
            world inert-log {
                export waypost:sms/log@0.1.0;
            }
        ",
        path: "../../../../wit/0.1.0",
        world: "waypost:inert/inert-log",
        generate_all,
    });
    export!(Component with_types_in self);
    use super::Component;
}

struct Component;

impl Guest for Component {
    fn write(_: Level, _: String) {}
}
