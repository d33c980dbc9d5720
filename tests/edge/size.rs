//! How large the parts are.

use waypost_builtins::edge::PARTS;

/// A part is fetched and compiled wherever the application starts.
const PART_BYTES_MAX: usize = 1_500_000;

#[test]
fn every_part_is_small() {
    for (name, part) in [
        ("gateway", PARTS.gateway),
        ("provider", PARTS.provider),
        ("signing", PARTS.signing),
        ("log", PARTS.log),
        ("none", PARTS.none),
        ("screening-pair", PARTS.screening_pair),
    ] {
        println!("{name}: {} bytes", part.len());
        assert!(part.len() <= PART_BYTES_MAX, "{name} has {} bytes", part.len());
    }
}
