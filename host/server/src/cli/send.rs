//! `waypost send`: one message, or the rows of a CSV file.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::client::{ANSWER_LOST, Answer, Client, Request};
use super::error::{Again, CliError, Exit, Result};
use super::message_args::{MessageArgs, parse_seconds};
use super::messages;
use super::output::Output;
use super::send_csv::{self, CsvArgs};
use super::{wait, wire};

/// Tries of one message where the server says that it cannot now, or its answer is lost.
const TRIES_MAX: u32 = 3;
/// Longest wait between two of them. Who waits at a terminal rather hears of longer ones.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Send a message, or a message for each row of a CSV file
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  waypost send --to +447400123456 --text 'Your code is 4711' --wait
  waypost send --to +447400123456,+4915112345678 --from Acme --text 'We are open again'
  printf 'Grüße' | waypost send --to +4915112345678 --text-file -
  waypost send --csv customers.csv --from Acme --failed refused.csv

A CSV file has a header row with `to`, and `text` or `data` (base64); and, as you like, `from`,
`client_ref`, `tags` (separated by `;`), `encoding`, `max_segments`, `replace_lookalikes`,
`valid_for`, `priority`, `callback_url`. An empty cell takes the value of the flag. Running the
same command again within 24 hours sends no row twice.")]
pub(super) struct SendArgs {
    /// Recipient in international form; repeatable, up to 100
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', required_unless_present = "csv")]
    to: Vec<String>,

    #[command(flatten)]
    message: MessageArgs,

    /// Makes it safe to run the same command again: the message is sent once
    #[arg(long, value_name = "KEY", conflicts_with = "csv")]
    idempotency_key: Option<String>,

    /// Wait until the message has reached its final state; exit code 0 only where it was delivered
    #[arg(long, conflicts_with = "csv")]
    wait: bool,

    /// How long to wait
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_seconds, requires = "wait")]
    timeout: u32,

    #[command(flatten)]
    csv: CsvArgs,
}

pub(super) async fn run(client: &Client, output: &mut Output, args: &SendArgs) -> Result<Exit> {
    if let Some(file) = &args.csv.csv {
        return send_csv::run(client, output, file, &args.csv, args.message.fields(output)?).await;
    }
    let body = args.message.body(&args.to, output)?;
    // With a key of its own a message can be tried again after a lost answer.
    let key = args.idempotency_key.clone().unwrap_or_else(random_key);
    let answer = send(client, &body, &key).await?;
    if answer.replayed {
        output.note("note: this was sent before; here is what has become of it");
    }
    let mut messages = messages_of(&answer.body)?;
    if args.wait {
        let timeout = Duration::from_secs(args.timeout.into());
        messages = wait::until_final(client, output, messages, timeout).await?;
    }
    print(output, &messages, answer.body.get("messages").is_some())?;
    let good = |message: &Value| match message["status"].as_str() {
        Some("delivered") => true,
        Some("refused") => false,
        _ => !args.wait,
    };
    Ok(if messages.iter().all(good) { Exit::Ok } else { Exit::Failed })
}

async fn send(client: &Client, body: &Value, key: &str) -> Result<Answer> {
    let mut tries = 1;
    loop {
        let request = Request::post(&["v1", "messages"]).json(body).idempotency_key(Some(key));
        let error = match client.send(request).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match retry_wait(&error) {
            Some(wait) if tries < TRIES_MAX => tokio::time::sleep(wait).await,
            _ if error.code == ANSWER_LOST => {
                return Err(error.hint(format!(
                    "it may have been sent: run the same command with --idempotency-key {key}, and it is \
                     not sent twice"
                )));
            }
            _ => return Err(error),
        }
        tries += 1;
    }
}

/// None: to be told at once.
fn retry_wait(error: &CliError) -> Option<Duration> {
    let busy = error.code == ANSWER_LOST || error.problem.as_ref().is_some_and(|p| p["status"] == 503);
    match error.again {
        Again::Later(wait) if busy => {
            wait.or(Some(Duration::from_millis(500))).filter(|wait| *wait <= WAIT_MAX)
        }
        _ => None,
    }
}

/// A single recipient is answered with its message, several with a list.
fn messages_of(document: &Value) -> Result<Vec<Value>> {
    match document.get("messages") {
        Some(messages) => wire::read(messages),
        None => Ok(vec![document.clone()]),
    }
}

fn print(output: &mut Output, messages: &[Value], list: bool) -> Result<()> {
    match messages {
        _ if output.is_json() && list => output.document(&json!({ "messages": messages })),
        [message] if output.is_json() => output.document(message),
        [message] => messages::print_properties(output, &wire::read(message)?),
        _ => messages::print_table(output, messages),
    }
}

