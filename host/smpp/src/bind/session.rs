//! A bound connection, from the answer to the bind to its end. One task owns all of it, so nothing is
//! locked: it reads, answers, sends what the window lets it, and looks at the time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use super::clock::LinkClock;
use super::connect::Duplex;
use super::deliveries::{Answer, Deliveries};
use super::out::Out;
use super::pace::Pace;
use super::window::{Pending, Window};
use super::{Bind, stopped};
use crate::client::Shared;
use crate::codec::frame::Input;
use crate::codec::{CommandStatus, command, encode};
use crate::incoming::Ended;
use crate::outcome::{Lost, Submitted};
use crate::queue::Job;
use crate::trace::Way;

/// The bind had the first.
const FIRST_SEQUENCE: u32 = 2;
/// No more submits are put into a buffer that has this many octets: what is in the queue can still go
/// elsewhere. With the longest PDU on top it stays below [`OUT_OCTETS_MAX`], so that submits never keep
/// from reading.
const SUBMITS_OCTETS_MAX: usize = 64 * 1024;
/// While as many octets wait to be written nothing is read: an SMSC that asks and does not read the
/// answers shall not fill the memory.
const OUT_OCTETS_MAX: usize = 256 * 1024;
/// How long the last PDUs of a session may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// How often the time is looked at.
const TICK: Duration = Duration::from_millis(250);

/// A session.
pub(super) struct Session<'a> {
    pub(super) bind: &'a Bind,
    pub(super) shared: &'a Shared,
    pub(super) input: Input,
    out: Out,
    pub(super) window: Window,
    pub(super) pace: Pace,
    pub(super) clock: LinkClock,
    pub(super) deliveries: Deliveries,
    answers: mpsc::Receiver<Answer>,
    phase: Phase,
    /// When something was last read, on the clock of the link.
    heard: Duration,
    /// When `enquire_link` was sent that nothing has followed.
    enquired: Option<Duration>,
    /// When something was last written, or there was nothing to write.
    wrote: Duration,
    /// Whether an `outbind` has been logged: a flood of them shall not flood the log.
    pub(super) outbind_told: bool,
}

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// All goes.
    Up,
    /// Nothing new is sent; answers are waited for.
    Draining { until: Instant },
    /// `unbind` was sent.
    Unbinding { sequence: u32, until: Instant },
    /// The last PDUs are written.
    Leaving { why: Ended, until: Instant },
    /// Nothing can be written any more; answers that have come are still read.
    Mute { why: Ended, until: Instant },
    /// It has ended.
    Over(Ended),
}

/// How a session ended.
pub(super) struct Over {
    pub(super) why: Ended,
    /// Submits of which nothing was sent.
    pub(super) unsent: Vec<Job>,
    /// Submits that are in doubt now.
    pub(super) lost: usize,
}

impl<'a> Session<'a> {
    /// A session whose bind has just been answered. `input` has what came after that.
    pub(super) fn new(bind: &'a Bind, input: Input) -> Self {
        let options = &bind.shared.options;
        let places_max = options.limits.incoming_max;
        let (deliveries, answers) = Deliveries::new(Arc::clone(&bind.state().deliveries), places_max);
        Self {
            bind,
            shared: &bind.shared,
            input,
            out: Out::default(),
            window: Window::new(options.window, FIRST_SEQUENCE),
            pace: Pace::new(options.rate_per_second, options.throttling.pause),
            clock: LinkClock::new(),
            deliveries,
            answers,
            phase: Phase::Up,
            heard: Duration::ZERO,
            enquired: None,
            wrote: Duration::ZERO,
            outbind_told: false,
        }
    }

