//! The configuration: what `waypost.toml` may say, read and checked.
//!
//! [`Config::parse`] takes the text of the file and answers with the configuration and warnings, or
//! with all problems that the file has, each with its line, its key, the reason, the nearest valid
//! key or value where there is one, and a stable code. Nothing is read from disk or from the
//! environment: secrets are references ([`SecretRef`]) that the caller resolves, and the caller
//! turns the file into UTF-8.
//!
//! Every key, its default and its range are in [`limits`]; [`reference_table`] lists them.

use std::collections::BTreeMap;

use toml::de::DeTable;

mod binding;
mod context;
mod cursor;
mod edge;
mod host;
mod key;
pub mod limits;
mod name;
mod price;
mod problem;
mod process;
mod provider;
mod quote;
mod reference;
mod registered;
mod secret;
mod settings;
pub mod smpp;
mod source;
mod store;
mod store_keys;
mod target;
mod tenant;
#[cfg(test)]
mod tests;
mod value;

pub use binding::{Binding, OnFailure};
pub use edge::{Edge, EdgeMode, RedisAddress};
pub use host::{AllowedHost, HostError};
pub use name::{is_inbox_name, is_name};
pub use price::Price;
pub use problem::{ConfigCode, ConfigErrors, Problem};
pub use process::{ComponentFile, Engine, Log, LogFormat, LogLevel, Server};
pub use provider::{Circuit, InDoubt, InDoubtThen, Provider, Rate, Retry, Speaks};
pub use reference::reference_table;
pub use secret::SecretRef;
pub use store::{Redis, Store, StoreKind};
pub use target::InboundTarget;
pub use tenant::Tenant;

use context::{Context, Kind, Place};
use cursor::Cursor;
use name::read_named;
use source::Source;

/// A whole, checked configuration: every name that it mentions exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `[server]`: the HTTP server.
    pub server: Server,
    /// `[log]`: what is logged.
    pub log: Log,
    /// `[store]`: where messages are kept.
    pub store: Store,
    /// `[engine]`: how components are run.
    pub engine: Engine,
    /// `[edge]`: the Spin application that is made of this file.
    pub edge: Edge,
    /// `[components.<name>]`: components from files by name, up to 1000. None has the name of a
    /// built-in one.
    pub components: BTreeMap<String, ComponentFile>,
    /// `[providers.<name>]`: providers by name, 1 to 1000; none with `store.shared_config`.
    pub providers: BTreeMap<String, Provider>,
    /// `[tenants.<name>]`: tenants by name, 1 to 10000; none with `store.shared_config`.
    pub tenants: BTreeMap<String, Tenant>,
    /// `[numbers.<number>]`: where inbound messages go, by the number that they were sent to:
    /// E.164 with its `+`, or a short code. Up to 50000, and those of the tenants' own settings.
    pub numbers: BTreeMap<String, InboundTarget>,
}

/// A good file.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// What it says.
    pub config: Config,
    /// What is doubtful in it, in the order of the file, at most [`limits::PROBLEMS_MAX`].
    pub warnings: Vec<Problem>,
}

impl Config {
    /// This host's file with what all hosts share: components, providers, tenants and numbers are
    /// the shared ones, as are `public_url` and `default_region` where the host's own file leaves
    /// them out.
    #[must_use]
    pub fn with_shared(&self, shared: Self) -> Self {
        let server = Server {
            public_url: self.server.public_url.clone().or(shared.server.public_url),
            default_region: self.server.default_region.or(shared.server.default_region),
            ..self.server.clone()
        };
        let (log, store, engine) = (self.log.clone(), self.store.clone(), self.engine.clone());
        Self { server, log, store, engine, ..shared }
    }

