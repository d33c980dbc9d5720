//! Signatures are compared in a time that does not depend on where they differ.

use std::hint::black_box;

/// Whether two signatures are the same. Their lengths are no secret.
#[must_use]
pub fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let difference = left.iter().zip(right).fold(0, |difference, (a, b)| black_box(difference | (a ^ b)));
    difference == 0
}

/// The bytes of RFC 4648 base64, with padding. None: it is not that.
#[must_use]
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let (groups, []) = text.as_bytes().as_chunks::<4>() else { return None };
    let (last, others) = groups.split_last()?;
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for group in others {
        bytes.extend_from_slice(&decode(group)?.to_be_bytes()[1..]);
    }
    match last {
        [a, b, b'=', b'='] => {
            let [_, first, second, third] = decode(&[*a, *b, b'A', b'A'])?.to_be_bytes();
            if (second, third) != (0, 0) {
                return None;
            }
            bytes.push(first);
        }
        [a, b, c, b'='] => {
            let [_, first, second, third] = decode(&[*a, *b, *c, b'A'])?.to_be_bytes();
            if third != 0 {
                return None;
            }
            bytes.extend([first, second]);
        }
        group => bytes.extend_from_slice(&decode(group)?.to_be_bytes()[1..]),
    }
    Some(bytes)
}

fn decode(group: &[u8; 4]) -> Option<u32> {
    group.iter().try_fold(0, |bits, character| {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        Some(bits << 6 | u32::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_compared_whole() {
        assert!(same(b"", b"") && same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"ab") && !same(b"xbc", b"abc"));
    }

    /// The table of RFC 4648, section 10, and what is not canonical.
    #[test]
    fn reads_base64() {
        for (text, expected) in [
            ("Zg==", Some("f")),
            ("Zm8=", Some("fo")),
            ("Zm9v", Some("foo")),
            ("Zm9vYg==", Some("foob")),
            ("Zm9vYmE=", Some("fooba")),
            ("Zm9vYmFy", Some("foobar")),
            ("", None),
            ("Zm9", None),
            ("Zh==", None),
            ("Zm9=", None),
            ("Z===", None),
            ("Zg==Zg==", None),
            ("Zm9v\n", None),
            ("Zm-_", None),
        ] {
            assert_eq!(base64(text), expected.map(|text| text.as_bytes().to_vec()), "{text:?}");
        }
        assert_eq!(base64("+/+/"), Some(vec![0xfb, 0xff, 0xbf]));
    }
}
