//! What a component is asked and what it answers, in the terms of the domain.

use wasmtime::component::Instance;
use wasmtime::{Engine, Store};
use waypost_core::decision::{Candidate, Choice, Failure, Outcome, Ranking, Verdict};
use waypost_core::inbound::{Inbound, Reception};
use waypost_core::message::Draft;
use waypost_core::provider::{
    Description, HttpRequest, HttpResponse, Submission, WebhookRequest, WebhookResult,
};
use waypost_core::summary::Summary as _;
use waypost_core::text::Body;

use crate::fault::CallError;
use crate::limits::Limits;
use crate::state::CallState;

/// One call into a component.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question<'a> {
    Screen(&'a Draft),
    Choose(&'a Draft),
    Rank(&'a Draft, &'a [Candidate]),
    Describe,
    SubmitRequest(Submission<'a>),
    ReadResponse(&'a HttpResponse),
    ReadWebhook(&'a WebhookRequest),
    Receive(&'a Inbound),
}

/// The answer to the question of the same name.
#[derive(Debug)]
pub(crate) enum Answer {
    Screen(Verdict),
    Choose(Choice),
    Rank(Ranking),
    Describe(Description),
    SubmitRequest(Result<HttpRequest, Failure>),
    ReadResponse(Outcome),
    ReadWebhook(WebhookResult),
    Receive(Reception),
}

/// A component that can be instantiated, seen through the version of the plugin API that it was
/// built for.
pub(crate) trait Binding: Send + Sync {
    /// The engine that the component was compiled for.
    fn engine(&self) -> &Engine;

    /// A new instance in `store`.
    fn instantiate(&self, store: &mut Store<CallState>) -> wasmtime::Result<Box<dyn Bound>>;
}

/// One instance of a component.
pub(crate) trait Bound: Send {
    /// The instance, for its snapshot.
    fn instance(&self) -> Instance;

    /// Asks, and checks the answer against the rules of the plugin API and of `limits`.
    fn ask(
        &self,
        store: &mut Store<CallState>,
        question: &Question<'_>,
        limits: &Limits,
    ) -> Result<Answer, CallError>;

    /// The JSON Schema of the component's settings.
    fn schema(&self, store: &mut Store<CallState>) -> wasmtime::Result<String>;

    /// Hands over settings. The inner error: the component refuses them.
    fn configure(&self, store: &mut Store<CallState>, settings: &str)
    -> wasmtime::Result<Result<(), String>>;
}

impl Question<'_> {
    /// Size of the variable parts, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Screen(draft) | Self::Choose(draft) => draft_bytes(draft),
            Self::Rank(draft, candidates) => {
                draft_bytes(draft) + candidates.iter().map(|it| it.id.len() + 40).sum::<usize>()
            }
            Self::Describe => 0,
            Self::SubmitRequest(submission) => {
                draft_bytes(submission.draft) + submission.receipt_url.len() + 40
            }
            Self::ReadResponse(response) => response_bytes(response),
            Self::ReadWebhook(request) => {
                request.method.len()
                    + request.url.len()
                    + header_bytes(&request.headers)
                    + request.body.len()
                    + request.fetched.as_ref().map_or(0, response_bytes)
            }
            Self::Receive(inbound) => body_bytes(&inbound.body) + inbound.tenant.len(),
        }
    }

    /// Bytes of the HTTP bodies among them, which have a limit of their own.
    pub fn http_bytes(&self) -> usize {
        match self {
            Self::ReadResponse(response) => response.body.len(),
            Self::ReadWebhook(request) => {
                request.body.len() + request.fetched.as_ref().map_or(0, |it| it.body.len())
            }
            _ => 0,
        }
    }

    /// For how many segments the call gets fuel.
    pub fn segments(&self) -> u64 {
        match self {
            Self::Screen(draft) | Self::Choose(draft) | Self::Rank(draft, _) => draft.segments.into(),
            Self::SubmitRequest(submission) => submission.draft.segments.into(),
            Self::Receive(inbound) => 1 + body_bytes(&inbound.body) as u64 / 140,
            Self::Describe | Self::ReadResponse(_) | Self::ReadWebhook(_) => {
                1 + self.http_bytes() as u64 / 1024
            }
        }
    }
}

impl Answer {
    /// The answer in a few words, as the trace of a message shows it.
    pub fn summary(&self) -> String {
        match self {
            Self::Screen(it) => it.summary(),
            Self::Choose(it) => it.summary(),
            Self::Rank(it) => it.summary(),
            Self::Describe(it) => it.summary(),
            Self::SubmitRequest(it) => it.summary(),
            Self::ReadResponse(it) => it.summary(),
            Self::ReadWebhook(it) => it.summary(),
            Self::Receive(it) => it.summary(),
        }
    }
}

fn draft_bytes(draft: &Draft) -> usize {
    draft.tenant.len()
        + draft.to.address.as_str().len()
        + draft.sender.as_ref().map_or(0, |sender| sender.address.as_str().len())
        + body_bytes(&draft.body)
        + draft.tags.iter().map(String::len).sum::<usize>()
}

fn body_bytes(body: &Body) -> usize {
    match body {
        Body::Text(text) => text.len(),
        Body::Binary(bytes) => bytes.len(),
    }
}

fn response_bytes(response: &HttpResponse) -> usize {
    header_bytes(&response.headers) + response.body.len()
}

fn header_bytes(headers: &[(String, String)]) -> usize {
    headers.iter().map(|(name, value)| name.len() + value.len()).sum()
}
