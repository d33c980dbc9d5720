//! Parts of long inbound messages. Carriers deliver a long message in parts: by their user data header
//! (3GPP TS 23.040, 9.2.3.24.1 and 9.2.3.24.8) or by `sar_*` parameters (SMPP 3.4, 5.3.2.22 to 24). They
//! come in any order, twice, over different binds and hosts, and some never.

use sha2::{Digest as _, Sha256};

use super::StoreError;
use crate::decision::Name;
use crate::limits::{INBOUND_ADDRESS_BYTES_MAX, INBOUND_PART_BYTES_MAX};

/// One part of a long inbound message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundPart {
    /// Whose it is.
    pub tenant: Name,
    /// The inbox that the whole message goes into.
    pub inbox: Name,
    /// The provider that brought it.
    pub route: Name,
    /// Who sent it, at most [`INBOUND_ADDRESS_BYTES_MAX`] bytes.
    pub from: String,
    /// The number it was sent to, at most [`INBOUND_ADDRESS_BYTES_MAX`] bytes.
    pub to: String,
    /// The sender's number for the message, the same in all its parts. Senders use it again, some soon.
    pub reference: u16,
    /// How many parts the message has, from 1.
    pub total: u8,
    /// Which of them this is, 1 to `total`.
    pub number: u8,
    /// What it says, with its coding, as the caller likes to have it back; at most
    /// [`INBOUND_PART_BYTES_MAX`] bytes.
    pub payload: Vec<u8>,
    /// When it came, in Unix milliseconds.
    pub now_ms: u64,
}

impl InboundPart {
    /// # Errors
    /// `InvalidPart`: a number or a size is out of its range.
    pub fn check(&self) -> Result<(), StoreError> {
        if self.number == 0 || self.number > self.total {
            return Err(StoreError::InvalidPart("its number is not one of 1 to the number of parts"));
        }
        if self.payload.len() > INBOUND_PART_BYTES_MAX {
            return Err(StoreError::InvalidPart("it is longer than any part can be"));
        }
        if self.from.len() > INBOUND_ADDRESS_BYTES_MAX || self.to.len() > INBOUND_ADDRESS_BYTES_MAX {
            return Err(StoreError::InvalidPart("it comes from or goes to what is too long for a number"));
        }
        Ok(())
    }

    /// The message that it begins or belongs to, with the time of that message's first part.
    #[must_use]
    pub fn key(&self, first_ms: u64) -> PartsKey {
        PartsKey {
            tenant: self.tenant.clone(),
            route: self.route.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            reference: self.reference,
            total: self.total,
            first_ms,
        }
    }
}

/// Which long inbound message parts belong to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartsKey {
    /// Whose it is.
    pub tenant: Name,
    /// The provider that brings it.
    pub route: Name,
    /// Who sent it.
    pub from: String,
    /// The number it was sent to.
    pub to: String,
    /// The sender's number for it.
    pub reference: u16,
    /// How many parts it has.
    pub total: u8,
    /// When its first part came, in Unix milliseconds. No two messages with the same reference have the
    /// same time.
    pub first_ms: u64,
}

/// The parts of a long inbound message that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundParts {
    /// Which message.
    pub key: PartsKey,
    /// The inbox that it goes into.
    pub inbox: Name,
    /// The number and the payload of each part that is there, ascending.
    pub parts: Vec<(u8, Vec<u8>)>,
}

impl InboundParts {
    /// True where no part is missing.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.parts.len() == usize::from(self.key.total)
    }

    /// The reference for [`super::Inbound::reference`]: the same each time this message is handed out, and
    /// that of no other. It holds no telephone number.
    #[must_use]
    pub fn reference(&self) -> String {
        let PartsKey { tenant, from, to, reference, total, first_ms, .. } = &self.key;
        let ends = Sha256::digest(format!("{tenant}\n{}\n{from}\n{to}", from.len()));
        let ends: String = ends.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("parts:{first_ms}:{reference}:{total}:{ends}")
    }
}

/// What became of an [`InboundPart`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartResult {
    /// It is kept, and others are missing.
    Waits,
    /// All are there. Put the message into its inbox, under [`InboundParts::reference`], and then say
    /// [`super::Store::inbound_parts_done`]: until then each repeated part has this answer, too.
    Whole(InboundParts),
    /// It was there before and others are missing, or its message was done lately.
    Again,
}
