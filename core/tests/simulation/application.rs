//! What people and programs do from outside: send, send again, cancel, redrive.

use std::sync::Arc;

use waypost_core::decision::Refusal;
use waypost_core::id::MessageId;
use waypost_core::lifecycle::accept::{admitted, refused};
use waypost_core::message::{Draft, Envelope, State};
use waypost_core::store::{Accept, Accepted, Idempotency, NewMessage};
use waypost_core::text::{Body, Encoding};
use waypost_core::trace::{Entry, Step};

use crate::world::World;

const HOUR_MS: u64 = 3_600_000;
/// Requests that an application may still repeat.
const REMEMBERED: usize = 200;

impl World {
    /// An application sends, or repeats what it sent before: perhaps it never saw the answer.
    pub fn application_turn(&mut self) {
        let repeat = self.random.chance(15) && !self.requests.is_empty();
        let mut accept = if repeat { self.earlier_request() } else { self.new_request() };
        for _ in 0..3 {
            let accepted = self.store.accept(&accept);
            self.ledger.answered(&accept, &accepted);
            if accepted != Accepted::IdTaken {
                break;
            }
            self.give_new_ids(&mut accept);
        }
        if accept.idempotency.is_some() && !repeat {
            if self.requests.len() == REMEMBERED {
                self.requests.pop_front();
            }
            self.requests.push_back(accept);
        }
    }

    fn earlier_request(&mut self) -> Accept {
        let index = self.random.below(self.requests.len() as u64) as usize;
        let mut accept = self.requests[index].clone();
        accept.now_ms = self.now_ms;
        self.give_new_ids(&mut accept);
        if self.random.chance(20)
            && let Some(idempotency) = &mut accept.idempotency
        {
            idempotency.body_hash[0] ^= 0xff;
        }
        accept
    }

    fn give_new_ids(&mut self, accept: &mut Accept) {
        for message in &mut accept.messages {
            let nonce = self.random.next();
            let id = self.ids.next(self.now_ms, nonce, &accept.tenant);
            Arc::make_mut(&mut message.envelope).id = id;
        }
    }

    fn new_request(&mut self) -> Accept {
        let tenant = self.random.pick(&self.tenants).clone();
        let key = self.random.pick(&self.keys).clone();
        let count = self.random.between(1, 3);
        let messages = (0..count).map(|_| self.new_message(&tenant, &key)).collect();
        let idempotency = self.random.chance(60).then(|| {
            let number = self.random.next();
            let mut body_hash = [0; 32];
            body_hash[1..9].copy_from_slice(&number.to_le_bytes());
            Idempotency { key: number.to_string(), body_hash }
        });
        Accept { tenant, key, now_ms: self.now_ms, idempotency, limits: self.limits, messages }
    }

    fn new_message(&mut self, tenant: &Arc<str>, key: &Arc<str>) -> NewMessage {
        let nonce = self.random.next();
        let to = self.random.pick(&self.recipients).clone();
        let draft = Draft {
            tenant: tenant.clone(),
            time_ms: self.now_ms,
            to,
            sender: None,
            body: Body::Text("Hello".to_owned()),
            encoding: Encoding::Gsm7,
            segments: 1,
            priority: self.random.below(4) as u8,
            tags: Vec::new(),
        };
        let valid_ms =
            if self.random.chance(20) { self.random.between(5_000, 120_000) } else { 48 * HOUR_MS };
        let envelope = Envelope {
            id: self.ids.next(self.now_ms, nonce, tenant),
            key: key.clone(),
            draft,
            valid_until_ms: self.now_ms + valid_ms,
            client_ref: None,
            callback_url: None,
            hops: 0,
        };
        let progress = if self.random.chance(5) {
            refused(&Refusal { code: "denied".to_owned(), reason: "not there".to_owned() }, self.now_ms)
        } else {
            let provider = self.random.below(self.providers.len() as u64) as usize;
            let held_until_ms = self.random.chance(8).then(|| self.now_ms + self.random.spread(4 * HOUR_MS));
            admitted(self.providers[provider].name.clone(), held_until_ms, None, self.now_ms)
        };
        let step = Step::Accepted { route: progress.route.clone(), held_until_ms: None };
        let entry =
            Entry { at_ms: self.now_ms, state: progress.state, step, decisions: Vec::new(), cause: None };
        NewMessage { envelope: Arc::new(envelope), progress, entry }
    }

    pub fn cancel_some(&mut self) {
        let Some(id) = self.some_message(|_| true) else { return };
        self.store.cancel(id, self.now_ms);
    }

    /// An operator sends dead letters again, each at most once.
    pub fn operator_turn(&mut self) {
        let Some(id) = self.some_message(State::is_dead_letter) else { return };
        if self.redriven.insert(id) {
            let valid_until_ms = self.now_ms + self.random.between(60_000, 24 * HOUR_MS);
            self.store.redrive(id, self.now_ms, valid_until_ms);
        }
    }

    /// A message from the last ones, of a state that fits.
    pub fn some_message(&mut self, fits: impl Fn(State) -> bool) -> Option<MessageId> {
        let skip = self.random.spread(400) as usize;
        let messages = self.store.messages.iter().rev().skip(skip).take(60);
        messages.into_iter().find(|(_, stored)| fits(stored.progress.state)).map(|(id, _)| *id)
    }
}