fn random_key() -> String {
    format!("cli-{:016x}{:016x}", crate::clock::random_u64(), crate::clock::random_u64())
}

#[cfg(test)]
mod tests {
    use super::super::fake::{self, Fake, Reply};
    use super::super::{Cli, Command};
    use super::*;
    use clap::Parser as _;

    fn args(line: &str) -> SendArgs {
        match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Command::Send(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    fn message(status: &str) -> Value {
        json!({ "id": "msg_1", "status": status, "to": "+44", "encoding": "gsm7", "segments": 1,
            "replaced": [{ "from": "“", "to": "\"", "count": 1 }] })
    }

    #[tokio::test]
    async fn a_message_is_sent_and_shown() {
        let fake = Fake::start(|_| fake::reply(202, message("queued"))).await;
        let (mut output, memory) = Output::memory(false);
        let args = args("waypost send --to +44 --text Hi --idempotency-key once");
        assert_eq!(run(&fake.client(), &mut output, &args).await.unwrap(), Exit::Ok);
        let seen = &fake.seen()[0];
        assert_eq!((seen.path.as_str(), seen.idempotency_key.as_deref()), ("/v1/messages", Some("once")));
        assert_eq!(seen.body, json!({ "to": "+44", "text": "Hi" }));
        let text = memory.text();
        assert!(text.contains("msg_1") && text.contains("“ → \" (1 time)"), "{text}");
    }

    #[tokio::test]
    async fn a_busy_server_is_asked_again_with_the_same_key() {
        let tries = std::sync::atomic::AtomicU32::new(0);
        let fake = Fake::start(move |_| match tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => fake::reply(503, json!({ "code": "store_unavailable", "status": 503 }))
                .header("retry-after", "0"),
            _ => fake::reply(202, message("queued")),
        })
        .await;
        let (mut output, _) = Output::memory(true);
        run(&fake.client(), &mut output, &args("waypost send --to +44 --text Hi")).await.unwrap();
        let keys: Vec<_> = fake.seen().into_iter().map(|seen| seen.idempotency_key).collect();
        assert!(keys.len() == 2 && keys[0].is_some() && keys[0] == keys[1], "{keys:?}");
    }

    #[tokio::test]
    async fn waiting_ends_with_the_final_state() {
        for (status, exit) in [("delivered", Exit::Ok), ("undelivered", Exit::Failed)] {
            let fake = Fake::start(move |seen| match seen.method.as_str() {
                "POST" => fake::reply(202, json!({ "messages": [message("queued"), message("refused")] })),
                _ => fake::reply(200, message(status)),
            })
            .await;
            let (mut output, memory) = Output::memory(true);
            let args = args("waypost send --to +44,+45 --text Hi --wait");
            assert_eq!(run(&fake.client(), &mut output, &args).await.unwrap(), Exit::Failed);
            let document: Value = serde_json::from_str(&memory.text()).unwrap();
            assert_eq!(document["messages"][0]["status"], status);

            let fake = Fake::start(move |seen| {
                let status = if seen.method == "POST" { "queued" } else { status };
                fake::reply(200, message(status))
            })
            .await;
            let (mut output, memory) = Output::memory(true);
            let args = self::args("waypost send --to +44 --text Hi --wait");
            assert_eq!(run(&fake.client(), &mut output, &args).await.unwrap(), exit);
            let document: Value = serde_json::from_str(&memory.text()).unwrap();
            assert_eq!(document["status"], status);
        }
    }

    #[tokio::test]
    async fn waiting_has_an_end() {
        let fake = Fake::start(|_| fake::reply(202, message("queued"))).await;
        let (mut output, _) = Output::memory(false);
        let args = args("waypost send --to +44 --text Hi --wait --timeout 0");
        let error = run(&fake.client(), &mut output, &args).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.exit), ("wait_timeout", Exit::Failed));
    }

    #[tokio::test]
    async fn limits_are_told_at_once() {
        let limited = json!({ "code": "limit_reached", "status": 429, "detail": "too many" });
        let fake =
            Fake::start(move |_| -> Reply { fake::reply(429, limited.clone()).header("retry-after", "1") })
                .await;
        let (mut output, _) = Output::memory(false);
        let error =
            run(&fake.client(), &mut output, &args("waypost send --to +44 --text Hi")).await.unwrap_err();
        assert_eq!((error.code.as_str(), fake.seen().len()), ("limit_reached", 1));
    }
}
