//! `cargo xtask bench`: what a decision costs, what a message costs, how that changes with the
//! number of messages stored. `--json` prints one line a figure; `--only PART` measures one part
//! of `decision`, `tenants`, `traffic`, `core`, `gateway`, `hostile`, `compiles`, `backtest`, `redis`,
//! `smpp`, `scale`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing figures is what it is for")]

mod backtest;
mod compiles;
mod core_functions;
mod decision;
mod figure;
mod gateway;
mod hostile;
mod http;
mod kannel;
mod load;
mod neighbour;
mod redis;
mod scale;
mod server;
mod smpp;
mod tenants;

use anyhow::{Result, bail};

use figure::Report;

const PARTS: [&str; 11] = [
    "decision", "tenants", "traffic", "core", "gateway", "hostile", "compiles", "backtest", "redis", "smpp",
    "scale",
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == tenants::CHILD) {
        return Ok(waypost_engine::compile::run_child(std::io::stdin().lock(), std::io::stdout().lock())?);
    }
    if arguments.first().is_some_and(|first| first == hostile::CHILD) {
        return hostile::attack(&arguments[1..]);
    }
    let mut only = None;
    let mut json = false;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--json" => json = true,
            "--only" => only = rest.next().cloned(),
            other => {
                bail!("unknown argument {other}; there are --json and --only PART ({})", PARTS.join(", "))
            }
        }
    }
    if let Some(part) = only.as_deref().filter(|part| !PARTS.contains(part)) {
        bail!("no part is called {part}: {}", PARTS.join(", "));
    }
    let wants = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let mut report = Report::new(json);
    report.figure("cores", std::thread::available_parallelism()?.get() as f64, "cores");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if wants("decision") {
        decision::measure(&mut report)?;
    }
    if wants("tenants") {
        tenants::measure(&mut report)?;
    }
    if wants("traffic") {
        runtime.block_on(tenants::traffic::measure(&mut report))?;
    }
    if wants("core") {
        core_functions::measure(&mut report)?;
    }
    if wants("gateway") {
        runtime.block_on(gateway::measure(&mut report))?;
    }
    if wants("hostile") {
        runtime.block_on(hostile::measure(&mut report))?;
    }
    if wants("compiles") {
        runtime.block_on(compiles::measure(&mut report))?;
    }
    if wants("backtest") {
        runtime.block_on(backtest::measure(&mut report))?;
    }
    if wants("redis") {
        runtime.block_on(redis::measure(&mut report))?;
    }
    if wants("smpp") {
        runtime.block_on(smpp::measure(&mut report))?;
    }
    if wants("scale") {
        runtime.block_on(scale::measure(&mut report))?;
    }
    Ok(())
}
