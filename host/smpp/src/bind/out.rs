//! What goes to the socket: PDUs one after the other in one buffer, so that many share a write, and
//! for each PDU whether any of it has left.

use std::collections::VecDeque;

/// PDUs that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Out {
    buffer: Vec<u8>,
    /// What lies before has been written.
    head: usize,
    /// The PDUs of which the end has not been written, in order.
    pdus: VecDeque<Waiting>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    octets: usize,
    /// Of a submit.
    submit: Option<u32>,
}

/// A submit of which nothing has left.
#[derive(Debug)]
pub(super) struct Unwritten {
    pub(super) sequence: u32,
    pub(super) pdu: Vec<u8>,
}

/// Room that is given back when nothing waits.
const KEPT_OCTETS: usize = 256 * 1024;

impl Out {
    /// Adds a PDU; `submit` is its sequence number where it is a submit.
    pub(super) fn push(&mut self, pdu: &[u8], submit: Option<u32>) {
        self.buffer.extend_from_slice(pdu);
        self.pdus.push_back(Waiting { octets: pdu.len(), submit });
    }

    /// The octets that wait.
    pub(super) fn octets(&self) -> &[u8] {
        &self.buffer[self.head..]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head == self.buffer.len()
    }

    /// Notes that as many octets have been written.
    pub(super) fn written(&mut self, octets: usize) {
        let mut left = octets.min(self.buffer.len() - self.head);
        self.head += left;
        while let Some(first) = self.pdus.front_mut() {
            if left < first.octets {
                // A part has left: it cannot be called back, whatever happens to the rest.
                if left > 0 {
                    first.octets -= left;
                    first.submit = None;
                }
                break;
            }
            left -= first.octets;
            self.pdus.pop_front();
        }
        if self.is_empty() {
            self.buffer.clear();
            self.buffer.shrink_to(KEPT_OCTETS);
            self.head = 0;
        } else if self.head > KEPT_OCTETS {
            self.buffer.drain(..self.head);
            self.head = 0;
        }
    }

    /// Takes back all submits of which nothing has left. Other PDUs, and the rest of one that is half
    /// written, stay.
    pub(super) fn take_back(&mut self) -> Vec<Unwritten> {
        let mut kept = Self::default();
        let mut back = Vec::new();
        let mut rest = self.octets();
        for waiting in &self.pdus {
            let (pdu, after) = rest.split_at(waiting.octets);
            rest = after;
            match waiting.submit {
                Some(sequence) => back.push(Unwritten { sequence, pdu: pdu.to_vec() }),
                None => kept.push(pdu, None),
            }
        }
        *self = kept;
        back
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_whole_unwritten_submits_come_back() {
        let mut out = Out::default();
        out.push(b"aaaa", Some(1));
        out.push(b"bbbb", Some(2));
        out.push(b"cc", None);
        out.push(b"dddd", Some(3));
        out.written(5);
        let back: Vec<_> = out.take_back().into_iter().map(|unwritten| unwritten.sequence).collect();
        assert_eq!(back, [3]);
        assert_eq!(out.octets(), b"bbbcc");
        out.written(5);
        assert!(out.is_empty() && out.pdus.is_empty());
    }

    #[test]
    fn what_ended_with_a_write_is_gone_and_the_next_untouched() {
        let mut out = Out::default();
        out.push(b"aaaa", Some(1));
        out.push(b"bbbb", Some(2));
        out.written(4);
        let back = out.take_back();
        assert_eq!(back.len(), 1);
        assert_eq!((back[0].sequence, back[0].pdu.as_slice()), (2, &b"bbbb"[..]));
        assert!(out.is_empty());
    }

    proptest! {
        /// However the writes fall, a submit comes back exactly if none of its octets has left.
        #[test]
        fn comes_back_exactly_if_untouched(
            sizes in proptest::collection::vec(1_usize..40, 1..30),
            writes in proptest::collection::vec(0_usize..60, 0..30),
        ) {
            let mut out = Out::default();
            for (index, &size) in sizes.iter().enumerate() {
                out.push(&vec![index as u8; size], Some(index as u32));
            }
            let total: usize = sizes.iter().sum();
            let mut written = 0;
            for write in writes {
                let write = write.min(total - written);
                out.written(write);
                written += write;
                prop_assert_eq!(out.octets().len(), total - written);
            }
            let mut start = 0;
            let mut untouched = Vec::new();
            for (index, size) in sizes.iter().enumerate() {
                if start >= written { untouched.push(index as u32); }
                start += size;
            }
            let back: Vec<_> = out.take_back().into_iter().map(|one| one.sequence).collect();
            prop_assert_eq!(back, untouched);
        }
    }
}
