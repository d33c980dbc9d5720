//! The plugin, and the way of its requests to the provider.

use std::collections::BTreeMap;
use std::time::Duration;

use edge_plugins::{Component, ask};
use edge_shell::{Outgoing, Unanswered};
use http::{HeaderMap, HeaderName, HeaderValue};
use spin_sdk::variables;
use waypost_core::decision::{Failure, Outcome, Role};
use waypost_core::edge::{EdgeProviderConfig, secret_variable};
use waypost_core::flow::{Decision, ProviderLink, Sent};
use waypost_core::limits::PROVIDER_ANSWER_BYTES_MAX;
use waypost_core::provider::template::{self, Filled};
use waypost_core::provider::{
    Credential, Header, HeaderValue as Template, HttpRequest, HttpResponse, Method, Submission,
    WebhookRequest, WebhookResult, is_allowed,
};

/// One call's view of the provider.
pub(crate) struct Link<'a> {
    /// The component's configuration.
    pub(crate) setup: &'a EdgeProviderConfig,
    /// Where the provider reports. Empty while a webhook is read, when nobody asks.
    pub(crate) hook_url: &'a str,
}

impl Link<'_> {
    fn component(&self) -> Component<'_> {
        Component { role: Role::Provider, name: &self.setup.component, revision: &self.setup.revision }
    }
}

impl ProviderLink for Link<'_> {
    fn hook_url(&self) -> &str {
        self.hook_url
    }

    fn submit_request(&self, submission: Submission<'_>) -> Decision<Result<HttpRequest, Failure>> {
        ask(self.component(), || edge_plugins::provider::submit_request(submission))
    }

    fn read_response(&self, _: Submission<'_>, response: &HttpResponse) -> Decision<Outcome> {
        ask(self.component(), || edge_plugins::provider::read_response(response))
    }

    fn read_webhook(&self, request: &WebhookRequest) -> Decision<WebhookResult> {
        ask(self.component(), || edge_plugins::provider::read_webhook(request))
    }

    async fn send(&self, request: HttpRequest) -> Sent {
        let secrets = secrets(self.setup, &request.headers).await;
        let filled = match template::fill(&request.headers, |name| secrets.get(name).map(String::as_str)) {
            Ok(filled) => filled,
            Err(name) => {
                let reason = format!("the component asks for the secret {name}, which is not configured");
                return Sent::Forbidden { code: "secret_unknown", reason };
            }
        };
        if !is_allowed(&request.url, &self.setup.hosts) {
            let reason = "the component calls a host that `hosts` of its provider does not list".to_owned();
            return Sent::Forbidden { code: "host_not_allowed", reason };
        }
        let headers = match headers(filled) {
            Ok(headers) => headers,
            Err(name) => {
                let reason = format!("the header {name} cannot be sent");
                return Sent::Forbidden { code: "header_invalid", reason };
            }
        };
        let outgoing = Outgoing {
            method: method(request.method),
            url: request.url,
            headers,
            body: request.body,
            limit: Duration::from_millis(u64::from(self.setup.timeout_ms)),
            answer_bytes_max: PROVIDER_ANSWER_BYTES_MAX,
        };
        match edge_shell::send(outgoing).await {
            Ok(response) => Sent::Answered(response),
            Err(unanswered) => sent(unanswered),
        }
    }
}

/// The secrets that these headers name and the configuration knows. Read anew for each request, so
/// that a changed secret needs no restart.
async fn secrets(setup: &EdgeProviderConfig, headers: &[Header]) -> BTreeMap<String, String> {
    let mut secrets = BTreeMap::new();
    for name in headers.iter().flat_map(named) {
        if setup.secrets.contains(name)
            && !secrets.contains_key(name)
            && let Ok(value) = variables::get(secret_variable(name)).await
        {
            secrets.insert(name.clone(), value);
        }
    }
    secrets
}

fn named(header: &Header) -> impl Iterator<Item = &String> {
    let (first, second) = match &header.value {
        Template::Plain(_) => (None, None),
        Template::Basic { user, password } => (secret_of(user), secret_of(password)),
        Template::Bearer(name) | Template::Prefixed { secret: name, .. } => (Some(name), None),
    };
    first.into_iter().chain(second)
}

fn secret_of(credential: &Credential) -> Option<&String> {
    match credential {
        Credential::Secret(name) => Some(name),
        Credential::Literal(_) => None,
    }
}

/// The error is the name of a header that is none.
fn headers(filled: Vec<Filled>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::with_capacity(filled.len());
    for Filled { name, value, sensitive } in filled {
        let parsed = HeaderName::try_from(&name).ok().zip(HeaderValue::try_from(value).ok());
        let Some((key, mut value)) = parsed else { return Err(name) };
        value.set_sensitive(sensitive);
        headers.append(key, value);
    }
    Ok(headers)
}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Delete => http::Method::DELETE,
    }
}

fn sent(unanswered: Unanswered) -> Sent {
    match unanswered {
        Unanswered::NotSent(reason) => Sent::NotSent { code: "connection_failed", reason: reason.to_owned() },
        Unanswered::Denied => {
            let reason = "`allowed_outbound_hosts` of the component does not list the host".to_owned();
            Sent::Forbidden { code: "host_not_allowed", reason }
        }
        Unanswered::Invalid => {
            let reason = "the component's request cannot be written as HTTP".to_owned();
            Sent::Forbidden { code: "request_invalid", reason }
        }
        Unanswered::Lost(reason) => Sent::Lost(reason),
    }
}
