//! A backtest of 100,000 messages that went through the built gateway: how many decisions a second it makes,
//! that what decided gives the same answers again, and that other settings differ by what the load
//! generator knows.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::figure::{Report, percentile};
use crate::http::Client;
use crate::load::{Load, Outcome, Requests, run, send};
use crate::server::Server;

/// Each has one recipient in each country.
const REQUESTS: u64 = 25_000;
const MESSAGES: u64 = REQUESTS * PREFIXES.len() as u64;
/// Germany, Spain, France, the United Kingdom; followed by five digits, then the simulator's script.
const PREFIXES: [&str; 4] = ["+49151", "+346", "+336", "+4474"];
/// The simulator takes these and sends no receipt.
const NO_RECEIPT: &str = "014";
const RATE_MIN: f64 = 20_000.0;
/// Of the messages beside which a backtest runs.
const LIVE: u64 = 20_000;
const LIVE_CONNECTIONS: usize = 4;

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
[log]
level = "warn"
[providers.dear]
component = "simulator"
in_flight_max = 2000
weight = 100
price = { currency = "EUR", default = "0.04" }
[providers.cheap]
component = "simulator"
in_flight_max = 2000
weight = 1
price = { currency = "EUR", default = "0.03" }
[tenants.default]
rate_per_second = 100000
rate_burst = 100000
key_rate_per_second = 100000
key_rate_burst = 100000
"#;

/// A plugin with the settings that decide, others, and about how many messages these differ.
struct Plugin {
    name: &'static str,
    role: &'static str,
    component: &'static str,
    active: Value,
    other: Value,
    asked: u64,
    differing: u64,
}

fn plugins() -> [Plugin; 3] {
    [
        Plugin {
            name: "countries",
            role: "screening",
            component: "country-blacklist",
            active: json!({ "deny": ["FR"] }),
            other: json!({ "deny": ["DE"] }),
            asked: MESSAGES,
            differing: 2 * REQUESTS,
        },
        Plugin {
            name: "names",
            role: "sender-identity",
            component: "sender-override",
            active: json!({ "require_sender": false, "by_country": { "GB": "Waypost", "DE": "Wegmarke" } }),
            other: json!({ "require_sender": false, "by_country": { "GB": "Waypost", "DE": "Other" } }),
            asked: 3 * REQUESTS,
            differing: REQUESTS,
        },
        Plugin {
            name: "routes",
            role: "routing",
            component: "least-cost",
            active: json!({ "prefer": "price" }),
            other: json!({ "prefer": "weight" }),
            asked: 3 * REQUESTS,
            differing: 3 * REQUESTS,
        },
    ]
}

/// Sends, asks again, and compares.
pub async fn measure(report: &mut Report) -> Result<()> {
    let server = Server::start(CONFIG).await?;
    // All that two processors have.
    let plan = json!({ "plan": { "decision_ms_per_second": 2_000 } });
    let key = server.key_of("default", &["operator", "read", "plugins"])?;
    let client = Client { address: server.address, key };
    client.json("PUT", "/v1/tenants/default", &plan).await?;
    let plugins = plugins();
    let mut revisions = Vec::new();
    for plugin in &plugins {
        let active = upload(&client, plugin, &plugin.active).await?;
        let other = upload(&client, plugin, &plugin.other).await?;
        post(&client, &format!("{}/activate", plugin.name), &json!({ "revision": active })).await?;
        revisions.push((active, other));
    }
    let alone = live(&server).await?;
    let sent = send_all(&server).await?;
    let rate = MESSAGES as f64 / sent.elapsed.as_secs_f64();
    report.figure("messages taken in for the backtest, four to a request", rate, "messages/s");

    for (plugin, (active, other)) in plugins.iter().zip(&revisions) {
        let same = backtest(&client, plugin.name, active).await?;
        let name = format!("backtest of {MESSAGES} messages, {}", plugin.role);
        report.at_least(&name, per_second(&same, "messages")?, "messages/s", RATE_MIN);
        report.at_least(
            &format!("{name}, decisions"),
            per_second(&same, "compared")?,
            "decisions/s",
            RATE_MIN,
        );
        report.at_most(
            &format!("{name}: differ from themselves"),
            number(&same, "differing")?,
            "messages",
            0.0,
        );
        ensure!(same["against"] == **active, "{same}");
        let differs = backtest(&client, plugin.name, other).await?;
        for (field, is, known) in [
            ("messages", &same, MESSAGES),
            ("compared", &same, plugin.asked),
            ("faults", &same, 0),
            ("compared", &differs, plugin.asked),
            ("differing", &differs, plugin.differing),
        ] {
            ensure!(is[field] == known, "{}: {field} is {} and not {known}: {is}", plugin.name, is[field]);
        }
        let differing = number(&differs, "differing")?;
        report.figure(&format!("{name}: differ under other settings, as known"), differing, "messages");
    }

    let (beside, _) = tokio::try_join!(live(&server), backtest(&client, "countries", &revisions[0].0))?;
    let ms = |outcome: &Outcome, share| percentile(&outcome.latencies, share).as_secs_f64() * 1e3;
    for (name, outcome) in [("alone", &alone), ("beside a backtest", &beside)] {
        let name = format!("time to 202, {LIVE_CONNECTIONS} connections, {name}");
        report.figure(&format!("{name}, p50"), ms(outcome, 0.5), "ms");
        report.figure(&format!("{name}, p99"), ms(outcome, 0.99), "ms");
    }
    Ok(())
}

