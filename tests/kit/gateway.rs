//! The gateway as a process: started, killed, stopped, started again on the same folder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::Client;

/// The binary under test.
const WAYPOST: &str = env!("CARGO_BIN_EXE_waypost");

/// A gateway in a folder of its own. Killed when it goes out of scope.
pub struct Gateway {
    child: Option<Child>,
    folder: TempDir,
    address: SocketAddr,
    variables: Vec<(String, String)>,
}

impl Gateway {
    /// Writes the configuration and starts. `{address}` in it becomes a free address of loopback.
    pub async fn start(config: &str) -> Self {
        Self::start_with(config, &[]).await
    }

    /// As [`Gateway::start`], with environment variables for secrets.
    pub async fn start_with(config: &str, variables: &[(&str, &str)]) -> Self {
        let mut gateway = Self::prepare(config, variables);
        gateway.run().await;
        gateway
    }

    /// A folder with the configuration, not started.
    pub fn prepare(config: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("waypost-test").tempdir().unwrap();
        let address = free_address();
        let config = config.replace("{address}", &address.to_string());
        std::fs::write(folder.path().join("waypost.toml"), config).unwrap();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { child: None, folder, address, variables: variables.iter().map(own).collect() }
    }

    /// Another configuration for the next start. `{address}` in it becomes the gateway's address.
    pub fn write_config(&self, config: &str) {
        let config = config.replace("{address}", &self.address.to_string());
        std::fs::write(self.folder.path().join("waypost.toml"), config).unwrap();
    }

    /// Starts the process and waits until it is ready.
    pub async fn run(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log_path()).unwrap();
        let child = self.command(&["serve", "--config", "waypost.toml"]).stderr(log).spawn().unwrap();
        self.child = Some(child);
        let client = Client::new(self.address, "");
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if client.try_get("/readyz").await.is_some_and(|answer| answer.status == 200) {
                return;
            }
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "the gateway ended: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the gateway is not ready after 60 s: {}", self.log());
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, and waits for the end. True: it ended well.
    pub async fn stop(&mut self) -> bool {
        let mut child = self.child.take().unwrap();
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        tokio::task::spawn_blocking(move || child.wait().unwrap().success()).await.unwrap()
    }

    /// The most memory that the process has ever held, in bytes (proc(5), `VmHWM`).
    pub fn memory_peak_bytes(&self) -> u64 {
        let id = self.child.as_ref().unwrap().id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Sends a signal to the process: `STOP`, `CONT`, `HUP`.
    pub fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Runs a command of the binary in the folder and waits for its end.
    pub fn cli(&self, arguments: &[&str]) -> Output {
        self.command(arguments).env("WAYPOST_URL", self.url()).output().unwrap()
    }

    /// A new key with these scopes for a tenant, made by the command line.
    pub fn key(&self, tenant: &str, scopes: &[&str]) -> String {
        let mut arguments = vec![
            "keys",
            "create",
            "--json",
            "--config",
            "waypost.toml",
            "--tenant",
            tenant,
            "--label",
            "test",
        ];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        let output = self.cli(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        made["key"].as_str().unwrap().to_owned()
    }

    /// A client with a key that may do everything for the tenant `default`.
    pub fn client(&self) -> Client {
        self.client_of("default")
    }

    /// A client with a key that may do everything for a tenant.
    pub fn client_of(&self, tenant: &str) -> Client {
        Client::new(self.address, &self.key(tenant, &["send", "read", "inbox", "admin"]))
    }

    /// `http://…`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has written to its log, over all its runs.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(WAYPOST);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("WAYPOST_KEY")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself; either way it is gone afterwards.
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- the gateway's log ---\n{}", self.log());
        }
    }
}

/// Free now; the process that binds it comes at once.
pub fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
