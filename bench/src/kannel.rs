//! Kannel, from Debian's packages: `bearerbox` and `smsbox` as processes of their own, and a server that
//! takes the receipts which they pass on.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::server::data_root;

const PATIENCE: Duration = Duration::from_secs(30);
/// Kannel's level of errors, for its log file and for standard error alike.
const ERRORS: &str = "3";

/// A running Kannel. Stopped when it goes out of scope.
pub struct Kannel {
    boxes: Vec<Child>,
    folder: TempDir,
    /// Where `sendsms` is.
    pub http: SocketAddr,
    sink: SocketAddr,
    receipts: Arc<AtomicU64>,
    sink_task: JoinHandle<()>,
}

impl Kannel {
    /// Starts both boxes: one bind as transceiver to `smsc`, receipts kept in memory.
    pub fn start(smsc: SocketAddr, window: usize) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("kannel").tempdir_in(data_root()?)?;
        let [admin, boxes, http] = [free_port()?, free_port()?, free_port()?];
        let path = folder.path().join("kannel.conf");
        let log = folder.path().display().to_string();
        std::fs::write(&path, config(smsc, window, [admin, boxes, http], &log))?;
        let receipts = Arc::new(AtomicU64::new(0));
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let sink = listener.local_addr()?;
        let sink_task = tokio::spawn(take_receipts(TcpListener::from_std(listener)?, receipts.clone()));
        let http = SocketAddr::from(([127, 0, 0, 1], http));
        let mut kannel = Self { boxes: Vec::new(), folder, http, sink, receipts, sink_task };
        for program in ["bearerbox", "smsbox"] {
            let output = std::fs::File::create(kannel.folder.path().join(program))?;
            // Without it, every message is traced to standard error, which would slow the yardstick down.
            let child = Command::new(program)
                .args(["-v", ERRORS])
                .arg(&path)
                .current_dir(kannel.folder.path())
                .stdin(Stdio::null())
                .stdout(output.try_clone()?)
                .stderr(output)
                .spawn()
                .with_context(|| format!("cannot start {program}: run `apt-get install kannel` first"))?;
            kannel.boxes.push(child);
            if program == "bearerbox" {
                // smsbox gives up where nobody listens yet.
                wait_for_port(SocketAddr::from(([127, 0, 0, 1], boxes)))?;
            }
        }
        Ok(kannel)
    }

    /// Waits until `sendsms` takes messages.
    pub async fn wait_until_ready(&self) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect(self.http).await.is_err() {
            if start.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(self.folder.path().join("smsbox")).unwrap_or_default();
                bail!("smsbox is not ready after {PATIENCE:?}:\n{log}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Receipts that it has passed on.
    pub fn receipts(&self) -> u64 {
        self.receipts.load(Relaxed)
    }

    /// The same messages as those for Waypost, as calls of `sendsms`.
    pub fn requests(&self, receipts: bool) -> Box<dyn Fn(u64) -> String + Send + Sync> {
        let asked = if receipts {
            format!("&dlr-mask=31&dlr-url=http%3A%2F%2F{}%2F%25d", self.sink)
        } else {
            String::new()
        };
        Box::new(move |number| {
            format!(
                "GET /cgi-bin/sendsms?username=bench&password=bench&from=Waypost&to=4474{:05}999\
                 &text=Your+code+is+{:06}.+It+is+good+for+ten+minutes.{asked} HTTP/1.1\r\nhost: bench\r\n\r\n",
                number % 10_000,
                number % 1_000_000,
            )
        })
    }
}

impl Drop for Kannel {
    fn drop(&mut self) {
        self.sink_task.abort();
        for child in self.boxes.iter_mut().rev() {
            // It may have ended by itself; either way it is gone afterwards.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn config(smsc: SocketAddr, window: usize, ports: [u16; 3], folder: &str) -> String {
    let [admin, boxes, http] = ports;
    format!(
        "group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = bench
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
log-file = \"{folder}/bearerbox.log\"
log-level = {ERRORS}
dlr-storage = internal
sms-outgoing-queue-limit = 1000000

group = smsc
smsc = smpp
smsc-id = simulator
host = {host}
port = {port}
transceiver-mode = true
smsc-username = bench
smsc-password = bench
system-type = bench
max-pending-submits = {window}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
sendsms-interface = 127.0.0.1
log-file = \"{folder}/smsbox.log\"
log-level = {ERRORS}

group = sendsms-user
username = bench
password = bench
max-messages = 1
",
        host = smsc.ip(),
        port = smsc.port(),
    )
}

/// Answers every request with 200, and counts them.
async fn take_receipts(listener: TcpListener, receipts: Arc<AtomicU64>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(take_from(stream, receipts.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Requests have no body: each ends with an empty line.
async fn take_from(mut stream: TcpStream, receipts: Arc<AtomicU64>) {
    let mut buffer = Vec::with_capacity(4096);
    loop {
        while let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            buffer.drain(..end + 4);
            receipts.fetch_add(1, Relaxed);
            if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.is_err() {
                return;
            }
        }
        if buffer.len() > 64 * 1024 || !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
            return;
        }
    }
}

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wait_for_port(address: SocketAddr) -> Result<()> {
    let start = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        if start.elapsed() > PATIENCE {
            bail!("bearerbox does not listen on {address} after {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
