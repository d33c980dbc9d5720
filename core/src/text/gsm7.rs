//! GSM-7 strings: counting, encoding, decoding, and packing septets into octets.

use crate::text::alphabet::{self, DEFAULT, ESCAPE, Septets};

/// Septets that a text takes, or `None` where a character is outside GSM-7.
pub(super) fn count_septets(text: &str) -> Option<u32> {
    if text.is_ascii() {
        // No early exit: a sum without branches is several times faster, and
        // the length of a text is bounded before it comes here.
        let total: u32 = text.bytes().map(|byte| ASCII_COST[usize::from(byte & 0x7F)]).sum();
        return (total < OUTSIDE_COST).then_some(total);
    }
    text.chars().map(|c| alphabet::encode_char(c).map(Septets::count)).sum()
}

/// One octet for each septet, or `None` where a character is outside GSM-7.
pub(super) fn encode_gsm7(text: &str) -> Option<Vec<u8>> {
    let mut septets = Vec::with_capacity(text.len());
    for character in text.chars() {
        match alphabet::encode_char(character)? {
            Septets::Default(septet) => septets.push(septet),
            Septets::Extension(septet) => septets.extend([ESCAPE, septet]),
        }
    }
    Some(septets)
}

/// Reads unpacked GSM-7, one septet in each octet.
///
/// As TS 23.038 section 6.2.1.1 has it: after an escape, a septet that the
/// extension table lacks is read from the default alphabet, and a second
/// escape makes a space. An escape at the end makes a space too. An octet
/// above 0x7F is no septet and becomes U+FFFD.
///
/// Join the segments of a message before reading them: other senders cut
/// between an escape and its septet.
#[must_use]
pub fn decode_gsm7(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut rest = septets.iter().copied();
    while let Some(septet) = rest.next() {
        if septet != ESCAPE {
            text.push(decode_default(septet));
            continue;
        }
        let character = match rest.next() {
            None => ' ',
            Some(escaped) => alphabet::decode_extension(escaped).unwrap_or_else(|| decode_default(escaped)),
        };
        text.push(character);
    }
    text
}

