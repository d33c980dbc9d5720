//! A primary and its replica.

use std::time::Duration;

use crate::{KitError, Server, ServerOptions, wait};

/// How long a replica may take to have everything.
const SYNC_WAIT: Duration = Duration::from_secs(15);

/// A primary and a replica, which change places in a failover. Replication is Redis's own, so it is
/// asynchronous: what the replica has not got yet is lost with the primary.
#[derive(Debug)]
pub struct Pair {
    servers: [Server; 2],
    primary: usize,
}

impl Pair {
    /// Starts both with the same options and waits until the replica has everything.
    pub fn start(options: ServerOptions) -> Result<Self, KitError> {
        let servers = [Server::start_with(options.clone())?, Server::start_with(options)?];
        let pair = Self { servers, primary: 0 };
        pair.mend()?;
        Ok(pair)
    }

    /// The one that takes writes.
    pub fn primary(&self) -> &Server {
        &self.servers[self.primary]
    }

    /// The other one: it refuses writes, or it is a dead former primary.
    pub fn replica(&self) -> &Server {
        &self.servers[1 - self.primary]
    }

    /// Where both listen, in the order of their start, whichever is the primary now.
    pub fn urls(&self) -> [String; 2] {
        [self.servers[0].url(), self.servers[1].url()]
    }

    /// Failover: kills the primary with SIGKILL and makes the replica the primary.
    pub fn promote(&mut self) -> Result<(), KitError> {
        self.primary().kill();
        self.follow(None)?;
        self.primary = 1 - self.primary;
        Ok(())
    }

    /// Starts the former primary again as a replica and waits until it has everything. What only it had is
    /// gone.
    pub fn rejoin(&self) -> Result<(), KitError> {
        self.replica().add_directive(&format!("replicaof 127.0.0.1 {}", self.primary().address().port()))?;
        self.replica().restart()?;
        self.wait_in_sync()
    }

    /// The replica gets nothing from now on, while both answer.
    pub fn cut(&self) -> Result<(), KitError> {
        // Nothing of the kit listens on the discard port; to the replica its primary is away.
        self.follow(Some(9))
    }

    /// Ends [`Pair::cut`] and waits until the replica has everything.
    pub fn mend(&self) -> Result<(), KitError> {
        self.follow(Some(self.primary().address().port()))?;
        self.wait_in_sync()
    }

    /// Waits until the replica has everything that the primary has written (at most 15 s).
    pub fn wait_in_sync(&self) -> Result<(), KitError> {
        wait::until("the replica has everything", SYNC_WAIT, || {
            let replica = self.replica().info("replication")?;
            if replica.get("master_link_status").is_none_or(|status| status != "up") {
                return Ok(None);
            }
            let primary = self.primary().info("replication")?;
            let known = replica.get("slave_repl_offset").and_then(|text| text.parse::<u64>().ok());
            let written = primary.get("master_repl_offset").and_then(|text| text.parse::<u64>().ok());
            Ok((known.is_some() && known >= written).then_some(()))
        })
    }

    /// Whom the replica follows, also after a restart. None: nobody.
    fn follow(&self, port: Option<u16>) -> Result<(), KitError> {
        match port {
            Some(port) => self.replica().order(&["REPLICAOF", "127.0.0.1", &port.to_string()])?,
            None => self.replica().order(&["REPLICAOF", "NO", "ONE"])?,
        };
        self.replica().order(&["CONFIG", "REWRITE"]).map(drop)
    }
}
