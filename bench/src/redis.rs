//! The same messages through the same gateway on SQLite and on Redis, by turns, and what each message
//! costs Redis: commands, bytes, processor time. From these: what one Redis can carry.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use waypost_redis_kit::{Persistence, Server as Redis, ServerOptions};

use crate::figure::{Report, middle, percentile};
use crate::gateway::{config, load};
use crate::server::{Server, data_root};

/// Taken by the simulator, without a receipt: settled is the end.
const NO_RECEIPT: &str = "014";
const REQUESTS: u64 = 60_000;
const WARM: u64 = 5_000;
const SETTLED: &str = "waypost_settled_total";
/// Rounds of SQLite and Redis by turns: the machine's hour touches both.
const ROUNDS: usize = 3;
/// The share of a core that Redis may use before latency suffers.
const BUSY_MAX: f64 = 0.8;

struct Run {
    rate: f64,
    p99_ms: f64,
}

/// Measures the ratio for both ways of writing to disk, then the cost of a message.
pub async fn measure(report: &mut Report) -> Result<()> {
    for connections in [16, 256] {
        let mut ratios = Vec::new();
        for round in 1..=ROUNDS {
            let sqlite = run(&Server::start(&config("")).await?, connections).await?;
            let redis = start(Persistence::Always)?;
            let durable = run(&Server::start(&on(&redis)).await?, connections).await?;
            drop(redis);
            let redis = start(Persistence::EverySecond)?;
            let second = run(&Server::start(&on(&redis)).await?, connections).await?;
            let name = |what: &str| format!("{what}, {connections} connections, round {round}");
            report.figure(&name("SQLite"), sqlite.rate, "messages/s");
            report.figure(&name("Redis, fsync always"), durable.rate, "messages/s");
            report.figure(&name("Redis, fsync every second"), second.rate, "messages/s");
            report.figure(&name("time to 202 on Redis, fsync always, p99"), durable.p99_ms, "ms");
            ratios.push([durable.rate / sqlite.rate, second.rate / sqlite.rate]);
        }
        for (index, what) in ["fsync always", "fsync every second"].into_iter().enumerate() {
            let mut of: Vec<f64> = ratios.iter().map(|ratio| ratio[index]).collect();
            let name = format!("Redis ({what}) over SQLite, {connections} connections, middle of {ROUNDS}");
            report.at_least(&name, middle(&mut of), "ratio", 0.7);
        }
    }
    cost(report).await
}

async fn cost(report: &mut Report) -> Result<()> {
    let redis = start(Persistence::Always)?;
    let server = Server::start(&on(&redis)).await?;
    load(&server, 256, WARM, NO_RECEIPT).await?;
    server.wait_for(SETTLED, WARM, Duration::from_secs(60)).await?;
    redis.reset_stats()?;
    let (cpu, memory) = (redis.cpu_us()?, used_memory(&redis)?);
    load(&server, 256, REQUESTS, NO_RECEIPT).await?;
    server.wait_for(SETTLED, WARM + REQUESTS, Duration::from_secs(120)).await?;
    let each = |figure: u64| figure as f64 / REQUESTS as f64;
    let cpu_us = each(redis.cpu_us()? - cpu);
    let bytes = redis.net_bytes()?;
    let stats = redis.commandstats()?;
    let sent: u64 =
        stats.iter().filter(|(name, _)| SENT.contains(&name.as_str())).map(|(_, stat)| stat.calls).sum();
    let inside: u64 =
        stats.iter().filter(|(name, _)| !SENT.contains(&name.as_str())).map(|(_, stat)| stat.calls).sum();
    report.figure("Redis: requests for a message", each(sent), "requests");
    report.figure("Redis: commands inside scripts for a message", each(inside), "commands");
    report.figure("Redis: bytes in for a message", each(bytes.input), "bytes");
    report.figure("Redis: bytes out for a message", each(bytes.output), "bytes");
    report.figure("Redis: processor time for a message", cpu_us, "µs");
    report.figure("Redis: memory for a message kept", each(used_memory(&redis)? - memory), "bytes");
    let one = BUSY_MAX * 1e6 / cpu_us;
    report.figure("one Redis, 80 % of a core", one, "messages/s");
    for nodes in [3_u32, 6, 12] {
        report.figure(
            &format!("cluster of {nodes}, tenants spread evenly"),
            one * f64::from(nodes),
            "messages/s",
        );
    }
    Ok(())
}

/// What clients send; everything else runs inside of scripts.
const SENT: [&str; 3] = ["evalsha", "eval", "smembers"];

async fn run(server: &Server, connections: usize) -> Result<Run> {
    load(server, connections, WARM, NO_RECEIPT).await?;
    server.wait_for(SETTLED, WARM, Duration::from_secs(60)).await?;
    let start = Instant::now();
    let outcome = load(server, connections, REQUESTS, NO_RECEIPT).await?;
    server.wait_for(SETTLED, WARM + REQUESTS, Duration::from_secs(120)).await?;
    let rate = REQUESTS as f64 / start.elapsed().as_secs_f64();
    Ok(Run { rate, p99_ms: percentile(&outcome.latencies, 0.99).as_secs_f64() * 1e3 })
}

/// On the disk that SQLite is measured on.
fn start(appendonly: Persistence) -> Result<Redis> {
    let root: PathBuf = data_root()?;
    Ok(Redis::start_with(ServerOptions { appendonly, root: Some(root), ..ServerOptions::default() })?)
}

fn on(redis: &Redis) -> String {
    format!("{}\n[store]\nkind = \"redis\"\nurl = \"{}\"\n", config(""), redis.url())
}

fn used_memory(redis: &Redis) -> Result<u64> {
    Ok(redis.info("memory")?.get("used_memory").and_then(|bytes| bytes.parse().ok()).unwrap_or(0))
}
