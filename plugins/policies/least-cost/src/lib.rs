//! Built-in component `least-cost`: ranks providers by health, price, weight and backlog.

use std::cell::Cell;

use bindings::exports::waypost::sms::configuration::Guest as Configuration;
use bindings::exports::waypost::sms::routing::{Candidate, Guest as Routing, Message, Ranking};

mod policy;

#[allow(unsafe_code, missing_docs, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/0.1.0",
        world: "routing-policy",
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

impl Routing for Component {
    fn rank(_message: Message, candidates: Vec<Candidate>) -> Ranking {
        POLICY.get().rank(candidates)
    }
}
