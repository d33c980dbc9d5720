//! Checks and compiles what was uploaded, one at a time and each in turn of its tenant, off the path
//! of messages.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::timeout;
use tracing::{debug, info, warn};
use waypost_core::decision::{Name, Role};
use waypost_core::registry::{CheckFailure, Kind, Plan, RevisionRecord, RevisionState, Written};
use waypost_store::StoreError;

use super::catalog::record;
use super::change::item;
use super::shelf::item_name;
use super::{PluginError, Plugins};
use crate::clock;
use crate::running::Running;

/// Revisions that wait because their host has gone are looked for this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// A check that has taken this long was left by its host, in milliseconds: well above all limits of
/// a check.
const ABANDONED_MS: u64 = 5 * 60 * 1000;

/// A revision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    tenant: Name,
    plugin: String,
    revision: String,
}

/// Revisions that wait for their check.
#[derive(Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Default)]
struct Waiting {
    by_tenant: BTreeMap<Name, VecDeque<Wanted>>,
    /// Whose turn it was.
    last: Option<Name>,
    /// What is being checked here now, and how far it is.
    now: Option<(Wanted, Progress)>,
}

/// How far a check is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// What is being done: `checking`, `configuring`, `compiling`, `probing`.
    pub step: String,
    /// Since when it runs, in Unix milliseconds.
    #[serde(skip)]
    pub since_ms: u64,
}

impl Queue {
    /// Puts a revision down, once.
    pub fn add(&self, tenant: &Name, plugin: &str, revision: &str) {
        let wanted =
            Wanted { tenant: tenant.clone(), plugin: plugin.to_owned(), revision: revision.to_owned() };
        let mut waiting = self.lock();
        let of_tenant = waiting.by_tenant.entry(tenant.clone()).or_default();
        if !of_tenant.contains(&wanted) {
            of_tenant.push_back(wanted);
            self.bell.notify_one();
        }
    }

    /// The next one: of the tenant after the one whose turn it was.
    fn next(&self) -> Option<Wanted> {
        let mut waiting = self.lock();
        let last = waiting.last.clone();
        let after = |name: &&Name| last.as_ref().is_none_or(|last| *name > last);
        let tenant =
            waiting.by_tenant.keys().find(after).or_else(|| waiting.by_tenant.keys().next())?.clone();
        let of_tenant = waiting.by_tenant.get_mut(&tenant)?;
        let wanted = of_tenant.pop_front();
        if of_tenant.is_empty() {
            waiting.by_tenant.remove(&tenant);
        }
        waiting.last = Some(tenant);
        wanted
    }

    /// How far the check of a revision is, where this host checks it.
    pub fn progress(&self, tenant: &Name, plugin: &str, revision: &str) -> Option<Progress> {
        let waiting = self.lock();
        let (now, progress) = waiting.now.as_ref()?;
        let is_this = now.tenant == *tenant && now.plugin == plugin && now.revision == revision;
        is_this.then(|| progress.clone())
    }

    fn begin(&self, wanted: &Wanted) {
        let progress = Progress { step: "checking".to_owned(), since_ms: clock::now_ms() };
        self.lock().now = Some((wanted.clone(), progress));
    }

    pub(super) fn step(&self, step: &str) {
        if let Some((_, progress)) = &mut self.lock().now {
            progress.step = step.to_owned();
        }
    }

