//! The HTTP client: requests in, JSON or a typed error out.

use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url, redirect};
use serde_json::Value;

use super::error::{Again, CliError, Exit, Result};

/// Longest wait for an answer. Long polling is not done from here.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The same where much has to be carried or worked out.
const PATIENT_TIMEOUT: Duration = Duration::from_secs(600);
/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest answer that is read: a page of 500 long messages is below 4 MiB.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest `Retry-After` that is believed, in seconds: a day.
const RETRY_AFTER_S_MAX: u64 = 24 * 3600;

/// Code of the error for a request that may have reached the server.
pub(super) const ANSWER_LOST: &str = "answer_lost";

/// An API key. Never shown.
#[derive(Clone)]
pub(super) struct Key(HeaderValue);

impl Key {
    /// Takes a key as it stands in a file or variable; white space around it is no part of it.
    pub fn new(text: &str) -> Result<Self> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", text.trim()))
            .ok()
            .filter(|_| waypost_api::key::id_of(text.trim()).is_some())
            .ok_or_else(|| {
                CliError::usage("key_malformed", "this is not an API key: one looks like wp_<id>_<secret>")
                    .hint("make one with `waypost keys create --tenant … --label … --scope send`")
            })?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// A server, and who asks it.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    key: Key,
}

/// A request, before it is sent.
#[derive(Debug, Clone)]
pub(super) struct Request<'a> {
    method: Method,
    path: &'a [&'a str],
    query: Vec<(&'static str, String)>,
    body: Option<(String, Vec<u8>)>,
    patient: bool,
    idempotency_key: Option<&'a str>,
    if_match: Option<&'a str>,
}

/// An answer that is no error.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// The document; null where there is none.
    pub body: Value,
    /// The server had taken the same request before.
    pub replayed: bool,
}

impl<'a> Request<'a> {
    /// Reads.
    pub fn get(path: &'a [&'a str]) -> Self {
        Self {
            method: Method::GET,
            path,
            query: Vec::new(),
            body: None,
            patient: false,
            idempotency_key: None,
            if_match: None,
        }
    }

    /// Asks for something to be done.
    pub fn post(path: &'a [&'a str]) -> Self {
        Self { method: Method::POST, ..Self::get(path) }
    }

    /// Makes or replaces.
    pub fn put(path: &'a [&'a str]) -> Self {
        Self { method: Method::PUT, ..Self::get(path) }
    }

    /// Takes back or deletes.
    pub fn delete(path: &'a [&'a str]) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    /// With these parameters.
    pub fn query(mut self, query: Vec<(&'static str, String)>) -> Self {
        self.query = query;
        self
    }

    /// With this document. Its text is always the same for the same document, as the server
    /// compares it where the request has an idempotency key.
    pub fn json(mut self, body: &Value) -> Self {
        self.body = Some(("application/json".to_owned(), body.to_string().into_bytes()));
        self
    }

    /// With these bytes.
    pub fn bytes(mut self, content_type: String, bytes: Vec<u8>) -> Self {
        self.body = Some((content_type, bytes));
        self
    }

    /// Waits longer for the answer than usual.
    pub fn patient(mut self) -> Self {
        self.patient = true;
        self
    }

    /// Only where what is there has this tag.
    pub fn if_match(mut self, tag: Option<&'a str>) -> Self {
        self.if_match = tag;
        self
    }

    /// Harmless to repeat.
    pub fn idempotency_key(mut self, key: Option<&'a str>) -> Self {
        self.idempotency_key = key;
        self
    }
}

impl Client {
    /// A client of the server at `url`.
    pub fn new(url: &str, key: Key) -> Result<Self> {
        let base = base_url(url)?;
        let local = base.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
        let mut http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            // A followed redirect would turn a POST into a GET.
            .redirect(redirect::Policy::none())
            .user_agent(concat!("waypost-cli/", env!("CARGO_PKG_VERSION")));
        if local {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| {
            CliError::failed("client_failed", format!("cannot start the HTTP client: {}", causes(&error)))
        })?;
        Ok(Self { http, base, key })
    }

    /// The server, as it was named.
    pub fn server(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Sends a request, once.
    pub async fn send(&self, request: Request<'_>) -> Result<Answer> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(request.path);
        }
        let mut builder = self
            .http
            .request(request.method, url)
            .header(AUTHORIZATION, self.key.0.clone())
            .query(&request.query);
        if let Some((content_type, body)) = request.body {
            builder = builder.header("content-type", content_type).body(body);
        }
        if request.patient {
            builder = builder.timeout(PATIENT_TIMEOUT);
        }
        if let Some(key) = request.idempotency_key {
            builder = builder.header("idempotency-key", key);
        }
        if let Some(tag) = request.if_match {
            builder = builder.header("if-match", tag);
        }
        let mut response = builder.send().await.map_err(|error| self.unreachable(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(self.not_waypost("its answer is too large"));
            }
            bytes.extend_from_slice(&chunk);
        }
        self.read(status, &headers, &bytes)
    }

