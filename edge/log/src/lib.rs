//! The log that components of the edge write to: standard error, which Spin keeps. Native hosts put
//! the same notes into the trace of the message.

mod line;

use std::io::Write as _;

use bindings::exports::waypost::sms::log::{Guest, Level};

#[allow(unsafe_code, missing_docs, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package waypost:edge-log;
            world edge-log {
                export waypost:sms/log@0.1.0;
            }
        ",
        path: "../../wit/0.1.0",
        world: "waypost:edge-log/edge-log",
        generate_all,
    });
    export!(Component with_types_in self);
    use super::Component;
}

struct Component;

impl Guest for Component {
    fn write(level: Level, text: String) {
        let level = match level {
            // Notes at this level may name numbers: they are for the sandbox of a native host.
            Level::Debug => return,
            Level::Info => "info",
            Level::Warn => "warn",
        };
        // With a standard error that takes nothing there is nobody to tell.
        let _ = std::io::stderr().write_all(line::of(level, &text).as_bytes());
    }
}
