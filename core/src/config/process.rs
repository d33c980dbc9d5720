//! What concerns the process as a whole: server, log, engine and components from files.

use std::net::SocketAddr;

use super::cursor::Cursor;
use super::host::AllowedHost;
use super::limits as l;
use super::problem::ConfigCode;
use super::quote::quoted;
use super::value::Value;
use crate::number::Country;

/// `[server]`: the HTTP server.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// `listen`: address and port of the HTTP server. Default `127.0.0.1:7700`; port 0 lets the
    /// system choose.
    pub listen: SocketAddr,
    /// `public_url`: what providers call back to, http or https, without a `/` at the end. Default
    /// none, see [`Server::public_url`].
    pub public_url: Option<String>,
    /// `data_dir`: folder of the database and the cache, 1 to 4096 bytes. Default `data`. As with
    /// every path of the file the caller says what a relative one is relative to.
    pub data_dir: String,
    /// `default_region`: country of numbers written in a local format. Default none: only
    /// international numbers are understood.
    pub default_region: Option<Country>,
    /// `host_name`: how this host is called beside the others of its store, `[A-Za-z0-9._-]{1,64}`.
    /// Default none: the caller makes one that no other process has.
    pub host_name: Option<String>,
    /// `shutdown_grace_seconds`: time for open requests and submits to end at shutdown, 0 to 300.
    /// Default 10.
    pub shutdown_grace_seconds: u32,
    /// `metrics_open`: `/metrics` shows figures that name a tenant to whoever asks. Default false: only to
    /// a key with the scope `operator`.
    pub metrics_open: bool,
}

/// `[log]`: what is logged.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// `format`: `text` (default) or `json`.
    pub format: LogFormat,
    /// `level`: `error`, `warn`, `info` (default), `debug` or `trace`.
    pub level: LogLevel,
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object for each line.
    Json,
}

/// Least important line that is still written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What somebody should look at.
    Warn,
    /// What happened.
    Info,
    /// How it happened; may name phone numbers.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word of the file: `error`, `warn`, `info`, `debug` or `trace`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// `[engine]`: how components are run.
#[derive(Clone, Debug, PartialEq)]
pub struct Engine {
    /// `cache`: keep compiled components on disk, in `cache` under `data_dir`. Default true.
    pub cache: bool,
    /// `instances_max`: component instances that exist at once, 10 to 10000. Default 200.
    pub instances_max: u32,
}

/// `[components.<name>]`: a component from a file, beside the built-in ones.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentFile {
    /// `path`: the file, 1 to 4096 bytes. Required.
    pub path: String,
    /// `memory_mib_max`: memory of one instance, 1 to 64 MiB. Default 8.
    pub memory_mib_max: u32,
    /// `size_mib_max`: size of the file, 1 to 24 MiB. Default 1.
    pub size_mib_max: u32,
}

impl Server {
    /// `public_url`, or where it is not set `http://` and the address that the server is really
    /// bound to (which differs from `listen` for port 0).
    pub fn public_url(&self, bound: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{bound}"))
    }
}

pub(super) fn read_server(mut cursor: Cursor<'_>) -> Server {
    let listen_value = cursor.take(l::LISTEN.name);
    let listen = listen_value.as_ref().and_then(read_listen);
    let public_value = cursor.take(l::PUBLIC_URL.name);
    let public_url = public_value.as_ref().and_then(read_public_url);
    if let (Some(value), Some(listen), None) = (&listen_value, listen, &public_value)
        && listen.ip().is_unspecified()
    {
        let reason = format!("providers cannot call back to http://{listen}");
        let help = "set server.public_url to the address that they reach".to_owned();
        value.context.warning(ConfigCode::NoPublicUrl, &value.place, reason, help);
    }
    let data_dir = cursor.take(l::DATA_DIR.name);
    let data_dir = data_dir.and_then(|value| value.text_within(l::PATH_BYTES_MAX));
    let region = cursor.take(l::DEFAULT_REGION.name);
    let host_name = cursor.take(l::HOST_NAME.name);
    let server = Server {
        listen: listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 7700))),
        public_url,
        data_dir: data_dir.unwrap_or("data").to_owned(),
        default_region: region.and_then(|value| value.country()),
        host_name: host_name.and_then(|value| read_host_name(&value)),
        shutdown_grace_seconds: cursor.integer(&l::SHUTDOWN_GRACE_SECONDS),
        metrics_open: cursor.flag(&l::METRICS_OPEN),
    };
    cursor.finish();
    server
}

