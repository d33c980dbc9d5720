//! An application that sends messages.

use serde_json::{Value, json};

/// Calls one gateway with one key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Client {
    /// `base`: the gateway's address with its base path.
    pub fn new(base: &str, key: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, base: base.to_owned(), key: key.to_owned() }
    }

    /// The same key at another gateway.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.http.get(self.url(path)).bearer_auth(&self.key)).await
    }

    /// `POST /v1/messages`, in a mode where one is given.
    pub async fn send(&self, to: &str, mode: Option<&str>) -> Answer {
        self.send_body(&json!({"to": to, "text": "Hello"}), mode).await
    }

    pub async fn send_body(&self, body: &Value, mode: Option<&str>) -> Answer {
        let request = self.http.post(self.url("/v1/messages")).bearer_auth(&self.key).json(body);
        answer(mode.into_iter().fold(request, |request, mode| request.header("waypost-send", mode))).await
    }

    pub async fn explain(&self, body: &Value) -> Answer {
        answer(self.http.post(self.url("/v1/messages/explain")).bearer_auth(&self.key).json(body)).await
    }

    /// `POST /v1/messages` with an idempotency key.
    pub async fn send_keyed(&self, body: &Value, key: &str) -> Answer {
        let request = self.http.post(self.url("/v1/messages")).bearer_auth(&self.key).json(body);
        answer(request.header("idempotency-key", key)).await
    }

    /// Any body to any path, without a key.
    pub async fn post_bare(&self, path: &str, body: Vec<u8>) -> Answer {
        answer(self.http.post(self.url(path)).body(body)).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

impl Answer {
    /// A text of the body.
    pub fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    assert!(headers.contains_key("content-length"), "an answer without a length: {headers:?}");
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
}
