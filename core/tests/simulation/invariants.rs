//! What must hold. The ledger knows what really happened, from the side of the applications and
//! the providers, and compares each change of the store with it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use waypost_core::decision::{FailureClass, Name};
use waypost_core::id::MessageId;
use waypost_core::lifecycle::{RouteRules, may_follow};
use waypost_core::limits::IDEMPOTENCY_MS;
use waypost_core::message::State;
use waypost_core::rate::{AcceptLimits, Rate, Window};
use waypost_core::store::{Accept, Accepted};

use crate::change::{Answer, Cause, Change};
use crate::provider::Provider;
use crate::store::{Store, is_waiting};

/// How many of a message's changes a failure prints.
const EVENTS_KEPT: usize = 20;
/// Longest that a provider's own wish is honoured, in milliseconds.
const RETRY_AFTER_MS_MAX: u64 = 3_600_000;

/// An invariant that does not hold.
#[derive(Debug)]
pub struct Violation {
    pub invariant: &'static str,
    id: Option<MessageId>,
    what: String,
    events: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invariant `{}`: {}", self.invariant, self.what)?;
        if let Some(id) = self.id {
            write!(f, "\nmessage {id}, its last events:")?;
        }
        self.events.iter().try_for_each(|event| write!(f, "\n  {event}"))
    }
}

/// One submit that a provider took.
struct Take {
    attempt: u16,
    route: Name,
    reference: String,
}

/// What really happened to one message.
#[derive(Default)]
struct Account {
    submits: u16,
    takes: Vec<Take>,
    /// The last attempt before the latest redrive; later ones stand for themselves.
    redriven_at: u16,
    /// The store has been told that a provider took the latest attempt.
    known_taken: bool,
    reported: bool,
    events: VecDeque<Change>,
}

impl Account {
    fn takes_since_redrive(&self) -> usize {
        self.takes.iter().filter(|take| take.attempt > self.redriven_at).count()
    }
}

/// Tokens by an algorithm that has nothing in common with the one under test: scaled by the
/// interval, so that it is exact.
struct Bucket {
    rate: Rate,
    tokens: u128,
    at_us: u64,
}

impl Bucket {
    fn new(rate: Rate) -> Self {
        Self { rate, tokens: u128::from(rate.burst) * u128::from(rate.interval_us), at_us: 0 }
    }

    /// False: there were too few.
    fn take(&mut self, now_us: u64, units: u64) -> bool {
        let full = u128::from(self.rate.burst) * u128::from(self.rate.interval_us);
        self.tokens = full.min(self.tokens + u128::from(now_us - self.at_us));
        self.at_us = now_us;
        let wanted = u128::from(units) * u128::from(self.rate.interval_us);
        self.tokens = self.tokens.saturating_sub(wanted) + u128::from(wanted > self.tokens) * u128::MAX / 2;
        self.tokens <= full
    }
}

pub struct Ledger {
    rules: BTreeMap<Name, RouteRules>,
    attempts_max: u16,
    limits: AcceptLimits,
    accounts: BTreeMap<MessageId, Account>,
    keys: BTreeMap<(Name, String), (u64, Vec<MessageId>)>,
    caps: BTreeMap<(Window, u64, Name, String), u32>,
    rates: BTreeMap<Name, Bucket>,
    complaint: Option<Violation>,
}

impl Ledger {
    pub fn new(providers: &[Provider], limits: AcceptLimits) -> Self {
        let route_rates =
            providers.iter().map(|provider| (provider.name.clone(), Bucket::new(provider.rate)));
        Self {
            rules: providers.iter().map(|provider| (provider.name.clone(), provider.rules)).collect(),
            attempts_max: providers
                .iter()
                .map(|provider| provider.rules.retry.attempts_max)
                .max()
                .unwrap_or(1),
            limits,
            accounts: BTreeMap::new(),
            keys: BTreeMap::new(),
            caps: BTreeMap::new(),
            rates: route_rates.collect(),
            complaint: None,
        }
    }

    /// A provider took a submit, whoever knows of it.
    pub fn taken(&mut self, id: MessageId, attempt: u16, route: &Name, reference: &str) {
        let take = Take { attempt, route: route.clone(), reference: reference.to_owned() };
        self.accounts.entry(id).or_default().takes.push(take);
    }

