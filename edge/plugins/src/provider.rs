//! How one provider is spoken to.

use waypost_core::check::{Checker, InvalidOutput};
use waypost_core::decision::{Failure, Outcome};
use waypost_core::provider::{
    Description, HttpRequest, HttpResponse, Submission, WebhookRequest, WebhookResult,
};

use crate::bindings::waypost::sms::provider as wire;
use crate::{input, output};

/// Largest answer of a plugin without its HTTP body, in bytes, as in a native host.
const OUTPUT_BYTES_MAX: usize = 16 * 1024;
/// Largest HTTP body of a plugin, in bytes, as in a native host.
const HTTP_BODY_BYTES_MAX: usize = 64 * 1024;

/// What the plugin says of itself.
///
/// # Errors
/// The answer breaks a rule of the plugin API.
pub fn describe() -> Result<Description, InvalidOutput> {
    output::description(&mut checker(), wire::describe())
}

/// The request that hands a message over, or why the message cannot be put in the provider's terms.
///
/// # Errors
/// The answer breaks a rule of the plugin API.
pub fn submit_request(submission: Submission<'_>) -> Result<Result<HttpRequest, Failure>, InvalidOutput> {
    let answer = wire::submit_request(&wire::Submission {
        id: submission.id.to_string(),
        attempt: submission.attempt,
        message: input::message(submission.draft),
        valid_for_s: submission.valid_for_s,
        receipt_url: submission.receipt_url.to_owned(),
    });
    Ok(match answer {
        Ok(it) => Ok(output::request(&mut checker(), it)?),
        Err(it) => Err(output::failure(&mut checker(), it)?),
    })
}

/// What the provider's answer to that request means.
///
/// # Errors
/// The answer breaks a rule of the plugin API.
pub fn read_response(response: &HttpResponse) -> Result<Outcome, InvalidOutput> {
    output::outcome(&mut checker(), wire::read_response(&wire_response(response)))
}

/// What a webhook says.
///
/// # Errors
/// The answer breaks a rule of the plugin API.
pub fn read_webhook(webhook: &WebhookRequest) -> Result<WebhookResult, InvalidOutput> {
    let answer = wire::read_webhook(&wire::WebhookRequest {
        method: webhook.method.clone(),
        url: webhook.url.clone(),
        headers: webhook.headers.clone(),
        body: webhook.body.clone(),
        now_ms: webhook.now_ms,
        fetched: webhook.fetched.as_ref().map(wire_response),
    });
    // Events are made of the webhook's body, so they have the limit of a body.
    output::webhook_result(&mut Checker::new(HTTP_BODY_BYTES_MAX, HTTP_BODY_BYTES_MAX), answer)
}

fn checker() -> Checker {
    Checker::new(OUTPUT_BYTES_MAX, HTTP_BODY_BYTES_MAX)
}

fn wire_response(response: &HttpResponse) -> wire::HttpResponse {
    wire::HttpResponse {
        status: response.status,
        headers: response.headers.clone(),
        body: response.body.clone(),
    }
}