    fn read(&self, status: StatusCode, headers: &HeaderMap, bytes: &[u8]) -> Result<Answer> {
        let body = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(bytes) };
        if status.is_success() {
            let body = body.map_err(|_| self.not_waypost("its answer is not JSON"))?;
            return Ok(Answer { body, replayed: headers.contains_key("idempotency-replayed") });
        }
        match body {
            Ok(problem) if problem["code"].is_string() => Err(refusal(status, headers, problem)),
            _ => Err(self.foreign(status)),
        }
    }

    /// An error that is not in Waypost's form: from a proxy on the way, or from something else.
    fn foreign(&self, status: StatusCode) -> CliError {
        let mut error = self.not_waypost(&format!("it answered {status} without a problem document"));
        if matches!(status.as_u16(), 429 | 502..=504) {
            error.again = Again::Later(None);
            error.exit = if status.as_u16() == 429 { Exit::Failed } else { Exit::Unreachable };
        }
        error
    }

    fn unreachable(&self, error: &reqwest::Error) -> CliError {
        let cause = causes(error);
        let (code, detail, hint) = if error.is_connect() {
            let hint = "start it with `waypost serve`, or name another one with --server or WAYPOST_URL";
            ("server_unreachable", format!("the server {} cannot be reached: {cause}", self.server()), hint)
        } else {
            let hint = "the server may have done what it was asked: look before you repeat it";
            (ANSWER_LOST, format!("the answer of {} was lost: {cause}", self.server()), hint)
        };
        let error = CliError::failed(code, detail).hint(hint);
        CliError { exit: Exit::Unreachable, again: Again::Later(None), ..error }
    }

    fn not_waypost(&self, what: &str) -> CliError {
        CliError::failed(
            "not_a_waypost_server",
            format!("{} does not speak like a Waypost server: {what}", self.server()),
        )
        .hint("check --server or WAYPOST_URL")
    }
}

/// What the server's problem document says.
fn refusal(status: StatusCode, headers: &HeaderMap, problem: Value) -> CliError {
    let text = |name: &str| problem[name].as_str().map(str::to_owned);
    let code = text("code").unwrap_or_default();
    let mut detail = text("detail").or_else(|| text("title")).unwrap_or_else(|| status.to_string());
    if let Some(policy) = text("policy_code") {
        detail = format!("{policy}: {detail}");
    }
    if let Some(pointer) = text("pointer").filter(|pointer| !pointer.is_empty()) {
        detail = format!("{detail} [{pointer}]");
    }
    for problem in problem["problems"].as_array().into_iter().flatten() {
        let text = |name: &str| problem[name].as_str().unwrap_or_default();
        let help = problem["help"].as_str().map(|help| format!("; {help}")).unwrap_or_default();
        detail = format!("{detail}\n  {}: {}{help}", text("path"), text("reason"));
    }
    let again =
        if matches!(status.as_u16(), 429 | 503) { Again::Later(retry_after(headers)) } else { Again::Never };
    let hint = match code.as_str() {
        "policy_refused" => {
            text("message_id").map(|id| format!("`waypost messages show {id}` shows every decision"))
        }
        "limit_reached" => text("free_at").map(|at| format!("free again at {at}")),
        "key_invalid" => Some("check --key, --key-file or WAYPOST_KEY".to_owned()),
        "scope_missing" => Some("use a key with that scope; `waypost keys list` shows them".to_owned()),
        _ => None,
    };
    CliError { code, detail, hint, exit: Exit::Failed, again, problem: Some(Box::new(problem)) }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(RETRY_AFTER_S_MAX)))
}

fn base_url(text: &str) -> Result<Url> {
    let wrong = |why: &str| {
        CliError::usage("server_url_invalid", format!("the server's address {why}"))
            .hint("write for example --server http://127.0.0.1:7700")
    };
    let url = Url::parse(text).map_err(|error| wrong(&format!("is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not contain a user or a password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must not contain a query or a fragment"));
    }
    Ok(url)
}