    /// An application was told what became of its request.
    pub fn answered(&mut self, accept: &Accept, accepted: &Accepted) {
        let ids: Vec<MessageId> = match accepted {
            Accepted::Stored => accept.messages.iter().map(|message| message.envelope.id).collect(),
            Accepted::Replayed(ids) => ids.clone(),
            Accepted::KeyReused | Accepted::Limited(_) | Accepted::IdTaken | Accepted::OptedOut(_) => return,
        };
        if *accepted == Accepted::Stored {
            self.count_accepted(accept);
            self.accounts.extend(ids.iter().map(|id| (*id, Account::default())));
        }
        let Some(idempotency) = &accept.idempotency else { return };
        let slot = (accept.tenant.clone(), idempotency.key.clone());
        match self.keys.get(&slot) {
            Some((at_ms, first)) if accept.now_ms < at_ms + IDEMPOTENCY_MS => {
                if *first != ids {
                    let what = format!("key {} led to {ids:?} after {first:?}", idempotency.key);
                    self.complain("one key, one message", ids.first().copied(), what);
                }
            }
            _ => drop(self.keys.insert(slot, (accept.now_ms, ids))),
        }
    }

    fn count_accepted(&mut self, accept: &Accept) {
        let now_us = accept.now_ms * 1_000;
        for (name, rate) in [(&accept.tenant, self.limits.tenant_rate), (&accept.key, self.limits.key_rate)] {
            let Some(rate) = rate else { continue };
            let bucket = self.rates.entry(name.clone()).or_insert_with(|| Bucket::new(rate));
            if !bucket.take(now_us, accept.messages.len() as u64) {
                self.complain("rates are kept", None, format!("{name} sends too fast"));
            }
        }
        for message in &accept.messages {
            if message.progress.state == State::Refused {
                continue;
            }
            let to = message.envelope.draft.to.address.as_str();
            for window in Window::ALL {
                let slot = (window, window.start_ms(accept.now_ms), accept.tenant.clone(), to.to_owned());
                let count = self.caps.entry(slot).or_default();
                *count += 1;
                if let Some(cap) = self.limits.destination_cap(window)
                    && *count > cap
                {
                    let what = format!("{count} messages to one destination, {cap} a {window:?}");
                    self.complain("caps are kept", Some(message.envelope.id), what);
                }
            }
        }
    }

    /// Checks one change of the store.
    pub fn changed(&mut self, change: Change) -> Result<(), Violation> {
        let account = self.accounts.entry(change.id).or_default();
        if account.events.len() == EVENTS_KEPT {
            account.events.pop_front();
        }
        account.events.push_back(change.clone());
        let problem = self.moves_forward(&change).and_then(|()| self.fits_its_cause(&change));
        problem.map_err(|(invariant, what)| self.violation(invariant, Some(change.id), what))
    }

    fn moves_forward(&self, change: &Change) -> Result<(), (&'static str, String)> {
        if let Some((from, _)) = &change.from
            && *from != change.to
            && !may_follow(*from, change.to)
        {
            return Err(("states move forward", format!("{from} to {}", change.to)));
        }
        if change.to.is_final() != change.due_ms.is_none() {
            return Err(("due as long as not final", format!("{} due {:?}", change.to, change.due_ms)));
        }
        Ok(())
    }

    fn fits_its_cause(&mut self, change: &Change) -> Result<(), (&'static str, String)> {
        let Some(account) = self.accounts.get_mut(&change.id) else { return Ok(()) };
        match &change.cause {
            Cause::Claimed => {
                if account.known_taken {
                    return Err(("known to be taken, not sent again", "claimed once more".to_owned()));
                }
                account.submits += 1;
                account.reported = false;
                let now_us = change.at_ms * 1_000;
                if let Some(bucket) = change.route.as_ref().and_then(|route| self.rates.get_mut(route))
                    && !bucket.take(now_us, 1)
                {
                    return Err(("rates are kept", format!("{:?} is handed too many", change.route)));
                }
            }
            Cause::Settled { attempt, answer } => {
                if *attempt != account.submits {
                    let what = format!("attempt {attempt} settles attempt {}", account.submits);
                    return Err(("a lost lease settles nothing", what));
                }
                // A failure that a receipt brought stands until the redrive, whatever the answer says.
                account.known_taken |= *answer == Answer::Accepted && account.redriven_at < *attempt;
                if let Some(what) = self.wrong_wait(change, *answer) {
                    return Err(("waits are bounded", what));
                }
            }
            Cause::Receipt { route, reference, status } => {
                let take =
                    account.takes.iter().find(|take| take.route == *route && take.reference == *reference);
                let Some(take) = take else {
                    return Err(("receipts are the message's own", format!("{reference} was never its")));
                };
                account.reported = true;
                if change.to == State::Submitted {
                    account.known_taken = true;
                }
                let old = take.attempt <= account.redriven_at;
                if old && !change.doubted && change.to != State::Delivered {
                    let what =
                        format!("{status:?} of attempt {} ends attempt {}", take.attempt, account.submits);
                    return Err(("a receipt ends its own submit", what));
                }
            }
            Cause::Redriven => {
                account.redriven_at = account.submits;
                account.known_taken = false;
                account.reported = false;
            }
            Cause::Accepted | Cause::Rerouted | Cause::LeaseLost | Cause::WaitOver | Cause::Cancelled => {}
        }
        self.matches_the_truth(change)
    }

