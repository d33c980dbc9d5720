//! What a revision would have decided about messages that are stored, beside what was decided.
//!
//! A decision depends on nothing but what its component was given: the message, its time, its id, and
//! for routing the candidates. All of it is in the store, so the same revision gives the same answers
//! again, and another revision's answers can be compared one by one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;
use waypost_core::decision::{Candidate, DecisionRecord, Given, Name, Role};
use waypost_core::message::Draft;
use waypost_core::store::{HistoryQuery, Recorded};
use waypost_engine::{CallContext, Loaded};

use super::activity::{About, Compared, Differences, Distribution, Figures};
use super::watch::in_words;
use super::{PluginError, Plugins, apart};
use crate::pipeline::Tenant;

/// Most messages of one backtest.
pub const MESSAGES_MAX: u64 = 1_000_000;
/// Most backtests at once on this host.
const BACKTESTS_MAX: usize = 2;
/// Longest that a backtest goes on to the next message.
pub const TIME_MAX: Duration = Duration::from_secs(10 * 60);
/// Pages that are asked at the same time: the next is read meanwhile.
const PAGES_AT_ONCE: usize = 2;

/// What is asked again.
#[derive(Debug, Clone)]
pub struct Backtest {
    /// The plugin.
    pub plugin: String,
    /// The revision that is asked.
    pub revision: String,
    /// The last so many messages, at most [`MESSAGES_MAX`].
    pub messages_max: u64,
    /// Taken in at this time or later, in Unix milliseconds.
    pub from_ms: u64,
    /// Taken in before this time, in Unix milliseconds.
    pub to_ms: u64,
    /// Most messages that the report names.
    pub samples_max: usize,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The revision that was asked.
    pub revision: String,
    /// What was compared with: a revision, or `recorded` where several had decided.
    pub against: String,
    /// Messages that were looked at.
    pub messages: u64,
    /// Messages of which the plugin had not been asked, or what it was given was not recorded.
    pub not_comparable: u64,
    /// How the answers differ.
    #[serde(flatten)]
    pub compared: Compared,
    /// Calls that gave no answer.
    pub faults: u64,
    /// Units of fuel of a call.
    pub fuel: Distribution,
    /// Nanoseconds of a call.
    pub time_ns: Distribution,
    /// False: it was ended before its last message, because it took too long.
    pub complete: bool,
    /// How long all of it took, in milliseconds.
    pub took_ms: u64,
}

/// Room for a backtest: one for each tenant, [`BACKTESTS_MAX`] in all.
#[derive(Default)]
pub struct Places(Mutex<Vec<Name>>);

struct Place<'p> {
    places: &'p Places,
    tenant: Name,
}

impl Places {
    fn take(&self, tenant: &Name) -> Result<Place<'_>, PluginError> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= BACKTESTS_MAX || taken.contains(tenant) {
            return Err(PluginError::BacktestsFull(taken.len()));
        }
        taken.push(tenant.clone());
        Ok(Place { places: self, tenant: tenant.clone() })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.places.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|it| *it != self.tenant);
    }
}

/// What all pages add to.
struct Tally {
    plugin: String,
    role: Role,
    loaded: Loaded,
    differences: Differences,
    fuel: Figures,
    time_ns: Figures,
    not_comparable: AtomicU64,
    faults: AtomicU64,
    /// Revisions that had decided, with how many messages.
    against: Mutex<HashMap<Name, u64>>,
    /// Nothing is asked after this.
    ends: Instant,
    /// Nobody waits for the report any more.
    is_stopped: AtomicBool,
    /// Messages that were not asked about any more.
    left_out: AtomicU64,
}

/// Ends what is still asked when the backtest is over, or its caller has gone.
struct Stop(Arc<Tally>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.is_stopped.store(true, Ordering::Relaxed);
    }
}

impl Plugins {
    /// Asks a revision about stored messages again.
    ///
    /// # Errors
    /// [`PluginError`].
    pub async fn backtest(&self, tenant: &Tenant, wanted: &Backtest) -> Result<Report, PluginError> {
        let name = &tenant.terms.name;
        let _place = self.backtests.take(name)?;
        let began = Instant::now();
        let (_, plugin) = self.plugin(name, &wanted.plugin).await?;
        if plugin.role == Role::Receiving {
            let why = "inbound messages are not kept once they are acknowledged, so a receiving plugin has \
                       nothing to be tested against; use fixtures and `shadow`";
            return Err(PluginError::Unanswerable(why.to_owned()));
        }
        let loaded = self.load(tenant, &wanted.plugin, plugin.role, &wanted.revision, plugin.binding).await?;
        let tally = Arc::new(Tally {
            plugin: wanted.plugin.clone(),
            role: plugin.role,
            loaded,
            differences: Differences::default(),
            fuel: Figures::default(),
            time_ns: Figures::default(),
            not_comparable: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            against: Mutex::default(),
            ends: began + TIME_MAX,
            is_stopped: AtomicBool::new(false),
            left_out: AtomicU64::new(0),
        });
        let _stop = Stop(tally.clone());
        let messages = self.ask_all(name, wanted, &tally).await?;
        Ok(tally.report(wanted, messages, began.elapsed()))
    }

