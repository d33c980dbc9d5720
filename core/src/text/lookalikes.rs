//! Replacing characters outside GSM-7 by look-alikes inside, so that one
//! typographic quote does not halve the room in a segment.
//!
//! What counts as a look-alike:
//! * quotes, primes, dashes, dots, bullets, Unicode spaces and line separators,
//!   tabulators, full-width forms, Latin ligatures, a few signs that have a
//!   customary spelling in ASCII (arrows, ©, ®, ™, №);
//! * characters that cannot be seen (zero width, soft hyphen, directional
//!   marks, variation selectors), which go. A right-to-left override stays,
//!   because without it the text reads in another order;
//! * Greek and Cyrillic *capitals* of the same shape as a letter of GSM-7. GSM-7
//!   is meant to write Greek this way: it has only the Greek capitals that have
//!   no Latin twin. Small letters stay: fewer are identical, their shape
//!   depends on the font, and links are made of them;
//! * a letter and a combining mark that together are a letter of GSM-7.
//!
//! What does not: accented letters that GSM-7 lacks (`ê` is not `e`), fractions
//! and superscripts (`1½` would read `11/2`, `10²` would read `102`), currency
//! signs, emoji.

use serde::{Deserialize, Serialize};

use crate::text::alphabet;
use crate::text::lookalike_table::{DECOMPOSED, LOOKALIKES};

/// One kind of replacement that a plan made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// What the text had: one character, or a letter and its combining mark.
    pub from: String,
    /// What is sent for it; empty where an invisible character was removed.
    pub to: String,
    /// How many times.
    pub count: u32,
}

/// A text that replacements brought into GSM-7.
pub(super) struct Replaced {
    pub(super) text: String,
    /// Sorted by `from`.
    pub(super) replacements: Vec<Replacement>,
}

/// The text in GSM-7, or `None` where a character has no look-alike: then the
/// text needs UCS-2 whatever is replaced, and nothing should be.
pub(super) fn replace(text: &str) -> Option<Replaced> {
    let mut replaced = Replaced { text: String::with_capacity(text.len()), replacements: Vec::new() };
    for piece in pieces(text) {
        match piece {
            Piece::Kept(character) => replaced.text.push(character),
            Piece::Replaced { from, to } => {
                replaced.text.push_str(to);
                count(&mut replaced.replacements, from, to);
            }
            Piece::Outside(_) => return None,
        }
    }
    Some(replaced)
}

/// A part of a text as replacement sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// In GSM-7 already.
    Kept(char),
    /// Outside, with a look-alike.
    Replaced { from: &'a str, to: &'static str },
    /// Outside, without one.
    Outside(char),
}

impl Piece<'_> {
    /// How many characters of the text it covers.
    pub(super) fn chars(&self) -> u32 {
        match self {
            Self::Kept(_) | Self::Outside(_) => 1,
            Self::Replaced { from, .. } => from.chars().count() as u32,
        }
    }
}

/// The pieces of a text, in order and without gaps.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut chars = rest.chars();
        let first = chars.next()?;
        let after_first = chars.as_str();
        let composed = chars.next().and_then(|mark| compose(first, mark));
        let (piece, remaining) = if let Some(to) = composed {
            let (from, after_mark) = rest.split_at(rest.len() - chars.as_str().len());
            (Piece::Replaced { from, to }, after_mark)
        } else if alphabet::encode_char(first).is_some() {
            (Piece::Kept(first), after_first)
        } else if let Some(to) = lookalike(first) {
            let from = &rest[..first.len_utf8()];
            (Piece::Replaced { from, to }, after_first)
        } else {
            (Piece::Outside(first), after_first)
        };
        rest = remaining;
        Some(piece)
    })
}

fn compose(base: char, mark: char) -> Option<&'static str> {
    if !('\u{0300}'..='\u{036F}').contains(&mark) {
        return None;
    }
    DECOMPOSED
        .binary_search_by_key(&(base, mark), |(base, mark, _)| (*base, *mark))
        .ok()
        .and_then(|index| DECOMPOSED.get(index))
        .map(|(_, _, letter)| *letter)
}

