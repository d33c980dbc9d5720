//! One connection: octets in, octets out, and the timers between them.
//!
//! Everything that is in the buffer is taken at once, and all that it brings is written at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio::time::{sleep, sleep_until, timeout};

use super::chance::Chance;
use super::counts::add;
use super::hub::{Content, Handle, Hub, Order, Post, Waiting};
use super::log::Event;
use super::pdu::{Frame, HEAD_BYTES, command, frame};
use super::requests::BindAnswer;
use super::responses::{Bucket, Responses};
use super::script::{Drop, Mode, OverWindow, Script};
use super::status::Status;
use super::write;

/// First size of the buffer that is read into.
const INPUT_BYTES_FIRST: usize = 16 * 1024;
/// What is read beyond the longest PDU at a time.
const INPUT_BYTES_MORE: usize = 64 * 1024;
/// Above so many octets that the ESME has not taken, nothing more is read or delivered.
const OUTPUT_BYTES_MAX: usize = 1024 * 1024;
/// How long the other side may take what stands before a break.
const LAST_WRITE: Duration = Duration::from_secs(1);
/// How long a silent link is kept.
const SILENT: Duration = Duration::from_secs(600);
/// How long the ESME may take to answer an `unbind`.
const UNBIND_MS: u64 = 5_000;

pub(super) struct Link {
    pub hub: Arc<Hub>,
    pub handle: Arc<Handle>,
    pub script: Arc<Script>,
    version: u64,
    pub chance: Chance,
    input: Vec<u8>,
    filled: usize,
    pub out: Vec<u8>,
    written: usize,
    /// Octets written so far.
    sent: u64,
    /// Submits whose answers are in `out`, by the count of octets at their end.
    marks: VecDeque<(u64, u64, Status)>,
    pub bound: Option<(Arc<Post>, Mode)>,
    pub bind_answer: Option<BindAnswer>,
    pub responses: Responses,
    /// What this turn has put into the mail.
    pub plans: Vec<(u64, Waiting)>,
    delivering: BTreeMap<u32, Waiting>,
    next_sequence: u32,
    pub submits: u64,
    pub bucket: Bucket,
    pub now_ms: u64,
    opened_ms: u64,
    /// Where an `enquire_link` of ours is not answered: its sequence number and when it left.
    enquired: Option<(u32, u64)>,
    enquire_due_ms: u64,
    unbinding: Option<(u32, u64)>,
    mail_due_ms: Option<u64>,
    /// How it ends; what stands in `out` leaves before that, or not.
    pub ending: Option<Ending>,
}

pub(super) struct Ending {
    pub how: Drop,
    /// Whether what stands in `out` leaves first.
    pub flush: bool,
    pub reason: &'static str,
}

/// Serves a connection until it ends.
pub(super) async fn serve(hub: Arc<Hub>, mut stream: TcpStream, peer: String) {
    // Small answers must not wait for one another.
    let _ = stream.set_nodelay(true);
    let handle = hub.open(peer.clone());
    let mut link = Link::new(hub, handle);
    link.log(Event::Opened { peer });
    if link.script.bind.outbind {
        link.write_outbind();
    }
    let reason = link.run(&mut stream).await;
    let ending = link.ending.take();
    link.leave(ending.as_ref().map_or(reason, |ending| ending.reason));
    if ending.as_ref().is_none_or(|ending| ending.how != Drop::Silent) {
        link.hub.close(&link.handle);
    }
    if let Some(ending) = ending {
        link.part(&mut stream, &ending).await;
    }
}

impl Link {
    fn new(hub: Arc<Hub>, handle: Arc<Handle>) -> Self {
        let script = hub.script();
        let now_ms = hub.now_ms();
        Self {
            version: hub.version(),
            chance: Chance::new(script.seed, handle.number),
            input: vec![0; INPUT_BYTES_FIRST],
            filled: 0,
            out: Vec::new(),
            written: 0,
            sent: 0,
            marks: VecDeque::new(),
            bound: None,
            bind_answer: None,
            responses: Responses::default(),
            plans: Vec::new(),
            delivering: BTreeMap::new(),
            next_sequence: 1,
            submits: 0,
            bucket: Bucket::default(),
            now_ms,
            opened_ms: now_ms,
            enquired: None,
            enquire_due_ms: now_ms.saturating_add(script.enquire_link.every_ms),
            unbinding: None,
            mail_due_ms: None,
            ending: None,
            script,
            hub,
            handle,
        }
    }

