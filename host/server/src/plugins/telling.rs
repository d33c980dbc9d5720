//! What hosts have seen of a plugin, added up in the store: each adds what is new since it did so last.
//! A host that dies takes the last seconds with it, a restart nothing.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use tracing::debug;
use waypost_core::decision::Name;
use waypost_core::limits::REGISTRY_RECORD_BYTES_MAX;
use waypost_core::registry::{Kind, PluginRecord, Written};
use waypost_store::StoreError;

use super::activity::{Part, Sum, Watched};
use super::catalog::record;
use super::change::item;
use super::{PluginError, Plugins};
use crate::running::Running;

/// How often the store is told.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// How often the end of the gateway is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Plugins that the store is told of at the same time, so that it can write them together.
const TOLD_AT_ONCE: usize = 32;
/// Tries of one plugin, where hosts are in each other's way; what is left is told the next time.
const TRIES_MAX: usize = 4;
/// Most revisions and parts of a plugin that are kept: those that were asked last.
const KEPT_MAX: usize = 32;

/// What all hosts have seen of a plugin.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    /// When the plugin was made, in Unix milliseconds: what was seen of an earlier one of the same name is
    /// not its own.
    created_ms: u64,
    revisions: Vec<SeenRevision>,
}

/// What was seen of one revision in one part, on all hosts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SeenRevision {
    /// The revision's name.
    pub revision: String,
    /// The part that it plays.
    pub part: Part,
    /// Of it.
    pub sum: Sum,
}

/// Runs until the gateway drains. What comes after that is for [`Plugins::tell_seen`] at the very end.
pub async fn run(running: Arc<Running>, plugins: Arc<Plugins>) {
    let mut told_at = Instant::now();
    while !running.now().is_draining() {
        sleep(LOOK_EVERY).await;
        if told_at.elapsed() >= TELL_EVERY {
            told_at = Instant::now();
            plugins.tell_seen().await;
        }
    }
}

impl Plugins {
    /// Tells the store what was seen since it was told last. What it does not take is told again.
    pub async fn tell_seen(&self) {
        for plugins in self.activities.plugins().chunks(TOLD_AT_ONCE) {
            let all = join_all(plugins.iter().map(|(tenant, plugin)| self.tell_of(tenant, plugin))).await;
            if let Some(error) = all.into_iter().find_map(Result::err) {
                debug!(%error, "the store was not told what was seen of plugins");
            }
        }
    }

    /// What all hosts have seen of a plugin, most lately asked first: what this one has seen up to now, the
    /// others up to when they told it. Revisions that are deleted are left out.
    ///
    /// # Errors
    /// [`PluginError::PluginUnknown`], [`PluginError::Store`].
    pub async fn seen(&self, tenant: &Name, plugin: &str) -> Result<Vec<SeenRevision>, PluginError> {
        let (_, known) = self.plugin(tenant, plugin).await?;
        let revisions = self.revisions(tenant, plugin).await?;
        let mut told = {
            // What is being told right now would be counted twice, or not at all.
            let _still = self.telling.write().await;
            let (_, mut told) = self.told(tenant, plugin, &known).await?;
            told.add(&self.activities.watched(tenant, plugin));
            told
        };
        told.revisions.retain(|it| revisions.iter().any(|(revision, ..)| *revision == it.revision));
        Ok(told.revisions)
    }

    /// Forgets what was seen of a plugin that is deleted.
    pub(super) async fn forget_seen(&self, tenant: &Name, plugin: &str) -> Result<(), StoreError> {
        self.activities.forget(tenant, plugin);
        let name = plugin.to_owned();
        if let Some(item) = self.store.registered_one(tenant.clone(), Kind::Activity, name.clone()).await? {
            // Where another host adds to it now, it belongs to no plugin: nobody is shown it.
            self.store.unregister(tenant.clone(), Kind::Activity, name, item.version).await?;
        }
        Ok(())
    }

