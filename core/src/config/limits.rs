//! Every key of `waypost.toml` with its default and range, and the limits on the file itself.
//!
//! This is the one place to look or change a limit: the reader takes names, defaults and ranges
//! from here, and [`super::reference_table`] makes the manual's table of it.

use super::binding::OnFailure;
pub(super) use super::edge::{EDGE, EDGE_DEFAULT_TENANT, EDGE_MODE, EDGE_REDIS_URL, TENANT_EDGE_MODE};
use super::key::{Absent, Choice, Flag, Integer, List, Number, Other};
use super::process::{LogFormat, LogLevel};
use super::provider::InDoubtThen;
use super::store::KindWord;

/// Largest file, in bytes (1 MiB).
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// Most providers.
pub const PROVIDERS_MAX: usize = 1_000;
/// Most tenants.
pub const TENANTS_MAX: usize = 10_000;
/// Most components from files.
pub const COMPONENTS_MAX: usize = 1_000;
/// Most entries under `numbers`.
pub const NUMBERS_MAX: usize = 50_000;
/// Most numbers that one tenant's own settings name.
pub const TENANT_NUMBERS_MAX: usize = 1_000;
/// Most secrets of one provider.
pub const SECRETS_MAX: usize = 16;
/// Most problems, and most warnings, that are listed for one file.
pub const PROBLEMS_MAX: usize = 100;
/// Longest path of a file, in bytes.
pub const PATH_BYTES_MAX: usize = 4_096;
/// Longest URL, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;
/// Longest name of an environment variable, in bytes.
pub const ENV_NAME_BYTES_MAX: usize = 128;
/// Longest name of a provider, tenant, component or inbox, in bytes.
pub const NAME_BYTES_MAX: usize = 32;
/// Longest name of a host, in bytes.
pub const HOST_NAME_BYTES_MAX: usize = 64;
/// Most servers of one Redis.
pub const REDIS_URLS_MAX: usize = 64;
/// Longest name of a secret, in bytes.
pub const SECRET_NAME_BYTES_MAX: usize = 64;
/// Largest `settings` as JSON text, in bytes (32 KiB: half of a component's whole input).
pub const SETTINGS_BYTES_MAX: usize = 32 << 10;
/// Deepest nesting of lists and tables in `settings`.
pub const SETTINGS_LEVELS_MAX: usize = 16;
/// Highest price of one segment, in millionths of the currency's unit (1,000 units).
pub const PRICE_MICROS_MAX: i64 = 1_000_000_000;
/// Digits of an E.164 number: at most 15 (ITU-T E.164, section 6.1); below 7 it is a slip of the pen.
pub const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Digits of a short code.
pub const SHORT_CODE_DIGITS: std::ops::RangeInclusive<usize> = 3..=8;

const NO_LIMIT: Absent = Absent("no limit");

pub(super) const SERVER: Other =
    Other { name: "server", kind: "table", default: "defaults", range: "", meaning: "the HTTP server" };
pub(super) const LOG: Other =
    Other { name: "log", kind: "table", default: "defaults", range: "", meaning: "what is logged" };
pub(super) const STORE: Other = Other {
    name: "store",
    kind: "table",
    default: "defaults",
    range: "",
    meaning: "where messages are kept",
};
pub(super) const ENGINE: Other = Other {
    name: "engine",
    kind: "table",
    default: "defaults",
    range: "",
    meaning: "how components are run",
};
pub(super) const COMPONENTS: Other = Other {
    name: "components",
    kind: "table of tables",
    default: "none",
    range: "up to 1000, keys `[a-z][a-z0-9-]{0,31}`",
    meaning: "components from files, beside the built-in ones",
};
pub(super) const PROVIDERS: Other = Other {
    name: "providers",
    kind: "table of tables",
    default: "required",
    range: "1 to 1000, keys `[a-z][a-z0-9-]{0,31}`",
    meaning: "who carries messages",
};
pub(super) const TENANTS: Other = Other {
    name: "tenants",
    kind: "table of tables",
    default: "required",
    range: "1 to 10000, keys `[a-z][a-z0-9-]{0,31}`",
    meaning: "who sends and receives messages",
};
pub(super) const NUMBERS: Other = Other {
    name: "numbers",
    kind: "table of tables",
    default: "none",
    range: "up to 50000, keys E.164 (`+` and 7 to 15 digits) or short codes (3 to 8 digits)",
    meaning: "where inbound messages go, by the number that they were sent to",
};

