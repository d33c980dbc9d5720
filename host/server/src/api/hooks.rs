//! `/hooks/{provider}`: what providers call. There is no API key; the provider's component checks
//! that the call is genuine.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use waypost_core::limits::WEBHOOK_BYTES_MAX;
use waypost_core::provider::{HttpResponse, WebhookRequest};

use super::path::PathName;
use super::problem::{Code, Problem, documented};
use super::{Api, json};
use crate::clock;
use crate::hooks::WebhookAnswer;

/// Headers of a provider's answer that belong to the connection, not to the component.
const OF_THE_CONNECTION: [HeaderName; 3] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

documented!(Problems: &[
    Code::BodyIncomplete,
    Code::BodyTooSlow,
    Code::BodyTooLarge,
    Code::WebhookMalformed,
    Code::WebhookForged,
    Code::ProviderUnknown,
    Code::StoreUnavailable,
]);

/// A provider tells something in a query.
#[utoipa::path(
    get,
    path = "/hooks/{provider}",
    operation_id = "callHookByGet",
    tag = "hooks",
    params(("provider" = String, Path, description = "The provider's name in the configuration")),
    responses((status = 200, description = "Taken; the provider's component makes the answer"), Problems),
    security(()),
)]
pub async fn get(
    State(api): State<Arc<Api>>,
    PathName(provider): PathName,
    request: Request,
) -> Result<Response, Problem> {
    take(&api, &provider, request).await
}

/// A provider tells something in a body.
#[utoipa::path(
    post,
    path = "/hooks/{provider}",
    operation_id = "callHook",
    tag = "hooks",
    params(("provider" = String, Path, description = "The provider's name in the configuration")),
    responses((status = 200, description = "Taken; the provider's component makes the answer"), Problems),
    security(()),
)]
pub async fn post(
    State(api): State<Arc<Api>>,
    PathName(provider): PathName,
    request: Request,
) -> Result<Response, Problem> {
    take(&api, &provider, request).await
}

async fn take(api: &Api, name: &str, request: Request) -> Result<Response, Problem> {
    // Before the body is read: nobody can make the gateway read for a provider that is not there.
    let Some(provider) = api.gateway.providers.get(name) else { return Err(unknown()) };
    let mut webhook = WebhookRequest {
        method: request.method().as_str().to_owned(),
        url: seen_url(&provider.hook_url, request.uri().query()),
        headers: headers(request.headers()),
        body: Vec::new(),
        now_ms: clock::now_ms(),
        fetched: None,
    };
    webhook.body = json::read_body(request, WEBHOOK_BYTES_MAX).await?.into();
    match api.gateway.webhook(name, webhook).await {
        WebhookAnswer::Answer(answer) => Ok(response(answer)),
        WebhookAnswer::UnknownProvider => Err(unknown()),
        // The reason is for the operator: who forges is not told how to do better.
        WebhookAnswer::Forged(_) => Err(Problem::new(
            Code::WebhookForged,
            "The webhook is not signed as the provider signs. Check the secret at both ends.",
        )),
        WebhookAnswer::Malformed(reason) => {
            let detail = format!("The webhook cannot be understood: {reason}");
            Err(Problem::new(Code::WebhookMalformed, detail))
        }
        WebhookAnswer::Unavailable => Err(Problem::store_unavailable()),
    }
}

/// The URL that the provider was given, with the query that it added: behind a proxy the request
/// itself names another host, and signatures are made over what the provider sees.
fn seen_url(hook_url: &str, query: Option<&str>) -> String {
    match query {
        Some(query) => format!("{hook_url}?{query}"),
        None => hook_url.to_owned(),
    }
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn response(answer: HttpResponse) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    for (name, value) in answer.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            continue;
        };
        if !OF_THE_CONNECTION.contains(&name) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn unknown() -> Problem {
    Problem::new(Code::ProviderUnknown, "No provider of the configuration has this name. Check the URL.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_the_one_that_the_provider_was_given() {
        let hook = "https://sms.example.com/hooks/carrier";
        assert_eq!(seen_url(hook, None), hook);
        assert_eq!(seen_url(hook, Some("id=1&t=%2B44")), format!("{hook}?id=1&t=%2B44"));
    }

    #[test]
    fn an_answer_keeps_its_headers_but_not_those_of_the_connection() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let answer = HttpResponse {
            status: 202,
            headers: vec![
                header("Content-Type", "text/xml"),
                header("Content-Length", "9999"),
                header("bad name", "x"),
                header("x-bad", "a\nb"),
            ],
            body: b"<ok/>".to_vec(),
        };
        let response = response(answer);
        assert_eq!(response.status(), 202);
        assert_eq!(response.headers().len(), 1);
        assert_eq!(response.headers()["content-type"], "text/xml");
    }
}
