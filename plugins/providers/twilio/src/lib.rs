//! Built-in component `twilio`: speaks to Twilio Programmable Messaging.

use std::cell::RefCell;

use bindings::exports::waypost::sms::configuration::Guest as Configuration;
use bindings::exports::waypost::sms::provider::{
    Description, Failure, FailureClass, Guest as Provider, HttpRequest, HttpResponse, Outcome, Submission,
    WebhookRequest, WebhookResult,
};
use bindings::waypost::sms::log::{self, Level};
use bindings::waypost::sms::signing::{self, Hash};
use settings::Settings;

mod codes;
mod response;
mod settings;
mod signature;
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
    static SETTINGS: RefCell<Option<Settings>> = const { RefCell::new(None) };
}

struct Component;

impl Configuration for Component {
    fn schema() -> String {
        include_str!("../schema.json").to_owned()
    }

    fn configure(settings_json: String) -> Result<(), String> {
        let settings = Settings::parse(&settings_json)?;
        SETTINGS.set(Some(settings));
        Ok(())
    }
}

impl Provider for Component {
    fn describe() -> Description {
        SETTINGS.with_borrow(|settings| settings::describe(settings.as_ref()))
    }

    fn submit_request(submission: Submission) -> Result<HttpRequest, Failure> {
        SETTINGS.with_borrow(|settings| match settings {
            Some(settings) => submit::request(settings, &submission),
            None => Err(Failure {
                class: FailureClass::System,
                code: "not_configured".to_owned(),
                reason: "the component has no settings; it needs at least account_sid".to_owned(),
                retry_after_ms: None,
            }),
        })
    }

    fn read_response(response: HttpResponse) -> Outcome {
        response::read(&response)
    }

    fn read_webhook(request: WebhookRequest) -> WebhookResult {
        let legacy_query = SETTINGS
            .with_borrow(|settings| settings.as_ref().is_none_or(|settings| settings.legacy_query_encoding));
        let host = signature::Host {
            hmac: &|data| signing::hmac(Hash::Sha1, settings::AUTH_TOKEN, data),
            sha256: &|data| signing::digest(Hash::Sha256, data),
        };
        let webhook::Reading { result, media_count } = webhook::read(&request, &host, legacy_query);
        if media_count > 0 {
            log::write(Level::Warn, &format!("{media_count} media left out: an SMS has none"));
        }
        result
    }
}