/// The innermost reason is what helps: `Connection refused`.
fn causes(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::fake::{self, Fake};
    use super::*;
    use serde_json::json;

    #[test]
    fn addresses_are_checked() {
        for (text, good) in [
            ("http://127.0.0.1:7700", true),
            ("https://sms.example.com/waypost/", true),
            ("sms.example.com", false),
            ("localhost:7700", false),
            ("ftp://example.com", false),
            ("https://user:pw@example.com", false),
            ("https://example.com/?a=1", false),
            ("", false),
        ] {
            assert_eq!(base_url(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn keys_are_checked_and_never_shown() {
        let text = fake::KEY;
        let key = Key::new(&format!(" {text}\n")).unwrap();
        assert!(!format!("{key:?} {:?}", key.0).contains("wp_"));
        for wrong in ["", "wp_", "hunter2", "wp_abc\ndef"] {
            let error = Key::new(wrong).unwrap_err();
            assert!(!error.text().contains("hunter2"));
            assert_eq!((error.code.as_str(), error.exit), ("key_malformed", Exit::Usage));
        }
    }

    #[tokio::test]
    async fn problems_become_typed_errors() {
        let problem = |status: u16, code: &str, more: Value| {
            let mut document = json!({ "status": status, "code": code, "detail": "why" });
            for (name, value) in more.as_object().unwrap() {
                document[name] = value.clone();
            }
            fake::reply(status, document)
        };
        let later = |seconds| Again::Later(Some(Duration::from_secs(seconds)));
        let limited = json!({ "limit": "rate", "free_at": "2026-01-01T00:00:00Z" });
        let policy = json!({ "policy_code": "country_denied", "message_id": "msg_1" });
        let cases = [
            (problem(401, "key_invalid", json!({})), "key_invalid", "why", Again::Never),
            (
                problem(422, "number_invalid", json!({ "pointer": "/to/3" })),
                "number_invalid",
                "why [/to/3]",
                Again::Never,
            ),
            (problem(422, "policy_refused", policy), "policy_refused", "country_denied: why", Again::Never),
            (
                problem(429, "limit_reached", limited).header("retry-after", "7"),
                "limit_reached",
                "why",
                later(7),
            ),
            (
                problem(503, "store_unavailable", json!({})).header("retry-after", "soon"),
                "store_unavailable",
                "why",
                Again::Later(None),
            ),
        ];
        for (reply, code, detail, again) in cases {
            let fake = Fake::start(move |_| reply.clone()).await;
            let error = fake.client().send(Request::get(&["v1", "messages"])).await.unwrap_err();
            assert_eq!((error.code.as_str(), error.detail.as_str()), (code, detail));
            assert_eq!((error.exit, error.again), (Exit::Failed, again), "{code}");
            assert_eq!(error.document()["code"], code);
        }
    }

    #[tokio::test]
    async fn what_is_not_waypost_is_said_so() {
        for (status, text, exit, again) in [
            (200, "<html>", Exit::Failed, Again::Never),
            (404, "nothing here", Exit::Failed, Again::Never),
            (302, "", Exit::Failed, Again::Never),
            (502, "bad gateway", Exit::Unreachable, Again::Later(None)),
        ] {
            let fake = Fake::start(move |_| fake::Reply::text(status, text)).await;
            let error = fake.client().send(Request::get(&["v1"])).await.unwrap_err();
            assert_eq!(error.code, "not_a_waypost_server");
            assert_eq!((error.exit, error.again), (exit, again), "{status}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unreachable() {
        let client = fake::client_of_nobody().await;
        let error = client.send(Request::get(&["v1"])).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.exit), ("server_unreachable", Exit::Unreachable));
        assert!(!error.text().contains("wp_"));
    }

    #[tokio::test]
    async fn requests_carry_what_they_should() {
        let fake =
            Fake::start(|_| fake::reply(202, json!({ "id": "x" })).header("idempotency-replayed", "true"))
                .await;
        let request = Request::post(&["v1", "a/../b?"])
            .query(vec![("to", "+44 7".to_owned())])
            .json(&json!({ "text": "é" }))
            .idempotency_key(Some("once"));
        let answer = fake.client().send(request).await.unwrap();
        assert_eq!(answer, Answer { body: json!({ "id": "x" }), replayed: true });
        let seen = &fake.seen()[0];
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/v1/a%2F..%2Fb%3F?to=%2B44+7"));
        assert_eq!(seen.body, json!({ "text": "é" }));
        assert_eq!(seen.idempotency_key.as_deref(), Some("once"));
        assert_eq!(seen.authorization.as_deref(), Some(format!("Bearer {}", fake::KEY).as_str()));
    }
}