pub(super) const LISTEN: Other = Other {
    name: "listen",
    kind: "string, `address:port`",
    default: "`127.0.0.1:7700`",
    range: "IP address and port; port 0 lets the system choose",
    meaning: "where the HTTP server listens",
};
pub(super) const PUBLIC_URL: Other = Other {
    name: "public_url",
    kind: "string, URL",
    default: "`http://` and `listen`",
    range: "http or https, up to 2048 bytes, no `/` at the end, no user, query or fragment",
    meaning: "what providers call back to",
};
pub(super) const DATA_DIR: Other = Other {
    name: "data_dir",
    kind: "string, path",
    default: "`data`",
    range: "1 to 4096 bytes",
    meaning: "folder of the database and the cache",
};
pub(super) const DEFAULT_REGION: Other = Other {
    name: "default_region",
    kind: "string, country",
    default: "none: only international numbers",
    range: "ISO 3166-1 alpha-2",
    meaning: "country of numbers written in a local format",
};
pub(super) const HOST_NAME: Other = Other {
    name: "host_name",
    kind: "string",
    default: "name of the machine and a random part",
    range: "`[A-Za-z0-9._-]{1,64}`, different for each host",
    meaning: "how this host is called beside the others of a Redis",
};
pub(super) const SHUTDOWN_GRACE_SECONDS: Integer<u32> = Integer {
    name: "shutdown_grace_seconds",
    default: 10,
    min: 0,
    max: 300,
    meaning: "time for open requests and submits to end at shutdown",
};

pub(super) const METRICS_OPEN: Flag = Flag {
    name: "metrics_open",
    default: false,
    meaning: "whether `/metrics` shows figures that name a tenant to whoever asks, and not only to a key with the scope `operator`",
};

pub(super) const LOG_FORMAT: Choice<LogFormat> = Choice {
    name: "format",
    default: LogFormat::Text,
    choices: &[("text", LogFormat::Text), ("json", LogFormat::Json)],
    meaning: "form of a log line",
};
pub(super) const LOG_LEVEL: Choice<LogLevel> = Choice {
    name: "level",
    default: LogLevel::Info,
    choices: &[
        ("error", LogLevel::Error),
        ("warn", LogLevel::Warn),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
        ("trace", LogLevel::Trace),
    ],
    meaning: "least important line that is still written",
};

pub(super) const STORE_KIND: Choice<KindWord> = Choice {
    name: "kind",
    default: KindWord::Sqlite,
    choices: &[("sqlite", KindWord::Sqlite), ("redis", KindWord::Redis)],
    meaning: "kind of the store",
};
pub(super) const RETENTION_DAYS: Integer<u32> = Integer {
    name: "retention_days",
    default: 30,
    min: 1,
    max: 3_650,
    meaning: "how long settled messages are kept",
};

pub(super) const LEASE_MARGIN_MS: Integer<u32> = Integer {
    name: "lease_margin_ms",
    default: 30_000,
    min: 1_000,
    max: 600_000,
    meaning: "how much longer than a provider's time-out a host may take to settle a message; held up for longer, it leaves the message in doubt",
};

pub(super) const CACHE: Flag = Flag {
    name: "cache",
    default: true,
    meaning: "keep compiled components on disk, in `cache` under `data_dir`",
};
pub(super) const INSTANCES_MAX: Integer<u32> = Integer {
    name: "instances_max",
    default: 200,
    min: 10,
    max: 10_000,
    meaning: "component instances that exist at once",
};

pub(super) const COMPONENT_PATH: Other = Other {
    name: "path",
    kind: "string, path",
    default: "required",
    range: "1 to 4096 bytes",
    meaning: "file of the component",
};
pub(super) const MEMORY_MIB_MAX: Integer<u32> =
    Integer { name: "memory_mib_max", default: 8, min: 1, max: 64, meaning: "memory of one instance" };
