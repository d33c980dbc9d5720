//! `/hooks/{provider}`: what providers call. There is no API key; the provider's component checks
//! that the call is genuine.

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use waypost_core::flow::webhook::{self, Refused, WebhookAnswer};
use waypost_core::flow::{Provider as _, Shell};
use waypost_core::provider::{HttpResponse, WebhookRequest};

use crate::answer::Answer;
use crate::problem::{Code, Problem};

/// How long a provider is asked to wait before it brings an inbound message again, in seconds: the
/// time in which an operator may act.
const UNROUTED_RETRY_S: u64 = 60;
/// Headers of a provider's answer that belong to the connection, not to the component.
const OF_THE_CONNECTION: [HeaderName; 3] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

/// The webhook of a request, without its body. Made before the body is read: nobody can make the
/// gateway read for a provider that is not there.
///
/// # Errors
/// `provider_unknown`.
pub fn begin(shell: &impl Shell, provider: &str, request: &Parts) -> Result<WebhookRequest, Problem> {
    let provider = shell.providers().get(provider).ok_or_else(unknown)?;
    Ok(WebhookRequest {
        method: request.method.as_str().to_owned(),
        url: seen_url(&provider.terms().hook_url, request.uri.query()),
        headers: headers(&request.headers),
        body: Vec::new(),
        now_ms: shell.now_ms(),
        fetched: None,
    })
}

/// Takes in a webhook of a provider.
///
/// # Errors
/// Why it was not taken. With a status of 500 and above the provider tries again.
pub async fn take<S: Shell>(shell: &S, provider: &str, webhook: WebhookRequest) -> Result<Answer, Problem> {
    match webhook::take(shell, provider, webhook).await {
        WebhookAnswer::Answer(answer) => Ok(response(answer)),
        WebhookAnswer::UnknownProvider => Err(unknown()),
        WebhookAnswer::Refused(why) => Err(refused(why)),
    }
}

fn refused(why: Refused) -> Problem {
    match why {
        // The reason is for the operator: who forges is not told how to do better.
        Refused::Forged(_) => Problem::new(
            Code::WebhookForged,
            "The webhook is not signed as the provider signs. Check the secret at both ends.",
        ),
        Refused::Malformed(reason) => {
            let detail = format!("The webhook cannot be understood: {reason}");
            Problem::new(Code::WebhookMalformed, detail)
        }
        Refused::Unrouted => Problem::new(
            Code::InboundUnrouted,
            "Nothing says whose inbound message this is. Name its number in `[numbers]` or give the provider \
             `inbound`; the provider's next try is taken then.",
        )
        .retry_after(UNROUTED_RETRY_S),
        Refused::Component(_)
        | Refused::Forbidden(_)
        | Refused::NoAnswer
        | Refused::Unreachable(_)
        | Refused::Store(_) => Problem::store_unavailable(),
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

fn response(answer: HttpResponse) -> Answer {
    let mut response = Response::new(answer.body);
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
