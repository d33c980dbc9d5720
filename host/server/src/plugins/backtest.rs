//! What a revision would have decided about messages that are stored, beside what was decided.
//!
//! A decision depends on nothing but what its component was given: the message, its time, its id, and
//! for routing the candidates. All of it is in the store, so the same revision gives the same answers
//! again, and another revision's answers can be compared one by one. Where no component has routed, nobody was
//! given candidates: then those of today are taken, and the answer is compared with what holds without one.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::timeout_at;
use waypost_core::decision::{Candidate, Choice, DecisionRecord, Given, Name, Role, Verdict};
use waypost_core::flow::decide::{candidates, usual_ranking};
use waypost_core::message::Draft;
use waypost_core::store::{HistoryQuery, Recorded};
use waypost_core::summary::Summary as _;
use waypost_core::trace::Step;
use waypost_engine::{CallContext, Loaded};

use super::activity::{About, Compared, Differences, Distribution, Figures};
use super::places::Place;
use super::watch::in_words;
use super::{PluginError, Plugins, apart};
use crate::clock;
use crate::pipeline::Tenant;

/// Most messages of one backtest.
pub const MESSAGES_MAX: u64 = 1_000_000;
/// Most backtests at once on this host.
pub(super) const BACKTESTS_MAX: usize = 2;
/// The longest that a backtest goes on; what it came to by then is its report.
pub const TIME_MAX: Duration = Duration::from_secs(120);
/// Messages that are read in one go: a few milliseconds of whoever reads for everybody.
const PAGE_ROWS: u32 = 250;
/// Pages that are read ahead of those that ask.
const PAGES_WAITING: usize = 4;
/// The refusal of a message for which a component chose a sender that is none.
const CHOSEN_INVALID: &str = "chosen_sender_invalid";
/// Most threads that ask.
const THREADS_MAX: usize = 4;

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
    /// Those among them of which too little is recorded: see `recorded_percent` of the plan.
    pub not_recorded: u64,
    /// Messages that no component had routed: the plugin was shown the candidates of today.
    pub candidates_of_today: u64,
    /// How the answers differ.
    #[serde(flatten)]
    pub compared: Compared,
    /// Calls that gave no answer.
    pub faults: u64,
    /// Units of fuel of a call.
    pub fuel: Distribution,
    /// Nanoseconds of a call.
    pub time_ns: Distribution,
    /// True: the time of a backtest was over before all messages were looked at.
    pub ended_early: bool,
    /// How long all of it took, in milliseconds.
    pub took_ms: u64,
}

/// What all pages add to.
struct Tally {
    plugin: String,
    role: Role,
    tenant: Tenant,
    /// A component of the operator has the role's only place.
    is_taken: bool,
    loaded: Loaded,
    differences: Differences,
    fuel: Figures,
    time_ns: Figures,
    messages: AtomicU64,
    not_asked: AtomicU64,
    not_recorded: AtomicU64,
    candidates_of_today: AtomicU64,
    faults: AtomicU64,
    /// Revisions that had decided.
    against: Mutex<HashSet<Name>>,
    /// Nobody waits for the rest.
    is_over: AtomicBool,
    /// The tenant's, until the last thread has ended.
    _place: Place,
}

/// Says so when whoever waits for a backtest has gone.
struct Waiting<'t>(&'t Tally);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

/// A question that was asked before.
struct Question<'r> {
    was: String,
    draft: Draft,
    candidates: Cow<'r, [Candidate]>,
}

/// Why a message is left out.
enum LeftOut {
    /// The plugin had not been asked about it.
    NotAsked,
    /// What it was given is not recorded.
    NotRecorded,
}

