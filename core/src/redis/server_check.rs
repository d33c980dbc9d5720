//! Whether a Redis server can carry messages, from what it says about itself.

use super::RedisError;

/// Oldest Redis whose scripts and streams do what ours need.
const REDIS_MIN: Version = Version(7, 0, 0);
/// Oldest Valkey; it tells Redis clients that it is Redis 7.2.4.
const VALKEY_MIN: Version = Version(7, 2, 0);
/// The one policy under which Redis never deletes what it was given to keep.
const KEEP_ALL: &str = "noeviction";

/// A version as `INFO` writes it: major, minor, patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(major, minor, patch) = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// What a server says about itself. What it does not say is None: managed services hide some of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerFacts {
    /// `redis_version`, or of Valkey `valkey_version`.
    pub version: Option<Version>,
    /// It is Valkey.
    pub is_valkey: bool,
    /// `role` is not `master`.
    pub is_replica: bool,
    /// `maxmemory_policy`.
    pub eviction: Option<String>,
    /// `aof_enabled`.
    pub appends: Option<bool>,
    /// `appendfsync`, by `CONFIG GET`.
    pub sync: Option<String>,
}

/// Why a server is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerRefused {
    /// Redis would delete messages when its memory is full.
    #[error(
        "redis deletes keys when its memory is full (maxmemory-policy {0}), and messages with them: set \
         `maxmemory-policy noeviction` (redis_evicts)"
    )]
    Evicts(String),
    /// Too old.
    #[error("{product} {found} is older than {least}: use {least} or newer (redis_too_old)")]
    TooOld {
        /// Redis or Valkey.
        product: &'static str,
        /// What it is.
        found: Version,
        /// What it has to be.
        least: Version,
    },
    /// None of the servers takes writes.
    #[error(
        "redis is a read-only replica: name the server that takes writes too in `store.url` (redis_read_only)"
    )]
    ReadOnly,
}

/// What may be lost with this server, though it is used. The text says what, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Every answered write is in the append-only file, on disk.
    Durable,
    /// No append-only file.
    NotAppended,
    /// The file is brought to disk once a second.
    EverySecond,
    /// The file is brought to disk when the operating system likes.
    Whenever,
    /// The server does not say.
    Unknown,
}

impl Durability {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Durable => "durable",
            Self::NotAppended => "not_appended",
            Self::EverySecond => "every_second",
            Self::Whenever => "whenever",
            Self::Unknown => "unknown",
        }
    }

    /// What can be lost. None: nothing that was answered.
    #[must_use]
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Durable => None,
            Self::NotAppended => Some(
                "redis writes no append-only file: when it dies, messages that were answered 202 since its \
                 last snapshot are lost; set `appendonly yes` and `appendfsync always`",
            ),
            Self::EverySecond => Some(
                "redis brings its file to disk once a second: when its machine dies, messages that were \
                 answered 202 in the last second or two are lost; set `appendfsync always`",
            ),
            Self::Whenever => Some(
                "redis leaves it to the operating system when its file is on disk: when its machine dies, \
                 messages that were answered 202 in the last half minute are lost; set `appendfsync always`",
            ),
            Self::Unknown => Some(
                "redis does not say how it writes to disk: ask who runs it whether `appendonly yes` and \
                 `appendfsync always` are set, or what is lost when it dies",
            ),
        }
    }
}

impl ServerFacts {
    /// From the text of `INFO` (all sections).
    #[must_use]
    pub fn from_info(info: &str) -> Self {
        let mut facts = Self::default();
        let mut redis = None;
        let mut valkey = None;
        for (name, value) in info.lines().filter_map(|line| line.trim_end().split_once(':')) {
            match name {
                "redis_version" => redis = version(value),
                "valkey_version" => valkey = version(value),
                "server_name" if value == "valkey" => facts.is_valkey = true,
                "role" => facts.is_replica = value != "master",
                "maxmemory_policy" => facts.eviction = Some(value.to_owned()),
                "aof_enabled" => facts.appends = Some(value == "1"),
                _ => {}
            }
        }
        facts.is_valkey |= valkey.is_some();
        facts.version = valkey.or(redis);
        facts
    }

    /// Adds the answer to `CONFIG GET appendfsync`, which managed services refuse.
    #[must_use]
    pub fn with_sync(mut self, answer: &Result<Vec<super::Value>, RedisError>) -> Self {
        let value = answer.as_ref().ok().and_then(|values| values.get(1)).and_then(super::Value::text);
        self.sync = value.map(str::to_owned);
        self
    }