fn lookalike(character: char) -> Option<&'static str> {
    LOOKALIKES
        .binary_search_by_key(&character, |(from, _)| *from)
        .ok()
        .and_then(|index| LOOKALIKES.get(index))
        .map(|(_, to)| *to)
        .or_else(|| halve_width(character))
}

/// Full-width forms U+FF01 to U+FF5E stand in the order of ASCII 0x21 to 0x7E.
fn halve_width(character: char) -> Option<&'static str> {
    const PRINTABLE: &str =
        "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
    let index = (character as usize).checked_sub(0xFF01)?;
    PRINTABLE.get(index..=index)
}

fn count(replacements: &mut Vec<Replacement>, from: &str, to: &str) {
    match replacements.binary_search_by(|known| known.from.as_str().cmp(from)) {
        Ok(index) => {
            if let Some(known) = replacements.get_mut(index) {
                known.count += 1;
            }
        }
        Err(index) => {
            replacements.insert(index, Replacement { from: from.to_owned(), to: to.to_owned(), count: 1 })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::gsm7::count_septets;
    use proptest::prelude::*;

    #[test]
    fn tables_are_sorted_without_doubles() {
        assert!(LOOKALIKES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(DECOMPOSED.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)));
    }

    #[test]
    fn every_lookalike_leads_from_outside_gsm7_to_inside() {
        let mut known = 0;
        for character in '\0'..=char::MAX {
            let Some(to) = lookalike(character) else {
                continue;
            };
            known += 1;
            assert!(alphabet::encode_char(character).is_none(), "{character:?}");
            assert!(count_septets(to).is_some(), "{character:?} to {to:?}");
        }
        // U+FF40, the full-width grave accent, is in the table and in the rule.
        assert_eq!(known, LOOKALIKES.len() + 94 - 1);
        for (base, mark, letter) in DECOMPOSED {
            assert!(alphabet::encode_char(*base).is_some());
            assert!(alphabet::encode_char(*mark).is_none());
            assert_eq!(count_septets(letter), Some(1));
        }
    }

    #[test]
    fn replaces_what_readers_take_for_the_same() {
        let cases = [
            ("“It’s” – now…", "\"It's\" - now..."),
            ("a\u{A0}b\u{202F}c\u{3000}d\te", "a b c d e"),
            ("in\u{AD}vi\u{200B}si\u{FEFF}ble\u{200E}", "invisible"),
            ("ＳＡＬＥ　５０％！", "SALE 50%!"),
            ("ΚΑΛΗΜΕΡΑ", "KAΛHMEPA"),
            ("СТОП", "CTOΠ"),
            ("ﬁne eﬀort, cœur", "fine effort, coeur"),
            ("• one\u{2028}• two", "* one\n* two"),
            ("cafe\u{301} Mu\u{308}nchen A\u{30A}", "café München Å"),
            ("5 K 1 Å 2 Ω", "5 K 1 Å 2 Ω"),
        ];
        for (text, expected) in cases {
            assert_eq!(replace(text).unwrap().text, expected, "{text:?}");
        }
    }

    #[test]
    fn leaves_alone_what_would_read_otherwise() {
        for text in ["crêpe", "1½", "10²", "о", "ο", "😀", "“中”", "₹5", "\u{202E}abc", "a\u{301}", "garçon"]
        {
            assert!(replace(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn counts_each_kind_once() {
        let replaced = replace("’a’b…e\u{301}\u{200B}’").unwrap();
        let rows: Vec<_> =
            replaced.replacements.iter().map(|r| (r.from.as_str(), r.to.as_str(), r.count)).collect();
        assert_eq!(rows, [("e\u{301}", "é", 1), ("\u{200B}", "", 1), ("’", "'", 3), ("…", "...", 1),]);
    }

    proptest! {
        #[test]
        fn pieces_cover_the_text(text in any::<String>()) {
            let covered: u32 = pieces(&text).map(|piece| piece.chars()).sum();
            prop_assert_eq!(covered as usize, text.chars().count());
        }
    }
}