impl Plugins {
    /// Asks a revision about stored messages again.
    ///
    /// # Errors
    /// [`PluginError`].
    pub async fn backtest(&self, tenant: &Tenant, wanted: &Backtest) -> Result<Report, PluginError> {
        let name = &tenant.terms.name;
        let place = self.backtests.take(name).map_err(PluginError::BacktestsFull)?;
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
            tenant: tenant.clone(),
            is_taken: tenant.configured().has_taken(plugin.role),
            loaded,
            differences: Differences::default(),
            fuel: Figures::default(),
            time_ns: Figures::default(),
            messages: AtomicU64::new(0),
            not_asked: AtomicU64::new(0),
            not_recorded: AtomicU64::new(0),
            candidates_of_today: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            against: Mutex::default(),
            is_over: AtomicBool::new(false),
            _place: place,
        });
        let is_whole = self.ask_all(name, wanted, &tally, began + TIME_MAX).await?;
        Ok(tally.report(wanted, is_whole, began.elapsed()))
    }

    /// Reads pages and hands them to threads that ask, until there are no more or the time is over. False:
    /// it was.
    async fn ask_all(
        &self,
        tenant: &Name,
        wanted: &Backtest,
        tally: &Arc<Tally>,
        until: Instant,
    ) -> Result<bool, PluginError> {
        let waiting = Waiting(tally);
        let (pages, mut ended) = start(tally)?;
        let mut messages = 0;
        let mut before = None;
        let messages_max = wanted.messages_max.min(MESSAGES_MAX);
        while messages < messages_max {
            let rows_max = u32::try_from(messages_max - messages).unwrap_or(u32::MAX);
            let query = HistoryQuery {
                tenant: tenant.clone(),
                from_ms: wanted.from_ms,
                to_ms: wanted.to_ms,
                before,
                rows_max: rows_max.min(PAGE_ROWS),
            };
            let page = self.store.history(query).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.envelope.id);
            messages += page.len() as u64;
            if !matches!(timeout_at(until.into(), pages.send(page)).await, Ok(Ok(()))) {
                return Ok(false);
            }
        }
        drop(pages);
        let is_whole = timeout_at(until.into(), ended.recv()).await.is_ok();
        drop(waiting);
        Ok(is_whole && tally.messages.load(Ordering::Relaxed) == messages)
    }
}

type Pages = mpsc::Sender<Vec<Recorded>>;

/// Starts the threads that ask. The second half hears of their end.
fn start(tally: &Arc<Tally>) -> Result<(Pages, mpsc::Receiver<()>), PluginError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let (pages, waiting) = mpsc::channel(PAGES_WAITING);
    let (end, ended) = mpsc::channel(1);
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..threads {
        let (tally, waiting, end) = (tally.clone(), waiting.clone(), end.clone());
        let work = move || {
            tally.ask_pages(&waiting);
            // Whoever waits hears of it once all have.
            drop((tally, end));
        };
        apart::idle("backtest", work)
            .map(drop)
            .map_err(|error| PluginError::NotStarted(error.to_string()))?;
    }
    Ok((pages, ended))
}

