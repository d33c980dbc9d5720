//! End to end: from HTTP to settled, with three decisions, the provider's component and durable
//! accept, the load generator on the same machine.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;

use crate::figure::{Report, percentile};
use crate::load::{Load, Outcome, run};
use crate::server::Server;

/// The simulator takes these and sends no receipt: settled is the end.
const NO_RECEIPT: &str = "014";
/// The simulator takes these and sends a receipt at once.
const RECEIPT_AT_ONCE: &str = "000";
const REQUESTS: u64 = 200_000;
const SETTLED: &str = "waypost_settled_total";
const DELIVERED: &str = "waypost_receipts_total{";

/// The configuration of the measurement. `reuse` is a line for each binding.
pub fn config(reuse: &str) -> String {
    config_of(
        r#"
[providers.simulator]
component = "simulator"
in_flight_max = 2000
price = { currency = "EUR", default = "0.04" }
"#,
        reuse,
    )
}

/// The same with another provider.
pub fn config_of(provider: &str, reuse: &str) -> String {
    format!(
        r#"
[server]
listen = "127.0.0.1:{{port}}"
public_url = "http://127.0.0.1:{{port}}"
[log]
level = "warn"
{provider}
[tenants.default]
rate_per_second = 100000
rate_burst = 100000
key_rate_per_second = 100000
key_rate_burst = 100000
[[tenants.default.screening]]
component = "country-blacklist"
settings = {{ deny = ["CI", "GF", "GP", "MQ", "NC", "PF", "RE"] }}
{reuse}
[tenants.default.sender]
component = "sender-override"
settings = {{ by_country = {{ US = "+16462345678", GB = "Waypost" }} }}
{reuse}
[tenants.default.routing]
component = "least-cost"
{reuse}
"#
    )
}

/// Measures the ceiling first, then the gateway in both modes.
pub async fn measure(report: &mut Report) -> Result<()> {
    let ceiling = http_ceiling().await?;
    report.figure("HTTP alone: axum that answers 202 and does nothing, 16 conn.", ceiling, "requests/s");
    let reused = end_to_end(report, "reused instances", "", 20_000.0).await?;
    let fresh = end_to_end(report, "fresh instance each decision", "reuse_calls = 1", 10_000.0).await?;
    report.figure("end to end over HTTP alone, reused instances", reused / ceiling, "ratio");
    report.figure("end to end, fresh over reused", fresh / reused, "ratio");
    Ok(())
}

async fn end_to_end(report: &mut Report, mode: &str, reuse: &str, target: f64) -> Result<f64> {
    let server = Server::start(&config(reuse)).await?;
    report.figure(&format!("memory at start, {mode}"), server.memory_mib()?, "MiB");
    // Everything warm: connections, instances, caches.
    load(&server, 16, 5_000, NO_RECEIPT).await?;
    server.wait_for(SETTLED, 5_000, Duration::from_secs(60)).await?;
    let cpu = server.cpu_seconds()?;
    let start = Instant::now();
    let sixteen = load(&server, 16, REQUESTS, NO_RECEIPT).await?;
    server.wait_for(SETTLED, 5_000 + REQUESTS, Duration::from_secs(120)).await?;
    let rate = REQUESTS as f64 / start.elapsed().as_secs_f64();
    let cpu_us = (server.cpu_seconds()? - cpu) / REQUESTS as f64 * 1e6;
    report.at_least(&format!("end to end, {mode}, 16 connections"), rate, "messages/s", target);
    latencies(report, &format!("time to 202, {mode}, 16 connections"), &sixteen, Some(10.0));
    report.figure(&format!("processor time of the gateway, {mode}"), cpu_us, "µs/message");
    let start = Instant::now();
    let many = load(&server, 256, REQUESTS, NO_RECEIPT).await?;
    server.wait_for(SETTLED, 5_000 + 2 * REQUESTS, Duration::from_secs(120)).await?;
    let many_rate = REQUESTS as f64 / start.elapsed().as_secs_f64();
    report.figure(&format!("end to end, {mode}, 256 connections"), many_rate, "messages/s");
    latencies(report, &format!("time to 202, {mode}, 256 connections"), &many, None);
    let receipts = REQUESTS / 4;
    let start = Instant::now();
    load(&server, 64, receipts, RECEIPT_AT_ONCE).await?;
    server.wait_for(DELIVERED, receipts, Duration::from_secs(120)).await?;
    let receipt_rate = receipts as f64 / start.elapsed().as_secs_f64();
    report.figure(
        &format!("end to end with a receipt for each, {mode}, 64 conn."),
        receipt_rate,
        "messages/s",
    );
    report.figure(&format!("memory after the load, {mode}"), server.memory_mib()?, "MiB");
    Ok(rate)
}

/// Sends a load from a thread of its own.
pub async fn load(
    server: &Server,
    connections: usize,
    requests: u64,
    suffix: &'static str,
) -> Result<Outcome> {
    let load = Load { address: server.address, key: server.key.clone(), connections, requests, suffix };
    tokio::task::spawn_blocking(move || run(load)).await?
}

fn latencies(report: &mut Report, name: &str, outcome: &Outcome, p99_target_ms: Option<f64>) {
    let ms = |share| percentile(&outcome.latencies, share).as_secs_f64() * 1e3;
    report.figure(&format!("{name}, p50"), ms(0.5), "ms");
    match p99_target_ms {
        Some(target) => report.at_most(&format!("{name}, p99"), ms(0.99), "ms", target),
        None => report.figure(&format!("{name}, p99"), ms(0.99), "ms"),
    }
}

/// What the machine does with the same requests when nothing is done about them.
async fn http_ceiling() -> Result<f64> {
    let (ready, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let answer =
                |body: Bytes| async move { (StatusCode::ACCEPTED, if body.is_empty() { "" } else { "{}" }) };
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            ready.send(listener.local_addr()?)?;
            axum::serve(listener, Router::new().route("/v1/messages", post(answer))).await?;
            Ok(())
        })
    });
    let address: SocketAddr = address.recv().context("the empty server did not start")?;
    let load = move |requests| Load {
        address,
        key: "none".to_owned(),
        connections: 16,
        requests,
        suffix: NO_RECEIPT,
    };
    tokio::task::spawn_blocking(move || run(load(5_000))).await??;
    let outcome = tokio::task::spawn_blocking(move || run(load(REQUESTS))).await??;
    Ok(REQUESTS as f64 / outcome.elapsed.as_secs_f64())
}
