//! Two screening components as one, so that packaging can chain any number of them: the first
//! refusal wins, and the latest hold.

use bindings::exports::waypost::sms::screening::{Guest, Verdict};
use bindings::waypost::edge::{first, second};
use bindings::waypost::sms::types::Message;

#[allow(unsafe_code, missing_docs, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit/0.1.0", "../wit/chain"],
        world: "waypost:edge/screening-pair",
        generate_all,
    });
    export!(Component with_types_in self);
    use super::Component;
}

struct Component;

impl Guest for Component {
    fn screen(message: Message) -> Verdict {
        let first = match first::screen(&message) {
            first::Verdict::Refuse(refusal) => return Verdict::Refuse(refusal),
            first::Verdict::Allow => None,
            first::Verdict::HoldUntil(time_ms) => Some(time_ms),
        };
        let second = match second::screen(&message) {
            second::Verdict::Refuse(refusal) => return Verdict::Refuse(refusal),
            second::Verdict::Allow => None,
            second::Verdict::HoldUntil(time_ms) => Some(time_ms),
        };
        first.max(second).map_or(Verdict::Allow, Verdict::HoldUntil)
    }
}
