//! What is wrong, or different from a native host, with a configuration at the edge.

use std::fmt;

/// How much a [`Finding`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The application would not start, or not do what the file says: nothing is packaged.
    Error,
    /// Something works otherwise than on a native host, or wider than it has to.
    Warning,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $severity:ident;)+) => {
        /// The kind of a [`Finding`]. Its text is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EdgeCode {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl EdgeCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable snake_case text.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// How much it matters.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// What it stands for, in a line.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// The file is that of a host whose tenants and providers are in Redis.
    ConfigShared = "edge_config_shared", Error;
    /// The store is not Redis, so that no host would see the edge's messages.
    StoreNotRedis = "edge_store_not_redis", Error;
    /// The store is a Redis Cluster, which Spin's client does not speak to.
    RedisCluster = "edge_redis_cluster", Error;
    /// `server.public_url` is missing: the application cannot tell providers where to report.
    PublicUrlMissing = "edge_public_url_missing", Error;
    /// Two names are the same in Spin's spelling.
    NameCollision = "edge_name_collision", Error;
    /// Spin takes no variable of that name.
    SecretName = "edge_secret_name", Error;
    /// A component needs a secret that the file does not name.
    SecretMissing = "edge_secret_missing", Error;
    /// The simulator inside the process does not exist at the edge.
    SimulatorInside = "edge_simulator_inside", Error;
    /// A provider is spoken to over SMPP, which needs connections that a request at the edge cannot keep.
    SmppProvider = "edge_smpp_provider", Error;
    /// The file of a component cannot be read.
    ComponentUnreadable = "edge_component_unreadable", Error;
    /// The engine refuses a component or its settings.
    ComponentRefused = "edge_component_refused", Error;
    /// A component cannot be stored as it is after `configure`.
    NoSnapshot = "edge_no_snapshot", Error;
    /// A component imports what Spin, or the sandbox of a plugin, does not have.
    ImportUnavailable = "edge_import_unavailable", Error;
    /// Components do not fit each other.
    Composition = "edge_composition_failed", Error;
    /// What a component has to be told is more than it takes.
    ConfigTooLarge = "edge_config_too_large", Error;
    /// The Redis that was named cannot be asked.
    RedisUnreachable = "edge_redis_unreachable", Error;
    /// The Redis that was named is none that messages may be kept in.
    RedisRefused = "edge_redis_refused", Error;
    /// A tenant has receiving components, which are not asked at the edge.
    ReceivingAbsent = "edge_receiving_absent", Warning;
    /// An allowed host is a wildcard.
    HostWide = "edge_host_wide", Warning;
    /// A component calls a host that its provider does not list.
    HostMissing = "edge_host_missing", Warning;
    /// Spin bounds neither time nor memory of a tenant's own component.
    LimitsUnenforced = "edge_limits_unenforced", Warning;
    /// A component that traps ends the request, whatever `on_failure` says.
    OnFailure = "edge_on_failure_ignored", Warning;
    /// A tenant's own component sees the real clock and real randomness.
    ClockReal = "edge_clock_real", Warning;
    /// A provider with a rate is used by native hosts only, which keep it exactly.
    RatedProvider = "edge_rated_provider_queued", Warning;
    /// The Redis that was named is less durable than an accepted message should be.
    RedisDurability = "edge_redis_durability", Warning;
}

impl fmt::Display for EdgeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One finding. Displayed as `providers.x: what; help (code)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The kind.
    pub code: EdgeCode,
    /// Where in the configuration, as a dotted path.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do. Empty: `what` says it.
    pub help: String,
}

impl Finding {
    pub(super) fn new(
        code: EdgeCode,
        place: impl Into<String>,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { code, place: place.into(), what: what.into(), help: help.into() }
    }

    /// True where it keeps the application from being packaged.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.code.severity() == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)?;
        if !self.help.is_empty() {
            write!(f, "; {}", self.help)?;
        }
        write!(f, " ({})", self.code)
    }
}
