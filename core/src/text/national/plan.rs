//! Choosing the tables that take a text in the fewest segments.

use super::{Language, Shift};
use crate::text::split::split_text;
use crate::text::{Encoding, Reference, Segment};

/// Kinds of tables that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShiftKinds {
    /// Locking shift tables.
    pub locking: bool,
    /// Single shift tables.
    pub single: bool,
}

/// How a text is sent with national tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NationalPlan {
    /// The tables.
    pub shift: Shift,
    /// Size of the concatenation reference.
    pub reference_bits: Reference,
    /// Number of segments, at least 1.
    pub segments: u8,
    /// Septets of the whole text; a character of the single shift table counts two.
    pub septets: u32,
    /// Byte offsets in the text at which the second and later segments begin.
    cuts: Vec<u32>,
}

/// The cheapest way to send a text in fewer than `segments_below` segments with the tables of one of
/// the `languages`: fewest segments, then fewest octets, then the first in the list. `None` where
/// there is no such way.
#[must_use]
pub fn plan(
    text: &str,
    languages: &[Language],
    kinds: ShiftKinds,
    reference_bits: Reference,
    segments_below: u8,
) -> Option<NationalPlan> {
    let plans = languages.iter().flat_map(|language| shifts(*language, kinds)).filter_map(|shift| {
        plan_with(text, shift, reference_bits).filter(|plan| plan.segments < segments_below)
    });
    plans.min_by_key(|plan| (plan.segments, plan.octets()))
}

impl NationalPlan {
    /// The segments, in order, as [`crate::text::segments`] makes them. `reference` ties them
    /// together; with [`Reference::Eight`] its low octet is used.
    #[must_use]
    pub fn segments(&self, text: &str, reference: u16) -> Vec<Segment> {
        let starts = std::iter::once(0).chain(self.cuts.iter().map(|cut| *cut as usize));
        let ends = self.cuts.iter().map(|cut| *cut as usize).chain(std::iter::once(text.len()));
        let pieces = starts.zip(ends).map(|(from, to)| text.get(from..to).unwrap_or_default());
        let segment = |(number, piece)| Segment {
            udh: Some(self.udh(reference, number)),
            payload: self.shift.encode(piece).unwrap_or_default(),
        };
        (1..=self.segments).zip(pieces).map(segment).collect()
    }

    fn udh(&self, reference: u16, number: u8) -> Vec<u8> {
        let [high, low] = reference.to_be_bytes();
        let mut elements = match self.reference_bits {
            _ if self.segments == 1 => Vec::new(),
            Reference::Eight => vec![0x00, 3, low, self.segments, number],
            Reference::Sixteen => vec![0x08, 4, high, low, self.segments, number],
        };
        elements.extend(self.shift.elements());
        let length = elements.len() as u8;
        elements.insert(0, length);
        elements
    }

    /// Octets of user data of all segments, headers included.
    fn octets(&self) -> usize {
        let udh_octets = udh_octets(self.shift, self.reference_bits, self.segments);
        (self.septets as usize * 7).div_ceil(8) + usize::from(self.segments) * udh_octets
    }
}

fn shifts(language: Language, kinds: ShiftKinds) -> impl Iterator<Item = Shift> {
    let has_locking = kinds.locking && super::locking::table(language).is_some();
    let single = kinds.single.then_some(Shift { locking: None, single: Some(language) });
    let locking = has_locking.then_some(Shift { locking: Some(language), single: None });
    let both =
        (has_locking && kinds.single).then_some(Shift { locking: Some(language), single: Some(language) });
    [single, locking, both].into_iter().flatten()
}

fn plan_with(text: &str, shift: Shift, reference_bits: Reference) -> Option<NationalPlan> {
    let mut septets = 0;
    for character in text.chars() {
        septets += shift.encode_char(character)?.count();
    }
    let one = Encoding::Gsm7.units_max(udh_octets(shift, reference_bits, 1));
    let cuts = if septets as usize <= one {
        Vec::new()
    } else {
        let several = Encoding::Gsm7.units_max(udh_octets(shift, reference_bits, 2));
        let septets_of = |character| shift.encode_char(character).map_or(0, |it| it.count() as usize);
        split_text(text, several, septets_of)
    };
    let segments = u8::try_from(cuts.len() + 1).ok()?;
    Some(NationalPlan { shift, reference_bits, segments, septets, cuts })
}

/// Octets of the user data header, its length octet included.
fn udh_octets(shift: Shift, reference_bits: Reference, segments: u8) -> usize {
    let concatenation = if segments > 1 { reference_bits.udh_octets() } else { 1 };
    concatenation + 3 * usize::from(shift.single.is_some()) + 3 * usize::from(shift.locking.is_some())
}