    /// Runs it to its end.
    pub(super) async fn run(mut self, stream: Box<dyn Duplex>, stop: watch::Receiver<bool>) -> Over {
        let (mut read, mut write) = tokio::io::split(stream);
        let mut ticks = tokio::time::interval(self.tick_interval());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stopping = stopped(stop);
        tokio::pin!(stopping);
        // What was written may still be in the buffers of TLS.
        let mut unflushed = false;
        loop {
            self.read_pdus();
            self.fill();
            self.tell_free();
            if let Phase::Over(why) = self.phase {
                return self.end(&mut write, why).await;
            }
            let may_read = self.may_read();
            let may_write = !self.is_mute() && (unflushed || !self.out.is_empty());
            let may_send = self.room() > 0;
            let paced_until = self.paced_until();
            let up = self.phase == Phase::Up;
            tokio::select! {
                read = read.read_buf(self.input.room()), if may_read => self.on_read(read),
                written = write_some(&mut write, &self.out), if may_write => {
                    unflushed = self.on_written(written);
                }
                () = self.shared.queue.ready.notified(), if may_send => {
                    // Whoever else submits now goes with the same write.
                    tokio::task::yield_now().await;
                }
                Some(answer) = self.answers.recv() => self.on_answer(&answer),
                () = tokio::time::sleep_until(paced_until.unwrap_or_else(Instant::now).into()),
                    if paced_until.is_some() => {}
                () = &mut stopping, if up => {
                    self.phase = Phase::Draining { until: Instant::now() + self.shared.options.timeouts.stop };
                }
                _ = ticks.tick() => self.on_tick(),
            }
            self.go_on(unflushed);
        }
    }

    /// Sends what waits, as far as window and pace let it.
    fn fill(&mut self) {
        let room = self.room();
        if room == 0 {
            return;
        }
        let others = self.shared.free_of_others(self.bind.index);
        let jobs = self.shared.queue.take(room, self.octets_room(), others);
        if jobs.is_empty() {
            return;
        }
        self.pace.take(self.clock.real(), jobs.len());
        self.shared.counters.submits.many(jobs.len());
        let deadline = self.clock.now() + self.shared.options.timeouts.response;
        for mut job in jobs {
            let sequence = self.window.sequence();
            encode::set_sequence(&mut job.pdu, sequence);
            self.window.insert(sequence, Pending { reply: job.reply, since: job.since, deadline });
            self.push(&job.pdu, Some(sequence));
        }
    }

    /// How many submits may go now.
    fn room(&self) -> usize {
        if self.phase != Phase::Up || !self.bind.mode().sends() || self.octets_room() == 0 {
            return 0;
        }
        match self.window.free() {
            0 => 0,
            free => self.pace.available(self.clock.real(), free),
        }
    }

    /// How many octets of submits may be put into the buffer.
    fn octets_room(&self) -> usize {
        SUBMITS_OCTETS_MAX.saturating_sub(self.out.octets().len())
    }

    /// When the pace lets the next one go, where only the pace is in the way.
    fn paced_until(&self) -> Option<Instant> {
        let waits = self.phase == Phase::Up && self.bind.mode().sends() && self.window.free() > 0;
        let now = self.clock.real();
        (waits && self.pace.available(now, 1) == 0).then(|| self.clock.instant(self.pace.free_at(now)))
    }

    fn tell_free(&self) {
        if self.bind.mode().sends() {
            let up = self.phase == Phase::Up;
            let soon = self.pace.soon(self.clock.real());
            let free = if up { self.window.free().min(soon) } else { 0 };
            let state = self.bind.state();
            state.free.store(free, std::sync::atomic::Ordering::Relaxed);
            state.paced.store(up && soon != usize::MAX, std::sync::atomic::Ordering::Relaxed);
        }
    }

    fn may_read(&self) -> bool {
        !self.clock.is_held()
            && self.out.octets().len() <= OUT_OCTETS_MAX
            && !matches!(self.phase, Phase::Leaving { .. })
    }

    /// Whether another PDU of the input may be worked on: its answer needs room.
    pub(super) fn may_answer(&self) -> bool {
        self.out.octets().len() <= OUT_OCTETS_MAX
            && !matches!(self.phase, Phase::Leaving { .. } | Phase::Over(_))
    }

