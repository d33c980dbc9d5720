//! A client of the HTTP API that hides nothing: status, headers and body of every answer.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{eventually, eventually_within};

/// Speaks to one gateway with one key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body; null where it is not JSON.
    pub body: Value,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The `code` of a problem document.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }
}

impl Client {
    /// An empty key sends none.
    pub fn new(address: SocketAddr, key: &str) -> Self {
        waypost::transport::install_tls_provider();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(40)).build().unwrap();
        Self { http, base: format!("http://{address}"), key: key.to_owned() }
    }

    /// The same gateway with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// The key that it sends.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Any request. None: no answer came.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Option<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).body(body);
        if !self.key.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.key));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap_or("").to_owned())
        };
        let headers = response.headers().iter().map(header).collect();
        let text = response.text().await.ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some(Answer { status, headers, body, text })
    }

    /// GET; None where no answer came.
    pub async fn try_get(&self, path: &str) -> Option<Answer> {
        self.request(Method::GET, path, &[], Vec::new()).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.try_get(path).await.expect("an answer")
    }

    /// POST of JSON; None where no answer came.
    pub async fn try_post(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Option<Answer> {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.request(Method::POST, path, &all, body.to_string().into_bytes()).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body, &[]).await.expect("an answer")
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        let body = body.to_string().into_bytes();
        self.request(Method::PUT, path, &headers, body).await.expect("an answer")
    }

    /// Uploads a component as a new revision of a plugin and gives the revision's name. Fails where it is not
    /// taken.
    pub async fn upload(&self, plugin: &str, role: &str, component: &[u8], settings: &Value) -> String {
        const BOUNDARY: &str = "the-boundary-of-this-form";
        let part =
            |name: &str| format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        let mut form = Vec::new();
        for (name, bytes) in [
            ("role", role.as_bytes()),
            ("settings", settings.to_string().as_bytes()),
            ("component", component),
        ] {
            form.extend_from_slice(part(name).as_bytes());
            form.extend_from_slice(bytes);
            form.extend_from_slice(b"\r\n");
        }
        form.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let (path, headers) = (format!("/v1/plugins/{plugin}"), [("content-type", content_type.as_str())]);
        let answer = self.request(Method::PUT, &path, &headers, form).await.expect("an answer");
        assert!(matches!(answer.status, 200 | 202), "{}", answer.text);
        answer.body["revision"].as_str().unwrap().to_owned()
    }

    /// Waits until a message is in an inbox, by the reference that its provider gave it.
    pub async fn receives(&self, reference: &str, inbox: &str) {
        let path = format!("/v1/inbox?inbox={inbox}&limit=500");
        eventually(&format!("{reference} is in the inbox {inbox}"), || async {
            let found = self.get(&path).await.body;
            found["messages"].as_array()?.iter().any(|it| it["reference"] == *reference).then_some(())
        })
        .await;
    }

    /// Waits until a revision is ready.
    pub async fn ready(&self, plugin: &str, revision: &str) {
        let path = format!("/v1/plugins/{plugin}/revisions/{revision}");
        // Whatever compiles has the lowest priority.
        eventually_within(120, &format!("{plugin} {revision} is ready"), || async {
            let found = self.get(&path).await;
            assert!(found.body["state"] != "failed", "{}", found.text);
            (found.body["state"] == "ready").then_some(())
        })
        .await;
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path, &[], Vec::new()).await.expect("an answer")
    }

    /// Sends a short text and gives the message's id. Fails where it is not taken.
    pub async fn send(&self, to: &str) -> String {
        let answer = self.post("/v1/messages", &json!({ "to": to, "text": "Hello" })).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// The message as it is now.
    pub async fn message(&self, id: &str) -> Value {
        let answer = self.get(&format!("/v1/messages/{id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body
    }

    /// Waits until a message has a status, and gives the message.
    pub async fn wait_for(&self, id: &str, status: &str) -> Value {
        let path = format!("/v1/messages/{id}");
        eventually(&format!("{id} becomes {status}"), || async {
            let message = self.get(&path).await.body;
            (message["status"] == status).then_some(message)
        })
        .await
    }

    /// The steps of a message's trace.
    pub async fn steps(&self, id: &str) -> Vec<Value> {
        let answer = self.get(&format!("/v1/messages/{id}/trace")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["steps"].as_array().unwrap().clone()
    }
}
