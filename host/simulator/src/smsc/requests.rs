//! What comes on a link, and what is done about it.

use super::counts::add;
use super::link::Link;
use super::log::{Bind as BindEntry, Event, Submitted, ascii};
use super::pdu::{Bind, Head, Submit, command, tag};
use super::receipt::id_text;
use super::responses::Response;
use super::rows::{Answer, Behaviour, OTHER, index_of, table};
use super::script::{Drop, Mode, OverWindow};
use super::status::Status;
use super::write;

/// Answers that a receipt overtakes leave so much later at least, in milliseconds.
const EARLY_MS: u64 = 100;

/// The answer to a bind, which may have to wait.
pub(super) struct BindAnswer {
    pub due_ms: u64,
    command: u32,
    status: Status,
    sequence: u32,
}

impl Link {
    pub fn request(&mut self, head: Head, body: &[u8]) {
        match head.command {
            command::SUBMIT_SM | command::DATA_SM => self.submit(head, body),
            command::ENQUIRE_LINK => self.enquire_link(head),
            command::BIND_RECEIVER => self.bind(head, body, Mode::Receiver),
            command::BIND_TRANSMITTER => self.bind(head, body, Mode::Transmitter),
            command::BIND_TRANSCEIVER => self.bind(head, body, Mode::Transceiver),
            command::UNBIND => self.unbind(head),
            command::QUERY_SM => self.refuse(head, Status::RQUERYFAIL),
            command::CANCEL_SM => self.refuse(head, Status::RCANCELFAIL),
            command::REPLACE_SM => self.refuse(head, Status::RREPLACEFAIL),
            command::GENERIC_NACK => self.nack(head),
            answer if answer & command::RESPONSE != 0 => self.answer(head),
            unknown => {
                self.malformed(unknown, Status::RINVCMDID);
                write::empty(&mut self.out, command::GENERIC_NACK, Status::RINVCMDID, head.sequence);
            }
        }
    }

    fn bind(&mut self, head: Head, body: &[u8], mode: Mode) {
        let response = head.command | command::RESPONSE;
        let bind = match Bind::read(body) {
            Ok(bind) => bind,
            Err(malformed) => {
                self.malformed(head.command, malformed.status());
                return write::empty(&mut self.out, response, malformed.status(), head.sequence);
            }
        };
        if !self.script.bind.answer {
            return;
        }
        let status = self.try_bind(&bind, mode);
        self.log(Event::Bind(BindEntry {
            command: command_name(mode).to_owned(),
            system_id: ascii(bind.system_id),
            system_type: ascii(bind.system_type),
            interface_version: bind.interface_version,
            ton: bind.range.ton,
            npi: bind.range.npi,
            address_range: ascii(bind.range.octets),
            status,
        }));
        let counts = &self.hub.counts;
        add(if status == Status::ROK { &counts.binds } else { &counts.binds_refused });
        self.bind_answer = Some(BindAnswer {
            due_ms: self.now_ms.saturating_add(self.script.bind.delay_ms),
            command: response,
            status,
            sequence: head.sequence,
        });
        self.answer_bind();
    }

    /// Answers a bind when that is due. Nothing is delivered before it.
    pub fn answer_bind(&mut self) {
        let Some(answer) = self.bind_answer.take_if(|answer| answer.due_ms <= self.now_ms) else {
            return;
        };
        if answer.status != Status::ROK {
            return write::empty(&mut self.out, answer.command, answer.status, answer.sequence);
        }
        let script = self.script.clone();
        write::pdu(&mut self.out, answer.command, Status::ROK, answer.sequence, |out| {
            write::string(out, script.bind.system_id.as_bytes());
            if script.bind.version > 0 {
                write::tlv(out, tag::SC_INTERFACE_VERSION, &[script.bind.version]);
            }
        });
    }

    fn try_bind(&mut self, bind: &Bind<'_>, mode: Mode) -> Status {
        if self.bound.is_some() {
            return Status::RALYBND;
        }
        if let Some(status) = self.script.bind.status
            && self.hub.may_refuse(self.script.bind.times)
        {
            return status;
        }
        let Ok(system_id) = std::str::from_utf8(bind.system_id) else {
            return Status::RINVSYSID;
        };
        match self.hub.bind(&self.handle, system_id, bind.password, mode) {
            Ok(post) => {
                self.bound = Some((post, mode));
                Status::ROK
            }
            Err(status) => status,
        }
    }

    fn unbind(&mut self, head: Head) {
        self.log(Event::Unbind);
        write::empty(&mut self.out, head.command | command::RESPONSE, Status::ROK, head.sequence);
        self.end(Drop::Close, true, "unbound by the other side");
    }

    fn enquire_link(&mut self, head: Head) {
        add(&self.hub.counts.enquire_links);
        self.log(Event::EnquireLink);
        if self.script.enquire_link.answer {
            write::empty(&mut self.out, head.command | command::RESPONSE, Status::ROK, head.sequence);
        }
    }

