//! `waypost messages`: list, show, cancel.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use waypost_core::id::MessageId;
use waypost_core::limits;
use waypost_core::message::State;

use super::client::{Client, Request};
use super::error::{Exit, Result};
use super::list::{self, Listing};
use super::output::{Grid, Output};
use super::timeline;
use super::wire::{self, Message, short_time};

/// List, show and cancel messages
#[derive(Debug, Args)]
pub(super) struct MessagesArgs {
    #[command(subcommand)]
    command: MessagesCommand,
}

#[derive(Debug, Subcommand)]
enum MessagesCommand {
    /// List messages, newest first
    #[command(after_help = "Examples:
  waypost messages list --status failed,exhausted
  waypost messages list --to +447400123456 --limit 5
  waypost messages list --all --json > messages.json")]
    List {
        /// In this state; repeatable
        #[arg(long = "status", value_name = "STATE", value_delimiter = ',',
            value_parser = PossibleValuesParser::new(State::ALL.map(State::as_str)))]
        statuses: Vec<String>,
        /// To this number
        #[arg(long, value_name = "NUMBER")]
        to: Option<String>,
        /// With this reference of your own
        #[arg(long, value_name = "REF")]
        client_ref: Option<String>,
        /// Waiting for, or handed to, this provider
        #[arg(long, value_name = "NAME")]
        provider: Option<String>,
        #[command(flatten)]
        rows: RowsArgs,
    },
    /// Show a message and everything that has happened to it
    #[command(after_help = "Example:\n  waypost messages show msg_01h455vb4pex5vsknk084sn02q")]
    Show {
        /// The message's id
        #[arg(value_name = "ID")]
        id: MessageId,
    },
    /// Take a message back, while no provider has it
    #[command(after_help = "Example:\n  waypost messages cancel msg_01h455vb4pex5vsknk084sn02q")]
    Cancel {
        /// The message's id
        #[arg(value_name = "ID")]
        id: MessageId,
    },
}

