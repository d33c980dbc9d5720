//! The built gateway as a process of its own, with a folder of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The variable that names the folder of all data of a run.
const DATA: &str = "WAYPOST_BENCH_DATA";

/// A running gateway. Stopped when it goes out of scope.
pub struct Server {
    child: Child,
    folder: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
    /// A key that may do everything.
    pub key: String,
}

impl Server {
    /// Starts one. `{port}` in the configuration is a free port.
    pub async fn start(config: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("waypost-bench").tempdir_in(data_root()?)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let path = folder.path().join("waypost.toml");
        std::fs::write(&path, config.replace("{port}", &port.to_string()))?;
        let key = make_key(&path, "default", &["send", "read"])?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let child = Command::new(binary()?)
            .args(["serve", "--config"])
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("cannot start the gateway: run `cargo build --release` first")?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let server = Self { child, folder, address, key };
        server.wait_until_ready().await?;
        Ok(server)
    }

    async fn wait_until_ready(&self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if self.get("/readyz").await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        bail!("the gateway is not ready after 60 s:\n{log}");
    }

    /// Another key.
    pub fn key_of(&self, tenant: &str, scopes: &[&str]) -> Result<String> {
        make_key(&self.folder.path().join("waypost.toml"), tenant, scopes)
    }

    /// One request without a key.
    pub async fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(self.address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    /// Sum of all counters of that name.
    pub async fn counter(&self, name: &str) -> Result<u64> {
        let text = self.get("/metrics").await?;
        let values = text
            .lines()
            .filter(|line| line.starts_with(name))
            .filter_map(|line| line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()));
        Ok(values.sum::<f64>() as u64)
    }

    /// Waits until a counter has reached a value.
    pub async fn wait_for(&self, name: &str, value: u64, timeout: Duration) -> Result<()> {
        let start = Instant::now();
        loop {
            let now = self.counter(name).await?;
            if now >= value {
                return Ok(());
            }
            if start.elapsed() > timeout {
                bail!("{name} is {now} and not {value} after {timeout:?}");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Processor time used so far, in seconds (proc(5), `stat`, fields 14 and 15).
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat.rsplit(')').next().context("no stat")?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(ticks / 100.0)
    }

    /// Resident memory now, in MiB.
    pub fn memory_mib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).context("no value")?.parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn make_key(config: &Path, tenant: &str, scopes: &[&str]) -> Result<String> {
    let output = Command::new(binary()?)
        .args(["keys", "create", "--json", "--tenant", tenant, "--label", "bench"])
        .args(scopes.iter().flat_map(|scope| ["--scope", scope]))
        .arg("--config")
        .arg(config)
        .output()?;
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("keys create: {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok(answer["key"].as_str().context("no key")?.to_owned())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

pub fn binary() -> Result<PathBuf> {
    let path = root().join("target/release/waypost");
    if path.exists() { Ok(path) } else { bail!("{} is not there: build it first", path.display()) }
}

/// Beside the build, on a real disk: /tmp may be memory, where a commit costs nothing. [`DATA`] names another
/// folder: in memory, what the processor does is seen without what the disk does.
pub fn data_root() -> Result<PathBuf> {
    let path = std::env::var_os(DATA).map_or_else(|| root().join("target/bench"), PathBuf::from);
    std::fs::create_dir_all(&path)?;
    Ok(path)
}