pub(super) const SIZE_MIB_MAX: Integer<u32> =
    Integer { name: "size_mib_max", default: 1, min: 1, max: 24, meaning: "size of the file" };

pub(super) const COMPONENT: Other = Other {
    name: "component",
    kind: "string, component",
    default: "required",
    range: "a built-in component or one of `components`",
    meaning: "what decides",
};
pub(super) const PROVIDER_COMPONENT: Other =
    Other { default: "this or `smpp`", meaning: "how the provider is spoken to, over HTTP", ..COMPONENT };
pub(super) const SETTINGS: Other = Other {
    name: "settings",
    kind: "table",
    default: "empty",
    range: "what the component's schema allows; no dates; up to 32 KiB as JSON, 16 levels",
    meaning: "handed to the component",
};
pub(super) const SECRETS: Other = Other {
    name: "secrets",
    kind: "table of references: `{ env = \"NAME\" }` or `{ file = \"path\" }`",
    default: "none",
    range: "up to 16, keys `[a-z][a-z0-9_]{0,63}`",
    meaning: "secrets that the host fills in; the component never sees them",
};
pub(super) const HOSTS: List = List {
    name: "hosts",
    entry: "strings: `host`, `host:port` or `*.domain`",
    default: Absent("empty: no outgoing requests"),
    entries_min: 0,
    entries_max: 64,
    meaning: "hosts that the provider's requests may go to",
};
pub(super) const ENABLED: Flag =
    Flag { name: "enabled", default: true, meaning: "whether messages are submitted to this provider" };
pub(super) const WEIGHT: Integer<u32> = Integer {
    name: "weight",
    default: 100,
    min: 0,
    max: 1_000,
    meaning: "where no component ranks, the provider with the higher weight comes first",
};
pub(super) const RATE_PER_SECOND: Number = Number {
    name: "rate_per_second",
    default: NO_LIMIT,
    min: 0.001,
    max: 100_000.0,
    meaning: "messages a second, over all hosts",
};
pub(super) const RATE_BURST: Integer<u32> = Integer {
    name: "rate_burst",
    default: 1,
    min: 1,
    max: 100_000,
    meaning: "messages that may go at once after a pause; only with `rate_per_second`",
};
pub(super) const IN_FLIGHT_MAX: Integer<u32> = Integer {
    name: "in_flight_max",
    default: 64,
    min: 1,
    max: 10_000,
    meaning: "submits that wait for an answer at once; with `smpp` the default is the windows of all its sessions",
};
pub(super) const TIMEOUT_MS: Integer<u32> = Integer {
    name: "timeout_ms",
    default: 10_000,
    min: 100,
    max: 120_000,
    meaning: "time for one request to the provider",
};
pub(super) const COUNTRIES: List = List {
    name: "countries",
    entry: "countries (ISO 3166-1 alpha-2)",
    default: Absent("all"),
    entries_min: 1,
    entries_max: 250,
    meaning: "destinations that the provider serves",
};
pub(super) const PRICE: Other = Other {
    name: "price",
    kind: "table",
    default: "unknown",
    range: "",
    meaning: "price of one segment, by destination",
};
pub(super) const RETRY: Other = Other {
    name: "retry",
    kind: "table",
    default: "defaults",
    range: "",
    meaning: "when a failed submit is tried again",
};
pub(super) const CIRCUIT: Other = Other {
    name: "circuit",
    kind: "table",
    default: "defaults",
    range: "",
    meaning: "when a failing provider is left alone",
};
pub(super) const IN_DOUBT: Other = Other {
    name: "in_doubt",
    kind: "table",
    default: "defaults",
    range: "",
    meaning: "what becomes of a submit whose answer was lost",
};
pub(super) const INBOUND: Other = Other {
    name: "inbound",
    kind: "table",
    default: "none: only numbers of `numbers`",
    range: "",
    meaning: "where inbound messages of this provider go when `numbers` does not say",
};

