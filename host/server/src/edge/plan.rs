//! From a configuration to the application, or to all that is in the way.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use waypost_builtins::edge::Parts;
use waypost_core::config::{AllowedHost, Config, Provider, RedisAddress, SecretRef, Tenant};
use waypost_core::decision::Role;
use waypost_core::edge::{
    CONFIG_BYTES_MAX, GATEWAY_VARIABLE, PROVIDER_VARIABLE, REDIS_VARIABLE, component_id, is_variable_name,
    provider_component, secret_variable, variable_name,
};
use waypost_core::provider::Description;
use waypost_engine::Engine;

use super::application::{Application, Component, Dependency, FileId, Files, Variable};
use super::bake::{self, Baked, Baker, interface};
use super::doubts;
use super::finding::{EdgeCode, Finding};
use super::told::{self, Policies};

/// The component that takes webhooks where there is no default tenant.
const HOOKS: &str = "hooks";
/// Where the gateway finds Redis: each part is a variable of the application.
const REDIS_HOST: &str = "{{ redis_scheme }}://{{ redis_host }}:{{ redis_port }}";
const REDIS_URL: &str =
    "{{ redis_scheme }}://{{ redis_auth }}{{ redis_host }}:{{ redis_port }}/{{ redis_database }}";
/// Requests between components of the application.
const CHAINING: &str = "http://*.spin.internal";

/// What an application is made from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// What relative paths of it start from.
    pub base: &'a Path,
    /// Loads the plugins.
    pub engine: &'a Engine,
    /// What every application has.
    pub parts: Parts<'a>,
}

/// What came of it.
#[derive(Debug)]
pub struct Plan {
    /// None where a finding is an error.
    pub application: Option<Application>,
    /// Everything that was found, errors first.
    pub findings: Vec<Finding>,
}

/// Makes the application, or says everything that keeps it from being made.
#[must_use]
pub fn plan(source: &Source<'_>) -> Plan {
    let mut planner = Planner {
        config: source.config,
        parts: source.parts,
        baker: Baker::new(source.config, source.base, source.engine, source.parts),
        findings: doubts::of(source.config),
        application: Application {
            variables: redis_variables(source.config),
            components: Vec::new(),
            files: Files::default(),
        },
        ids: BTreeMap::new(),
    };
    planner.run();
    let Planner { mut findings, application, .. } = planner;
    findings.sort_by_key(|finding| finding.code.severity());
    let good = !findings.iter().any(Finding::is_error);
    Plan { application: good.then_some(application), findings }
}

struct Planner<'a> {
    config: &'a Config,
    parts: Parts<'a>,
    baker: Baker<'a>,
    findings: Vec<Finding>,
    application: Application,
    /// Ids of components and names of variables, with the place that has them.
    ids: BTreeMap<String, String>,
}

impl<'a> Planner<'a> {
    fn run(&mut self) {
        let config = self.config;
        let gateway = self.application.files.add("gateway", self.parts.gateway);
        let none = self.application.files.add("none", self.parts.none);
        let enabled = || config.providers.iter().filter(|(_, provider)| provider.enabled);
        let adapters: BTreeMap<&str, Arc<Baked>> =
            enabled().filter_map(|(name, it)| Some((name.as_str(), self.adapter(name, it)?))).collect();
        let descriptions = adapters
            .iter()
            .filter_map(|(name, adapter)| Some((*name, adapter.description.clone()?)))
            .collect();
        let default = config.edge_default_tenant();
        for (name, tenant) in &config.tenants {
            self.tenant(name, tenant, default == Some(name), (gateway, none), &descriptions);
        }
        if let (None, Some(any)) = (default, config.tenants.keys().next()) {
            self.hooks(any, (gateway, none), &descriptions);
        }
        for (name, provider) in enabled() {
            self.provider(name, provider, adapters.get(name.as_str()));
        }
    }

