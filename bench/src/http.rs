//! One request on a connection of its own, whatever is answered; uploads, and what can be uploaded.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longest that a component may take until it is ready.
const READY_MAX: Duration = Duration::from_secs(120);
/// Between two looks at what is being checked.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// Whom to ask, as whom.
#[derive(Clone)]
pub struct Client {
    pub address: SocketAddr,
    pub key: String,
}

impl Client {
    /// The status and the body, null where it is no JSON.
    pub async fn call(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<(u16, Value)> {
        let mut stream = TcpStream::connect(self.address).await?;
        let head = self.head(method, path, kind, &format!("content-length: {}", body.len()));
        stream.write_all(head.as_bytes()).await?;
        // Who refuses a body says so before it has come.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").context("no answer")?;
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        Ok((status, serde_json::from_str(body).unwrap_or(Value::Null)))
    }

    /// With JSON, and an answer that has to be a good one.
    pub async fn json(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let (status, answer) =
            self.call(method, path, "application/json", body.to_string().as_bytes()).await?;
        if status >= 300 {
            bail!("{method} {path} was answered {status}: {answer}");
        }
        Ok(answer)
    }

    /// An upload of a component with settings.
    pub async fn upload(
        &self,
        plugin: &str,
        role: &str,
        component: &[u8],
        settings: &[u8],
    ) -> Result<(u16, Value)> {
        const BOUNDARY: &str = "the-boundary";
        let mut form = Vec::with_capacity(component.len() + settings.len() + 512);
        for (name, bytes) in [("role", role.as_bytes()), ("settings", settings), ("component", component)] {
            let head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
            form.extend_from_slice(head.as_bytes());
            form.extend_from_slice(bytes);
            form.extend_from_slice(b"\r\n");
        }
        form.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.call("PUT", &format!("/v1/plugins/{plugin}"), &kind, &form).await
    }

    /// Uploads a component and waits until its revision is ready, of which this is the name.
    pub async fn ready(
        &self,
        plugin: &str,
        role: &str,
        component: &[u8],
        settings: &Value,
    ) -> Result<String> {
        let revision = self.upload_of(plugin, role, component, settings).await?;
        self.ready_within(READY_MAX, plugin, &revision).await?;
        Ok(revision)
    }

    /// The revision of an upload that is taken.
    pub async fn upload_of(
        &self,
        plugin: &str,
        role: &str,
        component: &[u8],
        settings: &Value,
    ) -> Result<String> {
        let settings = settings.to_string();
        let (status, body) = self.upload(plugin, role, component, settings.as_bytes()).await?;
        let revision = body["revision"].as_str().with_context(|| format!("{status}: {body}"))?.to_owned();
        Ok(revision)
    }

    /// Waits until a revision is ready.
    pub async fn ready_within(&self, time_max: Duration, plugin: &str, revision: &str) -> Result<()> {
        let path = format!("/v1/plugins/{plugin}/revisions/{revision}");
        let start = Instant::now();
        loop {
            let found = self.json("GET", &path, &Value::Null).await?;
            match found["state"].as_str() {
                Some("ready") => return Ok(()),
                Some("failed") => bail!("its check has failed: {found}"),
                _ if start.elapsed() > time_max => bail!("it is not ready"),
                // Seldom where it takes long: the questions are load, too.
                _ => tokio::time::sleep((start.elapsed() / 20).clamp(FIRST_PAUSE, LAST_PAUSE)).await,
            }
        }
    }

    /// The time from the upload of a screening component to the first message that it refuses: one to `to`,
    /// with that code.
    pub async fn first_refusal(
        &self,
        plugin: &str,
        component: &[u8],
        settings: &Value,
        to: &str,
        code: &str,
    ) -> Result<Duration> {
        let started = Instant::now();
        let revision = self.ready(plugin, "screening", component, settings).await?;
        let activate = format!("/v1/plugins/{plugin}/activate");
        self.json("POST", &activate, &json!({ "revision": revision })).await?;
        let message = json!({ "to": to, "text": "Hello" }).to_string();
        let (status, answer) =
            self.call("POST", "/v1/messages", "application/json", message.as_bytes()).await?;
        ensure!(status == 422 && answer["policy_code"] == code, "{status}: {answer}");
        Ok(started.elapsed())
    }

    /// The head of a request that ends its connection.
    pub fn head(&self, method: &str, path: &str, kind: &str, length: &str) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
             content-type: {kind}\r\n{length}\r\n\r\n",
            self.key
        )
    }
}

/// The same component with one more custom section: another one by its bytes.
pub fn distinct(component: &[u8], number: usize) -> Vec<u8> {
    let name = format!("bench-{number}");
    let mut distinct = component.to_vec();
    // Id 0, the section's length, the length of its name, its name.
    distinct.extend([0, name.len() as u8 + 1, name.len() as u8]);
    distinct.extend(name.as_bytes());
    distinct
}