    /// Gives why it ended, where nobody asked for that.
    async fn run(&mut self, stream: &mut TcpStream) -> &'static str {
        loop {
            self.turn();
            if self.ending.is_some() {
                return "";
            }
            let was_full = self.is_full();
            if self.write(stream).is_err() {
                return "the connection failed";
            }
            if was_full && !self.is_full() {
                continue;
            }
            let interest = match (self.reads(), self.written < self.out.len()) {
                (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
                (true, false) => Some(Interest::READABLE),
                (false, true) => Some(Interest::WRITABLE),
                (false, false) => None,
            };
            let due = self.next_due_ms().map(|due_ms| self.hub.instant(due_ms));
            let handle = self.handle.clone();
            let ready = async {
                match interest {
                    Some(interest) => stream.ready(interest).await.is_ok_and(|ready| ready.is_readable()),
                    None => std::future::pending().await,
                }
            };
            let timer = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let is_readable = tokio::select! {
                is_readable = ready => is_readable,
                () = handle.wake.notified() => false,
                () = timer => false,
            };
            self.now_ms = self.hub.now_ms();
            if is_readable && self.reads() {
                match self.read(stream) {
                    Ok(0) => return "closed by the other side",
                    Ok(_) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => return "the connection failed",
                }
            }
        }
    }

    /// Octets read; an error where there are none.
    fn read(&mut self, stream: &TcpStream) -> std::io::Result<usize> {
        let bytes_max = self.script.limits.pdu_bytes.saturating_add(INPUT_BYTES_MORE);
        if self.filled == self.input.len() && self.filled < bytes_max {
            self.input.resize((self.filled * 2).min(bytes_max), 0);
        }
        let read = stream.try_read(&mut self.input[self.filled..])?;
        self.filled += read;
        Ok(read)
    }

    /// Everything that can be done without waiting.
    fn turn(&mut self) {
        if self.version != self.hub.version() {
            self.version = self.hub.version();
            self.script = self.hub.script();
        }
        // Answers make room in the window for what is in the buffer already.
        loop {
            self.parse();
            if !self.answer_due() || self.ending.is_some() {
                break;
            }
        }
        self.answer_bind();
        self.deliver_due();
        self.check_times();
        while self.ending.is_none()
            && let Some(order) = self.handle.next_order()
        {
            self.obey(order);
        }
        if let Some(log) = &self.hub.log {
            log.flush();
        }
    }

    fn parse(&mut self) {
        let input = std::mem::take(&mut self.input);
        let mut start = 0;
        while self.ending.is_none() && self.reads() {
            match frame(&input[start..self.filled], self.script.limits.pdu_bytes) {
                Frame::Whole(head, body) => {
                    start += HEAD_BYTES + body.len();
                    self.request(head, body);
                }
                Frame::Partial => break,
                Frame::Broken(head) => {
                    self.malformed(head.command, Status::RINVCMDLEN);
                    write::empty(&mut self.out, command::GENERIC_NACK, Status::RINVCMDLEN, head.sequence);
                    self.end(Drop::Close, true, "a PDU of a length that cannot be");
                }
            }
        }
        self.input = input;
        self.input.copy_within(start..self.filled, 0);
        self.filled -= start;
    }

    /// Whether there is room for what a read brings.
    fn reads(&self) -> bool {
        let submit = &self.script.submit;
        let is_over = submit.window > 0
            && submit.over_window == OverWindow::StopReading
            && self.responses.open() >= submit.window;
        !is_over && !self.is_full()
    }

    /// The ESME takes less than it is sent.
    fn is_full(&self) -> bool {
        self.out.len() - self.written >= OUTPUT_BYTES_MAX
    }

    /// Puts what is due on its way.
    fn deliver_due(&mut self) {
        let Some((post, mode)) = self.bound.clone() else {
            return;
        };
        if self.bind_answer.is_some() {
            return;
        }
        let has_plans = !self.plans.is_empty();
        if has_plans {
            let plans = std::mem::take(&mut self.plans);
            self.hub.put(&post, plans);
        }
        if !mode.receives() {
            if has_plans {
                post.wake();
            }
            return;
        }
        let hub = self.hub.clone();
        loop {
            let full = self.is_full() || self.unbinding.is_some();
            let room = self.script.deliver.window.saturating_sub(self.delivering.len());
            // In small lots, so that `out` is looked at between them.
            let room = if full { 0 } else { room.min(1_000) };
            let mut taken = 0;
            let next_due_ms = hub.take(&post, self.now_ms, room, |waiting| {
                taken += 1;
                self.deliver(waiting);
            });
            self.mail_due_ms = if room == 0 { None } else { next_due_ms };
            if taken < 1_000 {
                return;
            }
        }
    }

    fn deliver(&mut self, waiting: Waiting) {
        let sequence = self.sequence();
        match &waiting.content {
            Content::Receipt(receipt) => {
                let done_s = self.hub.unix_s(self.now_ms);
                receipt.delivery(&self.script.receipts, done_s).write(&mut self.out, sequence);
            }
            Content::Message(delivery) => delivery.write(&mut self.out, sequence),
        }
        add(&self.hub.counts.delivers);
        self.delivering.insert(sequence, waiting);
    }

