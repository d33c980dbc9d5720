//! `POST /v1/messages`.

use http::header::LOCATION;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use sha2::{Digest, Sha256};
use waypost_core::flow::{Caller, Shell, intake};
use waypost_core::lifecycle::accept::SubmissionError;
use waypost_core::limits;
use waypost_core::message::State;
use waypost_core::rate::{LimitKind, LimitReached};
use waypost_core::request::{SendAnswer, SendError, SendRequest, Taken};
use waypost_core::store::Idempotency;
use waypost_core::text::{Body, TextError};

use crate::answer::{Answer, json};
use crate::json::parse;
use crate::problem::{Code, Problem};
use crate::wire::{Batch, Message, Recipients, SendBody};
use waypost_core::time::rfc3339;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What a sending is answered with.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", schema(as = SendAnswer))]
#[allow(missing_docs, reason = "words here would stand in the OpenAPI document")]
#[allow(clippy::large_enum_variant, reason = "it lives for one answer and is not moved about")]
pub enum SendObject<'a> {
    One(Message<'a>),
    Many(Batch<'a>),
}

/// Takes the messages of a request, all of them or none. The caller has read the idempotency key
/// ([`idempotency_key`]) and the body.
///
/// # Errors
/// What is wrong with the request, or why it cannot be taken now.
pub async fn send<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    idempotency_key: Option<String>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let wanted: SendBody = parse(body)?;
    let is_one = matches!(wanted.to, Recipients::One(_));
    let wanted = wanted.into_request()?;
    let idempotency = idempotency_key.map(|key| Idempotency { key, body_hash: Sha256::digest(body).into() });
    match intake::send(shell, caller, &wanted, idempotency).await {
        Ok(answer) if is_one => answer_one(shell, &answer),
        Ok(answer) => answer_many(shell, &answer),
        Err(error) => Err(problem_of(error, &wanted, is_one, shell.now_ms())),
    }
}

/// The header `Idempotency-Key`, where it is given.
///
/// # Errors
/// `header_invalid`.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(first) = given.next() else { return Ok(None) };
    let key = first.to_str().unwrap_or_default();
    let fits = given.next().is_none()
        && (1..=limits::IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return Ok(Some(key.to_owned()));
    }
    let detail = format!(
        "The header `Idempotency-Key` is not valid. Give it once, with 1 to {} visible ASCII characters.",
        limits::IDEMPOTENCY_KEY_BYTES_MAX
    );
    Err(Problem::new(Code::HeaderInvalid, detail).with("header", IDEMPOTENCY_KEY.as_str()))
}

fn answer_one(shell: &impl Shell, answer: &SendAnswer) -> Result<Answer, Problem> {
    // Nothing is left of a message that was deleted between a request and its repetition.
    let Some(taken) = answer.messages.first() else {
        return Ok(replayed(Problem::message_unknown().into_answer(), answer.replayed));
    };
    if taken.progress.state == State::Refused {
        return Ok(replayed(refusal(taken).into_answer(), answer.replayed));
    }
    let mut response = json(StatusCode::ACCEPTED, &SendObject::One(message(shell, taken)))?;
    let location = format!("/v1/messages/{}", taken.envelope.id);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(replayed(response, answer.replayed))
}

fn answer_many(shell: &impl Shell, answer: &SendAnswer) -> Result<Answer, Problem> {
    let messages = answer.messages.iter().map(|taken| message(shell, taken)).collect();
    let response = json(StatusCode::ACCEPTED, &SendObject::Many(Batch { messages }))?;
    Ok(replayed(response, answer.replayed))
}

fn message<'a>(shell: &'a impl Shell, taken: &'a Taken) -> Message<'a> {
    let message = Message::new(shell, &taken.envelope, &taken.progress);
    Message { replaced: &taken.replaced, ..message }
}

