//! From a whole request to a whole answer, for a shell that brings no router of its own.

use http::Method;
use http::request::Parts;
use waypost_core::flow::{Caller, Shell};
use waypost_core::id::MessageId;

use crate::answer::Answer;
use crate::auth;
use crate::calls::{dead_letters, explain, health, hooks, inbox, messages, send};
use crate::json;
use crate::problem::{Code, Problem};
use crate::route::{Call, Routed, route};

/// Answers a request whose body was read up to [`body_bytes_max`].
pub async fn answer<S: Shell>(shell: &S, request: &Parts, body: Vec<u8>) -> Answer {
    let mut answer = try_answer(shell, request, body).await.unwrap_or_else(Problem::into_answer);
    if request.method == Method::HEAD {
        answer.body_mut().clear();
    }
    answer
}

/// Most bytes of the body of this request that need to be read. One that has more is answered by
/// [`too_large`].
#[must_use]
pub fn body_bytes_max(request: &Parts) -> usize {
    route(&request.method, request.uri.path()).map_or(0, |routed| routed.call.body_bytes_max())
}

/// The answer to a request with a body of more than `bytes_max`.
#[must_use]
pub fn too_large(bytes_max: usize) -> Answer {
    json::too_large(bytes_max).into_answer()
}

async fn try_answer<S: Shell>(shell: &S, request: &Parts, body: Vec<u8>) -> Result<Answer, Problem> {
    let routed = route(&request.method, request.uri.path())?;
    match (routed.call, routed.scope) {
        (Call::Hook, _) => {
            let mut webhook = hooks::begin(shell, &routed.parameter, request)?;
            webhook.body = body;
            hooks::take(shell, &routed.parameter, webhook).await
        }
        (Call::Healthz, _) => health::healthz(),
        (Call::Readyz, _) => health::readyz(shell).await,
        (_, Some(scope)) => {
            let caller = auth::caller(shell, &request.headers, scope).await?;
            for_caller(shell, &caller, &routed, request, &body).await
        }
        (_, None) => Err(of_hosts_only()),
    }
}

async fn for_caller<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    routed: &Routed<'_>,
    request: &Parts,
    body: &[u8],
) -> Result<Answer, Problem> {
    let query = request.uri.query();
    let is_json = || json::check_type(&request.headers);
    let id = || message_id(&routed.parameter);
    match routed.call {
        Call::Send => {
            if shell.is_draining() {
                return Err(Problem::shutting_down());
            }
            let idempotency_key = send::idempotency_key(&request.headers)?;
            is_json()?;
            send::send(shell, caller, idempotency_key, body).await
        }
        Call::Explain => {
            is_json()?;
            explain::explain(shell, caller, body)
        }
        Call::List => messages::list(shell, caller, query).await,
        Call::Read => messages::read(shell, caller, id()?).await,
        Call::Cancel => messages::cancel(shell, caller, id()?).await,
        Call::Trace => messages::trace(shell, caller, id()?).await,
        Call::Inbox => inbox::shown(&inbox::items(shell, caller, &inbox::wanted(query)?).await?),
        Call::Acknowledge => {
            is_json()?;
            inbox::acknowledge(shell, caller, body).await
        }
        Call::DeadLetters => dead_letters::list(shell, caller, query).await,
        Call::RedriveAll => {
            is_json()?;
            dead_letters::redrive_all(shell, caller, body).await
        }
        Call::Redrive => dead_letters::redrive(shell, caller, id()?).await,
        Call::Discard => dead_letters::delete(shell, caller, id()?).await,
        Call::Keys
        | Call::CreateKey
        | Call::RevokeKey
        | Call::RotateKey
        | Call::Providers
        | Call::Plugins
        | Call::Tenants
        | Call::Hook
        | Call::Healthz
        | Call::Readyz
        | Call::Metrics
        | Call::Document => Err(of_hosts_only()),
    }
}

/// The id of a message in a path. What is no id at all is answered like an id of no message.
///
/// # Errors
/// `message_unknown`.
pub fn message_id(text: &str) -> Result<MessageId, Problem> {
    text.parse().map_err(|_| Problem::message_unknown())
}

fn of_hosts_only() -> Problem {
    let detail = "This gateway runs at the edge and does not answer this call. Ask a Waypost host that uses the \
                  same store.";
    Problem::new(Code::PathUnknown, detail)
}
