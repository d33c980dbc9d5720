//! The component that speaks to one provider: the provider's plugin is composed into it, and this
//! shell does what the plugin must not, which is HTTP with the provider's secrets. Only components
//! of the same application can call it.

mod link;
mod setup;

use http::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;
use spin_sdk::wasip3::http_compat::IncomingRequestBody;
use waypost_core::decision::{Failure, FailureClass, Outcome};
use waypost_core::edge::{CALL_BYTES_MAX, SubmitAnswer, SubmitCall, WebhookAnswer};
use waypost_core::flow::exchange::exchange;
use waypost_core::flow::webhook;
use waypost_core::provider::WebhookRequest;

use edge_shell::Answer;
use link::Link;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    answer(request).await
}

async fn answer(request: Request) -> Answer {
    let (head, body) = request.into_parts();
    match (&head.method, head.uri.path()) {
        (&Method::POST, "/submit") => match call(body).await {
            Ok(call) => found(&submit(&call).await),
            Err(refused) => refused,
        },
        (&Method::POST, "/webhook") => match call(body).await {
            Ok(call) => found(&read_webhook(call).await),
            Err(refused) => refused,
        },
        (&Method::GET, "/describe") => match edge_plugins::provider::describe() {
            Ok(description) => found(&description),
            Err(invalid) => edge_shell::answer(StatusCode::INTERNAL_SERVER_ERROR, invalid.to_string()),
        },
        _ => edge_shell::answer(StatusCode::NOT_FOUND, "only /submit, /webhook and /describe are here"),
    }
}

async fn submit(call: &SubmitCall) -> SubmitAnswer {
    let envelope = match call.envelope() {
        Ok(envelope) => envelope,
        Err(error) => return unusable(error.to_string()),
    };
    match setup::current() {
        Ok(setup) => {
            let link = Link { setup: &setup, hook_url: &call.hook_url };
            exchange(&link, &envelope, call.attempt, call.now_ms).await.into()
        }
        Err(error) => unusable(error.to_string()),
    }
}

async fn read_webhook(request: WebhookRequest) -> WebhookAnswer {
    match setup::current() {
        Ok(setup) => webhook::read(&Link { setup: &setup, hook_url: "" }, request).await.into(),
        Err(error) => {
            edge_shell::tell(&error.to_string());
            WebhookAnswer::Unavailable(error.to_string())
        }
    }
}

/// Nothing was sent, and nothing will be until an operator acts.
fn unusable(reason: String) -> SubmitAnswer {
    edge_shell::tell(&reason);
    let failure =
        Failure { class: FailureClass::System, code: "edge_config".to_owned(), reason, retry_after_ms: None };
    SubmitAnswer { outcome: Outcome::Failed(failure), decisions: Vec::new() }
}

async fn call<T: DeserializeOwned>(body: IncomingRequestBody) -> Result<T, Answer> {
    let bad = |reason: String| edge_shell::answer(StatusCode::BAD_REQUEST, reason);
    let bytes = edge_shell::read(body, CALL_BYTES_MAX).await.map_err(|error| bad(error.to_string()))?;
    // The error of serde may repeat a value.
    serde_json::from_slice(&bytes).map_err(|_| bad("not a call of this version".to_owned()))
}

fn found(value: &impl Serialize) -> Answer {
    edge_shell::json(StatusCode::OK, value)
}