impl Tally {
    fn ask_pages(&self, waiting: &Mutex<mpsc::Receiver<Vec<Recorded>>>) {
        loop {
            let page = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
            let Some(page) = page else { return };
            for recorded in &page {
                if self.is_over.load(Ordering::Relaxed) {
                    return;
                }
                self.ask(recorded);
                self.messages.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Asks about one message.
    fn ask(&self, recorded: &Recorded) {
        let question = match self.question(recorded) {
            Ok(question) => question,
            Err(LeftOut::NotAsked) => {
                self.not_asked.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Err(LeftOut::NotRecorded) => {
                self.not_recorded.fetch_add(1, Ordering::Relaxed);
                return;
            }
        };
        let Question { was, draft, candidates } = question;
        let id = recorded.envelope.id;
        let context = CallContext::of_message(id, draft.time_ms);
        let record = match &self.loaded {
            Loaded::Screening(it) => it.screen(&draft, &context).record,
            Loaded::SenderIdentity(it) => it.choose(&draft, &context).record,
            Loaded::Routing(it) => it.rank(&draft, &candidates, &context).record,
            Loaded::Receiving(_) | Loaded::Provider(_) => return,
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
    fn question<'r>(&self, recorded: &'r Recorded) -> Result<Question<'r>, LeftOut> {
        let decisions = &recorded.entry.decisions;
        let decided = self.decided(decisions);
        let is_refused = matches!(recorded.entry.step, Step::Refused { .. });
        if decided.is_none() && (self.is_taken || is_refused) {
            return Err(LeftOut::NotAsked);
        }
        let mut draft = recorded.envelope.draft.clone();
        let mut candidates = Cow::Borrowed(&[][..]);
        if self.role == Role::Routing {
            candidates = match (decided, given(decisions, Role::Routing)) {
                (Some(_), Some(Given::Candidates(given))) => given.into(),
                (Some(_), _) => return Err(LeftOut::NotRecorded),
                (None, _) => self.candidates_of_today(&draft)?.into(),
            };
        } else {
            match given(decisions, Role::SenderIdentity) {
                Some(Given::Sender(sender)) => draft.sender.clone_from(sender),
                _ if was_replaced(recorded) => return Err(LeftOut::NotRecorded),
                _ => {}
            }
        }
        let was = match (decided, self.role) {
            (Some(decided), _) => in_words(decided),
            (None, Role::Routing) => usual_ranking(&candidates).summary(),
            (None, Role::SenderIdentity) => Choice::Keep.summary(),
            (None, _) => Verdict::Allow.summary(),
        };
        if let Some(decided) = decided {
            let mut against = self.against.lock().unwrap_or_else(PoisonError::into_inner);
            if !against.contains(&decided.revision) {
                against.insert(decided.revision.clone());
            }
        }
        Ok(Question { was, draft, candidates })
    }

    /// The decision in whose place the plugin's would be: its own, or that of another plugin where a role has
    /// one place.
    fn decided<'r>(&self, decisions: &'r [DecisionRecord]) -> Option<&'r DecisionRecord> {
        let is_anybodys = self.role.has_one_place() && !self.is_taken;
        // The operator's components come first, and one of them may have the plugin's name.
        decisions.iter().rfind(|it| it.role == self.role && (is_anybodys || *it.component == *self.plugin))
    }

    fn candidates_of_today(&self, draft: &Draft) -> Result<Vec<Candidate>, LeftOut> {
        let candidates = candidates(&self.tenant, draft, clock::now_ms());
        if candidates.is_empty() {
            return Err(LeftOut::NotAsked);
        }
        self.candidates_of_today.fetch_add(1, Ordering::Relaxed);
        Ok(candidates)
    }

    fn report(&self, wanted: &Backtest, is_whole: bool, took: Duration) -> Report {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let not_recorded = count(&self.not_recorded);
        let against = self.against.lock().unwrap_or_else(PoisonError::into_inner);
        let mut revisions = against.iter();
        let against = match (revisions.next(), revisions.next()) {
            (Some(one), None) => one.to_string(),
            (None, _) => "nothing".to_owned(),
            (Some(_), Some(_)) => "recorded".to_owned(),
        };
        Report {
            revision: wanted.revision.clone(),
            against,
            messages: count(&self.messages),
            not_comparable: count(&self.not_asked) + not_recorded,
            not_recorded,
            candidates_of_today: count(&self.candidates_of_today),
            compared: self.differences.compared(wanted.samples_max),
            faults: count(&self.faults),
            fuel: self.fuel.distribution(),
            time_ns: self.time_ns.distribution(),
            ended_early: !is_whole,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// What the first component of that role was given.
fn given(decisions: &[DecisionRecord], role: Role) -> Option<&Given> {
    decisions.iter().filter(|it| it.role == role).find_map(|it| it.given.as_ref())
}

/// True where the sender of the stored message is not the one that components saw.
fn was_replaced(recorded: &Recorded) -> bool {
    let is_replaced = |it: &DecisionRecord| {
        it.role == Role::SenderIdentity && it.fault.is_none() && it.result.starts_with("replace ")
    };
    // A sender that cannot be used takes nobody's place.
    let is_void = matches!(&recorded.entry.step, Step::Refused { failure } if failure.code == CHOSEN_INVALID);
    !is_void && recorded.entry.decisions.iter().any(is_replaced)
}
