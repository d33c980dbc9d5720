//! The configuration that hosts share: numbered versions, and the files that they name by hash.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Fleet, PUSH, decimal, number, unreadable};
use crate::redis::{RedisError, Request, Value};

/// How many versions are kept to go back to.
pub const VERSIONS_MAX: u64 = 50;
/// Largest file, in bytes: the largest component (24 MiB).
pub const FILE_BYTES_MAX: usize = 24 << 20;

/// One version of the configuration. Texts and files are kept under their SHA-256 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// Its number, from 1.
    #[serde(skip)]
    pub version: u64,
    /// When it was pushed, in Unix milliseconds of Redis.
    #[serde(skip)]
    pub at_ms: u64,
    /// Who pushed it, as they said.
    pub by: String,
    /// For people: why, or what it goes back to.
    #[serde(default)]
    pub note: String,
    /// Hash of the text.
    pub text: String,
    /// Hash of each component's file, by the component's name.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// The versions that are there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Versions {
    /// The one that hosts run; 0: none was ever pushed.
    pub current: u64,
    /// Oldest first.
    pub records: Vec<VersionRecord>,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// It is the current version now.
    Current(u64),
    /// Another one has come since: this is the current one.
    Moved(u64),
    /// The file with this hash is not there: it was cleared away meanwhile.
    FileMissing(String),
}

impl Versions {
    /// One version.
    #[must_use]
    pub fn get(&self, version: u64) -> Option<&VersionRecord> {
        self.records.iter().find(|record| record.version == version)
    }
}

impl Fleet {
    /// All versions that are kept.
    ///
    /// # Errors
    /// [`RedisError`].
    pub async fn versions(&self) -> Result<Versions, RedisError> {
        let values = self.ask(Request::command("HGETALL", vec![self.keys.config.clone()])).await?;
        let mut versions = Versions::default();
        for [field, value] in values.as_chunks::<2>().0 {
            let Some(field) = field.text() else { continue };
            if field == "version" {
                versions.current = number(value)?;
            } else if let Some(record) = record_of(field, value) {
                versions.records.push(record);
            }
        }
        versions.records.sort_by_key(|record| record.version);
        Ok(versions)
    }

    /// One version.
    ///
    /// # Errors
    /// [`RedisError`].
    pub async fn version(&self, version: u64) -> Result<Option<VersionRecord>, RedisError> {
        let field = format!("v{version}");
        let args = vec![self.keys.config.clone(), field.clone().into_bytes()];
        let values = self.ask(Request::command("HGET", args)).await?;
        Ok(values.first().and_then(|value| record_of(&field, value)))
    }

    /// Keeps a text or a component under its hash. Files that no version names are cleared away by
    /// [`Fleet::clear_files`], so push soon.
    ///
    /// # Errors
    /// [`RedisError`].
    pub async fn put_file(&self, hash: &str, bytes: Vec<u8>) -> Result<(), RedisError> {
        let args = vec![self.keys.files.clone(), hash.as_bytes().to_vec(), bytes];
        self.ask(Request::command("HSET", args)).await.map(|_| ())
    }

    /// True where a file is there already.
    ///
    /// # Errors
    /// [`RedisError`].
    pub async fn has_file(&self, hash: &str) -> Result<bool, RedisError> {
        let args = vec![self.keys.files.clone(), hash.as_bytes().to_vec()];
        let values = self.ask(Request::command("HEXISTS", args)).await?;
        Ok(values.first().and_then(Value::int) == Some(1))
    }

    /// The file of a hash. The caller checks that it has that hash.
    ///
    /// # Errors
    /// [`RedisError`].
    pub async fn file(&self, hash: &str) -> Result<Option<Vec<u8>>, RedisError> {
        let args = vec![self.keys.files.clone(), hash.as_bytes().to_vec()];
        let values = self.ask(Request::command("HGET", args)).await?;
        Ok(values.first().and_then(Value::bytes).map(<[u8]>::to_vec))
    }

    /// Makes a version the current one. `follows` None: whatever is the current one.
    ///
    /// # Errors
    /// [`RedisError`].
    pub async fn push(&self, follows: Option<u64>, record: &VersionRecord) -> Result<Pushed, RedisError> {
        // A plain record of texts: writing it as JSON does not fail.
        let json = serde_json::to_vec(record).unwrap_or_default();
        let mut args = vec![follows.map(decimal).unwrap_or_default(), json, decimal(VERSIONS_MAX)];
        args.extend(record.hashes().map(|hash| hash.as_bytes().to_vec()));
        let keys = vec![self.keys.config.clone(), self.keys.files.clone()];
        let values = self.ask(Request::script(&PUSH, keys, args)).await?;
        match (values.first().and_then(Value::int), values.get(1), values.get(2)) {
            (Some(1), Some(version), _) => Ok(Pushed::Current(number(version)?)),
            (Some(0), Some(version), _) => Ok(Pushed::Moved(number(version)?)),
            (Some(2), _, Some(hash)) => Ok(Pushed::FileMissing(hash.text().unwrap_or_default().to_owned())),
            _ => Err(unreadable("push")),
        }
    }

    /// Deletes files that no version names any more. How many.
    ///
    /// # Errors
    /// [`RedisError`].
    pub async fn clear_files(&self) -> Result<usize, RedisError> {
        let there = self.ask(Request::command("HKEYS", vec![self.keys.files.clone()])).await?;
        let versions = self.versions().await?;
        let named = |hash: &str| versions.records.iter().any(|record| record.hashes().any(|it| it == hash));
        let unnamed = there.iter().filter(|hash| hash.text().is_some_and(|hash| !named(hash)));
        let unnamed: Vec<Vec<u8>> = unnamed.filter_map(|hash| hash.bytes().map(<[u8]>::to_vec)).collect();
        let deleted = unnamed.len();
        if deleted > 0 {
            let args = std::iter::once(self.keys.files.clone()).chain(unnamed).collect();
            self.ask(Request::command("HDEL", args)).await?;
        }
        Ok(deleted)
    }
}

impl VersionRecord {
    fn hashes(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.text.as_str()).chain(self.files.values().map(String::as_str))
    }
}

/// `v<number>`: `<milliseconds> <record as JSON>`
fn record_of(field: &str, value: &Value) -> Option<VersionRecord> {
    let version = field.strip_prefix('v')?.parse().ok()?;
    let (at_ms, record) = value.text()?.split_once(' ')?;
    let record: VersionRecord = serde_json::from_str(record).ok()?;
    Some(VersionRecord { version, at_ms: at_ms.parse().ok()?, ..record })
}
