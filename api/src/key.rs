//! API keys as text: how they are recognised, hashed and checked.
//!
//! A key is `wp_`, 12 characters `[a-z0-9]` by which it is found, `_`, and 43 characters of
//! base64url (RFC 4648 section 5) that hold 32 random bytes.

use sha2::{Digest, Sha256};
use waypost_core::store::ApiKey;

use crate::problem::Problem;

/// What every key begins with.
pub const PREFIX: &str = "wp_";
/// How many characters the part has by which a key is found.
pub const ID_CHARS: usize = 12;
const SECRET_CHARS: usize = 43;

/// What a store keeps of a key: the SHA-256 of its whole text.
#[must_use]
pub fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The part of a key by which it is found. None: the text has not the shape of a key.
#[must_use]
pub fn id_of(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(PREFIX)?;
    let (id, secret) = rest.split_at_checked(ID_CHARS)?;
    let secret = secret.strip_prefix('_')?;
    let id_fits = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let secret_fits = secret.len() == SECRET_CHARS
        && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (id_fits && secret_fits).then_some(id)
}

/// The stored key that a request may go by: the one whose text has this hash, if it was not taken back
/// and its time is not over at `now_ms`, in Unix milliseconds.
///
/// # Errors
/// `key_expired`, told only to who has the whole text of a key that stands; `key_invalid` for
/// whatever else is not good.
pub fn check(found: Option<ApiKey>, hash: &[u8; 32], now_ms: u64) -> Result<ApiKey, Problem> {
    let found = found.filter(|key| is_same(&key.hash, hash) && key.revoked_ms.is_none());
    let key = found.ok_or_else(Problem::key_invalid)?;
    if has_expired(&key, now_ms) { Err(Problem::key_expired()) } else { Ok(key) }
}

/// True from the millisecond on that the key names as its end.
#[must_use]
pub fn has_expired(key: &ApiKey, now_ms: u64) -> bool {
    key.expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms)
}

/// Takes the same time wherever the hashes differ.
fn is_same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    let differing = a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b));
    std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    #[test]
    fn what_has_not_the_shape_of_a_key_has_no_id() {
        let secret = "A".repeat(SECRET_CHARS);
        assert_eq!(id_of(&format!("wp_abcdefghijk1_{secret}")), Some("abcdefghijk1"));
        for text in [
            String::new(),
            "wp_".to_owned(),
            "wp_abcdefghijk1".to_owned(),
            format!("sk_abcdefghijk1_{secret}"),
            format!("wp_Abcdefghijk1_{secret}"),
            format!("wp_abcdefghijk_{secret}"),
            format!("wp_abcdefghijk12_{secret}"),
            format!("wp_abcdefghijk1_{secret}A"),
            format!("wp_abcdefghijk1_{}=", &secret[1..]),
            format!("wp_abcdefghijé_{secret}"),
            format!("wp_abcdefghijk1_{} ", &secret[1..]),
        ] {
            assert_eq!(id_of(&text), None, "{text}");
        }
    }

    #[test]
    fn only_the_same_hash_of_a_key_that_stands_is_good() {
        let hash = hash("wp_x");
        let key = ApiKey {
            id: "abcdefghijk1".into(),
            tenant: "acme".into(),
            label: "shop".to_owned(),
            scopes: Vec::new(),
            hash,
            created_ms: 0,
            revoked_ms: None,
            expires_ms: None,
        };
        let code = |key: &ApiKey, hash: &[u8; 32]| {
            check(Some(key.clone()), hash, 1_000).map_err(|problem| problem.code())
        };
        assert_eq!(code(&key, &hash), Ok(key.clone()));
        for bit in 0..256 {
            let mut other = hash;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(code(&key, &other), Err(Code::KeyInvalid), "bit {bit}");
        }
        assert_eq!(check(None, &hash, 0).map_err(|problem| problem.code()), Err(Code::KeyInvalid));
        let revoked = ApiKey { revoked_ms: Some(1), ..key.clone() };
        assert_eq!(code(&revoked, &hash), Err(Code::KeyInvalid));
        for (expires_ms, good) in [(999, false), (1_000, false), (1_001, true)] {
            let ending = ApiKey { expires_ms: Some(expires_ms), ..key.clone() };
            assert_eq!(code(&ending, &hash).err(), (!good).then_some(Code::KeyExpired), "{expires_ms}");
            assert_eq!(code(&ending, &[0; 32]), Err(Code::KeyInvalid), "only told to who has the key");
            let revoked = ApiKey { revoked_ms: Some(1), ..ending };
            assert_eq!(code(&revoked, &hash), Err(Code::KeyInvalid), "taken back is taken back");
        }
    }
}