    /// Whether the server can carry messages, and how safe they are there.
    ///
    /// # Errors
    /// [`ServerRefused`]: it must not be used as it is.
    pub fn check(&self) -> Result<Durability, ServerRefused> {
        let (product, least) = if self.is_valkey { ("Valkey", VALKEY_MIN) } else { ("Redis", REDIS_MIN) };
        match self.version {
            Some(found) if found < least => {
                return Err(ServerRefused::TooOld { product, found, least });
            }
            _ => {}
        }
        if let Some(policy) = self.eviction.as_deref().filter(|policy| *policy != KEEP_ALL) {
            return Err(ServerRefused::Evicts(policy.to_owned()));
        }
        if self.is_replica {
            return Err(ServerRefused::ReadOnly);
        }
        Ok(self.durability())
    }

    fn durability(&self) -> Durability {
        match (self.appends, self.sync.as_deref()) {
            (Some(false), _) => Durability::NotAppended,
            (Some(true), Some("always")) => Durability::Durable,
            (Some(true), Some("everysec")) => Durability::EverySecond,
            (Some(true), Some("no")) => Durability::Whenever,
            (Some(true), _) | (None, _) => Durability::Unknown,
        }
    }
}

fn version(text: &str) -> Option<Version> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    let (major, minor) = (parts.next()??, parts.next()??);
    // A release candidate writes more behind its patch.
    Some(Version(major, minor, parts.next().flatten().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::super::Value;
    use super::*;

    const GOOD: &str = "# Server\r\nredis_version:7.0.15\r\nrole:master\r\nmaxmemory_policy:noeviction\r\n\
                        aof_enabled:1\r\n";

    fn checked(info: &str, sync: Option<&str>) -> Result<Durability, ServerRefused> {
        let answer = match sync {
            Some(sync) => {
                Ok(vec![Value::Bytes(b"appendfsync".to_vec()), Value::Bytes(sync.as_bytes().to_vec())])
            }
            None => Err(RedisError::Other("NOPERM".to_owned())),
        };
        ServerFacts::from_info(info).with_sync(&answer).check()
    }

    #[test]
    fn what_a_server_is_held_to() {
        let swap = |from: &str, to: &str| GOOD.replace(from, to);
        let too_old = |product, found, least| Err(ServerRefused::TooOld { product, found, least });
        let evicts = |policy: &str| Err(ServerRefused::Evicts(policy.to_owned()));
        let cases = [
            (GOOD.to_owned(), Ok(Durability::Durable)),
            (GOOD.replace("\r\n", "\n"), Ok(Durability::Durable)),
            (swap("7.0.15", "8.4.0"), Ok(Durability::Durable)),
            (swap("7.0.15", "7.0"), Ok(Durability::Durable)),
            (swap("7.0.15", "6.2.14"), too_old("Redis", Version(6, 2, 14), REDIS_MIN)),
            (swap("7.0.15", "7.2.4\nserver_name:valkey\nvalkey_version:8.0.1"), Ok(Durability::Durable)),
            (swap("7.0.15", "7.2.4\nvalkey_version:7.1.0"), too_old("Valkey", Version(7, 1, 0), VALKEY_MIN)),
            (swap("noeviction", "allkeys-lru"), evicts("allkeys-lru")),
            (swap("noeviction", "volatile-ttl"), evicts("volatile-ttl")),
            (swap("master", "slave"), Err(ServerRefused::ReadOnly)),
            (swap("aof_enabled:1", "aof_enabled:0"), Ok(Durability::NotAppended)),
            (swap("aof_enabled:1", ""), Ok(Durability::Unknown)),
            (String::new(), Ok(Durability::Unknown)),
            ("redis_version:seven\nrole".to_owned(), Ok(Durability::Unknown)),
        ];
        for (info, expected) in cases {
            assert_eq!(checked(&info, Some("always")), expected, "{info}");
        }
    }

    #[test]
    fn how_the_file_reaches_the_disk_is_told() {
        for (sync, expected) in [
            (Some("always"), Durability::Durable),
            (Some("everysec"), Durability::EverySecond),
            (Some("no"), Durability::Whenever),
            (None, Durability::Unknown),
        ] {
            assert_eq!(checked(GOOD, sync), Ok(expected));
            assert_eq!(expected.warning().is_none(), expected == Durability::Durable);
        }
    }
}
