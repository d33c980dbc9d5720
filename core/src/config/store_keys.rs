//! The keys of `[store]` that only Redis has.

use super::key::{Flag, Integer, Other};

/// The keys of `store` that only Redis has.
pub(super) const REDIS_KEYS: [&str; 8] = [
    REDIS_URL.name,
    REDIS_USERNAME.name,
    REDIS_PASSWORD.name,
    REDIS_PREFIX.name,
    REDIS_CLUSTER.name,
    REDIS_CONNECT_TIMEOUT_MS.name,
    REDIS_RESPONSE_TIMEOUT_MS.name,
    REDIS_SHARED_CONFIG.name,
];
pub(super) const REDIS_URL: Other = Other {
    name: "url",
    kind: "string or list of strings, `redis://host[:port][/db]` or `rediss://…`",
    default: "required with Redis",
    range: "1 to 64, without user and password",
    meaning: "one server, the servers of a replicated set, or nodes of a cluster",
};
pub(super) const REDIS_USERNAME: Other = Other {
    name: "username",
    kind: "reference: `{ env = \"NAME\" }` or `{ file = \"path\" }`",
    default: "the server's default user",
    range: "",
    meaning: "user of Redis",
};
pub(super) const REDIS_PASSWORD: Other = Other {
    name: "password",
    kind: "reference: `{ env = \"NAME\" }` or `{ file = \"path\" }`",
    default: "none",
    range: "",
    meaning: "password of Redis",
};
pub(super) const REDIS_PREFIX_DEFAULT: &str = "waypost";
pub(super) const REDIS_PREFIX: Other = Other {
    name: "prefix",
    kind: "string",
    default: "`waypost`",
    range: "`[a-z0-9-]{1,32}`",
    meaning: "before every key in Redis; hosts with different ones share nothing",
};
pub(super) const REDIS_CLUSTER: Flag =
    Flag { name: "cluster", default: false, meaning: "the servers are a Redis Cluster" };
pub(super) const REDIS_CONNECT_TIMEOUT_MS: Integer<u32> = Integer {
    name: "connect_timeout_ms",
    default: 2_000,
    min: 50,
    max: 60_000,
    meaning: "time to connect to Redis",
};
pub(super) const REDIS_RESPONSE_TIMEOUT_MS: Integer<u32> = Integer {
    name: "response_timeout_ms",
    default: 2_000,
    min: 50,
    max: 60_000,
    meaning: "time for one answer of Redis",
};
pub(super) const REDIS_SHARED_CONFIG: Flag = Flag {
    name: "shared_config",
    default: false,
    meaning: "components, providers, tenants and numbers come from `waypost config push`",
};
