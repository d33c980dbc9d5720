//! API keys as text: how they are made, recognised and hashed. The server and the command line
//! make them the same way.
//!
//! A key is `wp_`, 12 characters `[a-z0-9]` by which it is found, `_`, and 43 characters of
//! base64url (RFC 4648 section 5) that hold 32 random bytes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use waypost_core::decision::Name;
use waypost_core::store::{ApiKey, Scope};

const PREFIX: &str = "wp_";
const ID_CHARS: usize = 12;
const ID_ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const SECRET_BYTES: usize = 32;
const SECRET_CHARS: usize = 43;

/// A new key and its text. The text is nowhere kept: who made the key sees it once.
pub fn new_key(tenant: Name, label: String, scopes: Vec<Scope>, now_ms: u64) -> (ApiKey, String) {
    let id = random_id();
    let mut secret = [0; SECRET_BYTES];
    fill_random(&mut secret);
    let text = format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret));
    let key = ApiKey {
        id: id.into(),
        tenant,
        label,
        scopes,
        hash: hash(&text),
        created_ms: now_ms,
        revoked_ms: None,
    };
    (key, text)
}

/// What a store keeps of a key: the SHA-256 of its whole text.
pub fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The part of a key by which it is found. None: the text has not the shape of a key.
pub fn id_of(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(PREFIX)?;
    let (id, secret) = rest.split_at_checked(ID_CHARS)?;
    let secret = secret.strip_prefix('_')?;
    let id_fits = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let secret_fits = secret.len() == SECRET_CHARS
        && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (id_fits && secret_fits).then_some(id)
}

fn random_id() -> String {
    // Bytes from 252 on would make the first letters of the alphabet more likely than the rest.
    const FAIR_BELOW: u8 = 252;
    let mut id = String::with_capacity(ID_CHARS);
    while id.len() < ID_CHARS {
        let mut bytes = [0; 2 * ID_CHARS];
        fill_random(&mut bytes);
        let fair = bytes.into_iter().filter(|byte| *byte < FAIR_BELOW);
        let letters = fair.map(|byte| char::from(ID_ALPHABET[usize::from(byte) % ID_ALPHABET.len()]));
        id.extend(letters.take(ID_CHARS - id.len()));
    }
    id
}

fn fill_random(bytes: &mut [u8]) {
    // A key that can be guessed is worse than no server.
    if getrandom::fill(bytes).is_err() {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_found_by_its_text() {
        let (key, text) = new_key("acme".into(), "shop".to_owned(), vec![Scope::Send], 7);
        assert_eq!(text.len(), 3 + 12 + 1 + 43);
        assert_eq!(id_of(&text), Some(&*key.id));
        assert_eq!(hash(&text), key.hash);
        assert_eq!((key.created_ms, key.revoked_ms), (7, None));
        let (other, other_text) = new_key("acme".into(), "shop".to_owned(), vec![Scope::Send], 7);
        assert!(other.id != key.id && other_text != text);
    }

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
}
