//! A tenant that sends at a fixed rate while others do something else, by turns with and without it.

use std::time::Duration;

use anyhow::Result;

use crate::figure::{Report, middle, percentile};
use crate::load::{Load, run_paced};
use crate::server::Server;

/// How much its p99 may grow.
const GROWTH_MAX: f64 = 1.2;
const CONNECTIONS: usize = 16;
/// Between two requests of a connection.
const INTERVAL: Duration = Duration::from_millis(20);
/// Requests of a turn: for 1.2 s.
const REQUESTS: u64 = 960;
/// The simulator takes these and sends no receipt.
const SUFFIX: &str = "014";

/// The time of every request, sorted within each turn.
#[derive(Default)]
pub struct Turns {
    pub quiet: Vec<Vec<Duration>>,
    pub beside: Vec<Vec<Duration>>,
}

impl Turns {
    /// The p99 of the turn in the middle: one fsync that the disk holds up makes the p99 of a whole turn, with
    /// others and without. What all turns together come to is given beside it.
    pub fn compare(&self, report: &mut Report, name: &str) {
        for (what, turns) in [("quiet", &self.quiet), (name, &self.beside)] {
            report.figure(&format!("time to 202, {what}, p50"), middle_turn(turns, 0.5), "ms");
            report.figure(&format!("time to 202, {what}, p99"), middle_turn(turns, 0.99), "ms");
            let mut all: Vec<Duration> = turns.concat();
            all.sort_unstable();
            report.figure(&format!("time to 202, {what}, p99 of all turns together"), ms(&all, 0.99), "ms");
        }
        let growth = middle_turn(&self.beside, 0.99) / middle_turn(&self.quiet, 0.99);
        report.at_most(&format!("{name}: p99 of the others over quiet"), growth, "ratio", GROWTH_MAX);
    }
}

/// One turn.
pub async fn turn(server: &Server) -> Result<Vec<Duration>> {
    let (address, key) = (server.address, server.key.clone());
    let load = Load { address, key, connections: CONNECTIONS, requests: REQUESTS, suffix: SUFFIX };
    Ok(tokio::task::spawn_blocking(move || run_paced(load, INTERVAL)).await??.latencies)
}

/// Of the turn in the middle, in milliseconds.
fn middle_turn(turns: &[Vec<Duration>], share: f64) -> f64 {
    let mut of_turns: Vec<f64> = turns.iter().map(|times| ms(times, share)).collect();
    middle(&mut of_turns)
}

fn ms(times: &[Duration], share: f64) -> f64 {
    percentile(times, share).as_secs_f64() * 1e3
}