/// Packs septets into octets for the user data of a TPDU (TS 23.038 section
/// 6.1.2.1.1), to stand after a user data header of `udh_octets` octets (its
/// length octet included, 0 for none). Fill bits bring the first septet to a
/// septet boundary (TS 23.040 section 9.2.3.24). The header is not in the
/// result. The top bit of an octet of `septets` is ignored.
#[must_use]
pub fn pack_septets(septets: &[u8], udh_octets: usize) -> Vec<u8> {
    let mut bits = fill_bits(udh_octets);
    let mut pending: u16 = 0;
    let mut packed = Vec::with_capacity((septets.len() * 7).div_ceil(8) + 1);
    for septet in septets {
        pending |= u16::from(septet & 0x7F) << bits;
        bits += 7;
        if bits >= 8 {
            packed.push((pending & 0xFF) as u8);
            pending >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 && !septets.is_empty() {
        packed.push((pending & 0xFF) as u8);
    }
    packed
}

/// Unpacks up to `septets_max` septets from the octets that follow a user data
/// header of `udh_octets` octets; the inverse of [`pack_septets`].
///
/// `septets_max` is the user data length less the header's septets
/// (`(udh_octets * 8).div_ceil(7)`). Only it can tell a last `@` from padding:
/// seven octets hold seven septets or eight. Fewer come back where the octets
/// end first.
#[must_use]
pub fn unpack_septets(packed: &[u8], udh_octets: usize, septets_max: usize) -> Vec<u8> {
    let fill = fill_bits(udh_octets);
    let available = (packed.len() * 8).saturating_sub(fill) / 7;
    let count = available.min(septets_max);
    (0..count)
        .map(|index| {
            let bit = fill + index * 7;
            let octet = |at: usize| u16::from(packed.get(at).copied().unwrap_or(0));
            let window = octet(bit / 8) | octet(bit / 8 + 1) << 8;
            ((window >> (bit % 8)) & 0x7F) as u8
        })
        .collect()
}

/// Larger than the septets of any text of
/// [`BODY_BYTES_MAX`](crate::text::BODY_BYTES_MAX), small enough that as many
/// of them do not overflow.
const OUTSIDE_COST: u32 = 1 << 17;

const _: () = {
    let bytes_max = crate::text::BODY_BYTES_MAX as u64;
    assert!(2 * bytes_max < OUTSIDE_COST as u64);
    assert!(bytes_max * (OUTSIDE_COST as u64) <= u32::MAX as u64);
};

static ASCII_COST: [u32; 128] = ascii_cost();

const fn ascii_cost() -> [u32; 128] {
    let mut costs = [OUTSIDE_COST; 128];
    let mut byte = 0;
    while byte < costs.len() {
        if let Some(septets) = alphabet::encode_char(byte as u8 as char) {
            costs[byte] = septets.count();
        }
        byte += 1;
    }
    costs
}

fn decode_default(septet: u8) -> char {
    DEFAULT.get(usize::from(septet)).copied().unwrap_or(char::REPLACEMENT_CHARACTER)
}

const fn fill_bits(udh_octets: usize) -> usize {
    (7 - udh_octets * 8 % 7) % 7
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packs_known_answers() {
        let cases: [(&str, usize, &[u8]); 5] = [
            ("hellohello", 0, &[0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37]),
            ("", 0, &[]),
            ("", 6, &[]),
            // One fill bit after six octets, none after seven.
            ("A", 6, &[0x82]),
            ("A", 7, &[0x41]),
        ];
        for (text, udh_octets, expected) in cases {
            let septets = encode_gsm7(text).unwrap();
            assert_eq!(pack_septets(&septets, udh_octets), expected, "{text:?}");
            assert_eq!(unpack_septets(expected, udh_octets, septets.len()), septets, "{text:?}");
        }
    }

    #[test]
    fn full_segments_fill_their_octets() {
        assert_eq!(pack_septets(&[0; 160], 0).len(), 140);
        assert_eq!(pack_septets(&[0; 153], 6).len(), 134);
        assert_eq!(pack_septets(&[0; 152], 7).len(), 133);
    }

    #[test]
    fn eighth_septet_needs_the_count() {
        let packed = pack_septets(&[1, 2, 3, 4, 5, 6, 7], 0);
        assert_eq!(packed.len(), 7);
        assert_eq!(unpack_septets(&packed, 0, 7), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(unpack_septets(&packed, 0, usize::MAX), [1, 2, 3, 4, 5, 6, 7, 0]);
    }

    #[test]
    fn whole_alphabet_round_trips() {
        let text: String = DEFAULT.into_iter().chain(alphabet::EXTENSION.map(|(_, c)| c)).collect();
        let septets = encode_gsm7(&text).unwrap();
        assert_eq!(count_septets(&text), Some(septets.len() as u32));
        assert_eq!(decode_gsm7(&septets), text);
        for (septet, character) in DEFAULT.into_iter().enumerate() {
            assert_eq!(decode_gsm7(&[septet as u8]), character.to_string());
        }
        for (septet, character) in alphabet::EXTENSION {
            assert_eq!(decode_gsm7(&[ESCAPE, septet]), character.to_string());
        }
    }

    #[test]
    fn odd_escapes_follow_ts_23_038() {
        let cases: [(&[u8], &str); 6] = [
            (&[ESCAPE], " "),
            (&[ESCAPE, ESCAPE], " "),
            (&[ESCAPE, ESCAPE, 0x65], " e"),
            (&[ESCAPE, 0x41], "A"),
            (&[ESCAPE, 0x0D, 0x42], "\rB"),
            (&[0x80, ESCAPE, 0xFF], "\u{FFFD}\u{FFFD}"),
        ];
        for (septets, expected) in cases {
            assert_eq!(decode_gsm7(septets), expected, "{septets:02x?}");
        }
    }

    #[test]
    fn counts_like_the_encoder_for_every_char() {
        for character in ('\0'..='\u{FFFF}').chain(['😀', char::MAX]) {
            let text = character.to_string();
            assert_eq!(
                count_septets(&text),
                encode_gsm7(&text).map(|septets| septets.len() as u32),
                "{character:?}"
            );
        }
        let longest = "`".repeat(crate::text::BODY_BYTES_MAX);
        assert_eq!(count_septets(&longest), None);
    }

    proptest! {
        #[test]
        fn packing_round_trips(
            septets in prop::collection::vec(0u8..128, 0..200),
            udh_octets in 0usize..20,
        ) {
            let packed = pack_septets(&septets, udh_octets);
            prop_assert_eq!(unpack_septets(&packed, udh_octets, septets.len()), septets);
        }

        #[test]
        fn unpacking_and_decoding_take_any_octets(
            octets in prop::collection::vec(any::<u8>(), 0..200),
            udh_octets in 0usize..300,
            septets_max in any::<usize>(),
        ) {
            let unpacked = unpack_septets(&octets, udh_octets, septets_max);
            prop_assert!(unpacked.iter().all(|septet| *septet < 128));
            prop_assert!(decode_gsm7(&unpacked).chars().count() <= unpacked.len());
            prop_assert!(decode_gsm7(&octets).chars().count() <= octets.len());
        }
    }
}
