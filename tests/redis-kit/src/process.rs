//! The process of a server.

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{KitError, wait};

/// How long a process may take to stop by itself, or to be stopped by a signal.
const SIGNAL_WAIT: Duration = Duration::from_secs(5);

/// A running `redis-server`. Killed when it goes out of scope.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts `program` with a configuration file.
    pub(crate) fn start(program: &str, config: &Path) -> Result<Self, KitError> {
        let child = Command::new(program)
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => KitError::Missing,
                _ => KitError::io(format!("start {program}"))(error),
            })?;
        Ok(Self { child })
    }

    /// Its id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGSTOP, and waits until it stands still.
    pub(crate) fn pause(&self) -> Result<(), KitError> {
        self.signal("-STOP")?;
        wait::until("the process stands still", SIGNAL_WAIT, || Ok(self.stands_still().then_some(())))
    }

    /// SIGCONT.
    pub(crate) fn resume(&self) -> Result<(), KitError> {
        self.signal("-CONT")
    }

    /// SIGTERM, and waits for the end; SIGKILL if that does not come.
    pub(crate) fn stop(mut self) -> Result<(), KitError> {
        self.resume()?;
        self.signal("-TERM")?;
        // If it is late, the drop kills it.
        wait::until("the process ends", SIGNAL_WAIT, || Ok(self.has_ended().then_some(())))
    }

    fn signal(&self, name: &str) -> Result<(), KitError> {
        let doing = || format!("send {name} to process {}", self.id());
        let status = Command::new("kill")
            .args([name, &self.id().to_string()])
            .stderr(Stdio::null())
            .status()
            .map_err(KitError::io(doing()))?;
        if status.success() { Ok(()) } else { Err(KitError::io(doing())(io::ErrorKind::NotFound.into())) }
    }

    /// Linux says so in the field after the name in parentheses; elsewhere the signal is trusted.
    fn stands_still(&self) -> bool {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{}/stat", self.id())) else { return true };
        stat.rsplit_once(')').is_some_and(|(_, fields)| fields.trim_start().starts_with('T'))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_redis_is_told_what_to_install() {
        let error = Process::start("redis-server-that-nobody-has", Path::new("none")).unwrap_err();
        let told = "install with `apt-get install redis-server` or run `cargo xtask test`";
        assert!(error.to_string().contains(told), "{error}");
    }
}
