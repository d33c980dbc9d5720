//! Cuts the stream into PDUs by their lengths alone.

use std::ops::Range;

use super::HEADER_OCTETS;

/// The four numbers that every PDU begins with (SMPP 3.4 section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Octets of the whole PDU.
    pub(crate) length: u32,
    pub(crate) command: u32,
    pub(crate) status: u32,
    pub(crate) sequence: u32,
}

/// A length that no PDU here can have: the stream cannot be cut any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadLength {
    pub(crate) length: u32,
    /// Of the header, where it has come.
    pub(crate) sequence: u32,
}

/// What has been read and not yet been cut. Holds at most one PDU and one read more.
#[derive(Debug)]
pub(crate) struct Input {
    buffer: Vec<u8>,
    /// What lies before has been handed out.
    head: usize,
    pdu_octets_max: usize,
}

/// How much room a read gets at least.
const READ_OCTETS: usize = 16 * 1024;

impl Input {
    pub(crate) fn new(pdu_octets_max: usize) -> Self {
        Self { buffer: Vec::new(), head: 0, pdu_octets_max }
    }

    /// The buffer to append the next read to, with room in it.
    pub(crate) fn room(&mut self) -> &mut Vec<u8> {
        self.buffer.drain(..self.head);
        self.head = 0;
        self.buffer.reserve(READ_OCTETS);
        &mut self.buffer
    }

    /// The header of the next PDU, once that is there as a whole.
    pub(crate) fn peek(&self) -> Result<Option<Header>, BadLength> {
        let rest = &self.buffer[self.head..];
        let Some(length) = number(rest, 0) else { return Ok(None) };
        let sequence = number(rest, 12);
        if (length as usize) < HEADER_OCTETS || length as usize > self.pdu_octets_max {
            return Err(BadLength { length, sequence: sequence.unwrap_or(0) });
        }
        let (Some(command), Some(status), Some(sequence)) = (number(rest, 4), number(rest, 8), sequence)
        else {
            return Ok(None);
        };
        let whole = rest.len() >= length as usize;
        Ok(whole.then_some(Header { length, command, status, sequence }))
    }

    /// Takes the PDU that [`Self::peek`] has shown; says where its body is until the next read.
    pub(crate) fn take(&mut self, header: Header) -> Range<usize> {
        let start = self.head;
        self.head = self.buffer.len().min(start + header.length as usize);
        (start + HEADER_OCTETS).min(self.head)..self.head
    }

    /// The octets of a body.
    pub(crate) fn body(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }
}

fn number(octets: &[u8], at: usize) -> Option<u32> {
    let four = octets.get(at..at + 4)?;
    Some(u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
}
