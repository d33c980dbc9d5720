//! A host: it claims, hands over and settles, and may crash or stall between any two of these.

use std::collections::BTreeMap;

use waypost_core::breaker::Breaker;
use waypost_core::decision::{Name, Outcome};
use waypost_core::id::MessageId;
use waypost_core::lifecycle::settle::{signal, wants_other_route};
use waypost_core::store::{Claim, Reroute, Settle, Settled};

use crate::world::{Event, World};

pub const LEASE_MS: u64 = 30_000;

#[derive(Default)]
pub struct Host {
    /// Counts the starts: work that an earlier one began is lost.
    pub run: u32,
    pub down: bool,
    /// Does nothing until then, but loses nothing either.
    pub stalled_until_ms: u64,
    breakers: BTreeMap<Name, Breaker>,
}

impl Host {
    pub fn crash(&mut self) {
        self.run += 1;
        self.down = true;
        self.breakers.clear();
    }

    pub fn is_stalled(&self, now_ms: u64) -> bool {
        now_ms < self.stalled_until_ms
    }
}

/// One submit on its way.
#[derive(Debug, Clone)]
pub struct Flight {
    pub host: usize,
    pub run: u32,
    pub id: MessageId,
    pub attempt: u16,
    pub provider: usize,
    pub tried: Vec<Name>,
}

impl World {
    /// Claims from every provider that may be used, and moves messages away from those that may not.
    pub fn host_turn(&mut self, host: usize) {
        if self.hosts[host].down || self.hosts[host].is_stalled(self.now_ms) {
            return;
        }
        for provider in 0..self.providers.len() {
            let breaker = self.breaker(host, provider);
            let wanted = self.random.between(1, 16) as usize;
            let permitted = breaker.permits(wanted, self.now_ms);
            if permitted > 0 {
                self.host_claim(host, provider, permitted);
            } else if self.random.chance(50) {
                self.move_away(host, provider);
            }
        }
    }

    fn host_claim(&mut self, host: usize, provider: usize, messages_max: usize) {
        let lease_until_ms = self.now_ms + LEASE_MS;
        let route = self.providers[provider].name.clone();
        let rate = Some(self.providers[provider].rate);
        let claim = Claim { route, now_ms: self.now_ms, messages_max, lease_until_ms, rate };
        let batch = self.store.claim(&claim);
        for message in batch.messages {
            let begun =
                self.breaker(host, provider).begin(&self.providers[provider].breaker_rules, self.now_ms);
            self.set_breaker(host, provider, begun);
            let flight = Flight {
                host,
                run: self.hosts[host].run,
                id: message.envelope.id,
                attempt: message.progress.attempts,
                provider,
                tried: message.progress.tried,
            };
            let after_ms = self.random.between(0, 30);
            self.schedule(after_ms, Event::Arrive(flight));
        }
    }

    fn move_away(&mut self, host: usize, provider: usize) {
        let from = self.providers[provider].name.clone();
        for id in self.store.waiting(&from, self.now_ms, 5) {
            let Some(stored) = self.store.messages.get(&id) else { continue };
            let tenant = stored.envelope.draft.tenant.clone();
            let tried = stored.progress.tried.clone();
            let Some(to) = self.other_route(host, provider, &tried) else { continue };
            let reroute =
                Reroute { tenant, id, from: from.clone(), to, now_ms: self.now_ms, decisions: Vec::new() };
            self.store.reroute(&reroute);
        }
    }

    /// The request reaches the provider, unless its host is gone. A host that stalls sends it late.
    pub fn arrive(&mut self, flight: Flight) {
        let host = &self.hosts[flight.host];
        if host.run != flight.run {
            return;
        }
        if host.is_stalled(self.now_ms) {
            let after_ms = host.stalled_until_ms - self.now_ms + self.random.below(50);
            return self.schedule(after_ms, Event::Arrive(flight));
        }
        let reaction = self.providers[flight.provider].submit(flight.id, &mut self.random);
        let route = self.providers[flight.provider].name.clone();
        if let Some(reference) = &reaction.taken {
            self.ledger.taken(flight.id, flight.attempt, &route, reference);
        }
        for (after_ms, receipt) in reaction.receipts {
            self.schedule(after_ms, Event::Receipt(flight.provider, receipt));
        }
        self.schedule(reaction.answer_after_ms, Event::Answer(flight, reaction.outcome));
    }

    /// The answer reaches the host, unless it is gone.
    pub fn answer(&mut self, flight: Flight, outcome: Outcome) {
        let Flight { host, run, provider, .. } = flight;
        if self.hosts[host].run != run {
            return;
        }
        if self.hosts[host].is_stalled(self.now_ms) {
            let after_ms = self.hosts[host].stalled_until_ms - self.now_ms + self.random.below(50);
            return self.schedule(after_ms, Event::Answer(flight, outcome));
        }
        if let Some(signal) = signal(&outcome) {
            let rules = self.providers[provider].breaker_rules;
            let breaker = self.breaker(host, provider).signal(signal, &rules, self.now_ms);
            self.set_breaker(host, provider, breaker);
        }
        let other_route =
            wants_other_route(&outcome).then(|| self.other_route(host, provider, &flight.tried)).flatten();
        let Some(stored) = self.store.messages.get(&flight.id) else { return };
        let settle = Settle {
            tenant: stored.envelope.draft.tenant.clone(),
            id: flight.id,
            attempt: flight.attempt,
            route: self.providers[provider].name.clone(),
            now_ms: self.now_ms,
            outcome,
            other_route,
            rules: self.providers[provider].rules,
            seed: self.random.next(),
            decisions: Vec::new(),
        };
        if self.random.chance(3) {
            // The store's answer is lost, and the host asks once more.
            let after_ms = self.random.spread(120_000);
            self.schedule(after_ms, Event::SettleAgain(Box::new(settle.clone())));
        }
        self.settle(&settle);
    }

    pub fn settle(&mut self, settle: &Settle) {
        let settled = self.store.settle(settle);
        if settled != Settled::LeaseLost {
            self.settled += 1;
        }
    }

    /// Another provider that may be used and was not tried. Now and then a routing component that
    /// keeps to no rule names one that was.
    fn other_route(&mut self, host: usize, provider: usize, tried: &[Name]) -> Option<Name> {
        if self.random.chance(2) {
            let any = self.random.below(self.providers.len() as u64) as usize;
            return Some(self.providers[any].name.clone());
        }
        (0..self.providers.len())
            .filter(|other| *other != provider && !tried.contains(&self.providers[*other].name))
            .find(|other| self.breaker(host, *other).permits(1, self.now_ms) > 0)
            .map(|other| self.providers[other].name.clone())
    }

    fn breaker(&self, host: usize, provider: usize) -> Breaker {
        self.hosts[host].breakers.get(&self.providers[provider].name).copied().unwrap_or_default()
    }

    fn set_breaker(&mut self, host: usize, provider: usize, breaker: Breaker) {
        self.hosts[host].breakers.insert(self.providers[provider].name.clone(), breaker);
    }
}
