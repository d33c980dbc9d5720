//! A provider's component and the way of its requests, as the flows of `core` use them.

use waypost_core::decision::{Failure, Outcome};
use waypost_core::flow::{Decision, Fault, ProviderLink, Sent};
use waypost_core::id::MessageId;
use waypost_core::provider::{
    HttpRequest, HttpResponse, ProviderTerms, Submission, WebhookRequest, WebhookResult,
};
use waypost_engine::CallContext;

use super::Component;
use crate::transport::Transport;

/// A provider with the way to it.
pub struct Link<'a> {
    /// What holds for it.
    pub terms: &'a ProviderTerms,
    /// Its component and secrets.
    pub component: &'a Component,
    /// Does its requests.
    pub transport: &'a Transport,
}

impl ProviderLink for Link<'_> {
    fn hook_url(&self) -> &str {
        &self.terms.hook_url
    }

    fn submit_request(&self, submission: Submission<'_>) -> Decision<Result<HttpRequest, Failure>> {
        decision(self.component.adapter.submit_request(submission, &context(&submission)))
    }

    fn read_response(&self, submission: Submission<'_>, response: &HttpResponse) -> Decision<Outcome> {
        decision(self.component.adapter.read_response(response, &context(&submission)))
    }

    fn read_webhook(&self, request: &WebhookRequest) -> Decision<WebhookResult> {
        let id = MessageId::from_parts(MessageId::first_key_at(request.now_ms), 0);
        let context = CallContext::of_message(id, request.now_ms);
        decision(self.component.adapter.read_webhook(request, &context))
    }

    async fn send(&self, request: HttpRequest) -> Sent {
        self.transport.send(self.terms, &self.component.secrets, request).await
    }
}

fn context(submission: &Submission<'_>) -> CallContext {
    CallContext::of_message(submission.id, submission.draft.time_ms)
}

/// What the engine answers, in the terms of `core`.
pub(crate) fn decision<T>(answered: waypost_engine::Decision<T>) -> Decision<T> {
    let waypost_engine::Decision { answer, record } = answered;
    Decision { answer: answer.map_err(|fault| Fault { class: fault.class, message: fault.message }), record }
}