    async fn ask_all(
        &self,
        tenant: &Name,
        wanted: &Backtest,
        tally: &Arc<Tally>,
    ) -> Result<u64, PluginError> {
        let mut messages = 0;
        let mut before = None;
        let mut pages = JoinSet::new();
        let messages_max = wanted.messages_max.min(MESSAGES_MAX);
        while messages < messages_max && Instant::now() < tally.ends {
            let rows_max = u32::try_from(messages_max - messages).unwrap_or(u32::MAX);
            let query = HistoryQuery {
                tenant: tenant.clone(),
                from_ms: wanted.from_ms,
                to_ms: wanted.to_ms,
                before,
                rows_max: rows_max.min(HistoryQuery::ROWS_MAX),
            };
            let page = self.store.history(query).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.envelope.id);
            messages += page.len() as u64;
            if pages.len() >= PAGES_AT_ONCE {
                pages.join_next().await;
            }
            let tally = tally.clone();
            let asked = apart::idle("backtest", move || page.iter().for_each(|recorded| tally.ask(recorded)));
            pages.spawn(asked.map_err(|error| PluginError::Unanswerable(error.to_string()))?);
        }
        while pages.join_next().await.is_some() {}
        Ok(messages)
    }
}

impl Tally {
    /// Asks about one message.
    fn ask(&self, recorded: &Recorded) {
        if self.is_stopped.load(Ordering::Relaxed) || Instant::now() >= self.ends {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let Some((was, draft, candidates)) = self.question(recorded) else {
            self.not_comparable.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let id = recorded.envelope.id;
        let context = CallContext::of_message(id, draft.time_ms);
        let record = match (&self.loaded, candidates) {
            (Loaded::Screening(it), _) => it.screen(&draft, &context).record,
            (Loaded::SenderIdentity(it), _) => it.choose(&draft, &context).record,
            (Loaded::Routing(it), Some(candidates)) => it.rank(&draft, candidates, &context).record,
            _ => {
                self.not_comparable.fetch_add(1, Ordering::Relaxed);
                return;
            }
        };
        self.fuel.add(record.fuel);
        self.time_ns.add(record.time_ns);
        if record.fault.is_some() {
            self.faults.fetch_add(1, Ordering::Relaxed);
        }
        let about = About { id, country: draft.to.country };
        self.differences.compare(about, &was, &in_words(&record));
    }

    /// What was decided, and what the component was given then.
    fn question<'r>(&self, recorded: &'r Recorded) -> Option<(String, Draft, Option<&'r [Candidate]>)> {
        let decisions = &recorded.entry.decisions;
        let own = decisions.iter().find(|it| it.role == self.role && *it.component == *self.plugin);
        let was = match own {
            Some(own) => {
                let mut against = self.against.lock().unwrap_or_else(PoisonError::into_inner);
                *against.entry(own.revision.clone()).or_default() += 1;
                in_words(own)
            }
            None => self.default_answer(recorded)?,
        };
        let mut draft = recorded.envelope.draft.clone();
        if self.role != Role::Routing
            && let Some(Given::Sender(sender)) = given(decisions, Role::SenderIdentity)
        {
            draft.sender.clone_from(sender);
        }
        let candidates = match given(decisions, Role::Routing) {
            Some(Given::Candidates(candidates)) => Some(candidates.as_slice()),
            _ => None,
        };
        Some((was, draft, candidates))
    }

    /// What a message had instead of an answer of this plugin, where it would have been asked.
    fn default_answer(&self, recorded: &Recorded) -> Option<String> {
        let is_refused = matches!(recorded.entry.step, waypost_core::trace::Step::Refused { .. });
        match self.role {
            Role::Screening if !is_refused => Some("allow".to_owned()),
            Role::SenderIdentity if !is_refused => Some("keep".to_owned()),
            _ => None,
        }
    }

    fn report(&self, wanted: &Backtest, messages: u64, took: Duration) -> Report {
        let against = self.against.lock().unwrap_or_else(PoisonError::into_inner);
        let mut revisions = against.keys();
        let against = match (revisions.next(), revisions.next()) {
            (Some(one), None) => one.to_string(),
            (None, _) => "nothing".to_owned(),
            (Some(_), Some(_)) => "recorded".to_owned(),
        };
        Report {
            revision: wanted.revision.clone(),
            against,
            messages: messages - self.left_out.load(Ordering::Relaxed),
            complete: took < TIME_MAX,
            not_comparable: self.not_comparable.load(Ordering::Relaxed),
            compared: self.differences.compared(wanted.samples_max),
            faults: self.faults.load(Ordering::Relaxed),
            fuel: self.fuel.distribution(),
            time_ns: self.time_ns.distribution(),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// What the first component of that role was given.
fn given(decisions: &[DecisionRecord], role: Role) -> Option<&Given> {
    decisions.iter().filter(|it| it.role == role).find_map(|it| it.given.as_ref())
}
