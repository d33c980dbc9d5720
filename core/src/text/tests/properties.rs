//! What holds for every body.

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::options;
use crate::text::{
    Body, Encoding, EncodingChoice, PlanOptions, Reference, SEGMENTS_LIMIT, TextError, USER_DATA_OCTETS_MAX,
    alphabet, decode_gsm7, decode_ucs2, gsm7, pack_septets, plan, segments, ucs2, unpack_septets,
};

/// Texts of what makes cutting hard, in runs, and of anything at all.
fn hard_text() -> impl Strategy<Value = String> {
    let gsm7 = prop_oneof![
        8 => (0usize..128).prop_map(|i| alphabet::DEFAULT[i].to_string()),
        1 => (0usize..10).prop_map(|i| alphabet::EXTENSION[i].1.to_string()),
        1 => Just("\r\n".to_owned()),
    ];
    let hard = prop_oneof![
        4 => any::<char>().prop_map(String::from),
        2 => Just("👨\u{200D}👩\u{200D}👧\u{200D}👦".to_owned()),
        2 => Just("🇩🇪".to_owned()),
        1 => Just("🇩".to_owned()),
        2 => Just("e\u{301}".to_owned()),
        1 => (1usize..90).prop_map(|n| "\u{302}".repeat(n)),
        1 => Just("\u{0600}".to_owned()),
        1 => Just("한".to_owned()),
        1 => Just("नमस्ते".to_owned()),
        1 => Just("\r\n".to_owned()),
        4 => "[a-z ]{1,30}",
    ];
    prop_oneof![
        prop::collection::vec(gsm7, 1..900).prop_map(|parts| parts.concat()),
        prop::collection::vec(hard, 1..120).prop_map(|parts| parts.concat()),
    ]
}

fn any_options() -> impl Strategy<Value = PlanOptions> {
    (
        prop::sample::select(vec![
            EncodingChoice::Auto,
            EncodingChoice::Gsm7,
            EncodingChoice::Ucs2,
            EncodingChoice::Binary,
        ]),
        any::<bool>(),
        any::<bool>(),
        0..=SEGMENTS_LIMIT + 1,
    )
        .prop_map(|(encoding, replace_lookalikes, sixteen, segments_max)| PlanOptions {
            encoding,
            replace_lookalikes,
            segments_max,
            reference_bits: if sixteen { Reference::Sixteen } else { Reference::Eight },
        })
}

fn high_surrogate(octets: &[u8]) -> bool {
    octets.first().is_some_and(|octet| octet & 0xFC == 0xD8)
}

fn low_surrogate(octets: &[u8]) -> bool {
    octets.first().is_some_and(|octet| octet & 0xFC == 0xDC)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn segments_hold_the_whole_text(
        body in hard_text(),
        replace_lookalikes in any::<bool>(),
        sixteen in any::<bool>(),
        reference in any::<u16>(),
    ) {
        let reference_bits = if sixteen { Reference::Sixteen } else { Reference::Eight };
        let options = PlanOptions {
            replace_lookalikes,
            ..options(EncodingChoice::Auto, reference_bits)
        };
        let body = Body::Text(body);
        let made = match plan(&body, &options) {
            Ok(made) => made,
            Err(TextError::TooManySegments { segments, .. }) => {
                prop_assert!(segments > u32::from(SEGMENTS_LIMIT));
                return Ok(());
            }
            Err(error) => {
                prop_assert_eq!(error, TextError::Empty);
                return Ok(());
            }
        };
        let wire = segments(&made, &body, reference).unwrap();
        prop_assert_eq!(wire.len(), usize::from(made.segments));
        let sent = made.text(&body).unwrap();

        let joined: Vec<u8> = wire.iter().flat_map(|s| s.payload.iter().copied()).collect();
        let received = match made.encoding {
            Encoding::Gsm7 => decode_gsm7(&joined),
            _ => decode_ucs2(&joined).unwrap(),
        };
        prop_assert_eq!(&received, sent);

        for segment in &wire {
            let udh_octets = segment.udh.as_ref().map_or(0, Vec::len);
            prop_assert_eq!(udh_octets > 0, wire.len() > 1);
            prop_assert!(!segment.payload.is_empty());
            let octets = match made.encoding {
                Encoding::Gsm7 => {
                    let packed = pack_septets(&segment.payload, udh_octets);
                    let count = segment.payload.len();
                    prop_assert_eq!(&unpack_septets(&packed, udh_octets, count), &segment.payload);
                    prop_assert!(segment.payload.last() != Some(&alphabet::ESCAPE));
                    packed.len()
                }
                _ => {
                    prop_assert!(!low_surrogate(&segment.payload));
                    let last = segment.payload.len() - 2;
                    prop_assert!(!high_surrogate(&segment.payload[last..]));
                    segment.payload.len()
                }
            };
            prop_assert!(udh_octets + octets <= USER_DATA_OCTETS_MAX);
        }

        // A cut inside a cluster is allowed only where the cluster is longer
        // than a segment, and no earlier than it must be.
        let units = |part: &str| match made.encoding {
            Encoding::Gsm7 => gsm7::count_septets(part).unwrap() as usize,
            _ => ucs2::count_units(part) as usize,
        };
        let clusters: Vec<(usize, &str)> = sent.grapheme_indices(true).collect();
        let mut start = 0;
        for cut in made.cuts.iter().map(|cut| *cut as usize) {
            let index = clusters.partition_point(|(at, _)| *at <= cut) - 1;
            let (at, cluster) = clusters[index];
            if at == cut {
                prop_assert!(units(&sent[start..cut + cluster.len()]) > made.units_max());
            } else {
                prop_assert!(units(cluster) > made.units_max());
                prop_assert!(start >= at);
            }
            start = cut;
        }
    }

    #[test]
    fn nothing_panics(
        body in prop_oneof![
            hard_text().prop_map(Body::Text),
            any::<String>().prop_map(Body::Text),
            prop::collection::vec(any::<u8>(), 0..3000).prop_map(Body::Binary),
        ],
        other in hard_text(),
        options in any_options(),
    ) {
        match plan(&body, &options) {
            Ok(made) => {
                prop_assert!((1..=options.segments_max).contains(&made.segments));
                prop_assert!(segments(&made, &body, 1).is_ok());
                segments(&made, &Body::Text(other), 1).ok();
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn binary_comes_back(octets in prop::collection::vec(any::<u8>(), 1..2600)) {
        let body = Body::Binary(octets.clone());
        let made = plan(&body, &options(EncodingChoice::Binary, Reference::Eight)).unwrap();
        let wire = segments(&made, &body, 1).unwrap();
        let joined: Vec<u8> = wire.into_iter().flat_map(|s| s.payload).collect();
        prop_assert_eq!(joined, octets);
    }
}