pub(super) const CURRENCY: Other = Other {
    name: "currency",
    kind: "string",
    default: "required",
    range: "ISO 4217, three capitals",
    meaning: "currency of all prices of this provider",
};
pub(super) const PRICE_DEFAULT: Other = Other {
    name: "default",
    kind: "decimal string or number",
    default: "unknown",
    range: "0 to 1000, at most 6 decimals",
    meaning: "price where the country has none of its own",
};
pub(super) const PRICE_COUNTRY: Other = Other {
    name: "<country>",
    kind: "decimal string or number",
    default: "`default`",
    range: "0 to 1000, at most 6 decimals",
    meaning: "price to one country (ISO 3166-1 alpha-2)",
};

pub(super) const ATTEMPTS_MAX: Integer<u32> = Integer {
    name: "attempts_max",
    default: 5,
    min: 1,
    max: 50,
    meaning: "submits of one message, the first included",
};
pub(super) const BASE_MS: Integer<u32> = Integer {
    name: "base_ms",
    default: 1_000,
    min: 10,
    max: 3_600_000,
    meaning: "pause before the second submit; doubles with each further one",
};
pub(super) const MAX_MS: Integer<u32> = Integer {
    name: "max_ms",
    default: 600_000,
    min: 10,
    max: 86_400_000,
    meaning: "longest pause; not below `base_ms`",
};
pub(super) const FAILURES: Integer<u32> = Integer {
    name: "failures",
    default: 5,
    min: 1,
    max: 1_000,
    meaning: "failures in a row that open the circuit",
};
pub(super) const OPEN_MS: Integer<u32> = Integer {
    name: "open_ms",
    default: 30_000,
    min: 100,
    max: 3_600_000,
    meaning: "time until one submit tries the provider again",
};
pub(super) const WAIT_SECONDS: Integer<u32> = Integer {
    name: "wait_seconds",
    default: 900,
    min: 0,
    max: 604_800,
    meaning: "how long a receipt is waited for",
};
pub(super) const THEN: Choice<InDoubtThen> = Choice {
    name: "then",
    default: InDoubtThen::GiveUp,
    choices: &[("give-up", InDoubtThen::GiveUp), ("retry", InDoubtThen::Retry)],
    meaning: "what follows; `retry` may send a message twice",
};

pub(super) const TARGET_TENANT: Other = Other {
    name: "tenant",
    kind: "string, tenant",
    default: "required",
    range: "one of `tenants`",
    meaning: "whose message it is",
};
pub(super) const TARGET_INBOX: Other = Other {
    name: "inbox",
    kind: "string",
    default: "`default`",
    range: "`[a-z0-9][a-z0-9-]{0,31}`",
    meaning: "inbox of the tenant",
};

