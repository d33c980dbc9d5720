//! How API keys are made. The server and the command line make them the same way;
//! [`waypost_api::key`] says what they look like.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use waypost_api::key::{ID_CHARS, PREFIX, hash};
use waypost_core::decision::Name;
use waypost_core::store::{ApiKey, Scope};

const ID_ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const SECRET_BYTES: usize = 32;

/// Longest life of a key, in seconds: ten years.
pub const LIFE_S_MAX: u64 = 10 * 365 * 24 * 3600;
/// Shortest life of a key, in seconds.
pub const LIFE_S_MIN: u64 = 60;
/// Longest that a key goes on beside the one that follows it, in seconds: a week.
pub const OVERLAP_S_MAX: u64 = 7 * 24 * 3600;
/// How long it does where nobody says so, in seconds: a day.
pub const OVERLAP_S_DEFAULT: u64 = 24 * 3600;

/// What a key is for: scopes under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRole {
    /// Everything within its tenant.
    Admin,
    /// Sends and looks at what it sent.
    Sender,
    /// Looks only.
    Reader,
    /// Brings components and looks at what they do.
    PluginAuthor,
}

impl KeyRole {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Sender, Self::Reader, Self::PluginAuthor];

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Sender => "sender",
            Self::Reader => "reader",
            Self::PluginAuthor => "plugin-author",
        }
    }

    /// What keys of the role may do, in the order of [`Scope::ALL`].
    pub fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Admin => &[Scope::Send, Scope::Read, Scope::Inbox, Scope::Admin, Scope::Plugins],
            Self::Sender => &[Scope::Send, Scope::Read],
            Self::Reader => &[Scope::Read],
            Self::PluginAuthor => &[Scope::Read, Scope::Plugins],
        }
    }
}

/// The key that takes the place of another, with its text, and the other with the end that it gets:
/// `overlap_s` seconds from now, or its own where that is sooner.
pub fn rotated(key: &ApiKey, overlap_s: u64, now_ms: u64) -> (ApiKey, String, ApiKey) {
    let (next, text) = new_key(key.tenant.clone(), key.label.clone(), key.scopes.clone(), now_ms);
    let next = ApiKey { expires_ms: key.expires_ms, ..next };
    let overlap_end_ms = now_ms.saturating_add(overlap_s.saturating_mul(1000));
    let end_ms = key.expires_ms.map_or(overlap_end_ms, |expires_ms| expires_ms.min(overlap_end_ms));
    (next, text, ApiKey { expires_ms: Some(end_ms), ..key.clone() })
}

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
    fn a_rotated_key_goes_on_for_the_overlap_and_no_longer_than_it_would_have() {
        let (key, _) = new_key("acme".into(), "shop".to_owned(), vec![Scope::Send], 0);
        let (next, text, old) = rotated(&key, 60, 1_000);
        assert_eq!((next.expires_ms, old.expires_ms, next.created_ms), (None, Some(61_000), 1_000));
        assert_eq!((&next.scopes, &next.label, &next.tenant), (&key.scopes, &key.label, &key.tenant));
        assert!(next.id != key.id && hash(&text) == next.hash && old.hash == key.hash);
        let ending = ApiKey { expires_ms: Some(5_000), ..key };
        let (next, _, old) = rotated(&ending, 60, 1_000);
        assert_eq!((next.expires_ms, old.expires_ms), (Some(5_000), Some(5_000)));
        assert_eq!(rotated(&ending, 0, 1_000).2.expires_ms, Some(1_000));
    }

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
