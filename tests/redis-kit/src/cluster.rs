//! A cluster of three masters.

use std::ops::Range;
use std::time::Duration;

use crate::{KitError, Server, ServerOptions, wait};

/// How many masters the cluster has.
pub const MASTERS: usize = 3;
/// How many slots the keys of a Redis Cluster fall into (Redis Cluster specification).
pub const SLOTS: usize = 16_384;
/// How long the masters may take to agree.
const AGREE_WAIT: Duration = Duration::from_secs(15);

/// Three masters without replicas; each owns a third of the slots.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    /// Starts three servers, joins them and waits until all of them say that the cluster is well.
    pub fn start(options: ServerOptions) -> Result<Self, KitError> {
        let mut nodes = Vec::with_capacity(MASTERS);
        for _ in 0..MASTERS {
            let mut options = options.clone();
            let own = [
                ("cluster-enabled", "yes"),
                ("cluster-config-file", "nodes.conf"),
                ("cluster-node-timeout", "2000"),
                ("cluster-announce-ip", "127.0.0.1"),
            ];
            options.directives.splice(0..0, own.map(|(name, value)| (name, value.to_owned())));
            nodes.push(Server::start_with(options)?);
        }
        let cluster = Self { nodes };
        cluster.join()?;
        cluster.wait_until_well()?;
        Ok(cluster)
    }

    /// The masters, in the order of their slots.
    pub fn nodes(&self) -> &[Server] {
        &self.nodes
    }

    /// Where they listen, in the same order.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Server::url).collect()
    }

    /// The master that owns a key. A cluster node has to be running.
    pub fn node_of(&self, key: &str) -> Result<&Server, KitError> {
        let running = self.nodes.iter().find(|node| node.pid().is_some()).unwrap_or(&self.nodes[0]);
        let slot = running.order(&["CLUSTER", "KEYSLOT", key])?.integer();
        let slot = slot.and_then(|slot| usize::try_from(slot).ok()).ok_or(KitError::Protocol("no slot"))?;
        let owner = (0..MASTERS).find(|index| slots(*index).contains(&slot));
        owner.map(|index| &self.nodes[index]).ok_or(KitError::Protocol("a slot that no cluster has"))
    }

    /// Waits until every master says `cluster_state:ok` and knows the owners of all slots (at most 15 s).
    pub fn wait_until_well(&self) -> Result<(), KitError> {
        for node in &self.nodes {
            wait::until("every master says that the cluster is well", AGREE_WAIT, || {
                let reply = node.order(&["CLUSTER", "INFO"])?;
                let text = reply.text().unwrap_or_default();
                let slots = format!("cluster_slots_ok:{SLOTS}");
                let has = |line: &str| text.lines().any(|found| found == line);
                Ok((has("cluster_state:ok") && has(&slots)).then_some(()))
            })?;
        }
        Ok(())
    }

    /// Deletes every key.
    pub fn flush_all(&self) -> Result<(), KitError> {
        self.nodes.iter().try_for_each(Server::flush_all)
    }

    fn join(&self) -> Result<(), KitError> {
        let port = self.nodes[0].address().port().to_string();
        for (index, node) in self.nodes.iter().enumerate() {
            // Different epochs from the start: otherwise the masters would have to settle them first.
            node.order(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()])?;
            let mut command = vec!["CLUSTER".to_owned(), "ADDSLOTS".to_owned()];
            command.extend(slots(index).map(|slot| slot.to_string()));
            node.order(&command)?;
        }
        for node in &self.nodes[1..] {
            node.order(&["CLUSTER", "MEET", "127.0.0.1", &port])?;
        }
        Ok(())
    }
}

fn slots(index: usize) -> Range<usize> {
    SLOTS * index / MASTERS..SLOTS * (index + 1) / MASTERS
}
