//! Message ids: sortable by time, not to be guessed, unique across hosts.

use std::fmt;
use std::str::FromStr;

/// Bits of the sequence number within one millisecond.
const SEQUENCE_BITS: u32 = 16;
/// Largest time that an id can carry, in Unix milliseconds: the year 6429.
const TIME_MS_MAX: u64 = (1 << 47) - 1;
/// Bits of the random half that tell the tenant.
const TENANT_BITS: u64 = 0xffff;
/// Crockford's base 32 in lower case: no `i`, `l`, `o`, `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const PREFIX: &str = "msg_";
const DIGITS: usize = 26;

/// The id of a message. Its first half, the key, is a time in milliseconds and a sequence number:
/// ascending, so that stores append. Its second half is random, so that an id cannot be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    key: u64,
    nonce: u64,
}

impl MessageId {
    /// Puts an id together from its stored halves. The key is cut to 63 bits.
    #[must_use]
    pub fn from_parts(key: u64, nonce: u64) -> Self {
        Self { key: key & (u64::MAX >> 1), nonce }
    }

    /// Time and sequence number; ascending and below 2^63.
    #[must_use]
    pub fn key(self) -> u64 {
        self.key
    }

    /// The random half.
    #[must_use]
    pub fn nonce(self) -> u64 {
        self.nonce
    }

    /// An id that [`MessageId::may_belong_to`] the tenant: 16 bits of its random half tell the
    /// tenant, so that a store with a partition for each tenant finds a message by its id alone.
    /// The other 48 bits stay random.
    #[must_use]
    pub fn of_tenant(key: u64, random: u64, tenant: &str) -> Self {
        Self::from_parts(key, (random & !TENANT_BITS) | tenant_mark(tenant))
    }

    /// False: the message is not the tenant's. True for one of 65,536 others, too.
    #[must_use]
    pub fn may_belong_to(self, tenant: &str) -> bool {
        self.nonce & TENANT_BITS == tenant_mark(tenant)
    }

    /// When the id was made, in Unix milliseconds.
    #[must_use]
    pub fn time_ms(self) -> u64 {
        self.key >> SEQUENCE_BITS
    }

    /// The smallest key that an id made at this time can have.
    #[must_use]
    pub fn first_key_at(time_ms: u64) -> u64 {
        time_ms.min(TIME_MS_MAX) << SEQUENCE_BITS
    }
}

/// FNV-1a of the name, folded to 16 bits. Ids carry it, so it never changes.
fn tenant_mark(tenant: &str) -> u64 {
    let hash =
        tenant.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    u64::from((hash >> 16) ^ (hash & 0xffff))
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = (u128::from(self.key) << 64) | u128::from(self.nonce);
        let mut text = [0_u8; DIGITS];
        for place in text.iter_mut().rev() {
            *place = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        f.write_str(PREFIX)?;
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// The text is not a message id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a message id: it is `msg_` and 26 characters")]
pub struct MessageIdError;

impl FromStr for MessageId {
    type Err = MessageIdError;

    fn from_str(text: &str) -> Result<Self, MessageIdError> {
        let digits = text.strip_prefix(PREFIX).ok_or(MessageIdError)?.as_bytes();
        if digits.len() != DIGITS || digits[0] > b'3' {
            return Err(MessageIdError);
        }
        let mut value: u128 = 0;
        for digit in digits {
            let position = ALPHABET.iter().position(|known| known == digit).ok_or(MessageIdError)?;
            value = (value << 5) | position as u128;
        }
        Ok(Self::from_parts((value >> 64) as u64, value as u64))
    }
}

/// Makes ascending ids from a clock that may stand still or go back.
#[derive(Debug, Default)]
pub struct IdSequence {
    last_key: u64,
}

impl IdSequence {
    /// The next id, for a message of this tenant. Above every id that this sequence has made,
    /// whatever the clock says.
    pub fn next(&mut self, now_ms: u64, random: u64, tenant: &str) -> MessageId {
        self.last_key = MessageId::first_key_at(now_ms).max(self.last_key + 1);
        MessageId::of_tenant(self.last_key, random, tenant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_ascend_even_when_the_clock_goes_back() {
        let mut sequence = IdSequence::default();
        let ids: Vec<_> = [5, 5, 5, 9, 3, 3, 10].iter().map(|now| sequence.next(*now, 7, "acme")).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(ids[0].time_ms(), 5);
        assert_eq!(ids[6].time_ms(), 10);
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in [
            "",
            "msg_",
            "msg_0123",
            "sms_00000000000000000000000000",
            "msg_0000000000000000000000000u",
            "msg_0000000000000000000000000A",
            "msg_z0000000000000000000000000",
            "msg_000000000000000000000000000",
        ] {
            assert_eq!(text.parse::<MessageId>(), Err(MessageIdError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_id_are_the_same_thing(key in 0_u64..(1 << 63), nonce: u64) {
            let id = MessageId::from_parts(key, nonce);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn text_sorts_as_ids_do(a in 0_u64..(1 << 63), b in 0_u64..(1 << 63)) {
            let (a, b) = (MessageId::from_parts(a, 1), MessageId::from_parts(b, 1));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }
    }
}
