//! Reads fields of a body, and never beyond its end.

use waypost_core::smpp::pdu::Tlv;

/// What is left of a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

/// The optional parameters of a body, as far as they can be read.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub(super) tlvs: Vec<Tlv>,
    /// Whether what followed them could not be read.
    pub(super) broken_at: Option<Broken>,
}

/// Why the optional parameters end before the body does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Fewer octets than a tag and a length. Peers are known to add a NUL.
    Remainder,
    /// The value of this one is longer than the body.
    Value(u16),
    /// More than the limit.
    TooMany,
}

impl<'a> Fields<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn octet(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    pub(super) fn octets(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// Up to the NUL, or to the end of the body where that is missing.
    pub(super) fn c_octets(&mut self) -> &'a [u8] {
        let end = self.rest.iter().position(|&octet| octet == 0);
        let text = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = end.map_or(&[], |end| &self.rest[end + 1..]);
        text
    }

    pub(super) fn parameters(mut self, tlvs_max: usize) -> Parameters {
        let mut read = Parameters::default();
        while !self.rest.is_empty() {
            let Some(head) = self.octets(4) else {
                read.broken_at = Some(Broken::Remainder);
                break;
            };
            let (tag, length) =
                (u16::from_be_bytes([head[0], head[1]]), u16::from_be_bytes([head[2], head[3]]));
            let Some(value) = self.octets(usize::from(length)) else {
                read.broken_at = Some(Broken::Value(tag));
                break;
            };
            if read.tlvs.len() == tlvs_max {
                read.broken_at = Some(Broken::TooMany);
                break;
            }
            read.tlvs.push(Tlv::new(tag, value));
        }
        read
    }
}

/// Text of a field that should be ASCII. UTF-8 where it is, Latin-1 otherwise: nothing is lost.
pub(super) fn text(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => octets.iter().copied().map(char::from).collect(),
    }
}
