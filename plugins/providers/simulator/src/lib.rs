//! Built-in component `simulator`: speaks to the simulator carrier.

use std::cell::RefCell;

use bindings::exports::waypost::sms::configuration::Guest as Configuration;
use bindings::exports::waypost::sms::provider::{
    Description, Failure, Guest as Provider, HttpRequest, HttpResponse, Outcome, Submission, WebhookRequest,
    WebhookResult,
};
use bindings::waypost::sms::signing::{self, Hash};

mod response;
mod settings;
mod submit;
mod webhook;

#[allow(unsafe_code, missing_docs, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/0.1.0",
        world: "provider-adapter",
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

impl Provider for Component {
    fn describe() -> Description {
        configured(|settings| Description {
            title: "Simulator".to_owned(),
            hosts: vec![settings.host.clone()],
            secrets: vec![webhook::SECRET.to_owned()],
            binary: true,
        })
    }

    fn submit_request(submission: Submission) -> Result<HttpRequest, Failure> {
        Ok(configured(|settings| submit::request(settings, &submission)))
    }

    fn read_response(response: HttpResponse) -> Outcome {
        response::read(&response)
    }

    fn read_webhook(request: WebhookRequest) -> WebhookResult {
        webhook::read(request, |data| signing::hmac(Hash::Sha256, webhook::SECRET, data))
    }
}

fn configured<T>(with: impl FnOnce(&settings::Settings) -> T) -> T {
    SETTINGS.with_borrow_mut(|settings| with(settings.get_or_insert_default()))
}
