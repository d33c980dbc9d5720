//! `waypost explain`: what would become of a message, decision by decision.

use clap::Args;

use super::client::{Client, Request};
use super::error::{Exit, Result};
use super::message_args::MessageArgs;
use super::output::{Grid, Output};
use super::wire::{self, Decision, Explanation, short_time};

/// Show what would become of a message: every decision, route, encoding, price. Sends nothing
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  waypost explain --to +447400123456 --text 'Your code is 4711'
  waypost explain --to +447400123456,+8613800000000 --from Acme --text-file letter.txt

The exit code is 1 where a policy would refuse one of the messages.")]
pub(super) struct ExplainArgs {
    /// Recipient in international form; repeatable, up to 100
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', required = true)]
    to: Vec<String>,

    #[command(flatten)]
    message: MessageArgs,
}

pub(super) async fn run(client: &Client, output: &mut Output, args: &ExplainArgs) -> Result<Exit> {
    let body = args.message.body(&args.to, output)?;
    let document = client.send(Request::post(&["v1", "messages", "explain"]).json(&body)).await?.body;
    let explanations: Vec<Explanation> = wire::read(&document["messages"])?;
    if output.is_json() {
        output.document(&document)?;
    } else {
        for (index, explanation) in explanations.iter().enumerate() {
            if index > 0 {
                output.text("")?;
            }
            print(output, explanation)?;
        }
    }
    let refused = explanations.iter().any(|explanation| explanation.refused.is_some());
    Ok(if refused { Exit::Failed } else { Exit::Ok })
}

fn print(output: &mut Output, explanation: &Explanation) -> Result<()> {
    let Explanation { to, country, number_type, .. } = explanation;
    let mut properties = vec![
        ("to", wire::recipient(to, country.as_deref(), number_type.as_deref())),
        ("from", explanation.from.clone().unwrap_or_else(|| "none".to_owned())),
        ("encoding", wire::encoding(&explanation.encoding, explanation.segments)),
    ];
    if !explanation.replaced.is_empty() {
        properties.push(("replaced", wire::replacements(&explanation.replaced)));
    }
    if let Some(refused) = &explanation.refused {
        properties.push(("refused", format!("{}: {}", refused.code, refused.reason)));
    }
    if !explanation.routes.is_empty() {
        properties.push(("routes", explanation.routes.join(", then ")));
    }
    if let Some(price) = &explanation.price {
        properties.push(("price", wire::price(price)));
    }
    if let Some(until) = &explanation.held_until {
        properties.push(("held until", short_time(until)));
    }
    output.properties(&properties)?;
    if !explanation.decisions.is_empty() {
        output.text("")?;
    }
    output.table(decisions(&explanation.decisions))?;
    print_logs(output, &explanation.decisions)
}

/// A table of decisions, in their order.
pub(super) fn decisions(decisions: &[Decision]) -> Grid {
    let mut grid =
        Grid::new(&["role", "component", "revision", "result", "fuel", "µs"]).right(&["fuel", "µs"]);
    for decision in decisions {
        let fault = decision.fault.as_ref().map(|fault| format!(" [{fault}]")).unwrap_or_default();
        grid.row(vec![
            decision.role.clone(),
            decision.component.clone(),
            short_revision(&decision.revision),
            format!("{}{fault}", decision.result),
            grouped(decision.fuel),
            format!("{:.1}", decision.time_us),
        ]);
    }
    grid
}

/// What components wrote to their logs.
pub(super) fn print_logs(output: &mut Output, decisions: &[Decision]) -> Result<()> {
    for decision in decisions {
        for line in &decision.log {
            output.text(&format!("{} log: {}", decision.component, super::output::printable(line)))?;
        }
    }
    Ok(())
}

/// Enough of the hash to name a revision in another call.
fn short_revision(revision: &str) -> String {
    revision.chars().take(16).collect()
}

/// `1,234,567`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::fake::{self, Fake};
    use super::super::{Cli, Command};
    use super::*;
    use clap::Parser as _;
    use serde_json::{Value, json};

    fn explained() -> Value {
        json!({ "messages": [{ "to": "+447400123456", "country": "GB", "number_type": "mobile", "from": null,
            "encoding": "gsm7", "segments": 2, "routes": ["a", "b"], "route": "a",
            "price": { "amount": "0.040000", "currency": "EUR" },
            "decisions": [
                { "role": "screening", "component": "country-blacklist", "revision": "0123456789abcdef",
                  "result": "allow", "fuel": 12345, "memory_bytes": 65536, "time_us": 1.25, "log": ["\u{1b}[2J"] },
                { "role": "routing", "component": "least-cost", "revision": "ff", "result": "ranked a, b",
                  "fault": "timeout", "fuel": 7, "memory_bytes": 0, "time_us": 0.0 }] }] })
    }

    async fn explain(document: Value, json: bool) -> (Exit, String) {
        let fake = Fake::start(move |_| fake::reply(200, document.clone())).await;
        let line = ["waypost", "explain", "--to", "+447400123456", "--text", "Hi"];
        let Command::Explain(args) = Cli::try_parse_from(line).unwrap().command else { panic!() };
        let (mut output, memory) = Output::memory(json);
        let exit = run(&fake.client(), &mut output, &args).await.unwrap();
        assert_eq!(fake.seen()[0].path, "/v1/messages/explain");
        (exit, memory.text())
    }

    #[tokio::test]
    async fn decisions_are_a_table() {
        let (exit, text) = explain(explained(), false).await;
        assert_eq!(exit, Exit::Ok);
        let expected = "\
to        +447400123456 (GB mobile)
from      none
encoding  gsm7, 2 segments
routes    a, then b
price     0.040000 EUR

role       component          revision          result                   fuel   µs
screening  country-blacklist  0123456789abcdef  allow                  12,345  1.2
routing    least-cost         ff                ranked a, b [timeout]       7  0.0
country-blacklist log: \\u{1b}[2J
";
        assert_eq!(text, expected);
    }

    #[tokio::test]
    async fn a_refusal_is_told_and_programs_get_the_document() {
        let mut document = explained();
        document["messages"][0]["refused"] = json!({ "code": "country_denied", "reason": "not there" });
        let (exit, text) = explain(document.clone(), false).await;
        assert_eq!(exit, Exit::Failed);
        assert!(text.contains("refused   country_denied: not there"), "{text}");
        let (_, text) = explain(document.clone(), true).await;
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
    }

    #[test]
    fn digits_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
