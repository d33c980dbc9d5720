//! Hash functions, HMAC and Ed25519 for provider components, natively and at the edge. The keys stay
//! with the shell: a component names a secret and never sees its value.

use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// Hash functions that providers sign with. MD5 and SHA-1 are here because providers use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// RFC 1321.
    Md5,
    /// FIPS 180-4.
    Sha1,
    /// FIPS 180-4.
    Sha256,
    /// FIPS 180-4.
    Sha512,
}

/// HMAC (RFC 2104). Any length of key will do.
#[must_use]
pub fn hmac(hash: Hash, key: &[u8], data: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Md5 => authenticate::<Hmac<Md5>>(key, data),
        Hash::Sha1 => authenticate::<Hmac<Sha1>>(key, data),
        Hash::Sha256 => authenticate::<Hmac<Sha256>>(key, data),
        Hash::Sha512 => authenticate::<Hmac<Sha512>>(key, data),
    }
}

/// The digest of some data.
#[must_use]
pub fn digest(hash: Hash, data: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Md5 => Md5::digest(data).to_vec(),
        Hash::Sha1 => Sha1::digest(data).to_vec(),
        Hash::Sha256 => Sha256::digest(data).to_vec(),
        Hash::Sha512 => Sha512::digest(data).to_vec(),
    }
}

/// Ed25519 (RFC 8032), without the weak keys that verify anything. False for a key or signature
/// of the wrong form.
#[must_use]
pub fn ed25519_verify(public_key: &[u8], data: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = public_key.try_into() else { return false };
    let Ok(key) = VerifyingKey::from_bytes(key) else { return false };
    let Ok(signature) = Signature::from_slice(signature) else { return false };
    key.verify_strict(data, &signature).is_ok()
}

fn authenticate<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length, so the error does not happen; an empty code matches nothing.
    let Ok(mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
    mac.chain_update(data).finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text.chars().filter_map(|c| c.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }

    #[test]
    fn hmac_gives_the_published_codes() {
        // RFC 2202 and RFC 4231, test case 2.
        let data = b"what do ya want for nothing?";
        let table = [
            (Hash::Md5, "750c783e6ab0b503eaa86e310a5db738"),
            (Hash::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Hash::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ];
        for (hash, expected) in table {
            assert_eq!(hex(&hmac(hash, b"Jefe", data)), expected, "{hash:?}");
        }
        assert!(hex(&hmac(Hash::Sha512, b"Jefe", data)).starts_with("164b7a7bfcf819e2e395fbe73b56"));
    }

    #[test]
    fn digests_are_the_published_ones() {
        assert_eq!(hex(&digest(Hash::Md5, b"abc")), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex(&digest(Hash::Sha1, b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[test]
    fn ed25519_takes_the_published_signature_and_no_other() {
        // RFC 8032, 7.1, test 1: the empty message.
        let key = unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let signature = unhex(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c\
             f9b46bd25bf5f0595bbe24655141438e7a100b",
        );
        assert!(ed25519_verify(&key, b"", &signature));
        assert!(!ed25519_verify(&key, b"x", &signature));
        assert!(!ed25519_verify(&key[1..], b"", &signature));
        assert!(!ed25519_verify(&key, b"", &signature[1..]));
        assert!(!ed25519_verify(&[0; 32], b"", &[0; 64]));
    }
}
