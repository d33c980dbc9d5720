//! Requests that wait for their answer, by sequence number.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::outcome::Reply;

/// Highest sequence number (SMPP 3.4 section 3.2: 1 to 0x7FFFFFFF).
const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;
/// How many sequence numbers are remembered whose answer came too late or never.
const GIVEN_UP_MAX: usize = 4_096;

/// A submit that waits for its answer.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) reply: Reply,
    /// When it was submitted.
    pub(super) since: Instant,
    /// When it has waited long enough, on the clock of the link.
    pub(super) deadline: Duration,
}

/// The outstanding submits of a session, and its sequence numbers.
#[derive(Debug)]
pub(super) struct Window {
    size: usize,
    next: u32,
    pending: HashMap<u32, Pending>,
    given_up: VecDeque<u32>,
}

/// What an answer belongs to.
#[derive(Debug)]
pub(super) enum Answered {
    /// This submit.
    Pending(Pending),
    /// A submit that was given up.
    Late,
    /// Nothing that was asked.
    Unknown,
}

impl Window {
    pub(super) fn new(size: usize, first_sequence: u32) -> Self {
        Self {
            size,
            next: first_sequence,
            pending: HashMap::with_capacity(size.min(1_024)),
            given_up: VecDeque::new(),
        }
    }

    /// How many more submits may go.
    pub(super) fn free(&self) -> usize {
        self.size - self.pending.len().min(self.size)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// The next sequence number: from 1, around the end, never one that waits for its answer.
    pub(super) fn sequence(&mut self) -> u32 {
        loop {
            let sequence = self.next.clamp(1, SEQUENCE_MAX);
            self.next = if sequence == SEQUENCE_MAX { 1 } else { sequence + 1 };
            if !self.pending.contains_key(&sequence) {
                return sequence;
            }
        }
    }

    pub(super) fn insert(&mut self, sequence: u32, pending: Pending) {
        self.pending.insert(sequence, pending);
    }

    pub(super) fn answer(&mut self, sequence: u32) -> Answered {
        if let Some(pending) = self.pending.remove(&sequence) {
            return Answered::Pending(pending);
        }
        let late = self.given_up.iter().position(|&given_up| given_up == sequence);
        match late.and_then(|at| self.given_up.remove(at)) {
            Some(_) => Answered::Late,
            None => Answered::Unknown,
        }
    }

    /// Takes out one that was not sent after all.
    pub(super) fn withdraw(&mut self, sequence: u32) -> Option<Pending> {
        self.pending.remove(&sequence)
    }

    /// Takes out what has waited long enough.
    pub(super) fn give_up(&mut self, now: Duration) -> Vec<Pending> {
        let over: Vec<u32> =
            self.pending.iter().filter(|(_, pending)| pending.deadline <= now).map(|(&seq, _)| seq).collect();
        self.given_up.extend(&over);
        let excess = self.given_up.len().saturating_sub(GIVEN_UP_MAX);
        self.given_up.drain(..excess);
        over.iter().filter_map(|sequence| self.pending.remove(sequence)).collect()
    }

    /// Takes out all.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Pending> {
        self.pending.drain().map(|(_, pending)| pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    fn pending(deadline_ms: u64) -> Pending {
        Pending {
            reply: oneshot::channel().0,
            since: Instant::now(),
            deadline: Duration::from_millis(deadline_ms),
        }
    }

    #[test]
    fn sequence_numbers_go_around_and_skip_what_waits() {
        let mut window = Window::new(10, SEQUENCE_MAX - 1);
        assert_eq!(window.sequence(), SEQUENCE_MAX - 1);
        assert_eq!(window.sequence(), SEQUENCE_MAX);
        window.insert(1, pending(0));
        window.insert(2, pending(0));
        assert_eq!(window.sequence(), 3);
        assert_eq!(window.free(), 8);
    }

    #[test]
    fn an_answer_is_for_one_submit_once() {
        let mut window = Window::new(10, 1);
        let sequence = window.sequence();
        window.insert(sequence, pending(5));
        assert!(matches!(window.answer(sequence + 1), Answered::Unknown));
        assert!(matches!(window.answer(sequence), Answered::Pending(_)));
        assert!(matches!(window.answer(sequence), Answered::Unknown));
    }

    #[test]
    fn what_waited_too_long_is_given_up_and_its_answer_late() {
        let mut window = Window::new(10, 1);
        window.insert(1, pending(5));
        window.insert(2, pending(50));
        assert!(window.give_up(Duration::from_millis(4)).is_empty());
        assert_eq!(window.give_up(Duration::from_millis(5)).len(), 1);
        assert_eq!(window.free(), 9);
        assert!(matches!(window.answer(1), Answered::Late));
        assert!(matches!(window.answer(1), Answered::Unknown));
        assert!(matches!(window.answer(2), Answered::Pending(_)));
    }

    #[test]
    fn what_is_remembered_of_the_given_up_is_bounded() {
        let mut window = Window::new(usize::MAX, 1);
        for _ in 0..3 * GIVEN_UP_MAX {
            let sequence = window.sequence();
            window.insert(sequence, pending(0));
        }
        window.give_up(Duration::ZERO);
        assert_eq!(window.given_up.len(), GIVEN_UP_MAX);
    }
}
