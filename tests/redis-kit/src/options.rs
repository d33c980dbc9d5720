//! How a server is set up.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What a server writes to its append-only file, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Persistence {
    /// Nothing: what it held is gone after a restart.
    #[default]
    None,
    /// `appendfsync everysec`: up to about two seconds of writes can be lost with the machine.
    EverySecond,
    /// `appendfsync always`: an answered write is on disk.
    Always,
}

/// How a server is set up. Snapshots (`save`) are always off.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The append-only file.
    pub appendonly: Persistence,
    /// `maxmemory`. None: no limit.
    pub maxmemory_bytes: Option<u64>,
    /// `maxmemory-policy`: what is done at the limit.
    pub maxmemory_policy: &'static str,
    /// Further lines of `redis.conf`, as name and value; they win over those above.
    pub directives: Vec<(&'static str, String)>,
    /// The folder that the temporary folder is made in, for measurements on a certain disk. None: the
    /// system's folder for temporary files.
    pub root: Option<PathBuf>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            appendonly: Persistence::None,
            maxmemory_bytes: None,
            maxmemory_policy: "noeviction",
            directives: Vec::new(),
            root: None,
        }
    }
}

impl ServerOptions {
    /// The text of `redis.conf`.
    pub(crate) fn config(&self, port: u16, folder: &Path) -> String {
        let (appendonly, appendfsync) = match self.appendonly {
            Persistence::None => ("no", "everysec"),
            Persistence::EverySecond => ("yes", "everysec"),
            Persistence::Always => ("yes", "always"),
        };
        let mut text = format!(
            "bind 127.0.0.1\nport {port}\nprotected-mode yes\ndaemonize no\ndir \"{folder}\"\n\
             logfile \"{folder}/log\"\nsave \"\"\nappendonly {appendonly}\nappendfsync {appendfsync}\n\
             maxmemory {maxmemory}\nmaxmemory-policy {policy}\n\
             repl-diskless-sync-delay 0\nrepl-ping-replica-period 1\n",
            folder = folder.display(),
            maxmemory = self.maxmemory_bytes.unwrap_or(0),
            policy = self.maxmemory_policy,
        );
        for (name, value) in &self.directives {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name} {value}");
        }
        text
    }
}