    /// An answer to a `deliver_sm` or `data_sm` of ours.
    pub fn delivered(&mut self, sequence: u32, status: Status) {
        let Some(waiting) = self.delivering.remove(&sequence) else {
            return;
        };
        if status == Status::ROK {
            add(&self.hub.counts.delivers_confirmed);
        } else {
            add(&self.hub.counts.delivers_refused);
            self.again(waiting);
        }
    }

    fn again(&mut self, mut waiting: Waiting) {
        if waiting.tries >= self.script.deliver.retries {
            add(&self.hub.counts.delivers_given_up);
            return;
        }
        waiting.tries += 1;
        self.plans.push((self.now_ms.saturating_add(self.script.deliver.retry_ms), waiting));
    }

    /// An answer to something else of ours: `enquire_link` or `unbind`.
    pub fn answered(&mut self, sequence: u32) {
        if self.enquired.is_some_and(|(waiting, _)| waiting == sequence) {
            self.enquired = None;
        }
        if self.unbinding.is_some_and(|(waiting, _)| waiting == sequence) {
            self.end(Drop::Close, true, "unbound on order");
        }
    }

    fn check_times(&mut self) {
        if self.bound.is_none() && self.now_ms >= self.opened_ms.saturating_add(self.script.bind.timeout_ms) {
            self.end(Drop::Close, true, "not bound in time");
        }
        if self.unbinding.is_some_and(|(_, since_ms)| self.now_ms >= since_ms + UNBIND_MS) {
            self.end(Drop::Close, true, "the unbind was not answered");
        }
        let enquire = &self.script.enquire_link;
        let (every_ms, timeout_ms) = (enquire.every_ms, enquire.timeout_ms);
        if timeout_ms > 0
            && self.enquired.is_some_and(|(_, since_ms)| self.now_ms >= since_ms.saturating_add(timeout_ms))
        {
            self.end(Drop::Close, true, "the enquire_link was not answered");
        } else if every_ms > 0 && self.bound.is_some() && self.now_ms >= self.enquire_due_ms {
            self.enquire_due_ms = self.now_ms.saturating_add(every_ms);
            self.enquire();
        }
    }

    fn enquire(&mut self) {
        let sequence = self.sequence();
        write::empty(&mut self.out, command::ENQUIRE_LINK, Status::ROK, sequence);
        self.enquired.get_or_insert((sequence, self.now_ms));
        add(&self.hub.counts.enquire_links_sent);
    }

    fn next_due_ms(&self) -> Option<u64> {
        let unbound = self.opened_ms.saturating_add(self.script.bind.timeout_ms);
        let enquire = &self.script.enquire_link;
        let enquire_due_ms = (enquire.every_ms > 0 && self.bound.is_some()).then_some(self.enquire_due_ms);
        let unanswered = self.enquired.filter(|_| enquire.timeout_ms > 0);
        [
            self.responses.next_due_ms(),
            self.mail_due_ms,
            self.bind_answer.as_ref().map(|answer| answer.due_ms),
            self.bound.is_none().then_some(unbound),
            enquire_due_ms,
            unanswered.map(|(_, since_ms)| since_ms.saturating_add(enquire.timeout_ms)),
            self.unbinding.map(|(_, since_ms)| since_ms + UNBIND_MS),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Raw(octets) => self.out.extend_from_slice(&octets),
            Order::Malformed(what) => self.write_malformed(what),
            Order::Drop(Drop::Unbind) => {
                let sequence = self.sequence();
                write::empty(&mut self.out, command::UNBIND, Status::ROK, sequence);
                self.unbinding = Some((sequence, self.now_ms));
            }
            Order::Drop(how) => {
                add(&self.hub.counts.drops);
                self.end(how, false, "dropped on order");
            }
            Order::EnquireLink => self.enquire(),
        }
    }

    pub fn write_malformed(&mut self, what: write::Malformation) {
        let sequence = self.sequence();
        what.write(&mut self.out, sequence);
        add(&self.hub.counts.malformed_sent);
    }

    fn write_outbind(&mut self) {
        let sequence = self.sequence();
        let system_id = self.script.bind.system_id.clone();
        write::pdu(&mut self.out, command::OUTBIND, Status::ROK, sequence, |out| {
            write::string(out, system_id.as_bytes());
            write::string(out, b"");
        });
    }

    /// The answer to the submit of that log entry ends where `out` ends now.
    pub fn mark(&mut self, entry: u64, status: Status) {
        let end = self.sent + (self.out.len() - self.written) as u64;
        self.marks.push_back((end, entry, status));
    }