fn replayed(mut response: Answer, is_replay: bool) -> Answer {
    if is_replay {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

fn refusal(taken: &Taken) -> Problem {
    let failure = taken.progress.failure.as_ref();
    let reason = failure.map(|failure| failure.reason.clone()).unwrap_or_default();
    Problem::new(Code::PolicyRefused, reason)
        .with("policy_code", failure.map(|failure| failure.code.as_str()))
        .with("message_id", taken.envelope.id.to_string())
}

/// What the caller is told where nothing was taken.
pub(super) fn problem_of(error: SendError, wanted: &SendRequest, is_one: bool, now_ms: u64) -> Problem {
    let to = |index: usize| if is_one { "/to".to_owned() } else { format!("/to/{index}") };
    match error {
        SendError::Submission { index, error: SubmissionError::To(error) } => {
            of_core(error.code(), sentence(&error)).at(to(index))
        }
        SendError::Submission { error: SubmissionError::From(error), .. } => {
            of_core(error.code(), sentence(&error)).at("/from")
        }
        SendError::Submission { error: SubmissionError::Body(error), .. } => {
            body_problem(&error, &wanted.body)
        }
        SendError::CallbackHost => {
            let detail = "The host of `callback_url` is not one that the operator allows for this tenant. Use \
                          an allowed host, or ask the operator.";
            Problem::new(Code::CallbackHostNotAllowed, detail).at("/callback_url")
        }
        SendError::Limited(limit) => limit_problem(limit, &to(limit.index), now_ms),
        SendError::KeyReused => {
            let detail = "The `Idempotency-Key` was used within 24 hours for a request with another body. Use \
                          a new key for a new request.";
            Problem::new(Code::IdempotencyKeyReused, detail)
        }
        SendError::Store(error) => error.into(),
    }
}

fn body_problem(error: &TextError, body: &Body) -> Problem {
    let field = if matches!(body, Body::Text(_)) { "/text" } else { "/data" };
    match error {
        TextError::NotInGsm7 { offending, .. } => {
            let characters: Vec<_> = offending
                .iter()
                .map(|found| serde_json::json!({ "character": found.character, "position": found.position }))
                .collect();
            of_core(error.code(), sentence(error)).at(field).with("characters", characters)
        }
        TextError::TooManySegments { segments, segments_max, .. } => {
            let detail = format!(
                "The message takes {segments} segments and {segments_max} are the most. Shorten it, or raise \
                 `max_segments`."
            );
            of_core(error.code(), detail)
                .at(field)
                .with("segments", *segments)
                .with("segments_max", *segments_max)
        }
        TextError::SegmentsMaxOutOfRange { .. } => of_core(error.code(), sentence(error)).at("/max_segments"),
        TextError::BinaryForText | TextError::TextEncodingForBinary { .. } => {
            of_core(error.code(), sentence(error)).at("/encoding")
        }
        _ => of_core(error.code(), sentence(error)).at(field),
    }
}

fn limit_problem(reached: LimitReached, to: &str, now_ms: u64) -> Problem {
    let limit = reached.limit.as_str();
    let what = match reached.limit {
        LimitKind::TenantRate => "The tenant sends faster than it may.",
        LimitKind::KeyRate => "The API key sends faster than it may.",
        LimitKind::DestinationPerHour => {
            "The recipient has had as many messages as it may have in this hour."
        }
        LimitKind::DestinationPerDay => "The recipient has had as many messages as it may have on this day.",
        LimitKind::QueueDepth => "As many messages of the tenant wait as may wait.",
        LimitKind::DecisionTime => "The tenant's own plugins have run for longer than its plan allows.",
    };
    let free_at = rfc3339(reached.free_at_ms);
    let wait_s = reached.free_at_ms.saturating_sub(now_ms).div_ceil(1000).max(1);
    let detail = format!("{what} Nothing of the request was taken. Try again at {free_at}.");
    let problem = Problem::new(Code::LimitReached, detail).retry_after(wait_s);
    let problem = match reached.limit {
        LimitKind::DestinationPerHour | LimitKind::DestinationPerDay => problem.at(to),
        LimitKind::TenantRate | LimitKind::KeyRate | LimitKind::QueueDepth | LimitKind::DecisionTime => {
            problem
        }
    };
    problem.with("limit", limit).with("free_at", free_at)
}

fn of_core(code: &str, detail: String) -> Problem {
    Problem::new(Code::from_name(code).unwrap_or(Code::SubmissionInvalid), detail)
}

/// Errors of `core` are displayed as the rest of a sentence.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use waypost_core::number::{NumberError, SenderError};
    use waypost_core::text::{EncodingChoice, OffendingChar};

    use super::*;

    #[test]
    fn idempotency_keys_are_visible_ascii() {
        let long = "k".repeat(256);
        for (given, expected) in [
            (&[][..], Ok(None)),
            (&["order-17"], Ok(Some("order-17"))),
            (&[&long[..255]], Ok(Some(&long[..255]))),
            (&[&long], Err(Code::HeaderInvalid)),
            (&[""], Err(Code::HeaderInvalid)),
            (&["two words"], Err(Code::HeaderInvalid)),
            (&["é"], Err(Code::HeaderInvalid)),
            (&["a", "b"], Err(Code::HeaderInvalid)),
        ] {
            let mut headers = HeaderMap::new();
            for value in given {
                headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            let read = idempotency_key(&headers).map_err(|problem| problem.code());
            assert_eq!(read.as_ref().map(Option::as_deref), expected.as_ref().copied(), "{given:?}");
        }
    }

    fn wanted(body: Body) -> SendRequest {
        SendRequest {
            to: vec!["+1".to_owned()],
            from: None,
            body,
            encoding: EncodingChoice::Auto,
            segments_max: None,
            replace_lookalikes: false,
            valid_for_s: None,
            priority: 0,
            tags: Vec::new(),
            client_ref: None,
            callback_url: None,
        }
    }

    fn number_errors() -> Vec<NumberError> {
        vec![
            NumberError::Empty,
            NumberError::InputTooLong,
            NumberError::Letters,
            NumberError::Extension,
            NumberError::Character { character: '!', position: 3 },
            NumberError::CountryMissing,
            NumberError::ShortCodeCountryMissing,
            NumberError::CallingCodeUnknown,
            NumberError::TooShort,
            NumberError::TooLong,
            NumberError::AreaCodeMissing,
            NumberError::Invalid,
        ]
    }

    fn sender_errors() -> Vec<SenderError> {
        vec![
            SenderError::Empty,
            SenderError::Number(NumberError::TooShort),
            SenderError::TooLong { chars: 12 },
            SenderError::Character { character: '€', position: 1 },
            SenderError::OuterSpace,
        ]
    }

    fn text_errors() -> Vec<(TextError, &'static str)> {
        let offending = vec![OffendingChar { character: '“', position: 4 }];
        vec![
            (TextError::Empty, "/text"),
            (TextError::TooLong { bytes: 9, bytes_max: 8 }, "/text"),
            (TextError::NotInGsm7 { offending, occurrences: 1, lookalikes_would_help: true }, "/text"),
            (TextError::BinaryForText, "/encoding"),
            (TextError::TextEncodingForBinary { requested: EncodingChoice::Gsm7 }, "/encoding"),
            (TextError::TooManySegments { segments: 11, segments_max: 10, units: 1600 }, "/text"),
            (TextError::SegmentsMaxOutOfRange { segments_max: 0 }, "/max_segments"),
        ]
    }

    #[test]
    fn every_error_of_core_has_its_own_code_and_place() {
        let wanted = wanted(Body::Text("x".to_owned()));
        let problem =
            |index, error, is_one| problem_of(SendError::Submission { index, error }, &wanted, is_one, 0);
        for error in number_errors() {
            let problem = problem(3, SubmissionError::To(error), false);
            assert_eq!(problem.code().kind().code, error.code());
            assert_eq!(problem.member("pointer").unwrap(), "/to/3");
        }
        for error in sender_errors() {
            let problem = problem(0, SubmissionError::From(error), true);
            assert_eq!(problem.code().kind().code, error.code());
            assert_eq!(problem.member("pointer").unwrap(), "/from");
        }
        for (error, pointer) in text_errors() {
            let problem = problem(0, SubmissionError::Body(error.clone()), true);
            assert_eq!(problem.code().kind().code, error.code());
            assert_eq!(problem.member("pointer").unwrap(), pointer, "{error:?}");
        }
    }

    #[test]
    fn characters_outside_gsm_7_are_listed() {
        let offending = vec![OffendingChar { character: '“', position: 4 }];
        let error = TextError::NotInGsm7 { offending, occurrences: 1, lookalikes_would_help: true };
        let problem = body_problem(&error, &Body::Text(String::new()));
        let expected = serde_json::json!([{ "character": "“", "position": 4 }]);
        assert_eq!(problem.member("characters"), Some(&expected));
    }

    #[test]
    fn a_limit_says_which_and_when_and_points_only_at_recipients() {
        let (now_ms, free_at_ms) = (1_000, 2_500);
        for (limit, pointer) in
            [(LimitKind::DestinationPerHour, Some("/to/2")), (LimitKind::TenantRate, None)]
        {
            let reached = LimitReached { limit, free_at_ms, index: 2 };
            let problem =
                problem_of(SendError::Limited(reached), &wanted(Body::Text(String::new())), false, now_ms);
            assert_eq!(problem.member("limit").unwrap(), limit.as_str());
            assert_eq!(problem.member("pointer").and_then(|at| at.as_str()), pointer);
            let response = problem.into_answer();
            assert_eq!(response.status(), 429);
            assert_eq!(response.headers()["retry-after"], "2");
        }
    }
}
