//! Where a text is cut into segments.

use unicode_segmentation::UnicodeSegmentation;

/// The byte offsets at which the second and later segments begin, for a text
/// of which each segment takes `units_max` units and `units_of` says how many
/// units a character takes. `units_max` must not be smaller than the largest
/// character.
///
/// A cut falls between extended grapheme clusters (Unicode Standard Annex 29),
/// so that no emoji, accent or CR LF is torn where a phone shows segments as
/// they come. Only a cluster longer than a whole segment is cut, between
/// characters; it begins a segment of its own.
pub(super) fn split_text(text: &str, units_max: usize, units_of: impl Fn(char) -> usize) -> Vec<u32> {
    let mut cuts = Vec::new();
    let mut start = 0;
    // A boundary between clusters from which to look for the next: `start`, or
    // the end of an overlong cluster that `start` is inside of.
    let mut boundary = 0;
    while let Some(full) = first_beyond(text, start, units_max, &units_of) {
        if boundary > full {
            start = full;
        } else if breaks_plainly(text, full) {
            start = full;
            boundary = full;
        } else {
            let (last, next) = boundaries_around(text, boundary, full);
            if last > start {
                start = last;
                boundary = last;
            } else {
                start = full;
                boundary = next;
            }
        }
        cuts.push(start as u32);
    }
    cuts
}

/// The byte offsets at which the second and later segments of binary data
/// begin.
pub(super) fn split_octets(octets: usize, octets_max: usize) -> Vec<u32> {
    (octets_max..octets).step_by(octets_max).map(|offset| offset as u32).collect()
}

/// Where the first character begins that does not fit a segment from `start`;
/// `None` where all that is left fits.
fn first_beyond(
    text: &str,
    start: usize,
    units_max: usize,
    units_of: impl Fn(char) -> usize,
) -> Option<usize> {
    let mut units = 0;
    text[start..].char_indices().find_map(|(offset, character)| {
        units += units_of(character);
        (units > units_max).then_some(start + offset)
    })
}

/// Whether the two characters around `offset` are of the blocks before the
/// combining marks, where only CR LF is a cluster of more than one character.
/// Decides for most texts without walking through the segment.
fn breaks_plainly(text: &str, offset: usize) -> bool {
    let (before, after) = text.split_at(offset);
    let (Some(last), Some(first)) = (before.chars().next_back(), after.chars().next()) else {
        return true;
    };
    last < '\u{0300}' && first < '\u{0300}' && (last, first) != ('\r', '\n')
}

/// The last boundary between clusters at or before `limit` and the first
/// after it, looking from a boundary `from` at or before `limit`.
fn boundaries_around(text: &str, from: usize, limit: usize) -> (usize, usize) {
    let mut last = from;
    for cluster in text[from..].graphemes(true) {
        let next = last + cluster.len();
        if next > limit {
            return (last, next);
        }
        last = next;
    }
    (last, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utf16(text: &str, units_max: usize) -> Vec<u32> {
        split_text(text, units_max, char::len_utf16)
    }

    #[test]
    fn cuts_between_clusters() {
        let family = "👨\u{200D}👩\u{200D}👧";
        let cases = [
            ("abcdef".to_owned(), 3, vec![3]),
            ("abcdefg".to_owned(), 3, vec![3, 6]),
            ("abc".to_owned(), 3, vec![]),
            (String::new(), 3, vec![]),
            ("ab\r\ncd".to_owned(), 3, vec![2, 5]),
            ("abe\u{301}c".to_owned(), 3, vec![2]),
            ("ab😀".to_owned(), 3, vec![2]),
            ("🇩🇪🇫🇷🇮🇹".to_owned(), 11, vec![16]),
            (format!("a{family}{family}"), 10, vec![19]),
            // A cluster of 3 units in segments of 2: cut between characters.
            ("ae\u{301}\u{302}b".to_owned(), 2, vec![1, 4]),
        ];
        for (text, units_max, expected) in cases {
            assert_eq!(utf16(&text, units_max), expected, "{text:?} by {units_max}");
        }
    }

    #[test]
    fn after_an_overlong_cluster_flags_stay_whole() {
        // The prepended marks and the first flag are one cluster, cut inside
        // the flag; pairing on from that cut would tear all later flags.
        let text = format!("{}🇩🇪🇫🇷🇮🇹🇪🇸", "\u{0600}".repeat(8));
        assert_eq!(utf16(&text, 10), [20, 40]);
    }

    #[test]
    fn binary_is_cut_evenly() {
        assert_eq!(split_octets(135, 134), [134]);
        assert_eq!(split_octets(268, 134), [134]);
        assert_eq!(split_octets(269, 134), [134, 268]);
        assert!(split_octets(134, 134).is_empty());
    }

    proptest! {
        #[test]
        fn plain_breaks_are_cluster_boundaries(
            text in prop::collection::vec(
                prop_oneof![prop::char::range('\0', '\u{2FF}'), Just('\r'), Just('\n')], 0..40,
            ).prop_map(String::from_iter),
        ) {
            let clusters: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
            for (at, _) in text.char_indices().skip(1) {
                prop_assert_eq!(breaks_plainly(&text, at), clusters.contains(&at));
            }
        }
    }
}
