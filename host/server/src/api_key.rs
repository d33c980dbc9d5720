//! How API keys are made. The server and the command line make them the same way;
//! [`waypost_api::key`] says what they look like.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use waypost_api::key::{ID_CHARS, PREFIX, hash};
use waypost_core::decision::Name;
use waypost_core::store::{ApiKey, Scope};

const ID_ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const SECRET_BYTES: usize = 32;

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
        expires_ms: None,
    };
    (key, text)
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
    use waypost_api::key::id_of;

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
}
