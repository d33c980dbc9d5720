//! Waiting for messages to reach their final state.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use waypost_core::message::State;

use super::client::{Client, Request};
use super::error::{Again, CliError, Result};
use super::output::Output;
use super::wire;

const FIRST_WAIT: Duration = Duration::from_millis(200);
const WAIT_MAX: Duration = Duration::from_secs(2);

/// Asks for the messages until each of them is final. People see the states on the way.
pub(super) async fn until_final(
    client: &Client,
    output: &Output,
    mut messages: Vec<Value>,
    timeout: Duration,
) -> Result<Vec<Value>> {
    let deadline = Instant::now() + timeout;
    let mut wait = FIRST_WAIT;
    loop {
        let open = messages.iter().filter(|message| !is_final(message)).count();
        if open == 0 {
            return Ok(messages);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(timed_out(&messages, open, timeout));
        }
        tokio::time::sleep(wait.min(left)).await;
        wait = (wait * 3 / 2).min(WAIT_MAX);
        for message in messages.iter_mut().filter(|message| !is_final(message)) {
            refresh(client, output, message).await?;
        }
    }
}

async fn refresh(client: &Client, output: &Output, message: &mut Value) -> Result<()> {
    let id: String = wire::read(&message["id"])?;
    let now = match client.send(Request::get(&["v1", "messages", &id])).await {
        Ok(answer) => answer.body,
        // The next round asks again, until the time is over.
        Err(error) if error.again != Again::Never => return Ok(()),
        Err(error) => return Err(error),
    };
    if now["status"] != message["status"] && !output.is_json() {
        output.note(&format!("{id} {}", now["status"].as_str().unwrap_or("?")));
    }
    *message = now;
    Ok(())
}

fn is_final(message: &Value) -> bool {
    message["status"].as_str().and_then(State::from_name).is_some_and(State::is_final)
}

fn timed_out(messages: &[Value], open: usize, timeout: Duration) -> CliError {
    let first = messages.iter().find(|message| !is_final(message));
    let text = |name: &str| first.and_then(|message| message[name].as_str()).unwrap_or("?");
    let (id, status) = (text("id"), text("status"));
    let of = messages.len();
    CliError::failed(
        "wait_timeout",
        format!("{open} of {of} not final after {} s: {id} is {status}", timeout.as_secs()),
    )
    .hint(format!("it goes on without you; see `waypost messages show {id}`, or give a longer --timeout"))
}
