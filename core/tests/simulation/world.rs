//! The world: one virtual clock, one line of events, and everybody who acts in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use waypost_core::decision::{Name, Outcome, Receipt, ReceiptStatus};
use waypost_core::id::{IdSequence, MessageId};
use waypost_core::message::State;
use waypost_core::number::{Recipient, parse_recipient};
use waypost_core::rate::{AcceptLimits, Rate};
use waypost_core::store::{Accept, ReceiptIn, Settle};

use crate::fault::Fault;
use crate::host::{Flight, Host};
use crate::invariants::{Ledger, Violation};
use crate::provider::{self, Mood, Provider};
use crate::random::Random;
use crate::store::Store;

const START_MS: u64 = 1_700_000_000_000;
const HOSTS: usize = 3;
const PROVIDERS: u64 = 4;
const MINUTE_MS: u64 = 60_000;
/// Longer than any validity, wait and late receipt together.
const CALM_MS_MAX: u64 = 14 * 24 * 60 * MINUTE_MS;
/// Every message is looked at once in so many steps.
const AUDIT_STEPS: u64 = 10_000;

/// What happens next.
pub enum Event {
    Application,
    Canceller,
    Operator,
    Host(usize),
    Arrive(Flight),
    Answer(Flight, Outcome),
    SettleAgain(Box<Settle>),
    Receipt(usize, Receipt),
    ForeignReceipt,
    Sweep,
    HostTrouble,
    HostBack(usize),
    ProviderTrouble,
    ProviderBack(usize),
}

pub struct World {
    pub now_ms: u64,
    pub random: Random,
    pub store: Store,
    pub ledger: Ledger,
    pub hosts: Vec<Host>,
    pub providers: Vec<Provider>,
    pub tenants: Vec<Name>,
    pub keys: Vec<Name>,
    pub recipients: Vec<Recipient>,
    pub limits: AcceptLimits,
    pub ids: IdSequence,
    pub requests: VecDeque<Accept>,
    pub redriven: BTreeSet<MessageId>,
    pub settled: u64,
    pub steps: u64,
    calm: bool,
    /// Longest pause between two turns of a busy host.
    turn_ms_max: u64,
    events: BTreeMap<(u64, u64), Event>,
    scheduled: u64,
}

impl World {
    pub fn new(seed: u64, fault: Fault) -> Self {
        let mut random = Random::new(seed);
        let providers: Vec<Provider> =
            (0..PROVIDERS).map(|number| Provider::new(number, &mut random)).collect();
        let limits = AcceptLimits {
            tenant_rate: Some(Rate::per_second(20.0, 40)),
            key_rate: Some(Rate::per_second(15.0, 30)),
            destination_per_hour: Some(150),
            destination_per_day: Some(1_000),
            queue_max: Some(random.between(100, 2_000)),
        };
        let turn_ms_max = *random.pick(&[1_000, 5_000, 30_000]);
        let ledger = Ledger::new(&providers, limits);
        let numbers = (0..40).map(|number| format!("+1415867{:04}", 5300 + number));
        let recipients: Vec<Recipient> =
            numbers.filter_map(|text| parse_recipient(&text, None).ok()).collect();
        assert_eq!(recipients.len(), 40, "all of them are numbers");
        let mut world = Self {
            now_ms: START_MS,
            random,
            store: Store::new(fault),
            ledger,
            hosts: (0..HOSTS).map(|_| Host::default()).collect(),
            providers,
            tenants: vec![Name::from("acme"), Name::from("globex")],
            keys: vec![Name::from("key-1"), Name::from("key-2"), Name::from("key-3")],
            recipients,
            limits,
            ids: IdSequence::default(),
            requests: VecDeque::new(),
            redriven: BTreeSet::new(),
            settled: 0,
            steps: 0,
            calm: false,
            turn_ms_max,
            events: BTreeMap::new(),
            scheduled: 0,
        };
        let first = [
            Event::Application,
            Event::Canceller,
            Event::Operator,
            Event::Sweep,
            Event::ForeignReceipt,
            Event::HostTrouble,
            Event::ProviderTrouble,
        ];
        for event in first.into_iter().chain((0..HOSTS).map(Event::Host)) {
            world.schedule(0, event);
        }
        world
    }

    pub fn schedule(&mut self, after_ms: u64, event: Event) {
        self.scheduled += 1;
        self.events.insert((self.now_ms + after_ms, self.scheduled), event);
    }

    /// Lives through `steps` events of trouble, then becomes calm and ends everything it began.
    pub fn run(&mut self, steps: u64) -> Result<(), Violation> {
        while self.steps < steps {
            self.step()?;
        }
        self.become_calm();
        let calm_until_ms = self.now_ms + CALM_MS_MAX;
        while self.now_ms < calm_until_ms && self.store.unfinished() > 0 {
            self.step()?;
        }
        self.ledger.audit(&self.store)?;
        self.ledger.ended(&self.store)
    }