    fn refuse(&mut self, head: Head, status: Status) {
        write::empty(&mut self.out, head.command | command::RESPONSE, status, head.sequence);
    }

    fn nack(&mut self, head: Head) {
        add(&self.hub.counts.nacks);
        self.log(Event::Nack { sequence: head.sequence, status: head.status });
        self.delivered(
            head.sequence,
            if head.status == Status::ROK { Status::RUNKNOWNERR } else { head.status },
        );
    }

    fn answer(&mut self, head: Head) {
        if matches!(head.command & !command::RESPONSE, command::DELIVER_SM | command::DATA_SM) {
            self.log(Event::DeliverAnswered { sequence: head.sequence, status: head.status });
            return self.delivered(head.sequence, head.status);
        }
        self.answered(head.sequence);
    }

    fn submit(&mut self, head: Head, body: &[u8]) {
        let is_data = head.command == command::DATA_SM;
        let read = if is_data { Submit::read_data(body) } else { Submit::read(body) };
        let submit = match read {
            Ok(submit) => submit,
            Err(malformed) => {
                self.malformed(head.command, malformed.status());
                return self.refuse(head, malformed.status());
            }
        };
        self.submits += 1;
        let recipient = submit.destination.octets;
        let row = if self.script.rows { index_of(recipient) } else { OTHER };
        self.hub.counts.submit(row, recipient);
        let Some(behaviour) = self.behaviour(row, recipient) else {
            return;
        };
        let refusal = self.refusal(behaviour);
        let is_refused = refusal.is_some() || !behaviour.taken;
        let answer = refusal.map_or(behaviour.answer, Answer::Status);
        let number = if is_refused { 0 } else { self.hub.next_id() };
        let id: Box<str> =
            if is_refused { "".into() } else { id_text(self.script.ids.format, number).into() };
        let entry = self.hub.log.as_ref().map(|log| {
            let mut submitted = Submitted::new(head.command, head.sequence, &submit);
            submitted.id = (!is_refused).then(|| id.to_string());
            log.add(self.handle.number, Event::Submit(Box::new(submitted)))
        });
        let due_ms = self.answer_due_ms(behaviour);
        if !is_refused {
            add(&self.hub.counts.taken);
            self.plan(&submit, behaviour, number, &id, due_ms);
        }
        if self.drop_by_script(head.sequence) {
            return;
        }
        let is_lost = !is_refused && self.chance.happens(self.script.submit.unanswered);
        let answer = if is_lost { Answer::Nothing } else { answer };
        let response = Response { command: head.command, sequence: head.sequence, answer, id, entry };
        // A refusal that is not the recipient's does not wait.
        self.respond_at(if refusal.is_some() { self.now_ms } else { due_ms }, response);
    }

    fn behaviour(&mut self, row: usize, recipient: &[u8]) -> Option<&'static Behaviour> {
        let rows = table();
        let behaviour = &rows.get(row)?.behaviour;
        if behaviour.once && !self.hub.counts.is_first(recipient) {
            return rows.get(OTHER).map(|row| &row.behaviour);
        }
        Some(behaviour)
    }

    /// Why a submit is refused before its recipient is looked at, or after it by chance.
    fn refusal(&mut self, behaviour: &Behaviour) -> Option<Status> {
        if !self.bound.as_ref().is_some_and(|(_, mode)| mode.submits()) {
            return Some(Status::RINVBNDSTS);
        }
        let submit = &self.script.submit;
        let (per_second, burst, throttled) = (submit.per_second, submit.burst, submit.throttled_status);
        let is_over = submit.window > 0
            && submit.over_window == OverWindow::Throttle
            && self.responses.open() >= submit.window;
        if is_over || !self.bucket.takes(per_second, burst, self.now_ms) {
            return Some(throttled);
        }
        if self.script.errors.is_empty() || !behaviour.taken {
            return None;
        }
        let script = self.script.clone();
        script.errors.iter().find(|error| self.chance.happens(error.share)).map(|error| error.status)
    }

    fn answer_due_ms(&mut self, behaviour: &Behaviour) -> u64 {
        let submit = &self.script.submit;
        let after_ms = submit.delay_ms.saturating_add(self.waits_ms(behaviour.answer_after_ms));
        let jitter_ms = submit.jitter_ms;
        let after_ms = if self.script.receipts.early { after_ms.max(EARLY_MS) } else { after_ms };
        let jitter_ms = if jitter_ms > 0 { self.chance.below(jitter_ms.saturating_add(1)) } else { 0 };
        self.now_ms.saturating_add(after_ms).saturating_add(jitter_ms)
    }

    /// A time of the rows, as the script stretches it.
    pub fn waits_ms(&self, ms: u64) -> u64 {
        ms.saturating_mul(u64::from(self.script.waits_percent)) / 100
    }
}

fn command_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Receiver => "bind_receiver",
        Mode::Transmitter => "bind_transmitter",
        Mode::Transceiver => "bind_transceiver",
    }
}
