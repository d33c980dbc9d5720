//! From a request of Spin to an answer of the API.

use std::rc::Rc;
use std::time::Duration;

use edge_shell::{Answer, BodyError};
use http::request::Parts;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;
use spin_sdk::wasip3::http_compat::IncomingRequestBody;
use waypost_api::route::{Call, route};
use waypost_api::{Code, Problem, serve};

use crate::shell::EdgeShell;
use crate::watch::Watch;
use crate::{mode, path, redis, setup};

/// Longest that the body of a request may take to arrive, as in a native host.
const READ_LIMIT: Duration = Duration::from_secs(10);

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let (head, body) = request.into_parts();
    let answer = answer(head, body).await;
    let (head, body) = answer.into_parts();
    let mut answer: Answer = edge_shell::answer(head.status, body);
    answer.headers_mut().extend(head.headers);
    answer
}

async fn answer(mut head: Parts, body: IncomingRequestBody) -> waypost_api::Answer {
    let setup = match setup::current() {
        Ok(setup) => setup,
        Err(error) => {
            edge_shell::tell(&error.to_string());
            return Problem::internal().into_answer();
        }
    };
    path::strip(&mut head, &setup.base_path);
    let mode = match mode::wanted(&head.headers, setup.mode) {
        Ok(mode) => mode,
        Err(problem) => return problem.into_answer(),
    };
    let watch = Rc::new(Watch::default());
    let shell = EdgeShell::new(setup, mode, Rc::clone(&watch));
    match watch.over(within_limits(&shell, &watch, head, body)).await {
        Some(answer) => answer,
        None if watch.was_reading() => {
            let seconds = READ_LIMIT.as_secs();
            let detail = format!("The body did not arrive within {seconds} seconds.");
            Problem::new(Code::BodyTooSlow, detail).into_answer()
        }
        None => {
            redis::give_up();
            Problem::store_unavailable().into_answer()
        }
    }
}

async fn within_limits(
    shell: &EdgeShell,
    watch: &Watch,
    head: Parts,
    body: IncomingRequestBody,
) -> waypost_api::Answer {
    if let Err(problem) = prepare(shell, &head).await {
        return problem.into_answer();
    }
    let bytes_max = serve::body_bytes_max(&head);
    if bytes_max == 0 {
        return serve::answer(shell, &head, Vec::new()).await;
    }
    watch.begin_reading(READ_LIMIT);
    let body = edge_shell::read(body, bytes_max).await;
    watch.end();
    match body {
        Ok(body) => serve::answer(shell, &head, body).await,
        Err(BodyError::TooLarge) => serve::too_large(bytes_max),
        Err(BodyError::Incomplete) => {
            let detail = "The connection ended before the whole body was here. Send it again.";
            Problem::new(Code::BodyIncomplete, detail).into_answer()
        }
    }
}

/// What has to be known before the body of a webhook is read: that there is such a provider, so that
/// nobody makes the gateway read for nothing, and the time, by which signatures grow old. Every
/// other call brings the time with its API key.
async fn prepare(shell: &EdgeShell, head: &Parts) -> Result<(), Problem> {
    let Ok(routed) = route(&head.method, head.uri.path()) else { return Ok(()) };
    if routed.call == Call::Hook && shell.knows(&routed.parameter) {
        shell.ask_time().await?;
    }
    Ok(())
}
