//! From HTTP to `submit_sm_resp`, and to receipts: Kannel and Waypost with the same load, by turns, against
//! the same SMSC simulator on this machine: one bind as transceiver, window 100.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::sync::oneshot;
use waypost_simulator::smsc::{Control, Report as Counts, Script, Smsc};

use crate::figure::Report;
use crate::gateway::{self, load};
use crate::kannel::Kannel;
use crate::load::{Requests, send};
use crate::server::Server;

/// Most `submit_sm` without an answer, for both gateways.
pub const WINDOW: usize = 100;
/// Connections to the gateway's HTTP side, for both gateways.
const CONNECTIONS: usize = 64;
/// Messages that Waypost has claimed for the bind: those in its window, and some that are ready.
const IN_FLIGHT_MAX: usize = 400;
/// The SMSC does not look at numbers.
const ANY: &str = "999";
const SETTLED: &str = "waypost_settled_total";
const RECEIPTS: &str = "waypost_receipts_total{";
const WARM: u64 = 2_000;
const REQUESTS: u64 = 60_000;
const REQUESTS_WITH_RECEIPTS: u64 = 20_000;
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures without receipts, then with one for each message.
pub async fn measure(report: &mut Report) -> Result<()> {
    for receipts in [false, true] {
        let name = if receipts { "HTTP to SMPP and a receipt for each" } else { "HTTP to SMPP" };
        let kannel = kannel(receipts).await?;
        report.figure(&format!("{name}, Kannel"), kannel, "messages/s");
        let target = if receipts { 8_000.0 } else { 15_000.0 };
        let waypost = waypost(report, name, receipts).await?;
        report.at_least(&format!("{name}, Waypost"), waypost, "messages/s", target);
        report.figure(&format!("{name}, Waypost over Kannel"), waypost / kannel, "ratio");
    }
    Ok(())
}

/// Messages a second through Kannel: until all are answered by the SMSC, or all receipts are passed on.
async fn kannel(receipts: bool) -> Result<f64> {
    let peer = Peer::start()?;
    let kannel = Kannel::start(peer.address, WINDOW)?;
    peer.wait_for("a bind", |counts| counts.bound_transceivers, 1).await?;
    kannel.wait_until_ready().await?;
    let done = |messages| {
        let (peer, kannel) = (&peer, &kannel);
        async move {
            peer.wait_for("answers", |counts| counts.answers, messages).await?;
            if receipts {
                wait("receipts passed on", || kannel.receipts(), messages).await?;
            }
            Ok::<_, anyhow::Error>(())
        }
    };
    let requests = |requests| Requests {
        address: kannel.http,
        connections: CONNECTIONS,
        requests,
        request: kannel.requests(receipts),
    };
    let warm = requests(WARM);
    tokio::task::spawn_blocking(move || send(warm)).await??;
    done(WARM).await?;
    let count = if receipts { REQUESTS_WITH_RECEIPTS } else { REQUESTS };
    let measured = requests(count);
    let start = Instant::now();
    tokio::task::spawn_blocking(move || send(measured)).await??;
    done(WARM + count).await?;
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

/// Messages a second through Waypost, with three decisions and durable accept: until all are settled, or
/// all receipts are applied.
async fn waypost(report: &mut Report, name: &str, receipts: bool) -> Result<f64> {
    let peer = Peer::start()?;
    let server = Server::start(&config(peer.address, receipts)).await?;
    peer.wait_for("a bind", |counts| counts.bound_transceivers, 1).await?;
    let done = if receipts { RECEIPTS } else { SETTLED };
    load(&server, CONNECTIONS, WARM, ANY).await?;
    server.wait_for(done, WARM, PATIENCE).await?;
    let count = if receipts { REQUESTS_WITH_RECEIPTS } else { REQUESTS };
    let cpu = server.cpu_seconds()?;
    let start = Instant::now();
    let sent = load(&server, CONNECTIONS, count, ANY).await?;
    server.wait_for(done, WARM + count, PATIENCE).await?;
    let rate = count as f64 / start.elapsed().as_secs_f64();
    let cpu_us = (server.cpu_seconds()? - cpu) / count as f64 * 1e6;
    report.figure(
        &format!("{name}, Waypost, taken in"),
        count as f64 / sent.elapsed.as_secs_f64(),
        "messages/s",
    );
    report.figure(&format!("{name}, Waypost, processor time"), cpu_us, "µs/message");
    Ok(rate)
}

fn config(smsc: SocketAddr, receipts: bool) -> String {
    let asked = if receipts { "final" } else { "none" };
    let provider = format!(
        r#"
[providers.carrier]
price = {{ currency = "EUR", default = "0.04" }}
in_flight_max = {IN_FLIGHT_MAX}
[providers.carrier.smpp]
address = "{smsc}"
system_id = "bench"
window = {WINDOW}
[providers.carrier.smpp.submit]
registered_delivery = "{asked}"
"#
    );
    gateway::config_of(&provider, "")
}

/// The SMSC, in a thread of its own. It ends when this is dropped.
pub struct Peer {
    /// Where it listens.
    pub address: SocketAddr,
    control: Control,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Peer {
    /// Starts one that takes everything, and sends receipts at once.
    pub fn start() -> Result<Self> {
        let script = Script::from_toml(
            "rows = false\n[receipts]\ndelay_ms = 0\n[log]\nentries = 0\nrecipients = 0\n",
        )?;
        let (ready, started) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let smsc = Smsc::start(script).await?;
                ready.send((smsc.addr, smsc.control.clone()))?;
                let _ = stopped.await;
                Ok(())
            })
        });
        let (address, control) = started.recv().context("the SMSC did not start")?;
        Ok(Self { address, control, stop: Some(stop), thread: Some(thread) })
    }

    /// Waits until a count has reached a value.
    pub async fn wait_for(&self, what: &str, count: impl Fn(&Counts) -> u64, value: u64) -> Result<()> {
        wait(what, || count(&self.control.counts()), value).await
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn wait(what: &str, count: impl Fn() -> u64, value: u64) -> Result<()> {
    let start = Instant::now();
    while count() < value {
        if start.elapsed() > PATIENCE {
            bail!("{what}: {} and not {value} after {PATIENCE:?}", count());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
