//! `waypost dead-letters`: messages that nobody will get unless an operator does something.

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Map, Value, json};
use waypost_core::decision::FailureClass;
use waypost_core::id::MessageId;
use waypost_core::limits;

use super::client::{Client, Request};
use super::error::{Exit, Result};
use super::list::{self, Listing};
use super::messages::{self, RowsArgs};
use super::output::Output;
use super::wire::{self, counted};

/// Every class of a failure.
const CLASSES: [FailureClass; 7] = [
    FailureClass::Message,
    FailureClass::Sender,
    FailureClass::Throttled,
    FailureClass::Transient,
    FailureClass::System,
    FailureClass::InDoubt,
    FailureClass::Policy,
];

/// List, show, redrive and delete messages that failed for good
#[derive(Debug, Args)]
pub(super) struct DeadLettersArgs {
    #[command(subcommand)]
    command: DeadLettersCommand,
}

#[derive(Debug, Subcommand)]
enum DeadLettersCommand {
    /// List dead letters, newest first
    #[command(after_help = "Example:\n  waypost dead-letters list --class system --provider twilio")]
    List {
        #[command(flatten)]
        filter: FilterArgs,
        #[command(flatten)]
        rows: RowsArgs,
    },
    /// Show a dead letter and everything that has happened to it
    Show {
        /// The message's id
        #[arg(value_name = "ID")]
        id: MessageId,
    },
    /// Send dead letters again, with a new validity
    #[command(after_help = "Examples:
  waypost dead-letters redrive msg_01h455vb4pex5vsknk084sn02q
  waypost dead-letters redrive --class system --provider twilio --limit 100
  waypost dead-letters redrive --all")]
    Redrive(RedriveArgs),
    /// Delete a dead letter and its trace, for ever
    Delete {
        /// The message's id
        #[arg(value_name = "ID")]
        id: MessageId,
    },
}

