//! The user data header of a message that came in (TS 23.040 section 9.2.3.24).

use crate::text::Language;
use crate::text::national::{LOCKING_SHIFT_IEI, SINGLE_SHIFT_IEI, Shift};

/// Information elements of concatenation, with 8 and with 16 bits of reference.
const CONCATENATION_IEI: u8 = 0x00;
const CONCATENATION_16_IEI: u8 = 0x08;

/// Which part of which message this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The sender's number for the message. Senders use it again.
    pub reference: u16,
    /// How many parts there are, from 1.
    pub total: u8,
    /// Which of them this is, 1 to `total`.
    pub number: u8,
}

impl Part {
    /// `None` where the numbers make no sense: the element is to be ignored then (TS 23.040 section
    /// 9.2.3.24.1).
    #[must_use]
    pub fn new(reference: u16, total: u8, number: u8) -> Option<Self> {
        (1..=total).contains(&number).then_some(Self { reference, total, number })
    }
}

/// What a user data header says, as far as it matters here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserDataHeader {
    /// Its length in octets, the length octet included.
    pub octets: usize,
    /// The part that it makes of the message.
    pub part: Option<Part>,
    /// The tables that its septets are written with.
    pub shift: Shift,
}

/// Reads the header at the beginning of user data. Elements that are not known, or make no sense,
/// are skipped, and of a repeated one the last counts. Where the last element does not fit, none
/// counts. `None` where the header would end beyond the data.
#[must_use]
pub fn parse(user_data: &[u8]) -> Option<UserDataHeader> {
    let (length, rest) = user_data.split_first()?;
    let mut elements = rest.get(..usize::from(*length))?;
    let octets = usize::from(*length) + 1;
    let mut header = UserDataHeader { octets, ..UserDataHeader::default() };
    while let [iei, length, rest @ ..] = elements {
        let Some((data, rest)) = rest.split_at_checked(usize::from(*length)) else {
            return Some(UserDataHeader { octets, ..UserDataHeader::default() });
        };
        header.read(*iei, data);
        elements = rest;
    }
    Some(header)
}

impl UserDataHeader {
    fn read(&mut self, iei: u8, data: &[u8]) {
        match (iei, data) {
            (CONCATENATION_IEI, [reference, total, number]) => {
                self.part = Part::new(u16::from(*reference), *total, *number).or(self.part);
            }
            (CONCATENATION_16_IEI, [high, low, total, number]) => {
                let reference = u16::from_be_bytes([*high, *low]);
                self.part = Part::new(reference, *total, *number).or(self.part);
            }
            (SINGLE_SHIFT_IEI, [language]) => self.shift.single = Language::from_identifier(*language),
            (LOCKING_SHIFT_IEI, [language]) => self.shift.locking = Language::from_identifier(*language),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Length, part and tables.
    type Read = (usize, Option<Part>, Shift);

    #[test]
    fn headers_are_read() {
        let part = |reference, total, number| Part::new(reference, total, number);
        let none = Shift::default();
        let turkish = Shift { single: Some(Language::Turkish), locking: Some(Language::Turkish) };
        let cases: [(&[u8], Option<Read>); 13] = [
            (&[], None),
            (&[0], Some((1, None, none))),
            (&[5, 0, 3, 0xAB, 3, 1, b'a'], Some((6, part(0xAB, 3, 1), none))),
            (&[6, 8, 4, 0xAB, 0xCD, 3, 3], Some((7, part(0xABCD, 3, 3), none))),
            (&[6, 0x24, 1, 1, 0x25, 1, 1, 9], Some((7, None, turkish))),
            // Ports, then concatenation.
            (&[11, 5, 4, 0x23, 0xF4, 0, 0, 0, 3, 7, 2, 2], Some((12, part(7, 2, 2), none))),
            // Twice: the last counts.
            (&[10, 0, 3, 1, 2, 1, 0, 3, 2, 2, 2], Some((11, part(2, 2, 2), none))),
            // Numbers that make no sense.
            (&[5, 0, 3, 1, 0, 0], Some((6, None, none))),
            (&[5, 0, 3, 1, 2, 3], Some((6, None, none))),
            (&[5, 0, 3, 1, 2, 0], Some((6, None, none))),
            // A language that is reserved, an element of another length.
            (&[8, 0x24, 1, 99, 0, 2, 1, 2, 0x77], Some((9, None, none))),
            // The last element does not fit.
            (&[7, 0, 3, 1, 2, 1, 0x24, 9], Some((8, None, none))),
            // The header ends beyond the data.
            (&[6, 0, 3, 1, 2, 1], None),
        ];
        for (octets, expected) in cases {
            let found = parse(octets).map(|header| (header.octets, header.part, header.shift));
            assert_eq!(found, expected, "{octets:02x?}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_taken(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some(header) = parse(&octets) {
                prop_assert!((1..=octets.len()).contains(&header.octets));
                if let Some(part) = header.part {
                    prop_assert!(part.number >= 1 && part.number <= part.total);
                }
            }
        }
    }
}