    async fn tell_of(&self, tenant: &Name, plugin: &str) -> Result<(), StoreError> {
        let _telling = self.telling.read().await;
        let watched = self.activities.watched(tenant, plugin);
        if watched.iter().all(|it| it.untold.is_empty()) {
            return Ok(());
        }
        for _ in 0..TRIES_MAX {
            let found = self.store.registered_one(tenant.clone(), Kind::Plugin, plugin.to_owned()).await?;
            let Some(known) = found.as_ref().and_then(record::<PluginRecord>) else {
                // It was deleted, here or on another host.
                self.activities.forget(tenant, plugin);
                return Ok(());
            };
            let (version, mut told) = self.told(tenant, plugin, &known).await?;
            told.add(&watched);
            told.cut();
            let item = item(tenant, Kind::Activity, plugin.to_owned(), version + 1, &told);
            if self.store.register(item).await? == Written::Done {
                for it in watched {
                    if let Some(activity) = it.activity.upgrade() {
                        activity.told(it.now);
                    }
                }
                return Ok(());
            }
        }
        Ok(())
    }

    /// What the store has been told, with the version of that.
    async fn told(
        &self,
        tenant: &Name,
        plugin: &str,
        known: &PluginRecord,
    ) -> Result<(u64, Told), StoreError> {
        let found = self.store.registered_one(tenant.clone(), Kind::Activity, plugin.to_owned()).await?;
        let version = found.as_ref().map_or(0, |item| item.version);
        let told = found.as_ref().and_then(record::<Told>).filter(|told| told.created_ms == known.created_ms);
        let nothing = || Told { created_ms: known.created_ms, revisions: Vec::new() };
        Ok((version, told.unwrap_or_else(nothing)))
    }
}

impl Told {
    fn add(&mut self, watched: &[Watched]) {
        for it in watched {
            let is_same = |other: &&mut SeenRevision| other.revision == it.revision && other.part == it.part;
            match self.revisions.iter_mut().find(is_same) {
                Some(other) => other.sum.add(&it.untold),
                None => {
                    let (revision, part, sum) = (it.revision.clone(), it.part, it.untold.clone());
                    self.revisions.push(SeenRevision { revision, part, sum });
                }
            }
        }
        self.revisions.sort_by_key(|it| Reverse(it.sum.last_ms));
    }

    /// Leaves out what was asked longest ago, until the rest may be stored.
    fn cut(&mut self) {
        self.revisions.retain(|it| !it.sum.is_empty());
        self.revisions.truncate(KEPT_MAX);
        let mut bytes = 0;
        self.revisions.retain(|it| {
            // Numbers and texts: writing them does not fail.
            bytes += serde_json::to_string(it).map_or(0, |text| text.len() + 1);
            bytes < REGISTRY_RECORD_BYTES_MAX - RECORD_BYTES
        });
    }
}

/// What is around the revisions of a record, at most.
const RECORD_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(revision: &str, last_ms: u64, calls: u64) -> SeenRevision {
        let sum = Sum { last_ms, calls, ..Sum::default() };
        SeenRevision { revision: revision.to_owned(), part: Part::Active, sum }
    }

    #[test]
    fn what_was_asked_last_is_kept() {
        let revisions = (0..100).map(|n| seen(&format!("r{n}"), 1000 - n, 1)).collect();
        let mut told = Told { revisions, ..Told::default() };
        told.revisions.insert(5, seen("never asked", 0, 0));
        told.cut();
        assert_eq!(told.revisions.len(), KEPT_MAX);
        assert!(told.revisions.iter().all(|it| it.sum.last_ms > 1000 - KEPT_MAX as u64));
    }

    #[test]
    fn a_record_stays_within_its_bytes_and_comes_back() {
        let mut told = Told::default();
        for n in 0..8 {
            let mut large = seen(&format!("r{n}"), 100 - n, 1);
            large.sum.results = (0..600).map(|kind| (format!("{kind:0>100}"), 1)).collect();
            told.revisions.push(large);
        }
        told.cut();
        assert!((2..8).contains(&told.revisions.len()), "{}", told.revisions.len());
        let text = serde_json::to_string(&told).unwrap();
        assert!(text.len() <= REGISTRY_RECORD_BYTES_MAX);
        let back: Told = serde_json::from_str(&text).unwrap();
        assert_eq!(back.revisions[0].sum, told.revisions[0].sum);
    }
}
