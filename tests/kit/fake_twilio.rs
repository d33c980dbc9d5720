//! A server that speaks Twilio's API over HTTP, as far as sending goes, and signs webhooks as
//! Twilio does. What it answers is decided by the recipient.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha1::Sha1;
use tokio::net::TcpListener;

/// The account of the tests.
pub const ACCOUNT: &str = "AC00000000000000000000000000000000";
/// Its auth token.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A request to send, as it came.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The fields of the form, in order.
    pub fields: Vec<(String, String)>,
    /// The `sid` that was answered, where one was.
    pub sid: Option<String>,
}

impl Sent {
    /// The first field of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A running fake.
pub struct FakeTwilio {
    sent: Arc<Mutex<Vec<Sent>>>,
    address: SocketAddr,
    http: reqwest::Client,
}

impl FakeTwilio {
    /// Starts one.
    pub async fn start() -> Self {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/2010-04-01/Accounts/{account}/Messages.json", post(messages))
            .with_state(sent.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        waypost::transport::install_tls_provider();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { sent, address, http }
    }

    /// `http://…`, for the provider's settings.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:port`, for the provider's hosts.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Everything that was asked of it.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// Calls a webhook with a form, signed with the token. The status and the body of the answer.
    pub async fn webhook(&self, url: &str, fields: &[(&str, &str)], token: &str) -> (u16, String) {
        let mut sorted: Vec<_> = fields.to_vec();
        sorted.sort_unstable();
        let mut signed = url.to_owned();
        for (name, value) in &sorted {
            signed.push_str(name);
            signed.push_str(value);
        }
        let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let response = self
            .http
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-twilio-signature", signature)
            .body(body)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }
}

async fn messages(
    State(sent): State<Arc<Mutex<Vec<Sent>>>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let expected = format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:{TOKEN}")));
    let authorized = headers.get(header::AUTHORIZATION).is_some_and(|value| value == expected.as_str());
    if account != ACCOUNT || !authorized {
        return error(StatusCode::UNAUTHORIZED, 20003, "Authenticate");
    }
    let fields: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let to = fields.iter().find(|(name, _)| name == "To").map_or("", |(_, value)| value.as_str());
    let answer = answer_to(to);
    let mut sent = sent.lock().unwrap();
    let sid = matches!(answer, Planned::Accept).then(|| format!("SM{:032x}", sent.len() + 1));
    let recipient = to.to_owned();
    sent.push(Sent { fields, sid: sid.clone() });
    match answer {
        Planned::Accept => accepted(&sid.unwrap_or_default(), &recipient),
        Planned::Error(status, code, message) => error(status, code, message),
        Planned::NoSid => (StatusCode::CREATED, axum::Json(json!({ "status": "queued" }))).into_response(),
        Planned::Broken => (StatusCode::BAD_GATEWAY, "<html>Bad Gateway</html>").into_response(),
    }
}

enum Planned {
    Accept,
    Error(StatusCode, u32, &'static str),
    NoSid,
    Broken,
}

/// By the last three digits of the recipient.
fn answer_to(to: &str) -> Planned {
    match to.get(to.len().saturating_sub(3)..).unwrap_or("") {
        "101" => Planned::Error(StatusCode::BAD_REQUEST, 21211, "Invalid 'To'\nPhone Number"),
        "102" => Planned::Error(StatusCode::BAD_REQUEST, 21606, "The 'From' number is not valid"),
        "103" => Planned::Error(StatusCode::TOO_MANY_REQUESTS, 20429, "Too Many Requests"),
        "104" => Planned::Error(StatusCode::FORBIDDEN, 30002, "Account suspended"),
        "105" => Planned::NoSid,
        "106" => Planned::Broken,
        _ => Planned::Accept,
    }
}

fn accepted(sid: &str, to: &str) -> Response {
    let body = json!({
        "sid": sid, "status": "queued", "num_segments": "1", "num_media": "0", "error_code": null,
        "error_message": null, "price": null, "price_unit": "USD", "to": to, "account_sid": ACCOUNT,
        "direction": "outbound-api", "api_version": "2010-04-01",
    });
    (StatusCode::CREATED, axum::Json(body)).into_response()
}

fn error(status: StatusCode, code: u32, message: &str) -> Response {
    let body = json!({
        "code": code, "message": message, "status": status.as_u16(),
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
    });
    (status, axum::Json(body)).into_response()
}
