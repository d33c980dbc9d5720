//! Reading and writing septets with shift tables.

use std::sync::LazyLock;

use super::{Language, locking, single};
use crate::text::alphabet::{self, DEFAULT, ESCAPE, Septets};

/// Information element that names the single shift table (TS 23.040 section 9.2.3.24.15).
pub const SINGLE_SHIFT_IEI: u8 = 0x24;
/// Information element that names the locking shift table (TS 23.040 section 9.2.3.24.16).
pub const LOCKING_SHIFT_IEI: u8 = 0x25;

/// The tables that septets are written with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shift {
    /// Instead of the default alphabet. `None`, and a language without such a table: the default.
    pub locking: Option<Language>,
    /// Instead of the default extension table. `None`: the default.
    pub single: Option<Language>,
}

impl Shift {
    /// The information elements that name the tables: three octets for each.
    #[must_use]
    pub fn elements(self) -> Vec<u8> {
        let single = self.single.map(|language| [SINGLE_SHIFT_IEI, 1, language.identifier()]);
        let locking = self.locking.map(|language| [LOCKING_SHIFT_IEI, 1, language.identifier()]);
        [single, locking].into_iter().flatten().flatten().collect()
    }

    /// How a character is written, or `None` where these tables do not have it.
    #[must_use]
    pub fn encode_char(self, character: char) -> Option<Septets> {
        let default = || alphabet::encode_char(character);
        let plain = match self.locking.and_then(by_point_locking) {
            Some(table) => find(table, character),
            None => default().and_then(|septets| match septets {
                Septets::Default(septet) => Some(septet),
                Septets::Extension(_) => None,
            }),
        };
        let extended = || match self.single {
            Some(language) => find(by_point_single(language), character),
            None => default().and_then(|septets| match septets {
                Septets::Extension(septet) => Some(septet),
                Septets::Default(_) => None,
            }),
        };
        plain.map(Septets::Default).or_else(|| extended().map(Septets::Extension))
    }

    /// One octet for each septet, or `None` where these tables lack a character.
    #[must_use]
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        let mut septets = Vec::with_capacity(text.len());
        for character in text.chars() {
            match self.encode_char(character)? {
                Septets::Default(septet) => septets.push(septet),
                Septets::Extension(septet) => septets.extend([ESCAPE, septet]),
            }
        }
        Some(septets)
    }

    /// Reads septets, one in each octet. Join the segments of a message first.
    ///
    /// A septet that the single shift table lacks is read from the alphabet, a second escape makes a
    /// space, and so does an escape at the end (TS 23.038 section 6.2.1.1). What the alphabet lacks,
    /// and an octet above 0x7F, becomes U+FFFD.
    #[must_use]
    pub fn decode(self, septets: &[u8]) -> String {
        let mut text = String::with_capacity(septets.len());
        let mut rest = septets.iter().copied();
        while let Some(septet) = rest.next() {
            if septet != ESCAPE {
                text.push(self.plain(septet));
                continue;
            }
            let character = match rest.next() {
                None | Some(ESCAPE) => ' ',
                Some(escaped) => self.extended(escaped).unwrap_or_else(|| self.plain(escaped)),
            };
            text.push(character);
        }
        text
    }

    fn plain(self, septet: u8) -> char {
        let at = usize::from(septet);
        let found = match self.locking.and_then(locking::table) {
            Some(table) => table.get(at).copied().filter(|point| *point != 0).and_then(character_of),
            None => DEFAULT.get(at).copied(),
        };
        found.unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn extended(self, septet: u8) -> Option<char> {
        let Some(language) = self.single else { return alphabet::decode_extension(septet) };
        let mut pairs = single::table(language).into_iter().flatten();
        pairs.find(|(code, _)| *code == septet).and_then(|(_, point)| character_of(*point))
    }
}

/// Code point and septet, sorted: the tables turned round.
type ByPoint = Vec<(u16, u8)>;

static LOCKING: LazyLock<Vec<Option<ByPoint>>> = LazyLock::new(|| {
    let turned = |table: &[u16; 128]| {
        let cells = (0..).zip(table.iter().copied()).filter(|(_, point)| *point != 0);
        sorted(cells.map(|(septet, point)| (point, septet)).collect())
    };
    Language::ALL.map(|language| locking::table(language).map(turned)).into()
});

static SINGLE: LazyLock<Vec<ByPoint>> = LazyLock::new(|| {
    let turned = |language| {
        let pairs = single::table(language).into_iter().flatten();
        sorted(pairs.map(|(septet, point)| (*point, *septet)).collect())
    };
    Language::ALL.map(turned).into()
});

fn by_point_locking(language: Language) -> Option<&'static ByPoint> {
    LOCKING.get(usize::from(language.identifier()) - 1)?.as_ref()
}

fn by_point_single(language: Language) -> &'static [(u16, u8)] {
    SINGLE.get(usize::from(language.identifier()) - 1).map_or(&[], Vec::as_slice)
}

/// Of a character that a table has twice, the lower septet stays.
fn sorted(mut turned: ByPoint) -> ByPoint {
    turned.sort_unstable();
    turned.dedup_by_key(|(point, _)| *point);
    turned
}

fn find(table: &[(u16, u8)], character: char) -> Option<u8> {
    let point = u16::try_from(u32::from(character)).ok()?;
    let at = table.binary_search_by_key(&point, |(point, _)| *point).ok()?;
    table.get(at).map(|(_, septet)| *septet)
}

fn character_of(point: u16) -> Option<char> {
    char::from_u32(u32::from(point))
}