    /// A tenant at its own path, and at `/` where it is the default one.
    fn tenant(
        &mut self,
        name: &str,
        tenant: &'a Tenant,
        default: bool,
        parts: (FileId, FileId),
        providers: &BTreeMap<&str, Description>,
    ) {
        let place = format!("tenants.{name}");
        let screening = self.baker.screening(name, &tenant.screening);
        let screening: Vec<_> = screening.into_iter().filter_map(|baked| self.found(baked)).collect();
        let screening = self.baker.chain(&place, &screening);
        let screening = self.found(screening).flatten();
        let sender = tenant
            .sender
            .as_ref()
            .map(|binding| self.baker.policy(&format!("{place}.sender"), binding, Role::SenderIdentity));
        let sender = sender.and_then(|baked| self.found(baked));
        let routing = tenant
            .routing
            .as_ref()
            .map(|binding| self.baker.policy(&format!("{place}.routing"), binding, Role::Routing));
        let routing = routing.and_then(|baked| self.found(baked));
        let policies = Policies {
            screening: screening.as_deref(),
            sender: sender.as_deref(),
            routing: routing.as_deref(),
        };
        let id = component_id("tenant", name);
        self.claim(&id, &place);
        let base = format!("/t/{name}");
        let mut routes = vec![format!("{base}/...")];
        let mut description = format!("Tenant {name} at {base}");
        if default {
            // The gateway takes paths with and without what stands before them.
            routes.push("/...".to_owned());
            description.push_str(" and at /, and the webhooks of all providers");
        }
        self.gateway(id, description, routes, (name, &base), policies, parts, providers);
    }

    /// Takes webhooks and questions after its health, in the name of no tenant.
    fn hooks(&mut self, any: &str, parts: (FileId, FileId), providers: &BTreeMap<&str, Description>) {
        let routes = ["/hooks/...", "/healthz", "/readyz"].map(str::to_owned).to_vec();
        let description = "The webhooks of all providers".to_owned();
        let id = HOOKS.to_owned();
        self.gateway(id, description, routes, (any, ""), Policies::default(), parts, providers);
    }

    #[allow(clippy::too_many_arguments, reason = "each is a different part of the component")]
    fn gateway(
        &mut self,
        id: String,
        description: String,
        routes: Vec<String>,
        (tenant, base_path): (&str, &str),
        policies: Policies<'_>,
        (source, none): (FileId, FileId),
        providers: &BTreeMap<&str, Description>,
    ) {
        let told = told::gateway(self.config, tenant, base_path, policies, providers).unwrap_or_default();
        self.check_told(&format!("tenants.{tenant}"), &told);
        let roles = [
            (Role::Screening, policies.screening),
            (Role::SenderIdentity, policies.sender),
            (Role::Routing, policies.routing),
        ];
        let dependencies = roles.into_iter().map(|(role, policy)| {
            let dependency = match policy {
                Some(baked) => self.dependency(baked, false),
                None => Dependency { file: none, variables: false, made_of: Vec::new() },
            };
            (interface(role.as_str()), dependency)
        });
        let dependencies = dependencies.collect();
        self.application.components.push(Component {
            id,
            description,
            source,
            routes,
            hosts: vec![REDIS_HOST.to_owned(), CHAINING.to_owned()],
            environment: (GATEWAY_VARIABLE, told),
            variables: BTreeMap::from([(REDIS_VARIABLE.to_owned(), REDIS_URL.to_owned())]),
            dependencies,
        });
    }

    /// The adapter of a provider, with what it asks for compared to what the file gives.
    fn adapter(&mut self, name: &str, provider: &'a Provider) -> Option<Arc<Baked>> {
        let place = format!("providers.{name}");
        // One without a component is a finding already.
        let (component, settings) = provider.component()?;
        let baked = self.baker.plugin(&place, component, Role::Provider, settings);
        let baked = self.found(baked)?;
        if let Some(description) = &baked.description {
            self.findings.extend(doubts::of_adapter(&place, provider, description));
        }
        Some(baked)
    }

    fn provider(&mut self, name: &str, provider: &Provider, adapter: Option<&Arc<Baked>>) {
        let place = format!("providers.{name}");
        let id = provider_component(name);
        self.claim(&id, &place);
        let mut variables = BTreeMap::new();
        for (secret, reference) in &provider.secrets {
            let place = format!("{place}.secrets.{secret}");
            let inner = secret_variable(secret);
            if !is_variable_name(&inner) {
                let what = format!("Spin takes no variable of the name {inner}");
                let help = "use a name without __, without _ at its end, and with a letter after each _";
                self.findings.push(Finding::new(EdgeCode::SecretName, &place, what, help));
            }
            let outer = variable_name(&["provider", name, secret]);
            self.claim(&outer, &place);
            variables.insert(inner, format!("{{{{ {outer} }}}}"));
            let variable = Variable {
                default: None,
                secret: true,
                description: format!("{secret} of the provider {name}"),
                native: Some(native(reference)),
            };
            self.application.variables.insert(outer, variable);
        }
        let Some(adapter) = adapter else { return };
        let told = told::provider(self.config, name, adapter).unwrap_or_default();
        self.check_told(&place, &told);
        let dependency = self.dependency(adapter, true);
        let source = self.application.files.add("provider", self.parts.provider);
        self.application.components.push(Component {
            id,
            description: format!("Provider {name}, reached by the others alone"),
            source,
            routes: Vec::new(),
            hosts: outbound(&provider.hosts),
            environment: (PROVIDER_VARIABLE, told),
            variables,
            dependencies: BTreeMap::from([(interface(Role::Provider.as_str()), dependency)]),
        });
    }

