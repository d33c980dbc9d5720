//! Answers to submits: when they leave, in which order, and how they look.

use std::collections::BTreeMap;

use super::counts::add;
use super::link::Link;
use super::pdu::{command, tag};
use super::rows::Answer;
use super::script::Drop;
use super::status::Status;
use super::write;

/// Answers that leave out of order wait for one another until a multiple of this.
const SHUFFLE_MS: u64 = 10;

/// Answers of a link that have not left.
#[derive(Default)]
pub(super) struct Responses {
    /// By due time and order.
    waiting: BTreeMap<(u64, u64), Response>,
    order: u64,
    /// Of the last submit whose answer was due.
    pub last_sequence: u32,
}

pub(super) struct Response {
    pub command: u32,
    pub sequence: u32,
    pub answer: Answer,
    /// Empty where the message is not taken.
    pub id: Box<str>,
    /// Number of the submit's log entry.
    pub entry: Option<u64>,
}

impl Responses {
    /// Submits without an answer, but for those that never get one.
    pub fn open(&self) -> usize {
        self.waiting.len()
    }

    pub fn next_due_ms(&self) -> Option<u64> {
        self.waiting.first_key_value().map(|((due_ms, _), _)| *due_ms)
    }
}

/// A rate that neither bursts nor drifts: a bucket that fills evenly.
#[derive(Default)]
pub(super) struct Bucket {
    /// Thousandths of a submit.
    level: u64,
    filled_ms: Option<u64>,
}

impl Bucket {
    /// Whether one more fits. `per_second` of 0 is any number.
    pub fn takes(&mut self, per_second: u32, burst: u32, now_ms: u64) -> bool {
        if per_second == 0 {
            return true;
        }
        let burst = if burst == 0 { per_second.div_ceil(10) } else { burst };
        let full = u64::from(burst) * 1_000;
        let since_ms = self.filled_ms.map_or(u64::MAX, |filled_ms| now_ms.saturating_sub(filled_ms));
        self.level = since_ms.saturating_mul(u64::from(per_second)).saturating_add(self.level).min(full);
        self.filled_ms = Some(now_ms);
        let Some(level) = self.level.checked_sub(1_000) else {
            return false;
        };
        self.level = level;
        true
    }
}

impl Link {
    /// Has an answer leave in its time, or at once.
    pub fn respond_at(&mut self, due_ms: u64, response: Response) {
        let mut due_ms = due_ms;
        if self.script.submit.out_of_order {
            due_ms = due_ms.saturating_add(1).next_multiple_of(SHUFFLE_MS);
        } else if due_ms <= self.now_ms {
            return self.respond(&response);
        }
        self.responses.order += 1;
        self.responses.waiting.insert((due_ms, self.responses.order), response);
    }

    /// Puts all answers that are due on their way. False: there was none.
    pub fn answer_due(&mut self) -> bool {
        let mut due = Vec::new();
        while let Some(first) = self.responses.waiting.first_entry()
            && first.key().0 <= self.now_ms
        {
            due.push(first.remove());
        }
        if self.script.submit.out_of_order {
            for end in (1..due.len()).rev() {
                let other = usize::try_from(self.chance.below(end as u64 + 1)).unwrap_or(end);
                due.swap(end, other);
            }
        }
        for response in &due {
            if self.ending.is_some() {
                break;
            }
            self.respond(response);
        }
        !due.is_empty()
    }

    fn respond(&mut self, response: &Response) {
        let Response { command: request, sequence, ref id, .. } = *response;
        self.responses.last_sequence = sequence;
        let status = match response.answer {
            Answer::Nothing => return,
            Answer::Drop(how) => {
                add(&self.hub.counts.drops);
                return self.end(how, true, "dropped, as the recipient's number asks for");
            }
            Answer::Nack(status) => {
                write::empty(&mut self.out, command::GENERIC_NACK, status, sequence);
                status
            }
            Answer::Status(status) => {
                self.write_answer(request, status, sequence, id);
                status
            }
            Answer::NoId => {
                write::empty(&mut self.out, request | command::RESPONSE, Status::ROK, sequence);
                Status::ROK
            }
            Answer::EmptyId => {
                self.write_answer(request, Status::ROK, sequence, "");
                Status::ROK
            }
            Answer::Unended => {
                let response = request | command::RESPONSE;
                write::pdu(&mut self.out, response, Status::ROK, sequence, |out| {
                    out.extend_from_slice(id.as_bytes());
                });
                Status::ROK
            }
            Answer::WrongSequence => {
                self.write_answer(request, Status::ROK, sequence ^ 0x4000_0000, id);
                Status::ROK
            }
            Answer::Twice => {
                self.write_answer(request, Status::ROK, sequence, id);
                self.write_answer(request, Status::ROK, sequence, id);
                Status::ROK
            }
            Answer::Tlvs => {
                self.write_tlvs(request, sequence, id);
                Status::ROK
            }
            Answer::After(what) => {
                self.write_malformed(what);
                self.write_answer(request, Status::ROK, sequence, id);
                Status::ROK
            }
        };
        add(&self.hub.counts.answers);
        if status != Status::ROK {
            self.hub.counts.error(status);
        }
        if let Some(entry) = response.entry {
            self.mark(entry, status);
        }
        self.write_chances();
    }

    fn write_answer(&mut self, request: u32, status: Status, sequence: u32, id: &str) {
        let Some(congestion) = self.script.submit.congestion else {
            return write::answer(&mut self.out, request, status, sequence, id.as_bytes());
        };
        write::pdu(&mut self.out, request | command::RESPONSE, status, sequence, |out| {
            write::string(out, id.as_bytes());
            write::tlv(out, tag::CONGESTION_STATE, &[congestion]);
        });
    }

    fn write_tlvs(&mut self, request: u32, sequence: u32, id: &str) {
        write::pdu(&mut self.out, request | command::RESPONSE, Status::ROK, sequence, |out| {
            write::string(out, id.as_bytes());
            write::tlv(out, tag::CONGESTION_STATE, &[30]);
            write::tlv(out, tag::ADDITIONAL_STATUS_INFO_TEXT, b"taken\0");
            write::tlv(out, 0x1444, b"vendor");
            write::tlv(out, 0x3FFF, &[]);
        });
    }

    /// PDUs that are wrong, by chance.
    fn write_chances(&mut self) {
        if self.script.malformed.is_empty() {
            return;
        }
        let script = self.script.clone();
        for malformed in &script.malformed {
            if self.chance.happens(malformed.share) {
                self.write_malformed(malformed.what);
            }
        }
    }

    /// Breaks the link as the script says, where it says so for this submit.
    pub fn drop_by_script(&mut self, sequence: u32) -> bool {
        let drops = &self.script.drops;
        let (share, how, times) = (drops.share, drops.how, drops.times);
        let is_due = drops.after_submits > 0 && self.submits == drops.after_submits;
        if !(is_due || self.chance.happens(share)) || !self.hub.may_drop(times) {
            return false;
        }
        add(&self.hub.counts.drops);
        self.responses.last_sequence = sequence;
        self.end(how, how == Drop::HalfAnswer, "dropped by the script");
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_keeps_its_rate() {
        let mut bucket = Bucket::default();
        let taken = (0..10_000).filter(|tick| bucket.takes(100, 5, tick / 10)).count();
        assert!((100..=105).contains(&taken), "{taken}");
        let mut bucket = Bucket::default();
        assert_eq!((0..50).filter(|_| bucket.takes(100, 0, 7)).count(), 10);
        assert!((0..50).all(|_| bucket.takes(0, 0, 7)));
    }
}
