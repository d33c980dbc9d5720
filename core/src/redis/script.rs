//! A script and the hash by which Redis remembers it.

use std::sync::OnceLock;

use sha1::{Digest as _, Sha1};

/// A Lua script. Its hash is its version: hosts of different versions each run their own text.
#[derive(Debug)]
pub struct Script {
    /// For logs and figures.
    pub name: &'static str,
    /// The text.
    pub text: &'static str,
    hash: OnceLock<String>,
}

impl Script {
    /// A script that is part of the program.
    #[must_use]
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text, hash: OnceLock::new() }
    }

    /// SHA-1 of the text in hexadecimal, as `EVALSHA` wants it.
    #[must_use]
    pub fn hash(&self) -> &str {
        self.hash.get_or_init(|| {
            use std::fmt::Write as _;
            Sha1::digest(self.text).iter().fold(String::with_capacity(40), |mut hash, byte| {
                // Writing to a string cannot fail.
                let _ = write!(hash, "{byte:02x}");
                hash
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_redis() {
        // `SCRIPT LOAD "return 1"` on Redis 7.0.
        assert_eq!(Script::new("one", "return 1").hash(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
    }
}