    /// Notes a break; [`serve`] carries it out.
    pub fn end(&mut self, how: Drop, flush: bool, reason: &'static str) {
        if self.ending.is_none() {
            self.ending = Some(Ending { how, flush, reason });
        }
    }

    pub fn malformed(&mut self, command: u32, status: Status) {
        add(&self.hub.counts.malformed);
        self.log(Event::Malformed { command, status });
    }

    pub fn log(&self, event: Event) -> Option<u64> {
        self.hub.log.as_ref().map(|log| log.add(self.handle.number, event))
    }

    pub fn sequence(&mut self) -> u32 {
        let sequence = self.next_sequence;
        self.next_sequence = if sequence >= 0x7FFF_FFFF { 1 } else { sequence + 1 };
        sequence
    }

    fn write(&mut self, stream: &TcpStream) -> std::io::Result<()> {
        while self.written < self.out.len() {
            match stream.try_write(&self.out[self.written..]) {
                Ok(0) => return Err(std::io::ErrorKind::WriteZero.into()),
                Ok(bytes) => self.wrote(bytes),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn wrote(&mut self, bytes: usize) {
        self.written += bytes;
        self.sent += bytes as u64;
        let mut has_answered = false;
        while let Some((_, entry, status)) = self.marks.pop_front_if(|(end, ..)| *end <= self.sent) {
            if let Some(log) = &self.hub.log {
                log.answered(self.handle.number, entry, status);
                has_answered = true;
            }
        }
        if has_answered && let Some(log) = &self.hub.log {
            // The next turn may be long in coming.
            log.flush();
        }
        if self.written == self.out.len() {
            self.out.clear();
            self.written = 0;
        } else if self.written > OUTPUT_BYTES_MAX {
            self.out.drain(..self.written);
            self.written = 0;
        }
    }

    /// Gives back what it had to deliver, and is bound no more.
    fn leave(&mut self, reason: &str) {
        for (_, waiting) in std::mem::take(&mut self.delivering) {
            self.again(waiting);
        }
        if let Some((post, mode)) = self.bound.take() {
            self.hub.put(&post, std::mem::take(&mut self.plans));
            self.hub.unbind(&self.handle, &post, mode);
        }
        self.log(Event::Closed { reason: reason.to_owned() });
        if let Some(log) = &self.hub.log {
            log.flush();
        }
    }

    /// Ends the connection in the way that was asked for.
    async fn part(&mut self, stream: &mut TcpStream, ending: &Ending) {
        if ending.flush {
            let last = self.out.split_off(self.written);
            self.out.clear();
            self.written = 0;
            if matches!(timeout(LAST_WRITE, stream.write_all(&last)).await, Ok(Ok(()))) {
                self.written = 0;
                self.sent += last.len() as u64;
                self.wrote(0);
                if let Some(log) = &self.hub.log {
                    log.flush();
                }
            }
        }
        let half = match ending.how {
            Drop::Close | Drop::Unbind => Vec::new(),
            Drop::Reset => {
                let _ = stream.set_zero_linger();
                return;
            }
            Drop::MidPdu => half_of_a_deliver(),
            Drop::HalfAnswer => half_of_an_answer(self.responses.last_sequence),
            Drop::Silent => {
                sleep(SILENT).await;
                return;
            }
        };
        let _ = timeout(LAST_WRITE, stream.write_all(&half)).await;
        let _ = timeout(LAST_WRITE, stream.shutdown()).await;
        drain(stream).await;
    }
}

impl std::ops::Drop for Link {
    fn drop(&mut self) {
        self.hub.close(&self.handle);
        if let Some((post, mode)) = self.bound.take() {
            self.hub.unbind(&self.handle, &post, mode);
        }
    }
}

/// Reads on for a moment: a close with octets unread would be a reset, and what was written before it lost.
async fn drain(stream: &TcpStream) {
    let mut rest = vec![0; 16 * 1024];
    let reading = async {
        while stream.readable().await.is_ok() {
            match stream.try_read(&mut rest) {
                Ok(0) => return,
                Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
                _ => {}
            }
        }
    };
    let _ = timeout(LAST_WRITE, reading).await;
}

/// The head and the first fields of a `deliver_sm` that has 200 octets.
fn half_of_a_deliver() -> Vec<u8> {
    let mut whole = Vec::new();
    write::pdu(&mut whole, command::DELIVER_SM, Status::ROK, 1, |out| out.resize(200, 0));
    whole.truncate(60);
    whole
}

/// The head of a `submit_sm_resp`, and of its body nothing.
fn half_of_an_answer(sequence: u32) -> Vec<u8> {
    let mut whole = Vec::new();
    write::answer(&mut whole, command::SUBMIT_SM, Status::ROK, sequence, b"0123456789");
    whole.truncate(HEAD_BYTES);
    whole
}
