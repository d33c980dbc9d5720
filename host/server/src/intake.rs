//! The way in: from a request to messages that are stored and answered for.
//!
//! plan (core) → decide (components) → accept (one store transaction) → wake the provider's lane.

use std::sync::Arc;

use waypost_core::decision::{Failure, Name};
use waypost_core::id::MessageId;
use waypost_core::lifecycle::accept::{self, Submission};
use waypost_core::limits;
use waypost_core::message::{Envelope, Progress, State};
use waypost_core::request::{Explanation, SendAnswer, SendError, SendRequest, Taken};
use waypost_core::store::{Accept, Accepted, Idempotency, NewMessage};
use waypost_core::text::Replacement;
use waypost_core::trace::{Entry, Step};

use crate::clock;
use crate::gateway::Gateway;
use crate::pipeline::{Decided, Tenant};

/// Who asks: an API key, seen as its tenant.
#[derive(Clone)]
pub struct Caller {
    /// The tenant with its components and limits.
    pub tenant: Arc<Tenant>,
    /// The id of the key.
    pub key: Name,
}

impl Gateway {
    /// Takes a request in, as a whole or not at all. When this answers `Ok`, its messages are on
    /// disk.
    ///
    /// # Errors
    /// [`SendError`]; nothing is stored then.
    pub async fn send(
        &self,
        caller: &Caller,
        request: &SendRequest,
        idempotency: Option<Idempotency>,
    ) -> Result<SendAnswer, SendError> {
        let tenant = &caller.tenant;
        if request.callback_url.as_deref().is_some_and(|url| !tenant.permits_callback(url)) {
            return Err(SendError::CallbackHost);
        }
        loop {
            let now_ms = clock::now_ms();
            let (taken, messages) = self.prepare(caller, request, now_ms)?;
            let accept = Accept {
                tenant: tenant.name.clone(),
                key: caller.key.clone(),
                now_ms,
                idempotency: idempotency.clone(),
                limits: tenant.limits,
                messages,
            };
            return match self.store.accept(accept).await.map_err(SendError::Store)? {
                Accepted::Stored => {
                    self.announce(&taken);
                    Ok(SendAnswer { messages: taken, replayed: false })
                }
                Accepted::Replayed(ids) => self.replay(&tenant.name, ids).await,
                Accepted::KeyReused => Err(SendError::KeyReused),
                Accepted::Limited(limit) => {
                    self.metrics.limited(&tenant.name, limit.limit);
                    Err(SendError::Limited(limit))
                }
                // The clock has gone back to before the last start: draw again.
                Accepted::IdTaken => continue,
            };
        }
    }

    /// What [`Gateway::send`] would decide. Nothing is stored or sent.
    ///
    /// # Errors
    /// [`SendError::Submission`] only.
    pub fn explain(&self, caller: &Caller, request: &SendRequest) -> Result<Vec<Explanation>, SendError> {
        let now_ms = clock::now_ms();
        let tenant = &caller.tenant;
        let mut explanations = Vec::with_capacity(request.to.len());
        for (index, to) in request.to.iter().enumerate() {
            let planned = accept::plan(&submission(request, to), &tenant.rules, now_ms)
                .map_err(|error| SendError::Submission { index, error })?;
            let decided = tenant.decide(planned.draft, self.ids.next(now_ms), now_ms);
            explanations.push(explanation(decided, planned.replaced));
        }
        Ok(explanations)
    }

    fn prepare(
        &self,
        caller: &Caller,
        request: &SendRequest,
        now_ms: u64,
    ) -> Result<(Vec<Taken>, Vec<NewMessage>), SendError> {
        let tenant = &caller.tenant;
        let mut taken = Vec::with_capacity(request.to.len());
        let mut messages = Vec::with_capacity(request.to.len());
        for (index, to) in request.to.iter().enumerate() {
            let planned = accept::plan(&submission(request, to), &tenant.rules, now_ms)
                .map_err(|error| SendError::Submission { index, error })?;
            let id = self.ids.next(now_ms);
            let decided = tenant.decide(planned.draft, id, now_ms);
            self.metrics.decisions(&tenant.name, &decided.records);
            let (progress, step) = first_step(&decided, now_ms);
            let valid_for_s = request.valid_for_s.unwrap_or(limits::VALID_FOR_S_DEFAULT);
            let envelope = Arc::new(Envelope {
                id,
                key: caller.key.clone(),
                draft: decided.draft,
                valid_until_ms: now_ms + u64::from(valid_for_s) * 1000,
                client_ref: request.client_ref.clone(),
                callback_url: request.callback_url.clone(),
                hops: 0,
            });
            let entry = Entry { at_ms: now_ms, state: progress.state, step, decisions: decided.records };
            messages.push(NewMessage { envelope: envelope.clone(), progress: progress.clone(), entry });
            taken.push(Taken { envelope, progress, replaced: planned.replaced });
        }
        Ok((taken, messages))
    }

    /// Wakes the lanes of messages that can be submitted at once, and counts.
    fn announce(&self, taken: &[Taken]) {
        for message in taken {
            self.metrics.accepted(&message.envelope.draft.tenant, message.progress.state);
            let Some(route) = &message.progress.route else { continue };
            if let Some(provider) = self.providers.get(route) {
                provider.wake.notify_one();
            }
        }
    }

    async fn replay(&self, tenant: &Name, ids: Vec<MessageId>) -> Result<SendAnswer, SendError> {
        let mut messages = Vec::with_capacity(ids.len());
        for id in ids {
            // A message that was deleted since is left out of the answer.
            if let Some(stored) = self.store.message(tenant.clone(), id).await.map_err(SendError::Store)? {
                let (envelope, progress) = (stored.envelope, stored.progress);
                messages.push(Taken { envelope, progress, replaced: Vec::new() });
            }
        }
        Ok(SendAnswer { messages, replayed: true })
    }
}

fn submission<'a>(request: &'a SendRequest, to: &'a str) -> Submission<'a> {
    Submission {
        to,
        from: request.from.as_deref(),
        body: &request.body,
        encoding: request.encoding,
        segments_max: request.segments_max,
        replace_lookalikes: request.replace_lookalikes,
        priority: request.priority,
        tags: &request.tags,
    }
}

fn first_step(decided: &Decided, now_ms: u64) -> (Progress, Step) {
    match &decided.answer {
        Ok(admission) => {
            let route = admission.routes[0].name.clone();
            let progress =
                accept::admitted(route.clone(), admission.held_until_ms, admission.price_micros, now_ms);
            let held_until_ms = progress.due_ms.filter(|_| progress.state == State::Held);
            (progress, Step::Accepted { route: Some(route), held_until_ms })
        }
        Err(refusal) => {
            let progress = accept::refused(refusal, now_ms);
            (progress, Step::Refused { failure: Failure::from(refusal) })
        }
    }
}

fn explanation(decided: Decided, replaced: Vec<Replacement>) -> Explanation {
    let (routes, held_until_ms, price_micros, currency) = match decided.answer {
        Ok(admission) => (
            Ok(admission.routes.iter().map(|provider| provider.name.clone()).collect()),
            admission.held_until_ms,
            admission.price_micros,
            admission.routes[0].currency().map(str::to_owned),
        ),
        Err(refusal) => (Err(refusal), None, None, None),
    };
    Explanation {
        draft: decided.draft,
        replaced,
        decisions: decided.records,
        routes,
        held_until_ms,
        price_micros,
        currency,
    }
}
