//! Bodies with known plans and known octets.

use super::options;
use crate::text::{
    BODY_BYTES_MAX, Body, Encoding, EncodingChoice, OFFENDING_MAX, PlanOptions, Reference, SEGMENTS_LIMIT,
    TextError, TextPlan, decode_gsm7, plan, segments,
};

fn text(text: &str) -> Body {
    Body::Text(text.to_owned())
}

fn plan_auto(body: &str) -> TextPlan {
    plan(&text(body), &options(EncodingChoice::Auto, Reference::Eight)).unwrap()
}

fn payloads(body: &str) -> Vec<Vec<u8>> {
    let segments = segments(&plan_auto(body), &text(body), 0).unwrap();
    segments.into_iter().map(|s| s.payload).collect()
}

#[test]
fn segment_counts_at_the_boundaries() {
    use Encoding::{Binary, Gsm7, Ucs2};
    use Reference::{Eight, Sixteen};
    let cases = [
        (Gsm7, Eight, [(1, 1), (160, 1), (161, 2), (306, 2), (307, 3), (459, 3), (460, 4)]),
        (Gsm7, Sixteen, [(1, 1), (160, 1), (161, 2), (304, 2), (305, 3), (456, 3), (457, 4)]),
        (Ucs2, Eight, [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)]),
        (Ucs2, Sixteen, [(1, 1), (70, 1), (71, 2), (132, 2), (133, 3), (198, 3), (199, 4)]),
        (Binary, Eight, [(1, 1), (140, 1), (141, 2), (268, 2), (269, 3), (402, 3), (403, 4)]),
        (Binary, Sixteen, [(1, 1), (140, 1), (141, 2), (266, 2), (267, 3), (399, 3), (400, 4)]),
    ];
    for (encoding, reference, rows) in cases {
        for (units, count) in rows {
            let body = match encoding {
                Gsm7 => text(&"x".repeat(units)),
                Ucs2 => text(&"ж".repeat(units)),
                Binary => Body::Binary(vec![0xA5; units]),
            };
            let made = plan(&body, &options(EncodingChoice::Auto, reference)).unwrap();
            assert_eq!(
                (made.encoding, made.segments, made.units as usize),
                (encoding, count, units),
                "{reference:?}"
            );
        }
    }
}

#[test]
fn wire_form_of_one_and_of_two_segments() {
    let one = segments(&plan_auto("€1"), &text("€1"), 7).unwrap();
    assert_eq!(one.len(), 1);
    assert_eq!(one[0].udh, None);
    assert_eq!(one[0].payload, [0x1B, 0x65, 0x31]);

    let body = text(&"x".repeat(161));
    let cases: [(Reference, [&[u8]; 2]); 2] = [
        (Reference::Eight, [&[5, 0, 3, 0xCD, 2, 1], &[5, 0, 3, 0xCD, 2, 2]]),
        (Reference::Sixteen, [&[6, 8, 4, 0xAB, 0xCD, 2, 1], &[6, 8, 4, 0xAB, 0xCD, 2, 2]]),
    ];
    for (reference, expected) in cases {
        let made = plan(&body, &options(EncodingChoice::Auto, reference)).unwrap();
        let headers: Vec<_> =
            segments(&made, &body, 0xABCD).unwrap().into_iter().map(|s| s.udh.unwrap()).collect();
        assert_eq!(headers, expected);
    }
}

#[test]
fn escape_stays_with_its_septet() {
    let body = format!("{}€{}", "x".repeat(152), "y".repeat(20));
    let wire = payloads(&body);
    assert_eq!(wire[0].len(), 152);
    assert_eq!(wire[1][..2], [0x1B, 0x65]);
    // 160 septets with the euro sign as the last two: one segment.
    assert_eq!(plan_auto(&format!("{}€", "x".repeat(158))).segments, 1);
    assert_eq!(plan_auto(&format!("{}€", "x".repeat(159))).segments, 2);
    // 306 septets do not fit two segments where an escape straddles the cut.
    assert_eq!(plan_auto(&format!("{}€{}", "x".repeat(152), "y".repeat(152))).segments, 3);
}