    fn matches_the_truth(&self, change: &Change) -> Result<(), (&'static str, String)> {
        let Some(account) = self.accounts.get(&change.id) else { return Ok(()) };
        if change.attempts != account.submits {
            let what = format!("{} attempts, {} submits", change.attempts, account.submits);
            return Err(("attempts are submits", what));
        }
        let takes = account.takes_since_redrive();
        if takes > 1 && !change.doubted {
            return Err(("sent twice, marked doubted", format!("taken {takes} times")));
        }
        if takes > usize::from(self.attempts_max) {
            return Err(("doubts are bounded", format!("taken {takes} times")));
        }
        let ended_unsent =
            matches!(change.to, State::Failed | State::Exhausted | State::Expired | State::Cancelled);
        if ended_unsent && takes > 0 && !change.doubted && !account.reported {
            return Err(("given up, not sent", format!("{} but taken", change.to)));
        }
        Ok(())
    }

    /// The wait after a failed submit, where it is outside of its bounds.
    fn wrong_wait(&self, change: &Change, answer: Answer) -> Option<String> {
        let Answer::Failed(class, asked_ms) = answer else { return None };
        let (from, route) = change.from.as_ref()?;
        let moved = matches!(from, State::Submitting | State::InDoubt) && change.to == State::Queued;
        if !moved || *route != change.route || class == FailureClass::InDoubt {
            return None;
        }
        let retry = self.rules.get(route.as_ref()?)?.retry;
        let asked_ms = asked_ms.min(RETRY_AFTER_MS_MAX);
        let shortest_ms = (retry.base_ms.min(retry.max_ms) / 2).max(asked_ms);
        let wait_ms = change.due_ms?.saturating_sub(change.at_ms);
        let bounds = shortest_ms..=retry.max_ms.max(asked_ms);
        (!bounds.contains(&wait_ms)).then(|| format!("waits {wait_ms} ms, not {bounds:?}"))
    }

    /// Looks at every message and every counter.
    pub fn audit(&self, store: &Store) -> Result<(), Violation> {
        let mut counts: BTreeMap<State, u64> = BTreeMap::new();
        let mut waiting: BTreeMap<Name, u64> = BTreeMap::new();
        for (id, account) in &self.accounts {
            let Some(stored) = store.messages.get(id) else {
                return Err(self.violation("accepted, never absent", Some(*id), "it is gone".to_owned()));
            };
            let state = stored.progress.state;
            *counts.entry(state).or_default() += 1;
            if is_waiting(state) {
                *waiting.entry(stored.envelope.draft.tenant.clone()).or_default() += 1;
            }
            if account.takes_since_redrive() > 1 && !stored.progress.doubted {
                return Err(self.violation("sent twice, marked doubted", Some(*id), "it is not".to_owned()));
            }
        }
        self.equal("counted by state", &counts, &store.counts)?;
        self.equal("counted by tenant", &waiting, &store.waiting)?;
        self.equal("caps are kept", &self.caps, &store.caps)
    }

    /// Compares two counters, in which a missing one is zero.
    fn equal<K: Ord + fmt::Debug + Clone, V: PartialEq + Default + fmt::Debug + Clone>(
        &self,
        invariant: &'static str,
        real: &BTreeMap<K, V>,
        kept: &BTreeMap<K, V>,
    ) -> Result<(), Violation> {
        for key in real.keys().chain(kept.keys()) {
            let (real, kept) =
                (real.get(key).cloned().unwrap_or_default(), kept.get(key).cloned().unwrap_or_default());
            if real != kept {
                return Err(self.violation(
                    invariant,
                    None,
                    format!("{key:?}: {kept:?} kept, {real:?} real"),
                ));
            }
        }
        Ok(())
    }

    /// After the calm: nothing is left over.
    pub fn ended(&self, store: &Store) -> Result<(), Violation> {
        match store.messages.values().find(|stored| !stored.progress.state.is_final()) {
            Some(stored) => {
                let what = format!("still {}", stored.progress.state);
                Err(self.violation("everything ends", Some(stored.envelope.id), what))
            }
            None => Ok(()),
        }
    }

    /// What was noticed between two changes.
    pub fn complaint(&mut self) -> Result<(), Violation> {
        self.complaint.take().map_or(Ok(()), Err)
    }

    fn complain(&mut self, invariant: &'static str, id: Option<MessageId>, what: String) {
        self.complaint = Some(self.violation(invariant, id, what));
    }

    fn violation(&self, invariant: &'static str, id: Option<MessageId>, what: String) -> Violation {
        let account = id.and_then(|id| self.accounts.get(&id));
        let events =
            account.map(|account| account.events.iter().map(Change::to_string).collect()).unwrap_or_default();
        Violation { invariant, id, what, events }
    }
}
