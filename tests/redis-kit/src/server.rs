//! One server.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::port::Port;
use crate::process::Process;
use crate::{Connection, KitError, Reply, ServerOptions, wait};

const PROGRAM: &str = "redis-server";
/// How long a server may take to answer after its start.
const START_WAIT: Duration = Duration::from_secs(10);
/// How long it may take to answer a command.
const COMMAND_WAIT: Duration = Duration::from_secs(5);
/// How long it may take to answer while it starts.
const PROBE_WAIT: Duration = Duration::from_secs(1);
/// How many ports are tried.
const PORTS_MAX: u32 = 5;

/// A `redis-server` process with a port and a folder of its own. Killed when it goes out of scope, with
/// its folder.
#[derive(Debug)]
pub struct Server {
    process: Mutex<Option<Process>>,
    port: Port,
    folder: TempDir,
}

/// Why a process did not come up.
enum Failure {
    PortTaken,
    Other(KitError),
}

impl Server {
    /// Starts one that keeps nothing on disk, and waits until it answers.
    pub fn start() -> Result<Self, KitError> {
        Self::start_with(ServerOptions::default())
    }

    /// Starts one with options, and waits until it answers (at most 10 s).
    pub fn start_with(options: ServerOptions) -> Result<Self, KitError> {
        let mut last = None;
        for _ in 0..PORTS_MAX {
            let server = Self::prepare(&options)?;
            match server.run() {
                Ok(()) => return Ok(server),
                Err(Failure::PortTaken) => last = Some(server.ended()),
                Err(Failure::Other(error)) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| KitError::NotRunning("127.0.0.1".to_owned())))
    }

    /// Where it listens, as `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Where it listens. The same after a restart.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port.number))
    }

    /// The process id. None: it is not running.
    pub fn pid(&self) -> Option<u32> {
        self.process().as_ref().map(Process::id)
    }

    /// The folder with its append-only file.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has written to its log, over all its runs.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// SIGKILL. Nothing happens if it is not running.
    pub fn kill(&self) {
        drop(self.process().take());
    }

    /// SIGTERM, and waits for the end. Nothing happens if it is not running.
    pub fn stop(&self) -> Result<(), KitError> {
        let process = self.process().take();
        process.map_or(Ok(()), Process::stop)
    }

    /// Starts it again on the same port and folder, so that it reads its append-only file; SIGKILL first
    /// if it still runs. Waits until it answers.
    pub fn restart(&self) -> Result<(), KitError> {
        self.kill();
        self.run().map_err(|failure| match failure {
            Failure::PortTaken => self.ended(),
            Failure::Other(error) => error,
        })
    }

    /// SIGSTOP: connections stay, nothing is answered. Returns when the process stands still.
    pub fn pause(&self) -> Result<(), KitError> {
        self.process().as_ref().ok_or_else(|| self.not_running())?.pause()
    }

    /// SIGCONT.
    pub fn resume(&self) -> Result<(), KitError> {
        self.process().as_ref().ok_or_else(|| self.not_running())?.resume()
    }

    /// Sends one command over a connection of its own and reads the answer, which may be an error of the
    /// server. At most 5 s for each read.
    pub fn command<A: AsRef<[u8]>>(&self, arguments: &[A]) -> Result<Reply, KitError> {
        self.connect()?.command(arguments)
    }

    /// As [`Server::command`]; an error of the server is an error.
    pub fn order<A: AsRef<[u8]>>(&self, arguments: &[A]) -> Result<Reply, KitError> {
        let reply = self.command(arguments)?;
        let Some(answer) = reply.error() else { return Ok(reply) };
        let name = arguments.first().map(|name| String::from_utf8_lossy(name.as_ref()).into_owned());
        Err(KitError::Refused { command: name.unwrap_or_default(), answer: answer.to_owned() })
    }

    /// A connection for many commands.
    pub fn connect(&self) -> Result<Connection, KitError> {
        Connection::open(self.address(), COMMAND_WAIT)
    }

    /// Forgets every loaded script (`SCRIPT FLUSH`).
    pub fn flush_scripts(&self) -> Result<(), KitError> {
        self.order(&["SCRIPT", "FLUSH"]).map(drop)
    }

    /// Deletes every key of every database (`FLUSHALL`).
    pub fn flush_all(&self) -> Result<(), KitError> {
        self.order(&["FLUSHALL"]).map(drop)
    }

    /// Adds a line to `redis.conf`, which the next start reads.
    pub(crate) fn add_directive(&self, line: &str) -> Result<(), KitError> {
        OpenOptions::new()
            .append(true)
            .open(self.config_path())
            .and_then(|mut file| writeln!(file, "{line}"))
            .map_err(KitError::io("write redis.conf"))
    }

    /// A port and a folder with the configuration, not started.
    fn prepare(options: &ServerOptions) -> Result<Self, KitError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("waypost-redis");
        let folder = match &options.root {
            Some(root) => builder.tempdir_in(root),
            None => builder.tempdir(),
        }
        .map_err(KitError::io("make a temporary folder"))?;
        let server = Self { process: Mutex::new(None), port: Port::reserve()?, folder };
        let config = options.config(server.port.number, server.folder.path());
        fs::write(server.config_path(), config).map_err(KitError::io("write redis.conf"))?;
        Ok(server)
    }

    fn run(&self) -> Result<(), Failure> {
        let mut process = Process::start(PROGRAM, &self.config_path()).map_err(Failure::Other)?;
        let what = format!("redis-server at {} answers PING", self.address());
        let ended = wait::until(&what, START_WAIT, || {
            // The process first: an answer after that is not that of a process that was gone already.
            let ended = process.has_ended();
            Ok((ended || self.answers(process.id())).then_some(ended))
        })
        .map_err(Failure::Other)?;
        if !ended {
            *self.process() = Some(process);
            return Ok(());
        }
        // Redis: "Warning: Could not create server TCP listening socket …: bind: Address already in use".
        if self.log().contains("Address already in use") {
            return Err(Failure::PortTaken);
        }
        Err(Failure::Other(self.ended()))
    }

    /// Whether it is this process that answers, and has read its append-only file.
    fn answers(&self, process_id: u32) -> bool {
        let ask = || {
            let mut connection = Connection::open(self.address(), PROBE_WAIT)?;
            if connection.command(&["PING"])?.error().is_some_and(|error| error.starts_with("LOADING")) {
                return Ok(false);
            }
            let info = connection.command(&["INFO", "server"])?;
            let line = format!("process_id:{process_id}");
            Ok::<_, KitError>(info.text().is_none_or(|text| text.lines().any(|found| found == line)))
        };
        ask().unwrap_or(false)
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn config_path(&self) -> PathBuf {
        self.folder.path().join("redis.conf")
    }

    fn ended(&self) -> KitError {
        KitError::Ended { address: self.address().to_string(), log: self.log() }
    }

    fn not_running(&self) -> KitError {
        KitError::NotRunning(self.address().to_string())
    }
}