    fn end(&self) {
        self.lock().now = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs until the gateway drains.
pub async fn run(running: Arc<Running>, plugins: Arc<Plugins>) {
    plugins.look_for_waiting().await;
    while !running.now().is_draining() {
        match plugins.queue.next() {
            Some(wanted) => {
                if let Err(error) = plugins.check(&running, &wanted).await {
                    let Wanted { tenant, plugin, revision } = &wanted;
                    warn!(%tenant, %plugin, %revision, %error, "a revision was not checked");
                }
            }
            None => {
                if timeout(LOOK_EVERY, plugins.queue.bell.notified()).await.is_err() {
                    plugins.look_for_waiting().await;
                }
            }
        }
    }
}

impl Plugins {
    /// Has whoever waits for something to check look whether the gateway drains.
    pub fn wake(&self) {
        self.queue.bell.notify_one();
    }

    /// How far the check of a revision is, where this host checks it.
    pub fn progress(&self, tenant: &Name, plugin: &str, revision: &str) -> Option<Progress> {
        self.queue.progress(tenant, plugin, revision)
    }

    /// Revisions that nobody checks: their host has gone.
    async fn look_for_waiting(&self) {
        let revisions = match self.store.registered(None, Kind::Revision).await {
            Ok(revisions) => revisions,
            Err(error) => {
                debug!(%error, "revisions that wait cannot be looked for");
                return;
            }
        };
        let now_ms = clock::now_ms();
        for item in &revisions {
            let Some(record) = record::<RevisionRecord>(item) else { continue };
            let is_left = match &record.state {
                RevisionState::Waiting => true,
                RevisionState::Checking { host, since_ms } => {
                    let is_own = *host == self.host && self.queue.lock().now.is_none();
                    is_own || now_ms.saturating_sub(*since_ms) > ABANDONED_MS
                }
                RevisionState::Ready { .. } | RevisionState::Failed(_) => false,
            };
            if let Some((plugin, revision)) = item.name.split_once('/').filter(|_| is_left) {
                self.queue.add(&item.tenant, plugin, revision);
            }
        }
    }

    async fn check(self: &Arc<Self>, running: &Arc<Running>, wanted: &Wanted) -> Result<(), PluginError> {
        let Wanted { tenant, plugin, revision } = wanted;
        let (version, mut record) = match self.revision(tenant, plugin, revision).await {
            Ok(found) => found,
            // It was deleted meanwhile.
            Err(PluginError::RevisionUnknown) => return Ok(()),
            Err(error) => return Err(error),
        };
        let role = match self.plugin(tenant, plugin).await {
            Ok((_, plugin)) => plugin.role,
            Err(PluginError::PluginUnknown) => return Ok(()),
            Err(error) => return Err(error),
        };
        if matches!(record.state, RevisionState::Ready { .. } | RevisionState::Failed(_)) {
            return Ok(());
        }
        let since_ms = clock::now_ms();
        record.state = RevisionState::Checking { host: self.host.clone(), since_ms };
        if self.write(wanted, version + 1, &record).await? == Written::Conflict {
            // Another host has taken it.
            return Ok(());
        }
        self.queue.begin(wanted);
        let plan = running.now().tenants.get(tenant).map(|tenant| tenant.plan.clone()).unwrap_or_default();
        record.state = self.checked(wanted, role, &record, &plan, since_ms).await;
        self.queue.end();
        match &record.state {
            RevisionState::Failed(failure) => {
                info!(%tenant, %plugin, %revision, code = failure.code, "a revision cannot be used");
            }
            _ => info!(%tenant, %plugin, %revision, "a revision is ready"),
        }
        self.write(wanted, version + 2, &record).await?;
        Ok(())
    }

    async fn checked(
        self: &Arc<Self>,
        wanted: &Wanted,
        role: Role,
        record: &RevisionRecord,
        plan: &Plan,
        since_ms: u64,
    ) -> RevisionState {
        let component = match self.store.component(wanted.tenant.clone(), record.component.clone()).await {
            Ok(Some(component)) => component,
            Ok(None) => {
                return failed("plugin_component_lost", "the component is not in the store: upload it again");
            }
            Err(error) => return failed("store_unavailable", &error.to_string()),
        };
        match self.compile(&wanted.plugin, role, component, record, plan).await {
            Ok(info) => RevisionState::Ready {
                took_ms: u32::try_from(clock::now_ms().saturating_sub(since_ms)).unwrap_or(u32::MAX),
                api: info.api.to_owned(),
                schema: info.schema,
                snapshotted: info.snapshotted,
            },
            Err(failure) => RevisionState::Failed(failure),
        }
    }

    async fn write(
        &self,
        wanted: &Wanted,
        version: u64,
        record: &RevisionRecord,
    ) -> Result<Written, StoreError> {
        let name = item_name(&wanted.plugin, &wanted.revision);
        self.store.register(item(&wanted.tenant, Kind::Revision, name, version, record)).await
    }
}

fn failed(code: &str, reason: &str) -> RevisionState {
    let (code, reason) = (code.to_owned(), reason.to_owned());
    RevisionState::Failed(CheckFailure { code, reason, class: None, log: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tenant_has_its_turn() {
        let queue = Queue::default();
        for n in 0..100 {
            queue.add(&"busy".into(), "p", &n.to_string());
        }
        queue.add(&"acme".into(), "p", "a");
        queue.add(&"acme".into(), "p", "a");
        queue.add(&"zoo".into(), "p", "z");
        let order: Vec<_> =
            std::iter::from_fn(|| queue.next()).take(6).map(|it| it.tenant.to_string()).collect();
        assert_eq!(order, ["acme", "busy", "zoo", "busy", "busy", "busy"]);
    }
}