    fn step(&mut self) -> Result<(), Violation> {
        let Some(((at_ms, _), event)) = self.events.pop_first() else { return Ok(()) };
        self.now_ms = at_ms;
        self.steps += 1;
        self.happen(event);
        for change in self.store.take_changes() {
            self.ledger.changed(change)?;
        }
        self.ledger.complaint()?;
        if self.steps.is_multiple_of(AUDIT_STEPS) {
            self.ledger.audit(&self.store)?;
        }
        Ok(())
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive(flight) => self.arrive(flight),
            Event::Answer(flight, outcome) => self.answer(flight, outcome),
            Event::SettleAgain(mut settle) => {
                settle.now_ms = self.now_ms;
                self.settle(&settle);
            }
            Event::Receipt(provider, receipt) => self.receive(provider, receipt),
            Event::Sweep => self.sweep(),
            Event::Host(host) => {
                self.host_turn(host);
                let names = self.providers.iter().map(|provider| &provider.name);
                let busy =
                    names.into_iter().any(|route| !self.store.waiting(route, self.now_ms, 1).is_empty());
                let after_ms = self.random.between(50, if busy { self.turn_ms_max } else { 20_000 });
                self.schedule(after_ms, Event::Host(host));
            }
            Event::HostBack(host) => self.hosts[host].down = false,
            Event::ProviderBack(provider) if !self.calm => self.providers[provider].mood = Mood::Works,
            _ if self.calm => {}
            Event::ProviderBack(_) => {}
            Event::Application => {
                self.application_turn();
                // Now and then nobody sends for a while.
                let longest_ms = if self.random.below(300) == 0 { 120 * MINUTE_MS } else { 400 };
                self.again(longest_ms, Event::Application);
            }
            Event::Canceller => {
                self.cancel_some();
                self.again(20_000, Event::Canceller);
            }
            Event::Operator => {
                self.operator_turn();
                self.again(20_000, Event::Operator);
            }
            Event::ForeignReceipt => {
                self.foreign_receipt();
                self.again(30_000, Event::ForeignReceipt);
            }
            Event::HostTrouble => self.host_trouble(),
            Event::ProviderTrouble => self.provider_trouble(),
        }
    }

    fn again(&mut self, longest_ms: u64, event: Event) {
        let after_ms = self.random.below(longest_ms);
        self.schedule(after_ms, event);
    }

    fn receive(&mut self, provider: usize, receipt: Receipt) {
        let route = self.providers[provider].name.clone();
        let rules = self.providers[provider].rules;
        self.store.receipt(&ReceiptIn { route, now_ms: self.now_ms, receipt, rules });
    }

    /// A provider names a message that it never had, or a reference that nobody gave it.
    fn foreign_receipt(&mut self) {
        let provider = self.random.below(PROVIDERS) as usize;
        let route = self.providers[provider].name.clone();
        let Some(id) = self.some_message(|_| true) else { return };
        let had = self.store.messages.get(&id).is_some_and(|stored| {
            stored.progress.route.as_ref() == Some(&route) || stored.progress.tried.contains(&route)
        });
        let id = (!had).then_some(id);
        let status =
            *self.random.pick(&[ReceiptStatus::Delivered, ReceiptStatus::Failed, ReceiptStatus::Sent]);
        let reference = format!("forged-{}", self.random.below(1_000_000));
        self.receive(provider, provider::receipt(&reference, id, status));
    }

    fn sweep(&mut self) {
        let rules: BTreeMap<Name, _> =
            self.providers.iter().map(|provider| (provider.name.clone(), provider.rules)).collect();
        let fallback = self.providers[0].rules;
        let rules_of =
            |route: Option<&Name>| route.and_then(|route| rules.get(route)).copied().unwrap_or(fallback);
        self.store.sweep(self.now_ms, |progress| rules_of(progress.route.as_ref()));
        let after_ms = self.random.between(1_000, 30_000);
        self.schedule(after_ms, Event::Sweep);
    }

    fn host_trouble(&mut self) {
        let host = self.random.below(HOSTS as u64) as usize;
        if self.random.chance(60) {
            self.hosts[host].crash();
            let after_ms = self.random.spread(5 * MINUTE_MS);
            self.schedule(after_ms, Event::HostBack(host));
        } else {
            // Often beyond its leases, at times beyond the wait in doubt.
            self.hosts[host].stalled_until_ms = self.now_ms + self.random.spread(30 * MINUTE_MS);
        }
        self.again(2 * MINUTE_MS, Event::HostTrouble);
    }

    fn provider_trouble(&mut self) {
        let one = self.random.below(PROVIDERS) as usize;
        let mood = if self.random.chance(70) { Mood::Down } else { Mood::Broken };
        // Now and then the network between here and all of them.
        let all = self.random.chance(20);
        for provider in (0..self.providers.len()).filter(|provider| all || *provider == one) {
            self.providers[provider].mood = mood;
            let after_ms = self.random.spread(20 * MINUTE_MS);
            self.schedule(after_ms, Event::ProviderBack(provider));
        }
        self.again(10 * MINUTE_MS, Event::ProviderTrouble);
    }

    fn become_calm(&mut self) {
        self.calm = true;
        for provider in &mut self.providers {
            provider.mood = Mood::Calm;
        }
    }

    pub fn count(&self, state: State) -> u64 {
        self.store.counts.get(&state).copied().unwrap_or(0)
    }
}
