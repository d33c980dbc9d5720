//! Requests to others: to providers, and to components of the same application.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use spin_sdk::http::FullBody;
use spin_sdk::wasip3::http::types::{ErrorCode, RequestOptions};
use spin_sdk::wasip3::http_compat::RequestOptionsExtension;
use waypost_core::provider::HttpResponse;

use crate::body::{BodyError, read};
use crate::within::within;

/// Longest that connecting may take, whatever the whole request may.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// A request to somebody else.
#[derive(Debug)]
pub struct Outgoing {
    /// What is to be done.
    pub method: Method,
    /// `http` or `https`. The caller has checked that it may go there.
    pub url: String,
    /// Without a length, which is added.
    pub headers: HeaderMap,
    /// May be empty.
    pub body: Vec<u8>,
    /// Longest that the whole exchange may take.
    pub limit: Duration,
    /// Largest answer that is read, in bytes.
    pub answer_bytes_max: usize,
}

/// What is known after a request without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// It never left: another try is safe.
    NotSent(&'static str),
    /// Whoever runs the component does not let it go there.
    Denied,
    /// It cannot be written as HTTP.
    Invalid,
    /// It was written, at least in part, and no whole answer came.
    Lost(String),
}

/// Does a request and reads the answer whole.
///
/// # Errors
/// [`Unanswered`].
pub async fn send(outgoing: Outgoing) -> Result<HttpResponse, Unanswered> {
    let (limit, bytes_max) = (outgoing.limit, outgoing.answer_bytes_max);
    let request = request(outgoing)?;
    match within(limit, exchange(request, bytes_max)).await {
        Some(result) => result,
        None => Err(Unanswered::Lost("no answer in time".to_owned())),
    }
}

fn request(outgoing: Outgoing) -> Result<Request<FullBody<Bytes>>, Unanswered> {
    let uri: Uri = outgoing.url.parse().map_err(|_| Unanswered::Invalid)?;
    let length = HeaderValue::from(outgoing.body.len());
    let has_body = !outgoing.body.is_empty() || matches!(outgoing.method, Method::POST | Method::PUT);
    let mut request = Request::new(FullBody::new(Bytes::from(outgoing.body)));
    *request.method_mut() = outgoing.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = outgoing.headers;
    if has_body {
        request.headers_mut().insert(CONTENT_LENGTH, length);
    }
    request.extensions_mut().insert(RequestOptionsExtension(options(outgoing.limit)));
    Ok(request)
}

/// Some hosts do not take time-outs; the one around the whole exchange holds everywhere.
fn options(limit: Duration) -> RequestOptions {
    let options = RequestOptions::new();
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let _ = options.set_connect_timeout(Some(nanoseconds(CONNECT_LIMIT.min(limit))));
    let _ = options.set_first_byte_timeout(Some(nanoseconds(limit)));
    options
}

async fn exchange(request: Request<FullBody<Bytes>>, bytes_max: usize) -> Result<HttpResponse, Unanswered> {
    let response = spin_sdk::http::send(request).await.map_err(|error| without_answer(&error))?;
    let status = response.status().as_u16();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers =
        response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    match read(response.into_body(), bytes_max).await {
        Ok(body) => Ok(HttpResponse { status, headers, body }),
        Err(BodyError::TooLarge) => {
            Err(Unanswered::Lost(format!("an answer of more than {bytes_max} bytes")))
        }
        Err(BodyError::Incomplete) => Err(Unanswered::Lost("the answer broke off".to_owned())),
    }
}

/// A connection that was never made has carried nothing. After that nobody knows.
fn without_answer(error: &ErrorCode) -> Unanswered {
    match error {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) => {
            Unanswered::NotSent("the host's name cannot be resolved")
        }
        ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationIpUnroutable => Unanswered::NotSent("the host cannot be reached"),
        ErrorCode::ConnectionRefused => Unanswered::NotSent("the connection was refused"),
        ErrorCode::ConnectionTimeout => Unanswered::NotSent("no connection in time"),
        ErrorCode::ConnectionLimitReached => Unanswered::NotSent("too many connections"),
        ErrorCode::TlsCertificateError => Unanswered::NotSent("the host's certificate is not valid"),
        ErrorCode::HttpRequestDenied => Unanswered::Denied,
        ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestUriTooLong
        | ErrorCode::HttpRequestHeaderSectionSize(_)
        | ErrorCode::HttpRequestHeaderSize(_)
        | ErrorCode::HttpRequestBodySize(_) => Unanswered::Invalid,
        ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => {
            Unanswered::Lost("no answer in time".to_owned())
        }
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => {
            Unanswered::Lost("the answer broke off".to_owned())
        }
        // Some of them carry a text, which may repeat the URL, which may hold a number.
        _ => Unanswered::Lost("the request failed".to_owned()),
    }
}