    fn dependency(&mut self, baked: &Baked, variables: bool) -> Dependency {
        let file = self.application.files.add(&baked.label, &baked.component);
        Dependency { file, variables, made_of: baked.made_of.clone() }
    }

    /// Says of a name in Spin's spelling that it is taken.
    fn claim(&mut self, id: &str, place: &str) {
        if let Some(first) = self.ids.insert(id.to_owned(), place.to_owned()) {
            let what = format!("its name is {id} for Spin, and so is that of {first}");
            let help = "choose names that differ in more than digits after a - and doubled -";
            self.findings.push(Finding::new(EdgeCode::NameCollision, place, what, help));
        }
    }

    fn check_told(&mut self, place: &str, told: &str) {
        if told.len() > CONFIG_BYTES_MAX {
            let what = format!(
                "what its component has to be told is {} bytes, above the limit of {CONFIG_BYTES_MAX}",
                told.len()
            );
            let help = "keep fewer `numbers` or providers in the file of one application";
            self.findings.push(Finding::new(EdgeCode::ConfigTooLarge, place, what, help));
        }
    }

    fn found<T>(&mut self, result: bake::Result<T>) -> Option<T> {
        result.map_err(|finding| self.findings.push(*finding)).ok()
    }
}

fn redis_variables(config: &Config) -> BTreeMap<String, Variable> {
    let address = redis_address(config);
    let variable = |default: Option<String>, secret: bool, description: &str| Variable {
        default,
        secret,
        description: description.to_owned(),
        native: None,
    };
    let scheme = address.as_ref().map_or("redis", RedisAddress::scheme).to_owned();
    let port = address.as_ref().map_or(6379, |address| address.port).to_string();
    let database = address.as_ref().map_or(0, |address| address.database).to_string();
    let host = address.map(|address| address.host);
    [
        ("redis_scheme", variable(Some(scheme), false, "redis, or rediss for TLS")),
        ("redis_host", variable(host, false, "Host of the Redis that holds the messages")),
        ("redis_port", variable(Some(port), false, "Its port")),
        ("redis_auth", variable(Some(String::new()), true, "Its user and password: user:password@")),
        ("redis_database", variable(Some(database), false, "Number of its database")),
    ]
    .into_iter()
    .map(|(name, variable)| (name.to_owned(), variable))
    .collect()
}

/// What `[edge]` says, or the first server of the store.
fn redis_address(config: &Config) -> Option<RedisAddress> {
    let stated = config.edge.redis.clone();
    stated.or_else(|| config.store.redis()?.urls.first().and_then(|url| RedisAddress::of_url(url)))
}

/// Entries of `allowed_outbound_hosts`: HTTPS, but HTTP within the machine.
fn outbound(hosts: &[AllowedHost]) -> Vec<String> {
    hosts
        .iter()
        .map(|host| format!("{}://{host}", if is_loopback(host) { "http" } else { "https" }))
        .collect()
}

fn is_loopback(host: &AllowedHost) -> bool {
    let ip = host.host.parse::<std::net::IpAddr>();
    !host.subdomains && (host.host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback()))
}

/// How a shell hands over what a native host would read.
fn native(reference: &SecretRef) -> String {
    match reference {
        SecretRef::Env(name) => format!("\"${name}\""),
        SecretRef::File(path) => format!("\"$(cat '{}')\"", path.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_https_but_within_the_machine() {
        for (written, expected) in [
            ("api.example.com", "https://api.example.com"),
            ("api.example.com:8443", "https://api.example.com:8443"),
            ("*.example.com", "https://*.example.com"),
            ("127.0.0.1:7800", "http://127.0.0.1:7800"),
            ("localhost", "http://localhost"),
            ("[::1]:7800", "http://[::1]:7800"),
            ("10.0.0.5", "https://10.0.0.5"),
        ] {
            assert_eq!(outbound(&[AllowedHost::parse(written).unwrap()]), [expected], "{written}");
        }
    }
}
