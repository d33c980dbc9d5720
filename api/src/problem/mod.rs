//! What the API answers when it cannot do what it was asked: problem documents (RFC 9457) with a
//! stable code.

mod code;
#[cfg(feature = "openapi")]
mod document;

use std::borrow::Cow;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use waypost_core::store::StoreError;

use crate::answer::Answer;

pub use code::{Code, ProblemKind, registry};
#[cfg(feature = "openapi")]
pub use document::{BODY, KEY, ProblemDocument, QUERY, SUBMISSION, responses};

/// What stands before the code in `type`.
const TYPE_PREFIX: &str = "urn:waypost:problem:";

/// A problem on its way to the caller. It may repeat what the caller wrote, so it is not for logs.
pub struct Problem(Box<Parts>);

struct Parts {
    code: Code,
    detail: Cow<'static, str>,
    members: Vec<(&'static str, Value)>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of that kind. `detail` says what was wrong, where, and what to do.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Parts { code, detail: detail.into(), members: Vec::new(), headers: Vec::new() }))
    }

    /// Names the part of the body that is wrong, by a JSON pointer (RFC 6901).
    #[must_use]
    pub fn at(self, pointer: impl Into<String>) -> Self {
        self.with("pointer", pointer.into())
    }

    /// Adds a member to the document.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.members.push((name, value.into()));
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Tells the caller how many seconds to wait.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The kind of the problem.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The member of that name, where there is one.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.0.members.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// No message of the caller's tenant has that id. The same for another tenant's message.
    pub fn message_unknown() -> Self {
        Self::new(
            Code::MessageUnknown,
            "There is no message with this id. Check the id; old messages are deleted after the retention time.",
        )
    }

    /// The gateway takes nothing new.
    pub fn shutting_down() -> Self {
        Self::new(Code::ShuttingDown, "This gateway is shutting down and takes nothing new. Try again.")
            .retry_after(1)
    }

    /// The store does not work now.
    pub fn store_unavailable() -> Self {
        Self::new(
            Code::StoreUnavailable,
            "The store cannot be used now, and nothing of the request was done. Try again.",
        )
        .retry_after(1)
    }

    /// No key, or not in the way it has to be given.
    pub fn key_missing() -> Self {
        Self::new(
            Code::KeyMissing,
            "The request has no API key. Send the header `Authorization: Bearer wp_…`.",
        )
        .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// A key that is unknown, wrong or revoked; the answer does not say which.
    pub fn key_invalid() -> Self {
        Self::new(Code::KeyInvalid, "The API key is not valid. Check that it is whole and not revoked.")
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// The whole and right text of a key whose time is over.
    pub fn key_expired() -> Self {
        Self::new(
            Code::KeyExpired,
            "The API key has expired. Use another one, or have an administrator make a new one.",
        )
        .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// A defect of the gateway or its store, which the log names.
    pub fn internal() -> Self {
        Self::new(Code::Internal, "The gateway could not do this. Its log says why; tell the operator.")
    }
}

impl Problem {
    /// The answer that tells of it.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        // Strings, numbers and lists of them: nothing that JSON cannot hold.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut answer = Response::new(body);
        let status = self.0.code.kind().status;
        *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.extend(self.0.headers);
        answer
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Parts { code, detail, members, .. } = &*self.0;
        let kind = code.kind();
        let mut document = serializer.serialize_map(Some(5 + members.len()))?;
        document.serialize_entry("type", &format_args!("{TYPE_PREFIX}{}", kind.code))?;
        document.serialize_entry("title", kind.title)?;
        document.serialize_entry("status", &kind.status)?;
        document.serialize_entry("code", kind.code)?;
        document.serialize_entry("detail", detail)?;
        for (name, value) in members {
            document.serialize_entry(name, value)?;
        }
        document.end()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Unavailable(_)) {
            tracing::debug!(%error, "a request failed at the store");
            return Self::store_unavailable();
        }
        tracing::error!(%error, "a request failed at the store");
        Self::internal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_a_document_with_its_members_and_headers() {
        let problem = Problem::new(Code::FieldRange, "`priority` is 9.").at("/priority").with("max", 3);
        let response = problem.retry_after(7).into_answer();
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[RETRY_AFTER], "7");
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "urn:waypost:problem:field_range", "title": "A number is out of range",
                "status": 422, "code": "field_range", "detail": "`priority` is 9.",
                "pointer": "/priority", "max": 3,
            })
        );
    }

    #[test]
    fn a_store_that_is_down_is_no_defect_of_the_gateway() {
        let down = Problem::from(StoreError::Unavailable("disk full".to_owned()));
        assert_eq!(down.code(), Code::StoreUnavailable);
        assert_eq!(down.into_answer().headers()[RETRY_AFTER], "1");
        let defect = Problem::from(StoreError::Corrupt("row 7".to_owned()));
        assert_eq!(defect.code(), Code::Internal);
        assert!(!defect.0.detail.contains("row 7"));
    }
}
