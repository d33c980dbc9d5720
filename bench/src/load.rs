//! A load generator that costs little: one task a connection, requests written as bytes, answers
//! read only as far as needed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What to send where.
pub struct Load {
    /// The server.
    pub address: SocketAddr,
    /// With its scopes for sending.
    pub key: String,
    /// Connections, each with one request under way.
    pub connections: usize,
    /// Requests in all.
    pub requests: u64,
    /// Last three digits of every recipient: the simulator's script.
    pub suffix: &'static str,
}

/// What came of it.
pub struct Outcome {
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Time of each request, sorted.
    pub latencies: Vec<Duration>,
}

/// Requests of any kind, each answered with 202.
pub struct Requests {
    /// The server.
    pub address: SocketAddr,
    /// Connections, each with one request under way.
    pub connections: usize,
    /// Requests in all.
    pub requests: u64,
    /// The octets of the request of that number.
    pub request: Box<dyn Fn(u64) -> String + Send + Sync>,
}

/// Sends the load from a runtime of its own, so that the measuring thread stays free.
pub fn run(load: Load) -> Result<Outcome> {
    let Load { address, connections, requests, .. } = load;
    send(Requests { address, connections, requests, request: Box::new(move |number| request(&load, number)) })
}

/// As [`run`], but each connection sends one request in each `interval`, however long the answers take:
/// the time of a request begins when it was due.
pub fn run_paced(load: Load, interval: Duration) -> Result<Outcome> {
    let Load { address, connections, requests, .. } = load;
    let request = Box::new(move |number| request(&load, number));
    send_with(Requests { address, connections, requests, request }, Some(interval))
}

/// As [`run`], for requests that are not Waypost's.
pub fn send(requests: Requests) -> Result<Outcome> {
    send_with(requests, None)
}

fn send_with(requests: Requests, interval: Option<Duration>) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(send_all(Arc::new(requests), interval))
}

async fn send_all(load: Arc<Requests>, interval: Option<Duration>) -> Result<Outcome> {
    let next = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let tasks: Vec<_> = (0..load.connections)
        .map(|place| {
            // Spread over the interval, and not all at once.
            let pace = interval.map(|interval| Pace {
                next: start + interval.mul_f64(place as f64 / load.connections as f64),
                interval,
            });
            tokio::spawn(connection(load.clone(), next.clone(), pace))
        })
        .collect();
    let mut latencies = Vec::with_capacity(usize::try_from(load.requests)?);
    for task in tasks {
        latencies.extend(task.await??);
    }
    let elapsed = start.elapsed();
    latencies.sort();
    Ok(Outcome { elapsed, latencies })
}

/// When a connection's next request is due.
struct Pace {
    next: Instant,
    interval: Duration,
}

impl Pace {
    async fn wait(&mut self) -> Instant {
        let due = self.next;
        self.next += self.interval;
        tokio::time::sleep_until(due.into()).await;
        due
    }
}

async fn connection(
    load: Arc<Requests>,
    next: Arc<AtomicU64>,
    mut pace: Option<Pace>,
) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(load.address).await?;
    stream.set_nodelay(true)?;
    let mut latencies = Vec::new();
    let mut buffer = vec![0_u8; 16 * 1024];
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= load.requests {
            return Ok(latencies);
        }
        let request = (load.request)(number);
        let start = match &mut pace {
            Some(pace) => pace.wait().await,
            None => Instant::now(),
        };
        stream.write_all(request.as_bytes()).await?;
        read_answer(&mut stream, &mut buffer).await?;
        latencies.push(start.elapsed());
    }
}

/// Ten thousand numbers of British mobiles, of which the last three digits are the script.
fn request(load: &Load, number: u64) -> String {
    let body = format!(
        "{{\"to\":\"+4474{:05}{}\",\"from\":\"Waypost\",\"text\":\"Your code is {:06}. It is good for ten minutes.\"}}",
        number % 10_000,
        load.suffix,
        number % 1_000_000,
    );
    format!(
        "POST /v1/messages HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        load.key,
        body.len(),
    )
}

async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        filled += read;
        let Some(head) = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&buffer[..head]).context("an answer that is not text")?;
        if !text.starts_with("HTTP/1.1 202") {
            bail!("answered {}", String::from_utf8_lossy(&buffer[..filled]));
        }
        let length: usize = text
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
            .context("an answer without a length")?
            .trim()
            .parse()?;
        if filled >= head + 4 + length {
            return Ok(());
        }
    }
}