pub(super) const TENANT_NUMBERS: Other = Other {
    name: "numbers",
    kind: "table of strings",
    default: "only those of `numbers`",
    range: "up to 1000, keys as under `numbers`",
    meaning: "further numbers of this tenant, with the inbox of each; nobody else may have them",
};
pub(super) const TENANT_PROVIDERS: List = List {
    name: "providers",
    entry: "providers",
    default: Absent("all enabled providers"),
    entries_min: 1,
    entries_max: PROVIDERS_MAX,
    meaning: "providers that may carry this tenant's messages",
};
pub(super) const TENANT_RATE_PER_SECOND: Number = Number {
    name: "rate_per_second",
    default: NO_LIMIT,
    min: 0.001,
    max: 100_000.0,
    meaning: "messages a second of all API keys together",
};
pub(super) const TENANT_RATE_BURST: Integer<u32> = Integer {
    name: "rate_burst",
    default: 1,
    min: 1,
    max: 100_000,
    meaning: "messages that may come at once after a pause; only with `rate_per_second`",
};
pub(super) const KEY_RATE_PER_SECOND: Number = Number {
    name: "key_rate_per_second",
    default: NO_LIMIT,
    min: 0.001,
    max: 100_000.0,
    meaning: "messages a second of each API key",
};
pub(super) const KEY_RATE_BURST: Integer<u32> = Integer {
    name: "key_rate_burst",
    default: 1,
    min: 1,
    max: 100_000,
    meaning: "messages that may come at once after a pause; only with `key_rate_per_second`",
};
pub(super) const DESTINATION_PER_HOUR: Integer<Absent> = Integer {
    name: "destination_per_hour",
    default: NO_LIMIT,
    min: 1,
    max: 1_000_000,
    meaning: "messages to one destination number in an hour",
};
pub(super) const DESTINATION_PER_DAY: Integer<Absent> = Integer {
    name: "destination_per_day",
    default: NO_LIMIT,
    min: 1,
    max: 1_000_000,
    meaning: "messages to one destination number in a day",
};
pub(super) const SEGMENTS_MAX: Integer<u32> = Integer {
    name: "max_segments",
    default: 10,
    min: 1,
    max: 20,
    meaning: "segments of a message that does not say `max_segments` itself",
};
pub(super) const QUEUE_MAX: Integer<u32> = Integer {
    name: "queue_max",
    default: 1_000_000,
    min: 1,
    max: 100_000_000,
    meaning: "messages that wait at once",
};
pub(super) const RECORDED_PERCENT: Integer<u32> = Integer {
    name: "recorded_percent",
    default: 100,
    min: 0,
    max: 100,
    meaning: "of 100 messages, how many are recorded with all that decisions were given, for backtests",
};
pub(super) const CALLBACK_HOSTS: List = List {
    name: "callback_hosts",
    entry: "strings: `host`, `host:port` or `*.domain`",
    default: Absent("empty: no callbacks"),
    entries_min: 0,
    entries_max: 64,
    meaning: "hosts that a `callback_url` may name",
};
pub(super) const CALLBACK_SECRET: Other = Other {
    name: "callback_secret",
    kind: "reference: `{ env = \"NAME\" }` or `{ file = \"path\" }`",
    default: "none: callbacks are not signed",
    range: "",
    meaning: "key that signs callbacks",
};
pub(super) const SCREENING: List = List {
    name: "screening",
    entry: "bindings",
    default: Absent("none: every message may go"),
    entries_min: 0,
    entries_max: 16,
    meaning: "components that decide whether a message may go, in order",
};
pub(super) const SENDER: Other = Other {
    name: "sender",
    kind: "table, binding",
    default: "none: the message's own sender",
    range: "",
    meaning: "component that chooses the sender",
};
pub(super) const ROUTING: Other = Other {
    name: "routing",
    kind: "table, binding",
    default: "none: by weight",
    range: "",
    meaning: "component that orders the providers",
};

pub(super) const RECEIVING: List = List {
    name: "receiving",
    entry: "bindings",
    default: Absent("none: every inbound message goes to its inbox"),
    entries_min: 0,
    entries_max: 8,
    meaning: "components that decide what an inbound message causes, in order",
};

pub(super) const ON_FAILURE: Choice<OnFailure> = Choice {
    name: "on_failure",
    default: OnFailure::Refuse,
    choices: &[("refuse", OnFailure::Refuse), ("skip", OnFailure::Skip)],
    meaning: "what happens to the message when the component fails",
};
pub(super) const ROUTING_ON_FAILURE: Choice<OnFailure> = Choice {
    name: "on_failure",
    default: OnFailure::Default,
    choices: &[("default", OnFailure::Default), ("refuse", OnFailure::Refuse)],
    meaning: "what happens when the component fails; `default` routes by weight",
};
pub(super) const REUSE_CALLS: Integer<Absent> = Integer {
    name: "reuse_calls",
    default: Absent("built-in components reused, others fresh for each call"),
    min: 1,
    max: 1_000_000,
    meaning: "calls that one instance serves; 1 is a fresh instance for each call",
};

pub(super) const SECRET_ENV: Other = Other {
    name: "env",
    kind: "string",
    default: "this or `file`",
    range: "`[A-Za-z_][A-Za-z0-9_]{0,127}`",
    meaning: "environment variable that holds the secret",
};
pub(super) const SECRET_FILE: Other = Other {
    name: "file",
    kind: "string, path",
    default: "this or `env`",
    range: "1 to 4096 bytes",
    meaning: "file that holds the secret",
};
