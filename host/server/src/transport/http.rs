//! HTTP towards providers and callbacks, by reqwest: no redirects, no proxies from the
//! environment, time-outs, bounded answers.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use waypost_core::flow::Sent;
use waypost_core::limits::PROVIDER_ANSWER_BYTES_MAX;
use waypost_core::provider::template::Filled;
use waypost_core::provider::{HttpRequest, HttpResponse, Method};

/// Longest that connecting may take, whatever the whole request may.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an unused connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// rustls wants its cryptography named once in a process. Calling this again does nothing.
pub fn install_tls_provider() {
    // The error is that there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client with a pool of connections for each host.
pub(super) struct HttpTransport {
    client: Client,
}

impl HttpTransport {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self { client: client()? })
    }

    pub(super) async fn send(&self, request: HttpRequest, headers: Vec<Filled>, timeout: Duration) -> Sent {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.client.request(method, request.url).timeout(timeout).body(request.body);
        for header in headers {
            let name = HeaderName::from_bytes(header.name.as_bytes());
            let value = HeaderValue::from_bytes(header.value.as_bytes());
            let (Ok(name), Ok(mut value)) = (name, value) else {
                let reason = format!("the header {} cannot be sent", header.name);
                return Sent::Forbidden { code: "header_invalid", reason };
            };
            value.set_sensitive(header.sensitive);
            builder = builder.header(name, value);
        }
        match builder.send().await {
            Ok(response) => answer(response).await,
            Err(error) => without_answer(&error),
        }
    }
}

/// The client that providers and callbacks are called with.
pub fn client() -> anyhow::Result<Client> {
    install_tls_provider();
    Ok(Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(concat!("waypost/", env!("CARGO_PKG_VERSION")))
        .build()?)
}

async fn answer(mut response: Response) -> Sent {
    let status = response.status().as_u16();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers =
        response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > PROVIDER_ANSWER_BYTES_MAX => {
                return Sent::Lost(format!("an answer of more than {PROVIDER_ANSWER_BYTES_MAX} bytes"));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Sent::Answered(HttpResponse { status, headers, body }),
            Err(error) => return Sent::Lost(cause(&error)),
        }
    }
}

/// A connection that was never made has carried nothing. After that nobody knows.
fn without_answer(error: &reqwest::Error) -> Sent {
    let reason = cause(error);
    if error.is_connect() {
        Sent::NotSent { code: "connection_failed", reason }
    } else if error.is_builder() {
        Sent::Forbidden { code: "request_invalid", reason }
    } else if error.is_timeout() {
        Sent::Lost("no answer in time".to_owned())
    } else {
        Sent::Lost(reason)
    }
}

/// The innermost cause: reqwest's own message repeats the URL, which may hold a number.
fn cause(error: &reqwest::Error) -> String {
    let mut source = error.source();
    let mut text = "the request failed".to_owned();
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    text
}
