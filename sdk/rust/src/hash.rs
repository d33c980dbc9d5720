//! A hash of a text that never changes: the same recipient takes the same way in each call, on each
//! host, and after each update.

/// FNV-1a of 64 bits, mixed so that all bits depend on all of the text.
#[must_use]
pub fn of(text: &str) -> u64 {
    let mut hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

/// A place below `places` for the text. Where `salt` differs, so do the places: two plugins that
/// split the same recipients are independent of each other. 0 where there are no places.
#[must_use]
pub fn place(text: &str, salt: &str, places: u64) -> u64 {
    if places == 0 { 0 } else { (of(text) ^ of(salt).rotate_left(17)) % places }
}

/// How well the text and one of several choices fit (rendezvous hashing): the choice with the highest
/// value is the text's own, and only those whose own is gone move to another.
#[must_use]
pub fn affinity(text: &str, choice: &str) -> u64 {
    let mixed = (of(text) ^ of(choice).rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_changes() {
        assert_eq!(of(""), 0xecba3df2c3383c52);
        assert_eq!(of("+4915112345678"), 0xaaa15a12b219a4a5);
        assert_eq!(place("+4915112345678", "x", 0), 0);
    }

    #[test]
    fn places_and_affinities_are_even() {
        let numbers: Vec<String> = (0..10_000).map(|index| format!("+49151{index:08}")).collect();
        let mut places = [0_u32; 10];
        let mut own = [0_u32; 3];
        for number in &numbers {
            places[usize::try_from(place(number, "split", 10)).unwrap()] += 1;
            let best = (0..3).max_by_key(|choice| affinity(number, ["a", "b", "c"][*choice])).unwrap();
            own[best] += 1;
        }
        assert!(places.iter().all(|count| (850..1150).contains(count)), "{places:?}");
        assert!(own.iter().all(|count| (3100..3570).contains(count)), "{own:?}");
    }
}