#[test]
fn clusters_stay_whole_across_a_cut() {
    let family = "👨\u{200D}👩\u{200D}👧\u{200D}👦";
    let cases = [
        // Text before the cluster, the cluster, units of the first segment.
        ("ж".repeat(66), "😀", 66),
        ("ж".repeat(60), family, 60),
        ("ж".repeat(65), "🇩🇪", 65),
        ("ж".repeat(66), "e\u{301}", 66),
        ("ж".repeat(66), "\r\n", 66),
        ("ж".repeat(66), "❤\u{FE0F}", 66),
        ("ж".repeat(65), "👍🏽", 65),
        ("x".repeat(152), "\r\n", 152),
    ];
    for (before, cluster, expected) in cases {
        let body = format!("{before}{cluster}{}", "z".repeat(20));
        let made = plan_auto(&body);
        assert_eq!(made.cuts[0] as usize, before.len(), "{cluster:?}");
        let unit_octets = if made.encoding == Encoding::Ucs2 { 2 } else { 1 };
        assert_eq!(payloads(&body)[0].len(), expected * unit_octets, "{cluster:?}");
    }
}

#[test]
fn a_cluster_longer_than_a_segment_is_cut_between_characters() {
    let body = format!("ab{}c", "e\u{301}".to_owned() + &"\u{302}".repeat(150));
    let made = plan_auto(&body);
    // "ab", then 67, 67 and 18 units of the cluster with "c" after them.
    assert_eq!(made.segments, 4);
    assert_eq!(made.cuts[0], 2);
}

#[test]
fn automatic_choice() {
    let cases = [
        ("Grüße, 5 €", Encoding::Gsm7, 11),
        ("{[~]}\\|^\u{0C}", Encoding::Gsm7, 18),
        ("It’s", Encoding::Ucs2, 4),
        ("ça", Encoding::Ucs2, 2),
        ("😀", Encoding::Ucs2, 2),
    ];
    for (body, encoding, units) in cases {
        let made = plan_auto(body);
        assert_eq!((made.encoding, made.units), (encoding, units), "{body:?}");
        assert_eq!((made.replaced_text, made.replacements), (None, vec![]));
    }
    let asked = options(EncodingChoice::Ucs2, Reference::Eight);
    assert_eq!(plan(&text("abc"), &asked).unwrap().encoding, Encoding::Ucs2);
}

#[test]
fn lookalikes_are_replaced_only_where_that_reaches_gsm7() {
    let replacing = |encoding| PlanOptions { encoding, replace_lookalikes: true, ..PlanOptions::default() };
    for encoding in [EncodingChoice::Auto, EncodingChoice::Gsm7] {
        let body = text("It’s “€5”…");
        let made = plan(&body, &replacing(encoding)).unwrap();
        assert_eq!(made.encoding, Encoding::Gsm7);
        assert_eq!(made.text(&body), Some("It's \"€5\"..."));
        assert_eq!(made.units, 13);
        assert_eq!(made.replacements.len(), 4);
        let wire = segments(&made, &body, 0).unwrap();
        assert_eq!(decode_gsm7(&wire[0].payload), "It's \"€5\"...");
    }
    for (body, encoding, expected) in [
        ("plain", EncodingChoice::Auto, Encoding::Gsm7),
        ("It’s 中", EncodingChoice::Auto, Encoding::Ucs2),
        ("It’s", EncodingChoice::Ucs2, Encoding::Ucs2),
    ] {
        let made = plan(&text(body), &replacing(encoding)).unwrap();
        assert_eq!(made.encoding, expected, "{body:?}");
        assert_eq!((made.replaced_text, made.replacements), (None, vec![]), "{body:?}");
    }
    assert_eq!(plan(&text("\u{200B}"), &replacing(EncodingChoice::Auto)), Err(TextError::Empty));
}

