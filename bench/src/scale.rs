//! The cost of a message with ten thousand and with a million stored.

use std::time::Duration;

use anyhow::Result;

use crate::figure::Report;
use crate::gateway::{config, load};
use crate::server::Server;

const FEW: u64 = 10_000;
const MANY: u64 = 1_000_000;
const MEASURED: u64 = 100_000;
const SETTLED: &str = "waypost_settled_total";

/// Measures processor time a message, which does not depend on what else the machine does.
pub async fn measure(report: &mut Report) -> Result<()> {
    let server = Server::start(&config("")).await?;
    let mut stored = 0;
    fill(&server, &mut stored, FEW).await?;
    let few = cost_us(&server, &mut stored).await?;
    report.figure("processor time, 10 thousand stored", few, "µs/message");
    fill(&server, &mut stored, MANY).await?;
    let many = cost_us(&server, &mut stored).await?;
    report.figure("processor time, 1 million stored", many, "µs/message");
    report.at_most("1 million over 10 thousand", many / few, "ratio", 1.2);
    report.figure("memory with 1 million stored", server.memory_mib()?, "MiB");
    Ok(())
}

async fn fill(server: &Server, stored: &mut u64, until: u64) -> Result<()> {
    let missing = until.saturating_sub(*stored);
    send(server, stored, missing).await
}

async fn cost_us(server: &Server, stored: &mut u64) -> Result<f64> {
    let before = server.cpu_seconds()?;
    send(server, stored, MEASURED).await?;
    Ok((server.cpu_seconds()? - before) / MEASURED as f64 * 1e6)
}

async fn send(server: &Server, stored: &mut u64, requests: u64) -> Result<()> {
    load(server, 64, requests, "014").await?;
    *stored += requests;
    server.wait_for(SETTLED, *stored, Duration::from_secs(300)).await
}
