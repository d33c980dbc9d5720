//! What follows a message that was taken: receipts and replies, put into the mail of its system.

use super::counts::add;
use super::hub::{Content, Waiting};
use super::inbound;
use super::link::Link;
use super::log::header_bytes;
use super::pdu::{Address, Submit};
use super::receipt::{QUOTED_MAX, Receipt, State, id_text, quote};
use super::rows::{Behaviour, Style, What, When};
use super::script::{Inbound, Parts, SendReceipts};
use super::text;
use super::write::{Delivery, Party};

/// What makes an id of a message's number that no message has.
const STRANGE: u64 = 1 << 55;

/// A message that was taken.
struct Taken<'a> {
    submit: &'a Submit<'a>,
    number: u64,
    id: &'a str,
}

impl Link {
    /// Plans everything that follows a submit. `answered_ms` is when its answer leaves.
    pub fn plan(
        &mut self,
        submit: &Submit<'_>,
        behaviour: &'static Behaviour,
        number: u64,
        id: &str,
        answered_ms: u64,
    ) {
        let taken = Taken { submit, number, id };
        if behaviour.by_script {
            return self.plan_by_script(&taken, answered_ms);
        }
        let usual_ms = answered_ms.saturating_add(self.script.receipts.delay_ms);
        for step in behaviour.steps {
            let due_ms = match step.when {
                When::Taken(ms) => self.now_ms.saturating_add(self.waits_ms(ms)),
                When::Usual(ms) => usual_ms.saturating_add(self.waits_ms(ms)),
            };
            match step.what {
                What::Receipt { state, style } if self.is_asked_for(&taken, state) => {
                    self.plan_receipt(&taken, state, style, due_ms);
                }
                What::Receipt { .. } => {}
                What::Reply { text, parts } => self.plan_reply(&taken, Some(text), &[], parts, due_ms),
                What::BinaryReply { data } => self.plan_reply(&taken, None, data, Parts::Udh, due_ms),
            }
        }
    }

    fn plan_by_script(&mut self, taken: &Taken<'_>, answered_ms: u64) {
        let receipts = &self.script.receipts;
        if receipts.send == SendReceipts::Never
            || receipts.send == SendReceipts::Asked && taken.submit.registered_delivery & 0x13 == 0
        {
            return;
        }
        let (lost, doubled, unknown) = (receipts.lost, receipts.doubled, receipts.unknown);
        let (early, delay_ms, jitter_ms) = (receipts.early, receipts.delay_ms, receipts.jitter_ms);
        let state = self.state();
        if !self.is_asked_for(taken, state) {
            return;
        }
        if self.chance.happens(lost) {
            add(&self.hub.counts.receipts_lost);
            return;
        }
        let jitter_ms = if jitter_ms > 0 { self.chance.below(jitter_ms.saturating_add(1)) } else { 0 };
        let due_ms = match early {
            true => self.now_ms,
            false => answered_ms.saturating_add(delay_ms).saturating_add(jitter_ms),
        };
        let style = Style { unknown_id: self.chance.happens(unknown), ..Style::default() };
        self.plan_receipt(taken, state, style, due_ms);
        if self.chance.happens(doubled) {
            self.plan_receipt(taken, state, style, due_ms);
        }
    }

    /// A state by the weights of the script.
    fn state(&mut self) -> State {
        if self.script.receipts.states.is_empty() {
            return State::Delivrd;
        }
        let script = self.script.clone();
        let weights = script.receipts.states.values().map(|weight| u64::from(*weight));
        let mut at = self.chance.below(weights.sum());
        for (state, weight) in &script.receipts.states {
            match at.checked_sub(u64::from(*weight)) {
                Some(rest) => at = rest,
                None => return *state,
            }
        }
        State::Delivrd
    }

    fn is_asked_for(&self, taken: &Taken<'_>, state: State) -> bool {
        match self.script.receipts.send {
            SendReceipts::Always => true,
            SendReceipts::Never => false,
            SendReceipts::Asked => state.is_asked_for(taken.submit.registered_delivery),
        }
    }

    fn plan_receipt(&mut self, taken: &Taken<'_>, state: State, style: Style, due_ms: u64) {
        let number = if style.unknown_id { taken.number ^ STRANGE } else { taken.number };
        let id = match style.unknown_id {
            true => id_text(self.script.ids.format, number).into(),
            false => taken.id.into(),
        };
        let receipt = Receipt {
            number,
            id,
            source: party(taken.submit.destination),
            destination: party(taken.submit.source),
            state,
            submitted_s: self.hub.unix_s(self.now_ms),
            quoted: quoted(taken.submit),
            by: style.by,
            id_in_receipt: style.id,
            dialect: style.dialect,
            strange_tlvs: style.strange_tlvs,
        };
        add(&self.hub.counts.receipts);
        self.plans.push((due_ms, Waiting { content: Content::Receipt(Box::new(receipt)), tries: 0 }));
    }

    fn plan_reply(&mut self, taken: &Taken<'_>, text: Option<&str>, data: &[u8], parts: Parts, due_ms: u64) {
        let order = Inbound {
            text: text.map(str::to_owned),
            data: text.is_none().then(|| super::log::hexadecimal(data)),
            parts,
            ..Inbound::default()
        };
        let (source, destination) = (party(taken.submit.destination), party(taken.submit.source));
        for part in inbound::deliveries(&order, self.hub.next_reference()) {
            let part = Delivery { source: source.clone(), destination: destination.clone(), ..part };
            self.plans.push((due_ms, Waiting { content: Content::Message(Box::new(part)), tries: 0 }));
        }
    }
}

fn party(address: Address<'_>) -> Party {
    Party { ton: address.ton, npi: address.npi, octets: address.octets.into() }
}

fn quoted(submit: &Submit<'_>) -> Box<str> {
    let content = submit.content();
    let message = &content[header_bytes(submit.esm_class, content)..];
    // Two octets for each character at most.
    let beginning = &message[..message.len().min(2 * QUOTED_MAX)];
    quote(&text::decode(submit.data_coding, beginning).unwrap_or_default())
}