pub(super) fn read_log(mut cursor: Cursor<'_>) -> Log {
    let log = Log { format: cursor.choice(&l::LOG_FORMAT), level: cursor.choice(&l::LOG_LEVEL) };
    cursor.finish();
    log
}

pub(super) fn read_engine(mut cursor: Cursor<'_>) -> Engine {
    let engine = Engine { cache: cursor.flag(&l::CACHE), instances_max: cursor.integer(&l::INSTANCES_MAX) };
    cursor.finish();
    engine
}

pub(super) fn read_component(name: &str, mut cursor: Cursor<'_>) -> ComponentFile {
    report_built_in(name, &cursor);
    let path = cursor.required(&l::COMPONENT_PATH, "write path = \"<file>.wasm\"");
    let path = path.and_then(|value| value.text_within(l::PATH_BYTES_MAX));
    let component = ComponentFile {
        path: path.unwrap_or_default().to_owned(),
        memory_mib_max: cursor.integer(&l::MEMORY_MIB_MAX),
        size_mib_max: cursor.integer(&l::SIZE_MIB_MAX),
    };
    cursor.finish();
    component
}

fn read_listen(value: &Value<'_>) -> Option<SocketAddr> {
    let text = value.text()?;
    let Ok(listen) = text.parse() else {
        let reason = format!("{} is not an IP address and port", quoted(text));
        return value.invalid(reason, "write for example \"127.0.0.1:7700\"".to_owned());
    };
    Some(listen)
}

/// A URL of which only a path is appended: `http(s)://host[:port][/path]`.
fn read_public_url(value: &Value<'_>) -> Option<String> {
    let text = value.text_within(l::URL_BYTES_MAX)?;
    let example = "write for example \"https://sms.example.com\"".to_owned();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else {
        return value.invalid("must begin with https:// or http://", example);
    };
    if rest.contains('@') {
        return value.invalid("must not contain a user or a password", example);
    }
    if rest.contains(['?', '#']) {
        return value.invalid("must not contain a query or a fragment", example);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return value.invalid("must be plain ASCII without spaces", example);
    }
    let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    match AllowedHost::parse(authority) {
        Ok(host) if host.subdomains => value.invalid("must name one host, not *", example),
        Err(error) => value.invalid(format!("the host {error}"), example),
        Ok(_) if text.ends_with('/') => {
            let short = format!("write {}", quoted(text.trim_end_matches('/')));
            value.invalid("must not end with /", short)
        }
        Ok(_) => Some(text.to_owned()),
    }
}

/// What a log, a list of hosts and a key of a store can all hold.
fn read_host_name(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !(1..=l::HOST_NAME_BYTES_MAX).contains(&text.len()) || !text.bytes().all(allowed) {
        let reason = format!("{} is not 1 to 64 of letters, digits, -, _ and .", quoted(text));
        return value.invalid(reason, "write for example \"sms-1\"".to_owned());
    }
    Some(text.to_owned())
}

fn report_built_in(name: &str, cursor: &Cursor<'_>) {
    if cursor.context.is_built_in(name) {
        let reason = "a built-in component has this name";
        let help = "choose another name".to_owned();
        cursor.context.error(ConfigCode::Conflict, &cursor.place, reason, help);
    }
}