/// Uploads a built-in component under a name of its own and waits until it is ready.
async fn upload(client: &Client, plugin: &Plugin, settings: &Value) -> Result<String> {
    let component = waypost_builtins::find(plugin.component).context("no such component")?.component;
    client.ready(plugin.name, plugin.role, component, settings).await
}

async fn post(client: &Client, path: &str, body: &Value) -> Result<Value> {
    client.json("POST", &format!("/v1/plugins/{path}"), body).await
}

/// The last [`MESSAGES`], of which nothing else may have come in.
async fn backtest(client: &Client, plugin: &str, revision: &str) -> Result<Value> {
    let body = json!({ "revision": revision, "last": MESSAGES, "samples_max": 10 });
    post(client, &format!("{plugin}/backtest"), &body).await
}

fn number(report: &Value, field: &str) -> Result<f64> {
    report[field].as_f64().with_context(|| format!("no {field}: {report}"))
}

fn per_second(report: &Value, field: &str) -> Result<f64> {
    Ok(number(report, field)? / number(report, "took_ms")? * 1e3)
}

/// Senders, tags, priorities, alphabets and lengths by turns.
async fn send_all(server: &Server) -> Result<Outcome> {
    let key = server.key.clone();
    let request = move |number: u64| {
        let to: Vec<String> =
            PREFIXES.iter().map(|prefix| format!("{prefix}{:05}{NO_RECEIPT}", number % 10_000)).collect();
        let text = match number % 4 {
            0 => format!("Your code is {number:06}."),
            1 => format!("Číslo objednávky {number}"),
            2 => format!("Order {number} is on its way. ").repeat(8),
            _ => format!("Angebot {number}: nur heute!"),
        };
        let tags: &[&str] = if number.is_multiple_of(3) { &["otp"] } else { &[] };
        let mut body = json!({ "to": to, "text": text, "tags": tags, "priority": number % 4 });
        if !number.is_multiple_of(5) {
            body["from"] = json!(if number.is_multiple_of(2) { "Shop" } else { "+447400123456" });
        }
        let body = body.to_string();
        format!(
            "POST /v1/messages HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len(),
        )
    };
    let address = server.address;
    let requests = Requests { address, connections: 16, requests: REQUESTS, request: Box::new(request) };
    tokio::task::spawn_blocking(move || send(requests)).await?
}

async fn live(server: &Server) -> Result<Outcome> {
    let (address, key) = (server.address, server.key.clone());
    let load = Load { address, key, connections: LIVE_CONNECTIONS, requests: LIVE, suffix: NO_RECEIPT };
    tokio::task::spawn_blocking(move || run(load)).await?
}