    /// Puts a PDU into the buffer.
    pub(super) fn push(&mut self, pdu: &[u8], submit: Option<u32>) {
        if self.out.is_empty() {
            self.wrote = self.clock.now();
        }
        self.bind.trace(Way::Out, pdu);
        self.out.push(pdu, submit);
    }

    fn on_read(&mut self, read: std::io::Result<usize>) {
        match read {
            Ok(0) => self.closed(Ended::PeerClosed),
            Ok(octets) => {
                self.shared.counters.octets_in.many(octets);
                self.heard = self.clock.now();
                self.enquired = None;
            }
            Err(error) => self.closed(Ended::Failed(error.kind())),
        }
    }

    /// Gives whether something may still have to be flushed.
    fn on_written(&mut self, written: std::io::Result<Option<usize>>) -> bool {
        match written {
            Ok(Some(0)) => self.mute(std::io::ErrorKind::WriteZero),
            Ok(Some(octets)) => {
                self.shared.counters.octets_out.many(octets);
                self.wrote = self.clock.now();
                self.out.written(octets);
                return true;
            }
            Ok(None) => {}
            Err(error) => self.mute(error.kind()),
        }
        false
    }

    /// Nothing more can be written. What the SMSC had answered before is still to be read: each answer
    /// is a message less in doubt.
    fn mute(&mut self, kind: std::io::ErrorKind) {
        let why = match self.phase {
            Phase::Unbinding { .. } => Ended::Stopped,
            Phase::Leaving { why, .. } => why,
            _ => Ended::Failed(kind),
        };
        self.phase = Phase::Mute { why, until: Instant::now() + FAREWELL };
    }

    pub(super) fn is_mute(&self) -> bool {
        matches!(self.phase, Phase::Mute { .. })
    }

    fn on_answer(&mut self, answer: &Answer) {
        self.deliveries.in_flight = self.deliveries.in_flight.saturating_sub(1);
        let counters = &self.shared.counters;
        if answer.status.is_ok() {
            counters.deliveries.one()
        } else {
            counters.deliveries_refused.one()
        }
        if !matches!(self.phase, Phase::Leaving { .. }) {
            self.push(&encode::delivery_resp(answer.command, answer.status, answer.sequence), None);
        }
    }

    /// The connection is gone; after `unbind` that is as good as an answer.
    fn closed(&mut self, why: Ended) {
        let why = match self.phase {
            Phase::Unbinding { .. } => Ended::Stopped,
            Phase::Leaving { why, .. } | Phase::Mute { why, .. } => why,
            _ => why,
        };
        self.phase = Phase::Over(why);
    }

    /// The SMSC has said `unbind`: it reads nothing more but the answer to that.
    pub(super) fn peer_unbinds(&mut self, sequence: u32) {
        let why = if self.phase == Phase::Up { Ended::PeerUnbound } else { Ended::Stopped };
        self.leave(why, &encode::bare(command::UNBIND_RESP, CommandStatus::ROK, sequence));
    }

    /// Ends the session with this PDU as the last one. Submits that have not left will not.
    pub(super) fn leave(&mut self, why: Ended, last: &[u8]) {
        self.unwritten_to_queue();
        self.push(last, None);
        self.phase = Phase::Leaving { why, until: Instant::now() + FAREWELL };
    }

    pub(super) fn unbound(&mut self, sequence: u32) -> bool {
        let ours = matches!(self.phase, Phase::Unbinding { sequence: sent, .. } if sent == sequence);
        if ours {
            self.phase = Phase::Over(Ended::Stopped);
        }
        ours
    }

    fn on_tick(&mut self) {
        self.pace.tick(self.clock.real());
        let now = self.clock.now();
        for pending in self.window.give_up(now) {
            self.shared.counters.lost_without_answer.one();
            // Whoever has gone does not care.
            let _ = pending.reply.send(Submitted::Lost(Lost::NoAnswer));
        }
        if self.phase == Phase::Up {
            self.look_for_life(now);
        }
    }

