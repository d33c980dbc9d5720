//! The same traffic of the same number of tenants through the built gateway, decided by one component that all
//! of them have uploaded, or by a component of each tenant's own.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::{RATIO_MIN, TENANTS, UPLOAD_MAX_S, country_blacklist};
use crate::figure::{Report, middle, percentile};
use crate::http::{Client, distinct};
use crate::load::{Outcome, Requests, send};
use crate::server::Server;

const ROUNDS: usize = 9;
const MESSAGES: u64 = 20_000;
const CONNECTIONS: usize = 64;
const IDLE_MIB_MAX: f64 = 2.0;
/// Germany, Spain, France, the United Kingdom; followed by five digits, then the simulator's script, here one
/// that sends no receipt.
const PREFIXES: [&str; 4] = ["+49151", "+346", "+336", "+4474"];
const NO_RECEIPT: &str = "014";
/// A country that every component denies.
const DENIED: &str = "+48512345014";
const SETTLED: &str = "waypost_settled_total";

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
[log]
level = "warn"
[providers.simulator]
component = "simulator"
in_flight_max = 2000
[tenants.default]
"#;

/// Measures activation and memory first, then throughput by turns.
pub async fn measure(report: &mut Report) -> Result<()> {
    let server = Server::start(CONFIG).await?;
    let operator = Client { address: server.address, key: server.key_of("default", &["operator"])? };
    let mut own = Vec::with_capacity(TENANTS);
    let mut sharing = Vec::with_capacity(TENANTS);
    for number in 0..TENANTS {
        own.push(tenant(&operator, &format!("own-{number}")).await?);
        sharing.push(tenant(&operator, &format!("sharing-{number}")).await?);
    }
    // What the first one costs is there for all of them.
    activate(&own[0], 0).await?;
    let before = server.memory_mib()?;
    let mut times = Vec::with_capacity(TENANTS);
    for (number, tenant) in own.iter().enumerate().skip(1) {
        times.push(activate(tenant, number).await?);
    }
    let each = (server.memory_mib()? - before) / (TENANTS - 1) as f64;
    times.sort_unstable();
    let seconds = |share| percentile(&times, share).as_secs_f64();
    report.at_most("upload over HTTP to first decision, p50", seconds(0.5), "s", UPLOAD_MAX_S);
    report.at_most("upload over HTTP to first decision, p99", seconds(0.99), "s", UPLOAD_MAX_S);
    report.at_most("memory of a further tenant with its component", each, "MiB", IDLE_MIB_MAX);
    let before = server.memory_mib()?;
    for tenant in &sharing {
        activate(tenant, TENANTS).await?;
    }
    let each = (server.memory_mib()? - before) / TENANTS as f64;
    report.figure("memory of a further tenant with a component that others have", each, "MiB");

    let keys = |tenants: Vec<Client>| tenants.into_iter().map(|it| it.key).collect::<Vec<_>>();
    let (own, sharing) = (keys(own), keys(sharing));
    let one = vec![sharing[0].clone()];
    let mut settled = server.counter(SETTLED).await?;
    let mut rates = [const { Vec::new() }; 3];
    for round in 0..=ROUNDS {
        for (keys, rates) in [&one, &sharing, &own].into_iter().zip(&mut rates) {
            let rate = rate(&server, keys, &mut settled).await?;
            // The first round makes everything warm: connections, instances, caches.
            rates.extend((round > 0).then_some(rate));
        }
    }
    let middles = rates.each_mut().map(|rates| middle(rates));
    let names = ["one tenant", "many tenants, one component", "many tenants, a component each"];
    for ((name, rates), middle) in names.into_iter().zip(&rates).zip(middles) {
        report.figure(&format!("end to end, {name}, middle of {ROUNDS} rounds"), middle, "messages/s");
        report.figure(&format!("end to end, {name}, slowest"), rates[0], "messages/s");
        report.figure(&format!("end to end, {name}, fastest"), rates[ROUNDS - 1], "messages/s");
    }
    let name = format!("end to end, {TENANTS} components over one that {TENANTS} tenants share");
    report.at_least(&name, middles[2] / middles[1], "ratio", RATIO_MIN);
    Ok(())
}

/// A tenant that may send as fast as it can, with a key for messages and plugins.
async fn tenant(operator: &Client, name: &str) -> Result<Client> {
    let path = format!("/v1/tenants/{name}");
    let rates = ["rate_per_second", "rate_burst", "key_rate_per_second", "key_rate_burst"];
    let settings: serde_json::Map<_, _> =
        rates.map(|name| (name.to_owned(), json!(100_000))).into_iter().collect();
    let body = json!({ "settings": settings, "plan": { "decision_ms_per_second": 2_000 } });
    operator.json("PUT", &path, &body).await?;
    let scopes = json!({ "label": "bench", "scopes": ["send", "read", "plugins"] });
    let key = operator.json("POST", &format!("{path}/keys"), &scopes).await?;
    Ok(Client { address: operator.address, key: key["key"].as_str().context("no key")?.to_owned() })
}

/// The time from the upload of a component to the first message that it refused.
async fn activate(tenant: &Client, number: usize) -> Result<Duration> {
    let component = distinct(country_blacklist()?, number);
    let settings = json!({ "deny": ["PL"] });
    tenant.first_refusal("countries", &component, &settings, DENIED, "country_denied").await
}

/// Messages a second from the first request until all are settled, with the keys by turns.
async fn rate(server: &Server, keys: &[String], settled: &mut u64) -> Result<f64> {
    let start = Instant::now();
    send_all(server, keys.to_vec()).await?;
    *settled += MESSAGES;
    server.wait_for(SETTLED, *settled, Duration::from_secs(120)).await?;
    Ok(MESSAGES as f64 / start.elapsed().as_secs_f64())
}

async fn send_all(server: &Server, keys: Vec<String>) -> Result<Outcome> {
    let request = move |number: u64| {
        let index = usize::try_from(number).unwrap_or_default();
        let to = format!("{}{:05}{NO_RECEIPT}", PREFIXES[index % PREFIXES.len()], number % 10_000);
        let text = match index % 3 {
            0 => format!("Your code is {number:06}."),
            1 => format!("Číslo objednávky {number}"),
            _ => format!("Order {number} is on its way. ").repeat(8),
        };
        let body = json!({ "to": to, "from": "Waypost", "text": text }).to_string();
        format!(
            "POST /v1/messages HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            // A step that has no factor in common with the number of tenants.
            keys[index * 77 % keys.len()],
            body.len(),
        )
    };
    let address = server.address;
    let requests =
        Requests { address, connections: CONNECTIONS, requests: MESSAGES, request: Box::new(request) };
    tokio::task::spawn_blocking(move || send(requests)).await?
}