#[test]
fn gsm7_lists_what_it_lacks() {
    let refusal = |body: &str, replace_lookalikes| {
        let asked =
            PlanOptions { encoding: EncodingChoice::Gsm7, replace_lookalikes, ..PlanOptions::default() };
        match plan(&text(body), &asked) {
            Err(TextError::NotInGsm7 { offending, occurrences, lookalikes_would_help }) => {
                let listed: Vec<_> = offending.iter().map(|o| (o.character, o.position)).collect();
                (listed, occurrences, lookalikes_would_help)
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refusal("ä’b’", false), (vec![('’', 1)], 2, true));
    assert_eq!(refusal("e\u{301}…", false), (vec![('\u{301}', 1), ('…', 2)], 2, true));
    assert_eq!(refusal("’中", false), (vec![('’', 0), ('中', 1)], 2, false));
    assert_eq!(refusal("e\u{301}’中", true), (vec![('中', 3)], 1, false));
    let many: String = ('а'..='я').collect();
    let (listed, occurrences, _) = refusal(&many, false);
    assert_eq!((listed.len(), occurrences), (OFFENDING_MAX, 32));
}

#[test]
fn refusals() {
    let auto = options(EncodingChoice::Auto, Reference::Eight);
    let asked = |encoding| options(encoding, Reference::Eight);
    let limited = |segments_max| PlanOptions { segments_max, ..auto };
    let long = "x".repeat(BODY_BYTES_MAX + 1);
    let cases = [
        (text(""), auto, "body_empty"),
        (Body::Binary(vec![]), auto, "body_empty"),
        (text(&long), auto, "body_too_long"),
        (Body::Binary(long.into_bytes()), auto, "body_too_long"),
        (text("a"), asked(EncodingChoice::Binary), "binary_encoding_for_text"),
        (Body::Binary(vec![1]), asked(EncodingChoice::Gsm7), "text_encoding_for_binary"),
        (Body::Binary(vec![1]), asked(EncodingChoice::Ucs2), "text_encoding_for_binary"),
        (text("a"), limited(0), "segments_max_out_of_range"),
        (text("a"), limited(SEGMENTS_LIMIT + 1), "segments_max_out_of_range"),
        (text(&"x".repeat(161)), limited(1), "too_many_segments"),
        (text("中"), asked(EncodingChoice::Gsm7), "not_in_gsm7"),
    ];
    for (body, options, code) in cases {
        let error = plan(&body, &options).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(!error.to_string().contains('中'), "a body in a log: {error}");
    }
    assert_eq!(
        plan(&text(&"x".repeat(16_000)), &auto),
        Err(TextError::TooManySegments { segments: 105, segments_max: SEGMENTS_LIMIT, units: 16_000 })
    );
}

#[test]
fn a_plan_with_another_body_is_refused() {
    let made = plan_auto(&"x".repeat(200));
    let mut fewer_cuts = made.clone();
    fewer_cuts.cuts.clear();
    let mut disordered = plan_auto(&"x".repeat(400));
    disordered.cuts.reverse();
    let cases = [
        (made.clone(), text(&"x".repeat(100))),
        (made.clone(), text(&"x".repeat(201))),
        (made.clone(), text(&"x".repeat(400))),
        (made.clone(), text(&"ж".repeat(100))),
        (made, Body::Binary(vec![0; 200])),
        (fewer_cuts, text(&"x".repeat(200))),
        (disordered, text(&"x".repeat(400))),
        (plan_auto(&"ж".repeat(100)), text(&format!("x{}", "ж".repeat(100)))),
        (plan_auto("a"), text("")),
    ];
    for (plan, body) in cases {
        assert_eq!(segments(&plan, &body, 0), Err(TextError::PlanMismatch));
    }
}