    /// Goes to the next phase when it is time for it.
    fn go_on(&mut self, unflushed: bool) {
        match self.phase {
            Phase::Up | Phase::Over(_) => {}
            Phase::Draining { until } => {
                let done = self.window.is_empty() && self.deliveries.in_flight == 0;
                if done || Instant::now() >= until {
                    self.unwritten_to_queue();
                    let sequence = self.window.sequence();
                    self.push(&encode::bare(command::UNBIND, CommandStatus::ROK, sequence), None);
                    self.phase = Phase::Unbinding { sequence, until: Instant::now() + FAREWELL };
                }
            }
            Phase::Unbinding { until, .. } => {
                if Instant::now() >= until {
                    self.phase = Phase::Over(Ended::Stopped);
                }
            }
            Phase::Leaving { why, until } => {
                if (self.out.is_empty() && !unflushed) || Instant::now() >= until {
                    self.phase = Phase::Over(why);
                }
            }
            Phase::Mute { why, until } => {
                if Instant::now() >= until {
                    self.phase = Phase::Over(why);
                }
            }
        }
    }

    /// Asks for a sign of life when nothing has come for long enough, and ends the session when none
    /// follows. Any PDU is one: not every SMSC answers `enquire_link`.
    fn look_for_life(&mut self, now: Duration) {
        let timeouts = &self.shared.options.timeouts;
        let unread = !self.out.is_empty() && now.saturating_sub(self.wrote) >= timeouts.enquire_link_response;
        let unanswered =
            self.enquired.is_some_and(|asked| now.saturating_sub(asked) >= timeouts.enquire_link_response);
        if unread || unanswered {
            self.phase = Phase::Over(Ended::Silent);
            return;
        }
        if self.enquired.is_none() && now.saturating_sub(self.heard) >= timeouts.enquire_link {
            self.enquired = Some(now);
            let sequence = self.window.sequence();
            self.push(&encode::bare(command::ENQUIRE_LINK, CommandStatus::ROK, sequence), None);
        }
    }

    /// Calls back submits that have not left: they wait in the queue again, for the other binds, or
    /// are refused where there are none.
    fn unwritten_to_queue(&mut self) {
        let jobs = self.unwritten();
        if !jobs.is_empty() {
            self.shared.queue.give_back(jobs);
        }
    }

    fn unwritten(&mut self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for unwritten in self.out.take_back() {
            if let Some(pending) = self.window.withdraw(unwritten.sequence) {
                jobs.push(Job { pdu: unwritten.pdu, reply: pending.reply, since: pending.since });
            }
        }
        jobs
    }

    async fn end(mut self, write: &mut (impl AsyncWriteExt + Unpin), why: Ended) -> Over {
        let unsent = self.unwritten();
        let mut lost = 0;
        for pending in self.window.drain() {
            lost += 1;
            // Whoever has gone does not care.
            let _ = pending.reply.send(Submitted::Lost(Lost::LinkDied));
        }
        self.shared.counters.lost_with_link.many(lost);
        // A courtesy: the connection ends in any case.
        let _ = tokio::time::timeout(FAREWELL, write.shutdown()).await;
        Over { why, unsent, lost }
    }

    /// Often enough for the shortest of the times that are looked at.
    fn tick_interval(&self) -> Duration {
        let timeouts = &self.shared.options.timeouts;
        let shortest = timeouts.response.min(timeouts.enquire_link).min(timeouts.enquire_link_response);
        (shortest / 8).clamp(Duration::from_millis(5), TICK)
    }
}

/// Writes what it can; flushes when nothing is left, and says `None` then.
async fn write_some(write: &mut (impl AsyncWriteExt + Unpin), out: &Out) -> std::io::Result<Option<usize>> {
    if out.is_empty() {
        return write.flush().await.map(|()| None);
    }
    write.write(out.octets()).await.map(Some)
}
