//! What a hostile tenant costs the others: a tenant sends at a fixed rate, by turns alone and beside another
//! tenant that does its worst. Each thing that it can do has a tenant of its own, so that what one has used
//! up helps no other.
//!
//! `WAYPOST_BENCH_COMPONENTS` names large components, separated by `:`; without it the part with ten
//! compiles is left out.

mod attack;
mod setup;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use attack::ATTACKS;
pub use attack::attack;
use setup::Operator;

use crate::figure::{Report, percentile};
use crate::gateway::config;
use crate::http::distinct;
use crate::load::{Load, run_paced};
use crate::server::Server;

/// The argument that makes this program the one that attacks.
pub const CHILD: &str = "hostile-attack";
const COMPONENTS: &str = "WAYPOST_BENCH_COMPONENTS";
const GROWTH_MAX: f64 = 1.2;
const ROUNDS: usize = 3;
const CONNECTIONS: usize = 16;
/// Between two requests of a connection.
const INTERVAL: Duration = Duration::from_millis(20);
/// Requests of a turn: for 1.2 s.
const REQUESTS: u64 = 960;
/// An attack has begun when its turn begins.
const BEGUN: Duration = Duration::from_millis(300);
/// An attack before all turns.
const FIRST: Duration = Duration::from_secs(1);
const COMPILES: usize = 10;
/// Longest turn beside the compiles.
const COMPILING_MAX: Duration = Duration::from_secs(40);
/// The simulator takes these and sends no receipt.
const SUFFIX: &str = "014";

/// One attack after the other.
pub async fn measure(report: &mut Report) -> Result<()> {
    let server = Server::start(&setup::config(&config(""))).await?;
    let operator = Operator::new(&server)?;
    turn(&server, REQUESTS).await?;
    for attack in ATTACKS {
        let key = operator.prepare(attack).await.with_context(|| format!("preparing {attack}"))?;
        let (mut quiet, mut beside) = (Vec::new(), Vec::new());
        // The first slow call of a tenant runs with everybody's; after it the tenant counts as slow.
        let first = Attacker::start(attack, &server, &key)?;
        tokio::time::sleep(FIRST).await;
        drop(first);
        for _ in 0..ROUNDS {
            quiet.extend(turn(&server, REQUESTS).await?);
            let _attacker = Attacker::start(attack, &server, &key)?;
            tokio::time::sleep(BEGUN).await;
            beside.extend(turn(&server, REQUESTS).await?);
        }
        compare(report, attack, quiet, beside);
    }
    compiles(report, &server, &operator).await
}

/// Ten different components of tenants, compiled while another tenant sends.
async fn compiles(report: &mut Report, server: &Server, operator: &Operator<'_>) -> Result<()> {
    let Ok(paths) = std::env::var(COMPONENTS) else {
        println!("ten compiles: left out, {COMPONENTS} names no components");
        return Ok(());
    };
    let components: Vec<Vec<u8>> = paths.split(':').map(std::fs::read).collect::<Result<_, _>>()?;
    let mut quiet = Vec::new();
    for _ in 0..ROUNDS {
        quiet.extend(turn(server, REQUESTS).await?);
    }
    let mut revisions = Vec::new();
    for number in 0..COMPILES {
        let component = distinct(&components[number % components.len()], number);
        revisions.push(operator.upload_large(number, &component).await?);
    }
    let start = Instant::now();
    let mut beside = Vec::new();
    let mut done = 0;
    while done < COMPILES && start.elapsed() < COMPILING_MAX {
        beside.extend(turn(server, REQUESTS).await?);
        done = operator.checked(&revisions).await?;
    }
    report.figure("large components compiled meanwhile", done as f64, "components");
    compare(report, "ten compiles of large components", quiet, beside);
    Ok(())
}

/// Requests at a fixed rate, with the time of each.
async fn turn(server: &Server, requests: u64) -> Result<Vec<Duration>> {
    let (address, key) = (server.address, server.key.clone());
    let load = Load { address, key, connections: CONNECTIONS, requests, suffix: SUFFIX };
    Ok(tokio::task::spawn_blocking(move || run_paced(load, INTERVAL)).await??.latencies)
}

fn compare(report: &mut Report, name: &str, mut quiet: Vec<Duration>, mut beside: Vec<Duration>) {
    quiet.sort_unstable();
    beside.sort_unstable();
    let ms = |times: &[Duration], share| percentile(times, share).as_secs_f64() * 1e3;
    for (what, share) in [("p50", 0.5), ("p99", 0.99)] {
        report.figure(&format!("time to 202, quiet, {what}"), ms(&quiet, share), "ms");
        report.figure(&format!("time to 202, {name}, {what}"), ms(&beside, share), "ms");
    }
    let growth = ms(&beside, 0.99) / ms(&quiet, 0.99);
    report.at_most(&format!("{name}: p99 of the others over quiet"), growth, "ratio", GROWTH_MAX);
}

/// The attacking program, at the lowest priority: what it takes itself is not the gateway's.
struct Attacker(Child);

impl Attacker {
    fn start(attack: &str, server: &Server, key: &str) -> Result<Self> {
        let child = Command::new("nice")
            .args(["-n", "19"])
            .arg(std::env::current_exe()?)
            .args([CHILD, attack, &server.address.to_string(), key])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        // It goes on until it is ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
