//! How to reach Redis.

use std::fmt;
use std::time::Duration;

/// How to reach Redis.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://host:port` or `rediss://…`: one server, all nodes of a replicated set (the one that
    /// takes writes is found), or some nodes of a cluster.
    pub urls: Vec<String>,
    /// True for a cluster.
    pub cluster: bool,
    /// Where the server wants one.
    pub username: Option<String>,
    /// Where the server wants one.
    pub password: Option<String>,
    /// What all keys begin with.
    pub prefix: String,
    /// The name of this host in leases. A host that keeps its name ends its own leases at a restart.
    pub host: String,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub response_timeout: Duration,
}

impl RedisOptions {
    /// One server, with the usual time-outs.
    #[must_use]
    pub fn new(url: &str, prefix: &str, host: &str) -> Self {
        Self {
            urls: vec![url.to_owned()],
            cluster: false,
            username: None,
            password: None,
            prefix: prefix.to_owned(),
            host: host.to_owned(),
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(3),
        }
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the password.
        f.debug_struct("RedisOptions")
            .field("urls", &self.urls)
            .field("cluster", &self.cluster)
            .field("prefix", &self.prefix)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}
