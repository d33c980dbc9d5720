//! Secrets: read once at start from where the configuration points, never shown again.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use waypost_core::config::SecretRef;
use waypost_engine::Secrets;

/// Largest file that a secret is read from, in bytes.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// A secret value. Its `Debug` hides it; there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The value, for whoever has to use it.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self(value.as_bytes().to_vec())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The secrets of one provider by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretMap(BTreeMap<String, Secret>);

impl SecretMap {
    /// The value of a secret as text, for a header.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|secret| std::str::from_utf8(&secret.0).ok())
    }

    /// True where there is a secret of that name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Adds a secret that the host has made itself.
    pub fn insert(&mut self, name: &str, secret: Secret) {
        self.0.insert(name.to_owned(), secret);
    }
}

impl Secrets for SecretMap {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Secret::expose)
    }
}

/// A secret that cannot be read. Never says what was read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The environment variable is not set, or not UTF-8.
    #[error("the environment variable {0} is not set (secret_missing): set it before the start")]
    Env(String),
    /// The file cannot be read.
    #[error("the file {path} cannot be read: {reason} (secret_missing): make it readable for Waypost")]
    File {
        /// As the configuration names it.
        path: String,
        /// From the operating system.
        reason: String,
    },
    /// There is nothing in it.
    #[error("the secret at {0} is empty (secret_empty)")]
    Empty(String),
}

/// Reads the secrets of a table. Relative files are found from `base`.
pub fn read_all(references: &BTreeMap<String, SecretRef>, base: &Path) -> Result<SecretMap, SecretError> {
    let mut secrets = BTreeMap::new();
    for (name, reference) in references {
        secrets.insert(name.clone(), read(reference, base)?);
    }
    Ok(SecretMap(secrets))
}

/// Reads one secret. A line end at the end of a file is not part of it.
pub fn read(reference: &SecretRef, base: &Path) -> Result<Secret, SecretError> {
    let (value, place) = match reference {
        SecretRef::Env(name) => {
            let value = std::env::var(name).map_err(|_| SecretError::Env(name.clone()))?;
            (value.into_bytes(), name)
        }
        SecretRef::File(path) => {
            let error = |reason: String| SecretError::File { path: path.clone(), reason };
            let full = base.join(path);
            let length = std::fs::metadata(&full).map_err(|e| error(e.to_string()))?.len();
            if length > SECRET_BYTES_MAX {
                return Err(error(format!("{length} bytes are more than {SECRET_BYTES_MAX}")));
            }
            let mut value = std::fs::read(&full).map_err(|e| error(e.to_string()))?;
            while value.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                value.pop();
            }
            (value, path)
        }
    };
    if value.is_empty() { Err(SecretError::Empty(place.clone())) } else { Ok(Secret(value)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let mut secrets = SecretMap::default();
        secrets.insert("token", Secret::from("hunter2"));
        assert!(!format!("{secrets:?}").contains("hunter2"));
    }

    #[test]
    fn files_lose_their_last_line_end_and_must_not_be_empty() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("good"), "hunter2\r\n").unwrap();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        let good = read(&SecretRef::File("good".to_owned()), folder.path()).unwrap();
        assert_eq!(good.expose(), b"hunter2");
        let empty = read(&SecretRef::File("empty".to_owned()), folder.path());
        assert!(matches!(empty, Err(SecretError::Empty(_))));
        let missing = read(&SecretRef::File("missing".to_owned()), folder.path());
        assert!(matches!(missing, Err(SecretError::File { .. })));
    }
}