#[derive(Debug, Args)]
struct FilterArgs {
    /// With this class of failure
    #[arg(long, value_name = "CLASS", value_parser = PossibleValuesParser::new(CLASSES.map(FailureClass::as_str)))]
    class: Option<String>,
    /// With this code of failure
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Last handed to this provider
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").args(["id", "class", "code", "provider", "all"]).required(true).multiple(true))]
struct RedriveArgs {
    /// The message's id
    #[arg(value_name = "ID", conflicts_with_all = ["class", "code", "provider", "all", "limit"])]
    id: Option<MessageId>,
    #[command(flatten)]
    filter: FilterArgs,
    /// Whatever failed
    #[arg(long, conflicts_with_all = ["class", "code", "provider"])]
    all: bool,
    /// At most this many
    #[arg(long, value_name = "1-500", default_value_t = limits::PAGE_ROWS_MAX,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::PAGE_ROWS_MAX)))]
    limit: u32,
}

impl FilterArgs {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let fields = [("class", &self.class), ("code", &self.code), ("provider", &self.provider)];
        fields.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

pub(super) async fn run(client: &Client, output: &mut Output, args: &DeadLettersArgs) -> Result<Exit> {
    match &args.command {
        DeadLettersCommand::List { filter, rows } => {
            let (path, query) = (&["v1", "dead-letters"], filter.fields());
            let listing = Listing { path, field: "dead_letters", query, rows_max: rows.rows_max() };
            list::print(client, output, listing).await?;
        }
        DeadLettersCommand::Show { id } => messages::show(client, output, *id).await?,
        DeadLettersCommand::Redrive(args) => match args.id {
            Some(id) => redrive_one(client, output, id).await?,
            None => redrive_many(client, output, args).await?,
        },
        DeadLettersCommand::Delete { id } => {
            let id = id.to_string();
            client.send(Request::delete(&["v1", "dead-letters", &id])).await?;
            if output.is_json() {
                output.document(&json!({ "deleted": id }))?;
            } else {
                output.text(&format!("deleted {id}"))?;
            }
        }
    }
    Ok(Exit::Ok)
}

async fn redrive_one(client: &Client, output: &mut Output, id: MessageId) -> Result<()> {
    let path = ["v1", "dead-letters", &id.to_string(), "redrive"];
    let document = client.send(Request::post(&path)).await?.body;
    messages::print_one(output, &document)
}

/// One call only: what fails again at once must not be sent in circles.
async fn redrive_many(client: &Client, output: &mut Output, args: &RedriveArgs) -> Result<()> {
    let mut body: Map<String, Value> =
        args.filter.fields().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    body.insert("limit".to_owned(), json!(args.limit));
    let request = Request::post(&["v1", "dead-letters", "redrive"]).json(&Value::Object(body));
    let document = client.send(request).await?.body;
    if output.is_json() {
        return output.document(&document);
    }
    let redriven: u64 = wire::read(&document["redriven"])?;
    output.text(&format!("{} sent again", counted(redriven, "message")))?;
    if redriven >= args.limit.into() {
        output.note("there may be more: see `waypost dead-letters list`, and run it again");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fake::{self, Fake, Seen};
    use super::super::{Cli, Command};
    use super::*;
    use clap::Parser as _;

    const ID: &str = "msg_01h455vb4pex5vsknk084sn02q";

    async fn dead_letters(line: &str, status: u16, answer: Value) -> (Seen, String) {
        let fake = Fake::start(move |_| match status {
            204 => fake::Reply::text(204, ""),
            _ => fake::reply(status, answer.clone()),
        })
        .await;
        let line = format!("waypost dead-letters {line}");
        let Command::DeadLetters(args) = Cli::try_parse_from(line.split(' ')).unwrap().command else {
            panic!()
        };
        let (mut output, memory) = Output::memory(false);
        run(&fake.client(), &mut output, &args).await.unwrap();
        (fake.seen()[0].clone(), memory.text())
    }

    #[tokio::test]
    async fn commands_become_requests() {
        let message = json!({ "id": ID, "status": "queued", "to": "+44", "encoding": "gsm7", "segments": 1 });
        let list = json!({ "dead_letters": [message], "next_cursor": null });
        let cases = [
            (
                "list --class system --code 20003".to_owned(),
                200,
                list,
                "GET",
                "/v1/dead-letters?class=system&code=20003&limit=50".to_owned(),
                Value::Null,
                ID,
            ),
            (
                format!("redrive {ID}"),
                200,
                message,
                "POST",
                format!("/v1/dead-letters/{ID}/redrive"),
                Value::Null,
                ID,
            ),
            (
                "redrive --provider a --limit 7".to_owned(),
                200,
                json!({ "redriven": 1 }),
                "POST",
                "/v1/dead-letters/redrive".to_owned(),
                json!({ "provider": "a", "limit": 7 }),
                "1 message sent again",
            ),
            (
                "redrive --all".to_owned(),
                200,
                json!({ "redriven": 0 }),
                "POST",
                "/v1/dead-letters/redrive".to_owned(),
                json!({ "limit": 500 }),
                "0 messages sent again",
            ),
            (
                format!("delete {ID}"),
                204,
                Value::Null,
                "DELETE",
                format!("/v1/dead-letters/{ID}"),
                Value::Null,
                "deleted msg_",
            ),
        ];
        for (line, status, answer, method, path, body, printed) in cases {
            let (seen, text) = dead_letters(&line, status, answer).await;
            assert_eq!((seen.method.as_str(), seen.path, seen.body), (method, path, body), "{line}");
            assert!(text.contains(printed), "{line}: {text}");
        }
    }

    #[test]
    fn every_class_has_its_name_once() {
        let names: std::collections::BTreeSet<_> = CLASSES.map(FailureClass::as_str).into();
        assert_eq!(names.len(), CLASSES.len());
    }
}
