//! Policies that decide nothing. Every import of the gateway has to be satisfied, also that of a
//! role which the tenant has not bound and which the gateway therefore never asks.

use bindings::exports::waypost::sms::{routing, screening, sender_identity};
use bindings::waypost::sms::types::Message;

#[allow(unsafe_code, missing_docs, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package waypost:none;
            world none {
                export waypost:sms/screening@0.1.0;
                export waypost:sms/sender-identity@0.1.0;
                export waypost:sms/routing@0.1.0;
            }
        ",
        path: "../../wit/0.1.0",
        world: "waypost:none/none",
        generate_all,
    });
    export!(Component with_types_in self);
    use super::Component;
}

struct Component;

impl screening::Guest for Component {
    fn screen(_: Message) -> screening::Verdict {
        screening::Verdict::Allow
    }
}

impl sender_identity::Guest for Component {
    fn choose(_: Message) -> sender_identity::Choice {
        sender_identity::Choice::Keep
    }
}

impl routing::Guest for Component {
    /// In the order in which they are offered.
    fn rank(_: Message, candidates: Vec<routing::Candidate>) -> routing::Ranking {
        routing::Ranking::Ranked(candidates.into_iter().map(|candidate| candidate.id).collect())
    }
}