    /// Reads and checks the text of a configuration file. `file_name` only serves the messages;
    /// `known_components` are the names of the built-in components.
    ///
    /// # Errors
    /// All problems of the file. Where it is not TOML, only the errors of syntax: what stands
    /// around them cannot be trusted.
    pub fn parse(text: &str, file_name: &str, known_components: &[&str]) -> Result<Parsed, ConfigErrors> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = Source::new(file_name, text);
        if text.len() > limits::FILE_BYTES_MAX {
            return Err(too_large(source, text.len()));
        }
        let (root, syntax) = DeTable::parse_recoverable(text);
        let root = root.get_ref();
        let context = Context::new(source, root, known_components);
        for error in &syntax {
            let offset = error.span().map_or(text.len(), |span| span.start);
            let place = Place { offset, ..Place::root() };
            context.error(ConfigCode::Syntax, &place, error.message(), None);
        }
        if !syntax.is_empty() {
            return Err(context.finish().0);
        }
        let config = read_config(Cursor::new(&context, Place::root(), Some(root)));
        let (errors, warnings) = context.finish();
        if errors.problems.is_empty() { Ok(Parsed { config, warnings }) } else { Err(errors) }
    }

    /// Adds a tenant of elsewhere with its numbers. Numbers that another tenant has stay with that one, and
    /// are returned.
    pub fn add_tenant(&mut self, name: &str, tenant: Tenant) -> Vec<String> {
        let taken = target::give_numbers(&mut self.numbers, name, &tenant);
        self.tenants.insert(name.to_owned(), tenant);
        taken
    }

    /// The tenant that answers at `/` at the edge: the stated one, or the only one.
    pub fn edge_default_tenant(&self) -> Option<&str> {
        let only = (self.tenants.len() == 1).then(|| self.tenants.keys().next()).flatten();
        self.edge.default_tenant.as_ref().or(only).map(String::as_str)
    }

    /// How a tenant's messages are sent at the edge. That of `[edge]` for an unknown tenant.
    pub fn edge_mode(&self, tenant: &str) -> EdgeMode {
        self.tenants.get(tenant).and_then(|tenant| tenant.edge_mode).unwrap_or(self.edge.mode)
    }

    /// The enabled providers that may carry the messages of a tenant, in the order in which it
    /// lists them, by name where it lists none. Empty for an unknown tenant.
    pub fn providers_of<'c>(&'c self, tenant: &str) -> impl Iterator<Item = (&'c str, &'c Provider)> {
        let tenant = self.tenants.get(tenant);
        let listed = tenant.and_then(|tenant| tenant.providers.as_deref());
        let all = tenant.filter(|tenant| tenant.providers.is_none()).map(|_| &self.providers);
        let listed = listed.into_iter().flatten().filter_map(|name| self.providers.get_key_value(name));
        listed
            .chain(all.into_iter().flatten())
            .filter(|(_, provider)| provider.enabled)
            .map(|(name, provider)| (name.as_str(), provider))
    }
}

fn read_config(mut cursor: Cursor<'_>) -> Config {
    let store = store::read_store(cursor.table(&limits::STORE));
    if store.redis().is_some_and(|redis| redis.shared_config) {
        store::report_unshared(&mut cursor);
        return read_host_alone(store, cursor);
    }
    report_none(&cursor, Kind::Provider, "component = \"simulator\"");
    report_none(&cursor, Kind::Tenant, "nothing in it, or its limits");
    let components = cursor.table(&limits::COMPONENTS);
    let providers = cursor.table(&limits::PROVIDERS);
    let tenants = cursor.table(&limits::TENANTS);
    let mut config = Config {
        server: process::read_server(cursor.table(&limits::SERVER)),
        log: process::read_log(cursor.table(&limits::LOG)),
        store,
        engine: process::read_engine(cursor.table(&limits::ENGINE)),
        edge: edge::read_edge(cursor.table(&limits::EDGE)),
        components: read_named(&components, limits::COMPONENTS_MAX, process::read_component),
        providers: read_named(&providers, limits::PROVIDERS_MAX, provider::read_provider),
        tenants: read_named(&tenants, limits::TENANTS_MAX, tenant::read_tenant),
        numbers: target::read_numbers(&cursor.table(&limits::NUMBERS)),
    };
    for (name, tenant) in &config.tenants {
        // A number that somebody else has was reported.
        target::give_numbers(&mut config.numbers, name, tenant);
    }
    warn_of_idle_tenants(&config, &tenants);
    cursor.finish();
    config
}

/// The file of a host that takes everything else from the store.
fn read_host_alone(store: Store, mut cursor: Cursor<'_>) -> Config {
    let config = Config {
        server: process::read_server(cursor.table(&limits::SERVER)),
        log: process::read_log(cursor.table(&limits::LOG)),
        store,
        engine: process::read_engine(cursor.table(&limits::ENGINE)),
        edge: edge::read_edge(cursor.table(&limits::EDGE)),
        components: BTreeMap::new(),
        providers: BTreeMap::new(),
        tenants: BTreeMap::new(),
        numbers: BTreeMap::new(),
    };
    cursor.finish();
    config
}

/// Reports a file without any provider or tenant.
fn report_none(cursor: &Cursor<'_>, kind: Kind, content: &str) {
    let (word, table) = (kind.word(), kind.table());
    if cursor.is_empty_at(table) {
        let reason = format!("at least one {word} is required");
        let help = format!("add [{table}.<name>] with {content}");
        let place = cursor.place.child(table, cursor.place.offset);
        cursor.context.error(ConfigCode::MissingKey, &place, reason, help);
    }
}

/// A tenant whose providers are all disabled is allowed, as it may be meant for a while.
fn warn_of_idle_tenants(config: &Config, tenants: &Cursor<'_>) {
    for (name, value) in tenants.rest() {
        if config.providers_of(name).next().is_none() {
            let reason = "all its providers are disabled, so its messages wait";
            let help = "enable one of them".to_owned();
            value.context.warning(ConfigCode::NoEffect, &value.place, reason, help);
        }
    }
}

fn too_large(source: Source<'_>, bytes: usize) -> ConfigErrors {
    let problem = Problem {
        code: ConfigCode::TooLarge,
        file_name: source.file_name,
        line: 1,
        column: 1,
        path: String::new(),
        reason: format!("a file has at most {} bytes, found {bytes}", limits::FILE_BYTES_MAX),
        help: None,
    };
    ConfigErrors { problems: vec![problem], omitted: 0 }
}