/// How much of a list.
#[derive(Debug, Args)]
pub(super) struct RowsArgs {
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = limits::PAGE_ROWS_DEFAULT,
        value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// All of them
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl RowsArgs {
    /// None: all.
    pub fn rows_max(&self) -> Option<u32> {
        (!self.all).then_some(self.limit)
    }
}

pub(super) async fn run(client: &Client, output: &mut Output, args: &MessagesArgs) -> Result<Exit> {
    match &args.command {
        MessagesCommand::List { statuses, to, client_ref, provider, rows } => {
            let mut query: Vec<_> = statuses.iter().map(|status| ("status", status.clone())).collect();
            let narrowed = [("to", to), ("client_ref", client_ref), ("provider", provider)];
            query.extend(narrowed.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
            let path = &["v1", "messages"];
            list::print(
                client,
                output,
                Listing { path, field: "messages", query, rows_max: rows.rows_max() },
            )
            .await?;
        }
        MessagesCommand::Show { id } => show(client, output, *id).await?,
        MessagesCommand::Cancel { id } => {
            let document = client.send(Request::delete(&["v1", "messages", &id.to_string()])).await?.body;
            print_one(output, &document)?;
        }
    }
    Ok(Exit::Ok)
}

/// Prints a message and its trace.
pub(super) async fn show(client: &Client, output: &mut Output, id: MessageId) -> Result<()> {
    let id = id.to_string();
    let message = client.send(Request::get(&["v1", "messages", &id])).await?.body;
    let trace = client.send(Request::get(&["v1", "messages", &id, "trace"])).await?.body;
    if output.is_json() {
        return output.document(&json!({ "message": message, "trace": trace }));
    }
    print_properties(output, &wire::read(&message)?)?;
    output.text("")?;
    timeline::print(output, &wire::read(&trace)?)
}

/// Prints a message as its document, or its properties.
pub(super) fn print_one(output: &mut Output, document: &Value) -> Result<()> {
    if output.is_json() {
        return output.document(document);
    }
    print_properties(output, &wire::read(document)?)
}

/// Prints what is known of a message.
pub(super) fn print_properties(output: &mut Output, message: &Message) -> Result<()> {
    let to = wire::recipient(&message.to, message.country.as_deref(), message.number_type.as_deref());
    let failure = message.failure.as_ref();
    let failure = failure.map(|failure| format!("{} {}: {}", failure.class, failure.code, failure.reason));
    let doubted = message.possibly_duplicated.then(|| "yes: an answer of the provider was lost".to_owned());
    let time = |at: &Option<String>| at.as_deref().map(short_time);
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    let properties = [
        ("id", Some(message.id.clone())),
        ("status", Some(message.status.clone())),
        ("failure", failure),
        ("to", Some(to)),
        ("from", message.from.clone()),
        ("encoding", Some(wire::encoding(&message.encoding, message.segments))),
        ("replaced", filled(wire::replacements(&message.replaced))),
        ("route", message.route.clone()),
        ("price", message.price.as_ref().map(wire::price)),
        (
            "attempts",
            Some(message.attempts).filter(|attempts| *attempts > 0).map(|attempts| attempts.to_string()),
        ),
        ("reference", message.reference.clone()),
        ("possibly sent twice", doubted),
        ("tags", filled(message.tags.join(", "))),
        ("client ref", message.client_ref.clone()),
        ("created", filled(short_time(&message.created_at))),
        ("updated", filled(short_time(&message.updated_at))),
        ("due", time(&message.due_at)),
        ("expires", time(&message.expires_at)),
        ("text", message.text.clone()),
        ("data", message.data.clone()),
    ];
    let properties: Vec<_> =
        properties.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    output.properties(&properties)
}

/// Prints a row for each message.
pub(super) fn print_table(output: &mut Output, messages: &[Value]) -> Result<()> {
    let mut grid = Grid::new(&["id", "status", "to", "from", "seg", "route", "tries", "created", "failure"])
        .right(&["seg", "tries"]);
    for document in messages {
        let message: Message = wire::read(document)?;
        let failure = message.failure.map(|failure| format!("{} {}", failure.class, failure.code));
        grid.row(vec![
            message.id,
            message.status,
            message.to,
            message.from.unwrap_or_default(),
            message.segments.to_string(),
            message.route.unwrap_or_default(),
            message.attempts.to_string(),
            short_time(&message.created_at),
            failure.unwrap_or_default(),
        ]);
    }
    output.table(grid)
}

#[cfg(test)]
mod tests {
    use super::super::fake::{self, Fake, Reply, Seen};
    use super::super::{Cli, Command};
    use super::*;
    use clap::Parser as _;

    const ID: &str = "msg_01h455vb4pex5vsknk084sn02q";

    fn message(id: u32) -> Value {
        json!({ "id": format!("msg_{id}"), "status": "failed", "to": "+44", "country": "GB", "from": "Acme",
            "encoding": "gsm7", "segments": 1, "route": "a", "attempts": 2, "created_at": "2026-01-02T15:04:05.678Z",
            "failure": { "class": "message", "code": "unreachable", "reason": "off" } })
    }

    async fn messages(
        line: &str,
        json: bool,
        answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> (Vec<Seen>, String) {
        let fake = Fake::start(answer).await;
        let Command::Messages(args) = Cli::try_parse_from(line.split(' ')).unwrap().command else { panic!() };
        let (mut output, memory) = Output::memory(json);
        assert_eq!(run(&fake.client(), &mut output, &args).await.unwrap(), Exit::Ok);
        (fake.seen(), memory.text())
    }

    /// Three pages of two rows.
    fn page(seen: &Seen) -> Reply {
        let page = ["c1", "c2"]
            .iter()
            .position(|cursor| seen.path.contains(&format!("cursor={cursor}")))
            .map_or(0, |page| page + 1);
        let first = page as u32 * 2;
        let next = ["c1", "c2"].get(page);
        fake::reply(200, json!({ "messages": [message(first), message(first + 1)], "next_cursor": next }))
    }

    #[tokio::test]
    async fn a_list_follows_its_pages() {
        let (seen, text) = messages("waypost messages list --all", true, page).await;
        let list: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((list.as_array().unwrap().len(), &list[5]["id"]), (6, &json!("msg_5")));
        assert_eq!(seen.len(), 3);
        let (seen, text) =
            messages("waypost messages list --limit 3 --status queued,failed --to +44", false, page).await;
        assert_eq!(seen[0].path, "/v1/messages?status=queued&status=failed&to=%2B44&limit=3");
        assert!(seen[1].path.ends_with("&limit=1&cursor=c1"));
        assert!(text.contains("msg_2") && !text.contains("msg_3"), "{text}");
    }

    #[tokio::test]
    async fn an_empty_list_is_an_array_too() {
        let (_, text) = messages("waypost messages list", true, |_| {
            fake::reply(200, json!({ "messages": [], "next_cursor": null }))
        })
        .await;
        assert_eq!(text, "[]\n");
    }

    #[tokio::test]
    async fn a_table_fits_what_it_shows() {
        let (_, text) = messages("waypost messages list --limit 1", false, page).await;
        let expected = "\
id     status  to   from  seg  route  tries  created              failure
msg_0  failed  +44  Acme    1  a          2  2026-01-02 15:04:05  message unreachable
";
        assert_eq!(text, expected);
    }

    #[tokio::test]
    async fn a_message_is_shown_with_its_life() {
        let answer = |seen: &Seen| match seen.path.ends_with("/trace") {
            true => fake::reply(
                200,
                json!({ "id": ID, "status": "failed", "steps": [
                { "at": "2026-01-02T15:04:05.678Z", "status": "queued", "kind": "accepted", "route": "a" }] }),
            ),
            false => fake::reply(200, message(1)),
        };
        let line = format!("waypost messages show {ID}");
        let (seen, text) = messages(&line, false, answer).await;
        assert_eq!(seen[0].path, format!("/v1/messages/{ID}"));
        assert!(text.contains("failure   message unreachable: off") && text.contains("accepted"), "{text}");
        let (_, text) = messages(&line, true, answer).await;
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&document["message"]["id"], &document["trace"]["id"]), (&json!("msg_1"), &json!(ID)));
    }

    #[tokio::test]
    async fn cancelling_deletes() {
        let (seen, text) =
            messages(&format!("waypost messages cancel {ID}"), true, |_| fake::reply(200, message(1))).await;
        assert_eq!(
            (seen[0].method.as_str(), seen[0].path.as_str()),
            ("DELETE", format!("/v1/messages/{ID}").as_str())
        );
        assert!(text.contains("msg_1"));
    }
}
